//! Events of ECS and RDS, delivered through the queue.

use serde::Deserialize;
use sluice_app::Hint;
use sluice_core::id::{ClusterName, EcsServiceName, SnapshotId};

use crate::arn::Arn;
use crate::envelope::Envelope;
use crate::malformed::Malformed;

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Task {
    #[serde(rename = "startedBy")]
    started_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Snapshot {
    #[serde(rename = "SourceIdentifier")]
    source_identifier: SnapshotId,
}

/// What the event hints at; `None` if at nothing that Sluice waits for.
///
/// # Errors
/// It is one of the events above, and a field is missing or of another type.
pub fn hint(event: &Envelope) -> Result<Option<Hint>, Malformed> {
    Ok(match (event.source.as_str(), event.detail_type.as_str()) {
        ("aws.ecs", "ECS Task State Change") => {
            let task: Task = event.detail()?;
            task.started_by.map(|started_by| Hint::Task { started_by })
        }
        ("aws.ecs", "ECS Deployment State Change") => {
            event.resources.iter().find_map(|arn| service(arn))
        }
        ("aws.rds", "RDS DB Snapshot Event" | "RDS DB Cluster Snapshot Event") => {
            let snapshot: Snapshot = event.detail()?;
            Some(Hint::Snapshot(snapshot.source_identifier))
        }
        _ => None,
    })
}

/// A service from its ARN. Services of the oldest form, without the cluster in the ARN, cannot be
/// told apart and give no hint.
fn service(arn: &str) -> Option<Hint> {
    let arn = Arn::parse(arn).ok()?;
    let (cluster, ecs_service) = arn.name_of("service")?.split_once('/')?;
    Some(Hint::Service {
        account: arn.account.clone(),
        cluster: ClusterName::new(cluster),
        ecs_service: EcsServiceName::new(ecs_service),
    })
}
