//! What people are offered: what they can type or do next, each with the exact command.

use crate::slash::COMMAND;
use sluice_core::config::Database;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{ImageTag, ServiceDeploymentArn, ServiceName, TaskDefinitionArn};
use sluice_core::note::short_arn;
use sluice_core::plan::PlannedService;

/// Something that people can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Fix something and push a new image.
    Push(Fix),
    /// Deploy the same version again.
    Deploy(When),
    /// Push the same image under a new tag: nobody may deploy by command.
    PushNewTag(When),
    /// Have a verified version back: this one, or the last.
    RollBack(Option<ImageTag>),
    /// Roll back to another version by name, or deploy one.
    ChooseVersion,
    /// Restore the database.
    Restore(When),
    /// Resume automatic deployments.
    ReleaseHold,
    /// Look at something.
    Look(Look),
    /// Have ECS bring a service to a revision.
    UpdateService {
        /// The service.
        service: ServiceName,
        /// The revision.
        to: TaskDefinitionArn,
        /// What for.
        goal: Goal,
    },
    /// Have ECS stop a service deployment and go back.
    StopServiceDeployment {
        /// The service.
        service: ServiceName,
        /// Which.
        arn: ServiceDeploymentArn,
    },
    /// Have CloudFormation go on with the rollback of a stack that is stuck.
    ContinueRollback {
        /// The stack.
        stack: String,
    },
    /// What only concerns a restore's databases.
    Database(DatabaseOffer),
}

/// What is to be fixed before a new image is pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fix {
    /// The release.
    Release,
    /// Its migration.
    Migration,
    /// What failed on the copy.
    WhatFailedOnTheCopy,
    /// What a rollback was asked for.
    Reason,
}

/// When an offer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// Once what is told is fixed.
    Fixed,
    /// Once the reason that somebody gave is settled.
    Settled,
    /// At once: the schema does not fit what runs.
    SchemaDoesNotFit,
    /// At once: to have the version verified.
    ToVerify,
}

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Health pages, logs, monitors.
    Health,
    /// What closes the environment.
    WhatCloses,
    /// The snapshot and the database's events in RDS.
    Snapshot,
    /// Which migration holds the lock.
    OtherMigration,
    /// Which revision the database is at.
    Alembic,
    /// The stopped tasks and the log of a service.
    Tasks(ServiceName),
    /// The logs of the release.
    Logs,
    /// What took so long.
    WhatTook {
        /// The limit, in seconds.
        after_s: u64,
    },
    /// Why ECS could not start a task.
    TaskStart,
    /// What ECS runs now.
    Services,
    /// What CloudFormation says of a stack.
    Stack {
        /// Its name.
        name: String,
    },
}

/// What a service is brought to a revision for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The version from before.
    Before,
    /// The version that a rollback brings back.
    Release,
    /// That it runs at all: with so many tasks.
    Start {
        /// How many.
        tasks: u32,
    },
}

/// What people can do about a restore's databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseOffer {
    /// Read the old one.
    ReadOld {
        /// Its name.
        aside: String,
    },
    /// Remove one, with a last snapshot of this name or without.
    Remove {
        /// Which.
        database: Database,
        /// The snapshot.
        last: Option<String>,
    },
    /// Tell infrastructure code of the new one.
    Import {
        /// Its name.
        name: String,
    },
    /// See which names there are.
    List,
    /// Go on with the restored one.
    GoOn,
    /// Turn its backups on again: a restored instance gets them with the name, and whoever renames it
    /// by hand has to. Those of a cluster are never off.
    KeepBackups,
    /// Stay with the old one.
    Stay,
    /// Wait: RDS fetches a restored database's blocks on first use.
    SlowAtFirst,
}

impl Offer {
    /// What people type, if the offer is one command.
    pub fn command(&self, d: &Deployment) -> Option<String> {
        let key = EnvironmentKey::of(d);
        let command = match self {
            Self::Deploy(_) => format!("{COMMAND} deploy {} to {key}", d.release.tag),
            Self::RollBack(None) => format!("{COMMAND} rollback {key}"),
            Self::RollBack(Some(to)) => format!("{COMMAND} rollback {key} to {to}"),
            Self::Restore(_) => format!("{COMMAND} restore {key}"),
            Self::ReleaseHold => format!("{COMMAND} release {key}"),
            Self::UpdateService { service, to, goal } => update(d, service, to, *goal)?,
            Self::StopServiceDeployment { arn, .. } => format!(
                "aws ecs stop-service-deployment --service-deployment-arn {arn} --stop-type ROLLBACK"
            ),
            Self::Look(Look::Stack { name }) => {
                format!("aws cloudformation describe-stack-events --stack-name {name}")
            }
            Self::ContinueRollback { stack } => {
                format!("aws cloudformation continue-update-rollback --stack-name {stack}")
            }
            Self::Look(Look::Services) => look_at_services(d)?,
            Self::Database(DatabaseOffer::Remove { database, last }) => {
                removal(database, last.as_deref())
            }
            Self::Database(DatabaseOffer::List) => listing(&planned_database(d)?).to_owned(),
            Self::Push(_)
            | Self::PushNewTag(_)
            | Self::ChooseVersion
            | Self::Look(_)
            | Self::Database(_) => return None,
        };
        Some(in_region(d, &command))
    }
}

