//! Remarks beside a plan as sentences.

use std::fmt;

use sluice_core::note::short_arn;
use sluice_core::plan::{Remark, split};
use sluice_core::quantity;

use super::commit::{in_doubt, lacks};
use crate::parity;

/// The remark as a sentence.
pub fn remark(remark: &Remark) -> String {
    Said(remark).to_string()
}

struct Said<'a>(&'a Remark);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Remark::TagMoved {
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
            Remark::Unsigned { others, four_eyes } => {
                f.write_str("no key of [signatures] has signed the image")?;
                if *others > 0 {
                    let others = quantity::count(*others, "signature");
                    write!(f, " ({others} of other keys, of other images, or damaged)")?;
                }
                f.write_str(": nothing proves that your CI built it")?;
                match four_eyes {
                    true => f.write_str(", so two people must approve"),
                    false => Ok(()),
                }
            }
            Remark::SourceInDoubt {
                commit,
                signed,
                main,
                doubt,
                four_eyes,
            } => {
                f.write_str(&in_doubt((commit.as_ref(), *signed), main, doubt))?;
                match four_eyes {
                    true => f.write_str("; two people must approve"),
                    false => Ok(()),
                }
            }
            Remark::LacksMergeBack {
                commit,
                signed,
                main,
                lacks: missing,
            } => f.write_str(&lacks((commit, *signed), main, missing)),
            Remark::PusherUnknown { four_eyes } => {
                f.write_str("Slack does not know who pushed the image")?;
                match four_eyes {
                    true => f.write_str(
                        ": Sluice cannot check that someone else approves the deployment",
                    ),
                    false => Ok(()),
                }
            }
            Remark::FirstHere => f.write_str(
                "no release has been verified here yet: a rollback returns to the version now \
                 running",
            ),
            Remark::SameImage { tag } => write!(
                f,
                "{tag} is the release verified last: the same image is deployed again, with the \
                 secrets and variables as they are now"
            ),
            Remark::Older { tag, live } => write!(
                f,
                "{tag} is older than {live}, the release verified last: its code may meet a newer \
                 database schema. To return to an earlier release, ask for a rollback"
            ),
            Remark::RunsAnotherImage { service, verified } => write!(
                f,
                "{service} does not run the release verified last ({verified}): it was changed \
                 by hand, and a rollback returns to what it runs now"
            ),
            Remark::AddedLater { service, tag } => {
                write!(f, "{service} was added after {tag} and stays as it is")
            }
            Remark::StaysStopped { service, tag } => write!(
                f,
                "{service} was added after {tag}, the version that is restored: it is stopped \
                 and stays stopped"
            ),
            Remark::Migrated { tags } => f.write_str(&super::migrated(tags)),
            Remark::SecretReplaced {
                variable,
                tag,
                version,
            } => write!(
                f,
                "the version of the secret {variable} that {tag} had no longer exists: it gets \
                 version {version}"
            ),
            Remark::SecretRotates { variable } => write!(
                f,
                "the secret {variable} rotates by itself, so it is not pinned: every task that \
                 starts gets its current version, after a rollback too"
            ),
            Remark::StaysAtZero {
                service,
                restored: false,
            } => write!(
                f,
                "{service} is scaled to zero: it is updated and stays at zero"
            ),
            Remark::StaysAtZero {
                service,
                restored: true,
            } => write!(
                f,
                "{service} is scaled to zero and stays at zero: scale it up afterwards if it is to \
                 run"
            ),
            Remark::StartedWithOne { service, wanted: 0 } => write!(
                f,
                "{service} is scaled to zero: it is started with 1 task, since nothing could be \
                 checked otherwise"
            ),
            Remark::StartedWithOne { service, wanted } => write!(
                f,
                "{service} is a singleton and {} are wanted: it is started with 1",
                quantity::count(*wanted as usize, "task")
            ),
            Remark::NoHealthyTarget { service } => {
                write!(
                    f,
                    "{service} has no healthy target: it is DOWN for its users"
                )
            }
            Remark::UnhealthyTargets { service, count } => {
                let unhealthy = quantity::count(*count as usize, "unhealthy target");
                write!(f, "{service} already has {unhealthy}")
            }
            Remark::SplitTraffic { service, weights } => write!(
                f,
                "the traffic of {service} is split ({}): an earlier shift was left half done, and \
                 this one moves all of it",
                split(weights)
            ),
            Remark::ReplacesRollout { service, rollout } => write!(
                f,
                "someone else is deploying {service} ({}): this deployment replaces it",
                short_arn(rollout.as_str())
            ),
            Remark::WaitsForRollout { service, rollout } => write!(
                f,
                "someone else is deploying {service} ({}): the release waits until that has ended",
                short_arn(rollout.as_str())
            ),
            Remark::NewerRevision {
                service,
                runs,
                newest,
                differs,
                base,
            } => {
                let (runs, newest) = (short_arn(runs.as_str()), short_arn(newest.as_str()));
                write!(
                    f,
                    "{service} runs {runs}, and {newest} was registered since, not by Sluice"
                )?;
                if !differs.is_empty() {
                    write!(f, " ({})", differs.join(", "))?;
                }
                let from = base.as_ref().map_or(runs, |base| short_arn(base.as_str()));
                write!(
                    f,
                    ": the new revision is made from {from}, without that change. "
                )?;
                match base {
                    None => write!(f, "To have it, deploy {newest} to the service first"),
                    Some(_) => f.write_str("To have it, make it in the base family"),
                }
            }
            Remark::KeepsVariables { service, variables } => write!(
                f,
                "{service} keeps {}, which sluice.toml does not set: Sluice removes only what it has \
                 set itself",
                variables.join(", ")
            ),
            Remark::Unlike { unlike } => f.write_str(&parity::unlike(unlike)),
            Remark::AlarmRings { alarm } => write!(
                f,
                "the alarm {alarm} is in ALARM already: it does not count for this release"
            ),
            Remark::DatabaseBusy {
                database,
                status,
                restored: false,
            } => write!(
                f,
                "the database {database} is {status}: the backup waits until it is available"
            ),
            Remark::DatabaseBusy {
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
