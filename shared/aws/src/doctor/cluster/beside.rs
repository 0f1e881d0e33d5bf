//! What of an account belongs to no service: alarms, databases, and tasks that migrate.

use aws_sdk_cloudwatch::types::{AlarmType, MetricAlarm, StateValue};
use aws_sdk_ecs::types::TaskDefinitionFamilyStatus;
use aws_sdk_rds::types::{DbCluster, DbInstance};
use sluice_draft::facts::{Alarm, Database, Seen, TaskDefinition};
use sluice_words::doctor::NotSeen;

use super::{Beside, services};
use crate::clients::ClientSet;
use crate::doctor::seen::seen;

/// So many answers of a list are read. Each has 100.
const PAGES: usize = 50;
/// So many task definitions with a migration in their name are looked into.
const MIGRATIONS: usize = 10;
/// What the names of such families have in common.
const MIGRATES: &str = "migrat";

pub(super) async fn read(clients: &ClientSet) -> Beside {
    Beside {
        alarms: Box::pin(alarms(clients)).await,
        databases: Box::pin(databases(clients)).await,
        migrations: Box::pin(migrations(clients)).await,
    }
}

/// A list that goes on is not known as a whole.
fn too_long(what: &str) -> NotSeen {
    NotSeen::because(format!("The account has more than {} {what}.", PAGES * 100))
}

async fn alarms(clients: &ClientSet) -> Seen<Vec<Alarm>> {
    let mut alarms = Vec::new();
    let mut next = None;
    for _ in 0..PAGES {
        let call = clients
            .cloudwatch()
            .describe_alarms()
            .set_alarm_types(Some(vec![
                AlarmType::MetricAlarm,
                AlarmType::CompositeAlarm,
            ]))
            .max_records(100)
            .set_next_token(next)
            .send();
        let answer = seen("cloudwatch:DescribeAlarms", "the account", call).await?;
        let metric = answer.metric_alarms.unwrap_or_default();
        alarms.extend(metric.iter().map(alarm));
        let composite = answer.composite_alarms.unwrap_or_default();
        alarms.extend(composite.into_iter().map(|one| Alarm {
            firing: one.state_value == Some(StateValue::Alarm),
            name: one.alarm_name.unwrap_or_default(),
            of_autoscaling: false,
            dimensions: Vec::new(),
        }));
        next = answer.next_token;
        if next.is_none() {
            return Ok(alarms);
        }
    }
    Err(too_long("alarms"))
}

fn alarm(alarm: &MetricAlarm) -> Alarm {
    let of_metrics = alarm
        .metrics()
        .iter()
        .filter_map(|one| one.metric_stat()?.metric());
    let dimensions = of_metrics
        .flat_map(|metric| metric.dimensions())
        .chain(alarm.dimensions());
    let pairs =
        dimensions.filter_map(|one| Some((one.name()?.to_owned(), one.value()?.to_owned())));
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort();
    pairs.dedup();
    let name = alarm.alarm_name().unwrap_or_default();
    let scales = |arn: &String| arn.contains(":autoscaling:");
    Alarm {
        name: name.to_owned(),
        firing: alarm.state_value() == Some(&StateValue::Alarm),
        of_autoscaling: name.starts_with("TargetTracking-")
            || alarm.alarm_actions().iter().any(scales),
        dimensions: pairs,
    }
}

async fn databases(clients: &ClientSet) -> Seen<Vec<Database>> {
    let instances = instances(clients).await?;
    let mut databases = Vec::new();
    for cluster in clusters(clients).await? {
        let name = cluster.db_cluster_identifier().unwrap_or_default();
        // A cluster does not say its VPC; its members do.
        let mut members = instances.iter();
        let member = members.find(|one| one.db_cluster_identifier() == Some(name));
        let hosts = [cluster.endpoint(), cluster.reader_endpoint()];
        let hosts = hosts.into_iter().flatten().map(str::to_owned);
        let custom = cluster.custom_endpoints().to_vec();
        let secret = cluster.master_user_secret();
        databases.push(Database {
            identifier: name.to_owned(),
            is_cluster: true,
            hosts: hosts.chain(custom).collect(),
            vpc: member.and_then(vpc),
            secret: secret.and_then(|one| one.secret_arn()).map(str::to_owned),
        });
    }
    // An empty name is none.
    let alone = instances
        .iter()
        .filter(|one| one.db_cluster_identifier().is_none_or(str::is_empty));
    databases.extend(alone.map(|one| {
        let host = one.endpoint().and_then(|endpoint| endpoint.address());
        let secret = one
            .master_user_secret()
            .and_then(|secret| secret.secret_arn());
        Database {
            identifier: one.db_instance_identifier().unwrap_or_default().to_owned(),
            is_cluster: false,
            hosts: host.map(str::to_owned).into_iter().collect(),
            vpc: vpc(one),
            secret: secret.map(str::to_owned),
        }
    }));
    Ok(databases)
}

fn vpc(instance: &DbInstance) -> Option<String> {
    instance.db_subnet_group()?.vpc_id().map(str::to_owned)
}

async fn instances(clients: &ClientSet) -> Seen<Vec<DbInstance>> {
    let mut all = Vec::new();
    let mut marker = None;
    for _ in 0..PAGES {
        let call = clients
            .rds()
            .describe_db_instances()
            .set_marker(marker)
            .send();
        let answer = seen("rds:DescribeDBInstances", "the account", call).await?;
        all.extend(answer.db_instances.unwrap_or_default());
        marker = answer.marker;
        if marker.is_none() {
            return Ok(all);
        }
    }
    Err(too_long("databases"))
}

async fn clusters(clients: &ClientSet) -> Seen<Vec<DbCluster>> {
    let mut all = Vec::new();
    let mut marker = None;
    for _ in 0..PAGES {
        let call = clients
            .rds()
            .describe_db_clusters()
            .set_marker(marker)
            .send();
        let answer = seen("rds:DescribeDBClusters", "the account", call).await?;
        all.extend(answer.db_clusters.unwrap_or_default());
        marker = answer.marker;
        if marker.is_none() {
            return Ok(all);
        }
    }
    Err(too_long("clusters of databases"))
}

/// The task definitions that are run once, as their names tell.
async fn migrations(clients: &ClientSet) -> Seen<Vec<TaskDefinition>> {
    let mut families = Vec::new();
    let mut next = None;
    for page in 0.. {
        if page == PAGES {
            return Err(too_long("task definitions"));
        }
        let call = clients
            .ecs()
            .list_task_definition_families()
            .status(TaskDefinitionFamilyStatus::Active)
            .max_results(100)
            .set_next_token(next)
            .send();
        let answer = seen("ecs:ListTaskDefinitionFamilies", "the account", call).await?;
        let named = answer.families.unwrap_or_default().into_iter();
        families.extend(named.filter(|name| name.to_lowercase().contains(MIGRATES)));
        next = answer.next_token;
        if next.is_none() {
            break;
        }
    }
    families.truncate(MIGRATIONS);
    let mut definitions = Vec::new();
    for family in &families {
        definitions.push(services::definition(clients, family).await?);
    }
    Ok(definitions)
}
