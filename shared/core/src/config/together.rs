//! Several files in one Sluice: what no two of them may share.
//!
//! The same repository may stand in two files: each deploys its images to services of its own, and a
//! push goes to every environment that takes its tag. What they must not share is an application's
//! name, since state, commands and messages go by it, and an ECS service, since two deployments of
//! it would undo each other.

use std::collections::BTreeMap;
use std::fmt;

use super::Config;

/// What two files share that they must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// What it is, in words.
    pub what: String,
    /// The first file that has it.
    pub first: String,
    /// The other one.
    pub second: String,
    /// What to do.
    pub advice: &'static str,
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = (&self.first, &self.second);
        write!(
            f,
            "{} is in {first} and in {second}: {}",
            self.what, self.advice
        )
    }
}

/// Everything that two of these files share and must not. Each file goes with its name.
pub fn shared(files: &[(String, &Config)]) -> Vec<Shared> {
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for (file, config) in files {
        for (what, advice) in owned(config) {
            match owners.get(&what) {
                Some(first) if first != file => found.push(Shared {
                    what,
                    first: (*first).to_owned(),
                    second: file.clone(),
                    advice,
                }),
                Some(_) => {}
                None => {
                    owners.insert(what, file);
                }
            }
        }
    }
    found
}

/// What must be this file's alone, and what to do if it is not.
fn owned(config: &Config) -> Vec<(String, &'static str)> {
    let mut owned = vec![(
        format!("the application {}", config.app),
        "give one of them another name, or put all its environments into one file",
    )];
    for environment in &config.environments {
        let (account, region) = (&environment.account, &environment.region);
        let cluster = &environment.cluster;
        let services = environment.services.values();
        owned.extend(services.map(|placement| {
            let name = &placement.ecs_service;
            (
                format!("the ECS service {name} of cluster {cluster} ({account}, {region})"),
                "one file must own it: correct `ecs_service`, `cluster` or `account` in the other, \
                 or remove it there",
            )
        }));
    }
    owned
}
