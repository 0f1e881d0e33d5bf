//! What `sluice init` reads of a cluster: its services, and what belongs to them.

mod beside;
mod services;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::id::AccountId;
use sluice_draft::facts::{Alarm, Cluster, Container, Database, Seen, TaskDefinition};
use sluice_draft::secret_arn;
use sluice_words::doctor::NotSeen;

use super::seen::found;
use super::{Blind, Eyes};
use crate::clients::ClientSet;

/// The most services of a cluster that are looked at: AWS's own quota.
const SERVICES: usize = 5_000;

/// A cluster that someone names: by its name, or by its ARN where two accounts have one of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The environment that it is, if that was said.
    pub environment: Option<String>,
    /// Its name or ARN.
    pub cluster: String,
}

/// What of an account belongs to no service.
#[derive(Clone)]
struct Beside {
    alarms: Seen<Vec<Alarm>>,
    databases: Seen<Vec<Database>>,
    migrations: Seen<Vec<TaskDefinition>>,
}

/// Reads clusters.
///
/// # Errors
/// One of them is in no account that there are credentials for, or in several.
pub async fn look_at(eyes: &Eyes, named: &[Named]) -> Result<Vec<Cluster>, Blind> {
    let mut accounts: BTreeMap<AccountId, Beside> = BTreeMap::new();
    let mut clusters = Vec::new();
    for one in named {
        let place = Box::pin(place(eyes, &one.cluster)).await?;
        let clients = eyes.of(&place.account, &eyes.region);
        let clients = clients.map_err(|why| Blind(why.why))?;
        let services = match place.services {
            Ok(arns) => Box::pin(services::read(&clients, &place.name, &arns)).await,
            Err(why) => Err(why),
        };
        if !accounts.contains_key(&place.account) {
            let beside = Box::pin(beside::read(&clients)).await;
            accounts.insert(place.account.clone(), beside);
        }
        let beside = accounts[&place.account].clone();
        let of_services = services.iter().flatten();
        let definitions = of_services.filter_map(|service| service.definition.as_ref().ok());
        let containers = definitions.flat_map(|definition| &definition.containers);
        let secrets = secrets(&clients, eyes, &place.account, containers).await;
        clusters.push(Cluster {
            name: place.name,
            environment: one.environment.clone(),
            account: place.account.to_string(),
            region: eyes.region.to_string(),
            services,
            alarms: beside.alarms,
            databases: beside.databases,
            migrations: beside.migrations,
            secrets,
        });
    }
    Ok(clusters)
}

/// Where a cluster is, and the ARNs of its services.
struct Place {
    name: String,
    account: AccountId,
    services: Seen<Vec<String>>,
}

/// Looks for a cluster in every account that there are credentials for.
async fn place(eyes: &Eyes, cluster: &str) -> Result<Place, Blind> {
    let parts: Vec<&str> = cluster.split(':').collect();
    let (name, only) = match parts.as_slice() {
        ["arn", _, "ecs", region, account, name] => {
            let own = eyes.region.as_str();
            if *region != own {
                return Err(Blind(format!(
                    "{cluster} is not in the region {own}: give --region {region}"
                )));
            }
            (
                name.rsplit('/').next().unwrap_or(name),
                Some(AccountId::new(*account)),
            )
        }
        _ => (cluster, None),
    };
    let mut accounts: BTreeSet<&AccountId> = eyes.others.keys().collect();
    accounts.insert(&eyes.account);
    accounts.retain(|account| only.as_ref().is_none_or(|only| only == *account));
    let mut there = Vec::new();
    let mut refused = Vec::new();
    for account in &accounts {
        let clients = eyes
            .of(account, &eyes.region)
            .map_err(|why| Blind(why.why))?;
        match list(&clients, name).await {
            Ok(Some(services)) => there.push((*account, services)),
            Ok(None) => {}
            Err(why) => refused.push((*account, why)),
        }
    }
    // A cluster without services, such as `default`, is not the one that is meant if another has some.
    if there.iter().any(|(_, services)| !services.is_empty()) {
        there.retain(|(_, services)| !services.is_empty());
    }
    let place = |account: &AccountId, services| Place {
        name: name.to_owned(),
        account: account.clone(),
        services,
    };
    let all = accounts
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let region = &eyes.region;
    match (there.as_slice(), refused.as_slice()) {
        ([(account, services)], _) => Ok(place(account, Ok(services.clone()))),
        ([], [(account, why)]) if accounts.len() == 1 => Ok(place(account, Err(why.clone()))),
        ([], [(_, why), ..]) => Err(Blind(format!(
            "the cluster {name} was not found, and one account could not be looked at: {}{}",
            why.why,
            needs(why)
        ))),
        ([], []) if all.is_empty() => Err(Blind(format!(
            "there are no credentials for the account of {cluster}: give a profile for it with --also PROFILE"
        ))),
        ([], []) => Err(Blind(format!(
            "there is no cluster {name} in {region} of the account {all}: check --region and --profile, or give a \
             profile for another account with --also PROFILE"
        ))),
        (several, _) => {
            let arn = |(account, _): &(&AccountId, _)| {
                format!("arn:aws:ecs:{region}:{account}:cluster/{name}")
            };
            let arns: Vec<String> = several.iter().map(arn).collect();
            Err(Blind(format!(
                "several accounts have a cluster {name}: give --cluster its ARN, {}",
                arns.join(" or ")
            )))
        }
    }
}

fn needs(why: &NotSeen) -> String {
    let right = why.needs.as_ref();
    right.map_or_else(String::new, |right| format!(" Needs the right {right}."))
}

/// The ARNs of a cluster's services; `None` without such a cluster.
async fn list(clients: &ClientSet, name: &str) -> Seen<Option<Vec<String>>> {
    let mut arns = Vec::new();
    let mut next = None;
    loop {
        let call = clients
            .ecs()
            .list_services()
            .cluster(name)
            .max_results(100)
            .set_next_token(next)
            .send();
        let missing = ["ClusterNotFoundException"];
        let on = format!("the cluster {name}");
        let Some(answer) = found("ecs:ListServices", &on, &missing, call).await? else {
            return Ok(None);
        };
        arns.extend(answer.service_arns.unwrap_or_default());
        next = answer.next_token;
        if next.is_none() || arns.len() >= SERVICES {
            return Ok(Some(arns));
        }
    }
}

/// The names of the secrets of this account and region that containers refer to.
async fn secrets(
    clients: &ClientSet,
    eyes: &Eyes,
    account: &AccountId,
    containers: impl Iterator<Item = &Container>,
) -> BTreeMap<String, Seen<Option<String>>> {
    let here = format!(":secretsmanager:{}:{account}:", eyes.region);
    let arns = containers.flat_map(|container| container.secrets.values());
    let arns: BTreeSet<String> = arns
        .filter_map(|from| secret_arn(from))
        .filter(|arn| arn.contains(&here))
        .collect();
    let mut names = BTreeMap::new();
    for arn in arns {
        let call = clients
            .secrets_manager()
            .describe_secret()
            .secret_id(&arn)
            .send();
        let missing = ["ResourceNotFoundException"];
        let there = found("secretsmanager:DescribeSecret", &arn, &missing, call).await;
        names.insert(arn, there.map(|there| there.and_then(|secret| secret.name)));
    }
    names
}

#[cfg(test)]
mod tests;