/// People work in several regions: each command of AWS's names this one.
pub(super) fn in_region(d: &Deployment, command: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut since_aws = None;
    for word in command.split(' ') {
        let counted = since_aws.map(|count: usize| count + 1);
        since_aws = if word.ends_with("aws") {
            Some(0)
        } else {
            counted
        };
        words.push(word.to_owned());
        if since_aws == Some(2) {
            words.push(format!("--region {}", d.settings.environment.region));
        }
    }
    words.join(" ")
}

pub(super) fn planned_database(d: &Deployment) -> Option<Database> {
    let restore = d.plan.as_ref()?.plan.restore.as_ref()?;
    Some(restore.database.clone())
}

fn planned<'a>(d: &'a Deployment, service: &ServiceName) -> Option<&'a PlannedService> {
    d.plan.as_ref()?.plan.service(service)
}

fn update(
    d: &Deployment,
    service: &ServiceName,
    to: &TaskDefinitionArn,
    goal: Goal,
) -> Option<String> {
    let mut command = format!(
        "aws ecs update-service --cluster {} --service {} --task-definition {}",
        d.settings.environment.cluster,
        planned(d, service)?.ecs_service,
        short_arn(to.as_str())
    );
    match goal {
        // ECS deploys nothing where nothing changes, and what it is half way to is not known.
        Goal::Before | Goal::Release => command.push_str(" --force-new-deployment"),
        Goal::Start { tasks } => command.push_str(&format!(" --desired-count {tasks}")),
    }
    Some(command)
}

fn look_at_services(d: &Deployment) -> Option<String> {
    let services = d.plan.as_ref()?.plan.services.iter();
    let names: Vec<&str> = services.map(|one| one.ecs_service.as_str()).collect();
    Some(format!(
        "aws ecs describe-services --cluster {} --services {}",
        d.settings.environment.cluster,
        names.join(" ")
    ))
}

fn listing(database: &Database) -> &'static str {
    match database {
        Database::Instance(_) => {
            "aws rds describe-db-instances --query \
             'DBInstances[].[DBInstanceIdentifier,DbiResourceId,DBInstanceStatus]' --output table"
        }
        Database::Cluster(_) => {
            "aws rds describe-db-clusters --query \
             'DBClusters[].[DBClusterIdentifier,DbClusterResourceId,Status]' --output table"
        }
    }
}

pub(super) fn renaming(from: &Database, to: &str) -> String {
    match from {
        Database::Instance(from) => format!(
            "aws rds modify-db-instance --db-instance-identifier {from} \
             --new-db-instance-identifier {to} --apply-immediately"
        ),
        Database::Cluster(from) => format!(
            "aws rds modify-db-cluster --db-cluster-identifier {from} \
             --new-db-cluster-identifier {to} --apply-immediately"
        ),
    }
}

/// Deletion protection is what the source had: it is taken off first. Of a copy that was never used
/// nothing is worth a snapshot.
fn removal(database: &Database, last: Option<&str>) -> String {
    let last = last.map_or_else(
        || "--skip-final-snapshot".to_owned(),
        |last| format!("--final-db-snapshot-identifier {last}"),
    );
    match database {
        Database::Instance(id) => format!(
            "aws rds modify-db-instance --db-instance-identifier {id} --no-deletion-protection \
             --apply-immediately; aws rds delete-db-instance --db-instance-identifier {id} {last}"
        ),
        Database::Cluster(id) => format!(
            "aws rds modify-db-cluster --db-cluster-identifier {id} --no-deletion-protection \
             --apply-immediately; delete its instances (aws rds describe-db-clusters \
             --db-cluster-identifier {id} names them); aws rds delete-db-cluster \
             --db-cluster-identifier {id} {last}"
        ),
    }
}
