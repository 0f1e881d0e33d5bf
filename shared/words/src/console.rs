//! Pages of the AWS console, for people who must look for themselves. They open in the account that
//! the reader is logged in to.

use sluice_core::config::{Database, Environment};
use sluice_core::deployment::Deployment;
use sluice_core::failure::Cause;
use sluice_core::id::{ServiceName, TaskArn};
use sluice_core::note::short_arn;
use sluice_core::phase::Phase;

use crate::message::Link;

/// Where to look after something went wrong; nothing while all goes well.
pub(crate) fn links(d: &Deployment) -> Vec<Link> {
    let Some(cause) = cause(&d.phase) else {
        return Vec::new();
    };
    let task = match cause {
        Cause::MigrationFailed { .. } | Cause::MigrationUnknown { .. } => {
            d.touched.migration.as_ref().map(|run| &run.task)
        }
        _ => None,
    };
    let services = suspects(d, cause);
    let services = services.iter().flat_map(|name| service(d, name));
    let task = task.map(|task| migration(d, task));
    task.into_iter()
        .chain(services)
        .chain(snapshot(d))
        .collect()
}

fn cause(phase: &Phase) -> Option<&Cause> {
    match phase {
        Phase::Failed { cause, .. }
        | Phase::AwaitingRestoreDecision { cause }
        | Phase::RolledForward { cause, .. }
        | Phase::RollingBack { cause, .. }
        | Phase::RolledBack { cause }
        | Phase::RollbackFailed { cause, .. } => Some(cause),
        _ => None,
    }
}

/// The services that the cause is about.
fn suspects<'a>(d: &'a Deployment, cause: &'a Cause) -> Vec<&'a ServiceName> {
    if let Phase::RollbackFailed { stuck, .. } = &d.phase {
        return stuck.keys().collect();
    }
    let touched = d.touched.rollouts.iter();
    match cause {
        Cause::RolloutFailed { service, .. } | Cause::Replaced { service, .. } => vec![service],
        Cause::AnswersWorse { compared, .. } => vec![&compared.service],
        Cause::SmokeTestsFailed(_) | Cause::BakeFailed(_) => touched
            .map(|(name, _)| name)
            .filter(|name| d.settings.placement(name).strategy.shifts_traffic())
            .collect(),
        Cause::TimedOut { .. } => touched
            .filter(|(_, seen)| seen.as_ref().is_none_or(|seen| !seen.status.is_over()))
            .map(|(name, _)| name)
            .collect(),
        _ => Vec::new(),
    }
}

/// The pages of one service: its tasks, among them those that have stopped, and its logs.
fn service(d: &Deployment, name: &ServiceName) -> [Link; 2] {
    let ecs = &d.settings.placement(name).ecs_service;
    ["tasks", "logs"].map(|tab| {
        let page = format!("services/{ecs}/{tab}");
        link(format!("{name}: {tab}"), in_cluster(d, &page))
    })
}

/// The migration's task, with its log.
fn migration(d: &Deployment, task: &TaskArn) -> Link {
    let id = short_arn(task.as_str());
    let id = id.rsplit('/').next().unwrap_or(id);
    let page = in_cluster(d, &format!("tasks/{id}/logs"));
    link("the migration's log".to_owned(), page)
}

fn in_cluster(d: &Deployment, page: &str) -> String {
    let environment = &d.settings.environment;
    format!(
        "{}/ecs/v2/clusters/{}/{page}?region={}",
        console(environment),
        environment.cluster,
        environment.region
    )
}

/// The page of the database's snapshot that the deployment has verified.
fn snapshot(d: &Deployment) -> Option<Link> {
    let environment = &d.settings.environment;
    let snapshot = d.touched.snapshot.as_ref()?;
    let backup = environment.backup.as_ref()?;
    let kind = match &backup.database {
        Database::Instance(_) => "db-snapshot",
        Database::Cluster(_) => "db-cluster-snapshot",
    };
    let page = format!(
        "{}/rds/home?region={}#{kind}:id={snapshot}",
        console(environment),
        environment.region
    );
    Some(link(format!("snapshot {snapshot}"), page))
}

fn link(text: String, url: String) -> Link {
    Link {
        text,
        url: Some(url),
    }
}

/// Each of AWS's partitions has a console of its own.
fn console(environment: &Environment) -> String {
    let region = environment.region.as_str();
    let host = if region.starts_with("cn-") {
        "console.amazonaws.cn".to_owned()
    } else if region.starts_with("us-gov-") {
        "console.amazonaws-us-gov.com".to_owned()
    } else {
        format!("{region}.console.aws.amazon.com")
    };
    format!("https://{host}")
}
