//! An environment, apart from its services: roles, hook, alarms, secrets, database.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::AlarmType;
use aws_sdk_ssm::types::ParameterStringFilter;
use sluice_core::config::{Config, Database as Configured, Environment as Place, SecretSource};
use sluice_doctor::facts::{Database, Environment, Facts, Quota, Secret, Seen};
use sluice_words::doctor::NotSeen;

use super::seen::{found, seen};
use super::{Eyes, functions, rights, services, state};
use crate::clients::ClientSet;

/// SSM takes no more values in a filter.
const PARAMETERS_A_CALL: usize = 50;
/// CloudWatch takes no more names.
const ALARMS_A_CALL: usize = 100;

pub(super) async fn read(
    eyes: &Eyes,
    config: &Config,
    place: &Place,
    facts: &Facts,
) -> Environment {
    match eyes.of(&place.account, &place.region) {
        Ok(clients) => visible(&clients, config, place, facts).await,
        Err(why) => hidden(config, place, facts, &why),
    }
}

/// Its role, and the one that functions read with.
fn roles(place: &Place) -> Vec<String> {
    let role = place.role.as_ref().map(ToString::to_string);
    role.into_iter()
        .flat_map(|role| [role.clone(), format!("{role}-read")])
        .collect()
}

fn hook_role(place: &Place, facts: &Facts) -> String {
    format!("{}-call-hook-{}", facts.stack, place.region)
}

fn secrets(place: &Place) -> BTreeSet<String> {
    let named = place.secrets.values().filter_map(|source| match source {
        SecretSource::SecretsManager { name, .. } => Some(name.clone()),
        SecretSource::Parameter { .. } => None,
    });
    named.collect()
}

fn parameters(place: &Place) -> Vec<String> {
    let named = place.secrets.values().filter_map(|source| match source {
        SecretSource::Parameter { name } => Some(name.clone()),
        SecretSource::SecretsManager { .. } => None,
    });
    named.collect::<BTreeSet<_>>().into_iter().collect()
}

async fn visible(
    clients: &ClientSet,
    config: &Config,
    place: &Place,
    facts: &Facts,
) -> Environment {
    let mut of_place = Vec::new();
    for role in roles(place) {
        let seen = rights::role(clients, &role).await;
        of_place.push((role, seen));
    }
    let mut all: BTreeMap<String, Seen<Option<Secret>>> = BTreeMap::new();
    for name in secrets(place) {
        let seen = state::secret(clients, &name).await;
        all.insert(name, seen);
    }
    let hook_role = hook_role(place, facts);
    let hook_role_seen = rights::role(clients, &hook_role).await;
    let database = match &place.backup {
        Some(backup) => Some(database(clients, &backup.database).await),
        None => None,
    };
    Environment {
        app: config.app.clone(),
        name: place.name.clone(),
        roles: of_place,
        hook: functions::is_there(clients, &format!("{}-rollout-hook", facts.stack)).await,
        hook_role: (hook_role, hook_role_seen),
        services: services::read(clients, place, facts.partition(), &all).await,
        alarms: alarms(clients, place).await,
        parameters: parameters_there(clients, &parameters(place)).await,
        secrets: all,
        snapshots: match &place.backup {
            Some(backup) => quota(clients, &backup.database).await,
            None => Err(NotSeen::because("The environment has no backup.")),
        },
        database,
    }
}

/// An account that nobody gave credentials for.
fn hidden(config: &Config, place: &Place, facts: &Facts, why: &NotSeen) -> Environment {
    let unseen = |name: String| (name, Err(why.clone()));
    let services = place
        .services
        .values()
        .map(|one| one.ecs_service.to_string());
    Environment {
        app: config.app.clone(),
        name: place.name.clone(),
        roles: roles(place)
            .into_iter()
            .map(|name| (name, Err(why.clone())))
            .collect(),
        hook: Err(why.clone()),
        hook_role: (hook_role(place, facts), Err(why.clone())),
        services: services.map(|name| (name, Err(why.clone()))).collect(),
        alarms: Err(why.clone()),
        secrets: secrets(place).into_iter().map(unseen).collect(),
        parameters: Err(why.clone()),
        database: place.backup.as_ref().map(|_| Err(why.clone())),
        snapshots: Err(why.clone()),
    }
}

