//! What people should know beside the plan: facts that may change by themselves, each with what it
//! means for the deployment.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{
    AlarmName, Digest, ImageTag, SecretVersion, ServiceDeploymentArn, ServiceName,
    TaskDefinitionArn,
};
use crate::note::short_arn;
use crate::words;

/// One such fact. It is no part of the plan: a remark that comes or goes leaves approvals valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "remark", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "`Display` says each in full")]
pub enum Remark {
    TagMoved {
        tag: ImageTag,
        digest: Digest,
        now: Option<Digest>,
        by_push: bool,
    },
    PusherUnknown {
        four_eyes: bool,
    },
    FirstHere,
    SameImage {
        tag: ImageTag,
    },
    Older {
        tag: ImageTag,
        live: ImageTag,
    },
    RunsAnotherImage {
        service: ServiceName,
        verified: ImageTag,
    },
    AddedLater {
        service: ServiceName,
        tag: ImageTag,
    },
    StaysStopped {
        service: ServiceName,
        tag: ImageTag,
    },
    Migrated {
        tags: Vec<ImageTag>,
    },
    SecretReplaced {
        variable: String,
        tag: ImageTag,
        version: SecretVersion,
    },
    SecretRotates {
        variable: String,
    },
    StaysAtZero {
        service: ServiceName,
        restored: bool,
    },
    StartedWithOne {
        service: ServiceName,
        wanted: u32,
    },
    NoHealthyTarget {
        service: ServiceName,
    },
    UnhealthyTargets {
        service: ServiceName,
        count: u32,
    },
    SplitTraffic {
        service: ServiceName,
        weights: BTreeMap<String, u32>,
    },
    ReplacesRollout {
        service: ServiceName,
        rollout: ServiceDeploymentArn,
    },
    WaitsForRollout {
        service: ServiceName,
        rollout: ServiceDeploymentArn,
    },
    NewerRevision {
        service: ServiceName,
        runs: TaskDefinitionArn,
        newest: TaskDefinitionArn,
        differs: Vec<String>,
    },
    AlarmRings {
        alarm: AlarmName,
    },
    DatabaseBusy {
        database: String,
        status: String,
        restored: bool,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TagMoved {
                tag,
                digest,
                now,
                by_push,
            } => {
                let now = match now {
                    Some(digest) => format!("now names {}", digest.short()),
                    None => "is gone".to_owned(),
                };
                let then = match by_push {
                    true => "when it was pushed",
                    false => "when it was requested",
                };
                write!(
                    f,
                    "the tag {tag} {now}; this deployment stays with {}, which it named {then}",
                    digest.short()
                )
            }
            Self::PusherUnknown { four_eyes } => {
                f.write_str("Slack does not know who pushed the image")?;
                match four_eyes {
                    true => f.write_str(
                        ": Sluice cannot make sure that somebody else approves the deployment",
                    ),
                    false => Ok(()),
                }
            }
            Self::FirstHere => f.write_str(
                "no release has been verified here yet: going back leads to the version now running",
            ),
            Self::SameImage { tag } => write!(
                f,
                "{tag} is the release verified last: the same image is deployed again, with the \
                 secrets and variables as they are now"
            ),
            Self::Older { tag, live } => write!(
                f,
                "{tag} is older than {live}, the release verified last: its code may meet a newer \
                 database schema. To return to an earlier release, ask for a rollback"
            ),
            Self::RunsAnotherImage { service, verified } => write!(
                f,
                "{service} does not run the release verified last ({verified}): somebody changed it \
                 by hand, and going back leads to what it runs now"
            ),
            Self::AddedLater { service, tag } => {
                write!(f, "{service} was added after {tag} and stays as it is")
            }
            Self::StaysStopped { service, tag } => write!(
                f,
                "{service} was added after {tag}, whose code comes back: it is stopped and stays \
                 stopped"
            ),
            Self::Migrated { tags } => f.write_str(&words::migrated(tags)),
            Self::SecretReplaced {
                variable,
                tag,
                version,
            } => write!(
                f,
                "the version of the secret {variable} that {tag} had no longer exists: it gets \
                 version {version}"
            ),
            Self::SecretRotates { variable } => write!(
                f,
                "the secret {variable} rotates by itself, so it is not pinned: every task that \
                 starts gets its current version, after a rollback too"
            ),
            Self::StaysAtZero {
                service,
                restored: false,
            } => write!(
                f,
                "{service} is scaled to zero: it is updated and stays at zero"
            ),
            Self::StaysAtZero {
                service,
                restored: true,
            } => write!(
                f,
                "{service} is scaled to zero and stays at zero: scale it up afterwards if it is to \
                 run"
            ),
            Self::StartedWithOne { service, wanted: 0 } => write!(
                f,
                "{service} is scaled to zero: it is started with 1 task, since nothing could be \
                 checked otherwise"
            ),
            Self::StartedWithOne { service, wanted } => write!(
                f,
                "{service} is a singleton and {} are wanted: it is started with 1",
                words::count(*wanted as usize, "task")
            ),
            Self::NoHealthyTarget { service } => {
                write!(f, "{service} has no healthy target: it is DOWN for its users")
            }
            Self::UnhealthyTargets { service, count } => {
                let unhealthy = words::count(*count as usize, "unhealthy target");
                write!(f, "{service} already has {unhealthy}")
            }
            Self::SplitTraffic { service, weights } => write!(
                f,
                "the traffic of {service} is split ({}): an earlier shift was left half done, and \
                 this one moves all of it",
                split(weights)
            ),
            Self::ReplacesRollout { service, rollout } => write!(
                f,
                "somebody else is deploying {service} ({}): that deployment is replaced by this one",
                short_arn(rollout.as_str())
            ),
            Self::WaitsForRollout { service, rollout } => write!(
                f,
                "somebody else is deploying {service} ({}): the release waits until that has ended",
                short_arn(rollout.as_str())
            ),
            Self::NewerRevision {
                service,
                runs,
                newest,
                differs,
            } => {
                let (runs, newest) = (short_arn(runs.as_str()), short_arn(newest.as_str()));
                write!(
                    f,
                    "{service} runs {runs}, and somebody other than Sluice has registered {newest} \
                     since"
                )?;
                if !differs.is_empty() {
                    write!(f, " ({})", differs.join(", "))?;
                }
                write!(
                    f,
                    ": the new revision is made from {runs}, without that change. To have it, deploy \
                     {newest} to the service first"
                )
            }
            Self::AlarmRings { alarm } => write!(
                f,
                "the alarm {alarm} is in ALARM already: it does not count for this release"
            ),
            Self::DatabaseBusy {
                database,
                status,
                restored: false,
            } => write!(
                f,
                "the database {database} is {status}: the backup waits until it is available"
            ),
            Self::DatabaseBusy {
                database,
                status,
                restored: true,
            } => write!(
                f,
                "the database {database} is {status}: it is renamed once it is available"
            ),
        }
    }
}

/// `blue 70, green 30`.
pub(super) fn split(weights: &BTreeMap<String, u32>) -> String {
    let said: Vec<String> = weights
        .iter()
        .map(|(group, weight)| format!("{group} {weight}"))
        .collect();
    said.join(", ")
}
