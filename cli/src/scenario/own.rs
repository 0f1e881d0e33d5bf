//! The story of any application: one image through every environment of its `sluice.toml`.

use jiff::SignedDuration;
use sluice_core::config::{Config, Environment};
use sluice_core::id::ImageTag;
use sluice_core::tag::TagPattern;
use sluice_sim::cloud::ImageBehaviour;

use super::{Approver, BETWEEN, Check, IMAGE, READING, Scenario, Scene, When, push};

impl Scenario {
    /// A good image is pushed with a tag for each environment, first to those that the others come
    /// after. As many people approve as it takes.
    pub fn own(config: &Config) -> Self {
        let mut scenes: Vec<Scene> = Vec::new();
        let mut before: Option<&'static str> = None;
        for tag in tags(config) {
            let when = match before {
                None => When::At(SignedDuration::ZERO),
                Some(tag) => When::After(tag, "Succeeded", BETWEEN),
            };
            let act = push(tag, IMAGE, ImageBehaviour::default());
            scenes.push(Scene { when, act });
            before = Some(tag);
        }
        let runs = config.environments.iter().map(|environment| Check::Runs {
            environment: kept(environment.name.to_string()),
            image: IMAGE,
        });
        Self {
            scenes,
            approver: Approver::AsManyAsItTakes(READING),
            ends: Vec::new(),
            checks: runs.collect(),
            ..Self::new(
                "your application",
                "an image goes to every environment of sluice.toml",
            )
        }
    }
}

/// A story's names live as long as the process: there is one of these.
fn kept(name: String) -> &'static str {
    name.leak()
}

/// The tags to push, each once.
fn tags(config: &Config) -> Vec<&'static str> {
    let mut tags: Vec<&'static str> = Vec::new();
    for environment in in_order(config) {
        let is_last = |tag: &ImageTag| {
            let later = config.environments.iter();
            let mut later = later.filter(|later| later.after.as_ref() == Some(&environment.name));
            later.all(|later| !later.tags.iter().any(|pattern| pattern.matches(tag)))
        };
        let mut examples = environment
            .tags
            .iter()
            .flat_map(examples)
            .map(ImageTag::new);
        // One that brings it to no environment that comes after this one, where there is one.
        let tag = examples.clone().find(is_last).or_else(|| examples.next());
        let tag = tag.map(|tag| tag.to_string());
        if let Some(tag) = tag.filter(|tag| !tags.contains(&tag.as_str())) {
            tags.push(kept(tag));
        }
    }
    tags
}

/// Tags that a pattern matches.
fn examples(pattern: &TagPattern) -> impl Iterator<Item = String> + Clone {
    let pattern = pattern.as_str().replace('?', "1");
    ["1.4.0", "release-1.4.0", "main-1.4.0"]
        .map(|version| pattern.replace('*', version))
        .into_iter()
}

/// Each environment after the one that it comes after.
fn in_order(config: &Config) -> Vec<&Environment> {
    let depth = |environment: &Environment| {
        let after = |name| config.environment(name)?.after.as_ref();
        std::iter::successors(environment.after.as_ref(), |name| after(name)).count()
    };
    let mut all: Vec<&Environment> = config.environments.iter().collect();
    all.sort_by_key(|environment| depth(environment));
    all
}