async fn alarms(clients: &ClientSet, place: &Place) -> Seen<Vec<String>> {
    let names: Vec<String> = place.alarms.iter().map(ToString::to_string).collect();
    let mut there = Vec::new();
    for names in names.chunks(ALARMS_A_CALL) {
        let call = clients
            .cloudwatch()
            .describe_alarms()
            .set_alarm_names(Some(names.to_vec()))
            .set_alarm_types(Some(vec![
                AlarmType::MetricAlarm,
                AlarmType::CompositeAlarm,
            ]))
            .send();
        let answer = seen("cloudwatch:DescribeAlarms", &names.join(", "), call).await?;
        let metric = answer.metric_alarms.unwrap_or_default();
        there.extend(metric.into_iter().filter_map(|alarm| alarm.alarm_name));
        let composite = answer.composite_alarms.unwrap_or_default();
        there.extend(composite.into_iter().filter_map(|alarm| alarm.alarm_name));
    }
    Ok(there)
}

async fn parameters_there(clients: &ClientSet, names: &[String]) -> Seen<Vec<String>> {
    let mut there = Vec::new();
    for names in names.chunks(PARAMETERS_A_CALL) {
        let filter = ParameterStringFilter::builder()
            .key("Name")
            .option("Equals")
            .set_values(Some(names.to_vec()))
            .build();
        let filter = filter.map_err(|error| NotSeen::because(format!("{error}.")))?;
        let call = clients
            .ssm()
            .describe_parameters()
            .parameter_filters(filter)
            .send();
        let answer = seen("ssm:DescribeParameters", &names.join(", "), call).await?;
        let parameters = answer.parameters.unwrap_or_default();
        there.extend(
            parameters
                .into_iter()
                .filter_map(|parameter| parameter.name),
        );
    }
    Ok(there)
}

async fn database(clients: &ClientSet, database: &Configured) -> Seen<Option<Database>> {
    let name = database.identifier();
    match database {
        Configured::Instance(_) => {
            let call = clients
                .rds()
                .describe_db_instances()
                .db_instance_identifier(name)
                .send();
            let missing = ["DBInstanceNotFound", "DBInstanceNotFoundFault"];
            let there = found("rds:DescribeDBInstances", name, &missing, call).await?;
            let one = there.and_then(|answer| answer.db_instances.unwrap_or_default().pop());
            Ok(one.map(|one| Database {
                status: one.db_instance_status.unwrap_or_default(),
                retention_days: one.backup_retention_period.unwrap_or_default(),
            }))
        }
        Configured::Cluster(_) => {
            let call = clients
                .rds()
                .describe_db_clusters()
                .db_cluster_identifier(name)
                .send();
            let missing = ["DBClusterNotFound", "DBClusterNotFoundFault"];
            let there = found("rds:DescribeDBClusters", name, &missing, call).await?;
            let one = there.and_then(|answer| answer.db_clusters.unwrap_or_default().pop());
            Ok(one.map(|one| Database {
                status: one.status.unwrap_or_default(),
                retention_days: one.backup_retention_period.unwrap_or_default(),
            }))
        }
    }
}

async fn quota(clients: &ClientSet, database: &Configured) -> Seen<Quota> {
    let name = match database {
        Configured::Instance(_) => "ManualSnapshots",
        Configured::Cluster(_) => "ManualClusterSnapshots",
    };
    let call = clients.rds().describe_account_attributes().send();
    let answer = seen("rds:DescribeAccountAttributes", "the account", call).await?;
    let quotas = answer.account_quotas.unwrap_or_default();
    let quota = quotas
        .into_iter()
        .find(|one| one.account_quota_name() == Some(name));
    let quota = quota.and_then(|one| {
        Some(Quota {
            used: one.used?,
            most: one.max?,
        })
    });
    quota.ok_or_else(|| NotSeen::because(format!("RDS does not tell the quota {name}.")))
}
