//! What `sluice doctor` reads of an installation, and `sluice init` of a cluster: with a person's own
//! credentials, and without changing anything.
//!
//! The right that each call needs stands at the call, and all of them in infra/doctor-policy.json. A
//! read that fails is a fact of its own, with the right that is missing.

pub mod cluster;
mod environment;
mod events;
mod functions;
mod person;
mod policy;
mod registry;
mod rights;
mod seen;
mod services;
mod state;

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use sluice_core::config::Config;
use sluice_core::id::{AccountId, Region};
use sluice_doctor::facts::{Facts, RoleRights, Seen};
use sluice_doctor::rights::{hidden_from_function, known_to_functions, questions};
use sluice_words::doctor::NotSeen;

use crate::clients::{ClientSet, Clients};
use crate::own_secret;

/// With whose credentials an installation is looked at.
#[derive(Debug)]
pub struct Eyes {
    own: Clients,
    account: AccountId,
    region: Region,
    others: BTreeMap<AccountId, Clients>,
}

/// Why nothing can be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blind(pub String);

impl fmt::Display for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Eyes {
    /// Credentials for Sluice's own account, and those for others; whose they are is asked.
    ///
    /// # Errors
    /// The credentials are not valid, or there is no region.
    pub async fn new(own: Clients, others: Vec<Clients>) -> Result<Self, Blind> {
        let region = own.region().ok_or_else(|| {
            Blind("no region: give --region, or set one in the profile or in AWS_REGION".to_owned())
        })?;
        let account = whose(own.own()).await?;
        let mut by_account = BTreeMap::new();
        for clients in others {
            by_account.insert(whose(clients.own()).await?, clients);
        }
        Ok(Self {
            own,
            account,
            region,
            others: by_account,
        })
    }

    /// Sluice's account.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// Sluice's region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    fn own(&self) -> &ClientSet {
        self.own.own()
    }

    /// In an account, with credentials for it.
    fn of(&self, account: &AccountId, region: &Region) -> Seen<ClientSet> {
        if *account == self.account {
            return Ok(self.own.looking_in(region));
        }
        let clients = self.others.get(account).ok_or_else(|| {
            NotSeen::because(format!(
                "Account {account} was not looked at: give a profile for it with --also PROFILE."
            ))
        })?;
        Ok(clients.looking_in(region))
    }
}

async fn whose(clients: &ClientSet) -> Result<AccountId, Blind> {
    let answer = clients.sts().get_caller_identity().send().await;
    let answer = answer.map_err(|error| {
        let said = seen::said("sts:GetCallerIdentity", "your credentials", &error);
        Blind(format!("nothing was looked at: {said}"))
    })?;
    answer
        .account
        .map(AccountId::new)
        .ok_or_else(|| Blind("AWS does not say whose the credentials are".to_owned()))
}

/// Reads everything of an installation, except Slack. `configs` are those in its functions'
/// packages, [`installed_in`](Config::installed_in) its registry.
pub async fn look(eyes: &Eyes, configs: &[Config], stack: &str) -> Facts {
    let own = eyes.own();
    let mut facts = Facts {
        stack: stack.to_owned(),
        account: eyes.account.to_string(),
        region: eyes.region.to_string(),
        functions: functions::read(own, configs, stack).await,
        mappings: functions::mappings(own, stack).await,
        recursion: functions::recursion(own, stack).await,
        hook_concurrency: functions::hook_concurrency(own, stack).await,
        slack_url: functions::url(own, &format!("{stack}-slack")).await,
        slack_answers: Err(not_yet()),
        operate_url: functions::url(own, &format!("{stack}-operate")).await,
        queue: Err(not_yet()),
        dead_letters: Err(not_yet()),
        table: Err(not_yet()),
        table_recovery: Err(not_yet()),
        own_secrets: Vec::new(),
        deliveries: Vec::new(),
        bus_takes: Err(not_yet()),
        minute: Err(not_yet()),
        rights: Vec::new(),
        environments: Vec::new(),
        repositories: registry::read(eyes, configs).await,
        slack: None,
    };
    facts.slack_answers = functions::answers(&facts.slack_url).await;
    state::read(own, &mut facts).await;
    events::read(eyes, configs, &mut facts).await;
    for config in configs {
        for environment in &config.environments {
            let seen = environment::read(eyes, config, environment, &facts).await;
            facts.environments.push(seen);
        }
    }
    let known = known_to_functions(configs, &facts);
    let mut asked = Vec::new();
    for (name, seen) in &facts.functions {
        if let Ok(Some(function)) = seen {
            let questions = questions(name, &known);
            let holder = format!("function {name}");
            asked.push(RoleRights {
                holder,
                role: function.role.clone(),
                of_function: true,
                decisions: rights::decisions(own, &function.role, &questions).await,
                unasked: hidden_from_function(name, &facts),
            });
        }
    }
    asked.extend(rights::of_environments(eyes, configs, &facts).await);
    facts.rights = asked;
    facts
}

/// The value of the bot token: the only secret that is read, and only to ask Slack with it.
///
/// # Errors
/// It cannot be read.
pub async fn bot_token(eyes: &Eyes, facts: &Facts) -> Seen<SecretString> {
    let secret = facts.own_secrets.iter().find(|one| one.what == "bot token");
    let secret = secret.ok_or_else(|| {
        NotSeen::because("The functions' settings do not say which secret has the bot token.")
    })?;
    own_secret(&eyes.own, &secret.arn)
        .await
        .map_err(|error| NotSeen {
            needs: error
                .message
                .contains("not allowed")
                .then(|| "secretsmanager:GetSecretValue".to_owned()),
            why: format!("The bot token could not be read: {}.", error.message),
        })
}

/// Replaced before anybody sees it.
fn not_yet() -> NotSeen {
    NotSeen::because("It was not looked at.")
}

#[cfg(test)]
mod tests;
