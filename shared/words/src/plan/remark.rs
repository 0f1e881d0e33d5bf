//! Remarks beside a plan as sentences.

mod image;
mod service;

use sluice_core::plan::Remark;

use super::commit;
use crate::parity;

/// The remark as a sentence.
pub fn remark(remark: &Remark) -> String {
    match remark {
        Remark::TagMoved {
            tag,
            digest,
            now,
            by_push,
        } => image::tag_moved(tag, digest, now.as_ref(), *by_push),
        Remark::Unsigned { others, four_eyes } => image::unsigned(*others, *four_eyes),
        Remark::SourceInDoubt {
            commit,
            signed,
            main,
            doubt,
            four_eyes,
        } => image::in_doubt((commit.as_ref(), *signed), main, doubt, *four_eyes),
        Remark::LacksMergeBack {
            commit,
            signed,
            main,
            lacks,
        } => commit::lacks((commit, *signed), main, lacks),
        Remark::PusherUnknown { four_eyes } => image::pusher_unknown(*four_eyes),
        Remark::FirstHere => image::FIRST_HERE.to_owned(),
        Remark::SameImage { tag } => image::same(tag),
        Remark::Older { tag, live } => image::older(tag, live),
        Remark::RunsAnotherImage { service, verified } => service::runs_another(service, verified),
        Remark::AddedLater { service, tag } => service::added_later(service, tag),
        Remark::StaysStopped { service, tag } => service::stays_stopped(service, tag),
        Remark::Migrated { tags } => super::migrated(tags),
        Remark::SecretReplaced {
            variable,
            tag,
            version,
        } => format!(
            "the version of the secret {variable} that {tag} had no longer exists: it gets version \
             {version}"
        ),
        Remark::SecretRotates { variable } => format!(
            "the secret {variable} rotates by itself, so it is not pinned: every task that starts \
             gets its current version, after a rollback too"
        ),
        Remark::StaysAtZero { service, restored } => service::stays_at_zero(service, *restored),
        Remark::StartedWithOne { service, wanted } => service::started_with_one(service, *wanted),
        Remark::NoHealthyTarget { service } => {
            format!("{service} has no healthy target: it is DOWN for its users")
        }
        Remark::UnhealthyTargets { service, count } => service::unhealthy_targets(service, *count),
        Remark::SplitTraffic { service, weights } => service::split_traffic(service, weights),
        Remark::ReplacesRollout { service, rollout } => service::replaces(service, rollout),
        Remark::WaitsForRollout { service, rollout } => service::waits_for(service, rollout),
        Remark::NewerRevision {
            service,
            runs,
            newest,
            differs,
            base,
        } => service::newer_revision(service, runs, newest, differs, base.as_ref()),
        Remark::KeepsVariables { service, variables } => service::keeps(service, variables),
        Remark::Unlike { unlike } => parity::unlike(unlike),
        Remark::AlarmRings { alarm } => {
            format!("the alarm {alarm} is in ALARM already: it does not count for this release")
        }
        Remark::DatabaseBusy {
            database,
            status,
            restored,
        } => {
            let then = match restored {
                false => "the backup waits until it is available",
                true => "it is renamed once it is available",
            };
            format!("the database {database} is {status}: {then}")
        }
    }
}
