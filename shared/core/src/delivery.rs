//! The four figures of DORA (<https://dora.dev/guides/dora-metrics/>) from deployments at a glance.
//!
//! What counts, and when:
//! - A release counts once it has begun to serve users, and has ended. A rollback and a restore are no releases.
//! - Lead time ends when the release begins to serve users. It begins with the commit, where the image
//!   says when that was made, else with the push of the image.
//! - A release has failed if it was taken back by itself or by people, or left to be fixed by the next
//!   one. What fails before it serves users has failed no one.
//! - The time to restore begins with the release that failed, and ends when users are served by what
//!   was there before, or by the next release that succeeds.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::deployment::Deployment;
use crate::note::Note;
use crate::phase::PhaseKind;
use crate::summary::DeploymentSummary;

/// What was delivered to an environment in some time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Releases that began to serve users.
    pub releases: u32,
    /// The median of their lead times.
    #[serde(rename = "lead_time_s", with = "seconds")]
    pub lead_time: Option<SignedDuration>,
    /// Of how many of them it is known when the commit was made.
    pub known_commits: u32,
    /// Releases that have failed.
    pub failed: u32,
    /// The median time to restore.
    #[serde(rename = "time_to_restore_s", with = "seconds")]
    pub time_to_restore: Option<SignedDuration>,
    /// Failed releases after which users are not served well again yet, as far as is known.
    pub not_restored: u32,
}

impl Delivery {
    /// The figures of an environment's deployments: of those releases that began to serve users at
    /// `from` or later, and before `until`. In any order; what came after `until` says how they ended.
    pub fn of(deployments: &[DeploymentSummary], from: Timestamp, until: Timestamp) -> Self {
        let mut served: Vec<(Timestamp, &DeploymentSummary)> = deployments
            .iter()
            .filter(|one| one.ended_at.is_some())
            .filter_map(|one| Some((one.served_from?, one)))
            .collect();
        served.sort_by_key(|(at, one)| (*at, one.id.clone()));
        let mut all = Self::default();
        let (mut leads, mut restored) = (Vec::new(), Vec::new());
        for (place, (at, one)) in served.iter().enumerate() {
            if one.is_rollback || one.is_restore || *at < from || *at >= until {
                continue;
            }
            all.releases += 1;
            let commit = one.committed_at.filter(|commit| commit <= at);
            all.known_commits += u32::from(commit.is_some());
            let began = commit.or(one.pushed_at).unwrap_or(one.requested_at);
            leads.push(at.duration_since(began));
            if let Some(end) = failure(one, &served[place + 1..]) {
                all.failed += 1;
                match end {
                    Some(end) => restored.push(end.duration_since(*at)),
                    None => all.not_restored += 1,
                }
            }
        }
        all.lead_time = median(leads);
        all.time_to_restore = median(restored);
        all
    }
}

/// When users were served well again after a release that has failed; nothing for one that has not.
fn failure(
    one: &DeploymentSummary,
    after: &[(Timestamp, &DeploymentSummary)],
) -> Option<Option<Timestamp>> {
    let next = after.first().map(|(_, next)| *next);
    let taken_back = next.filter(|next| next.is_rollback || next.is_restore);
    match one.phase? {
        PhaseKind::RolledBack => Some(one.ended_at),
        PhaseKind::RollbackFailed | PhaseKind::RolledForward | PhaseKind::Failed => {
            let mut after = after.iter().map(|(_, next)| *next);
            Some(after.find_map(restored_by))
        }
        _ => taken_back.map(|_| after.iter().find_map(|(_, next)| restored_by(next))),
    }
}

fn restored_by(next: &DeploymentSummary) -> Option<Timestamp> {
    let is_good = matches!(next.phase?, PhaseKind::Succeeded | PhaseKind::Restored);
    next.ended_at.filter(|_| is_good)
}

fn median(mut all: Vec<SignedDuration>) -> Option<SignedDuration> {
    all.sort_unstable();
    let middle = all.len() / 2;
    let upper = *all.get(middle)?;
    if all.len() % 2 == 1 {
        return Some(upper);
    }
    Some((all[middle - 1] + upper) / 2)
}

impl Deployment {
    /// When it began to serve users, if it has: where ECS shifts traffic, when that was let; else when
    /// the first service was changed. Of a restore, when it ended.
    pub fn served_from(&self) -> Option<Timestamp> {
        if self.restore().is_some() {
            let is_restored = self.phase.kind() == PhaseKind::Restored;
            return is_restored.then_some(self.entered_at);
        }
        let mut web = self.settings.web();
        let shifts = web.any(|it| self.settings.placement(&it.name).strategy.shifts_traffic());
        if !shifts || self.rollback().is_some() {
            return self.touched.rollouts_since;
        }
        let mut story = self.story.iter();
        let released = story.find(|entry| matches!(entry.note, Note::TrafficReleased));
        released.map(|entry| entry.at)
    }
}

/// Times for programs: whole seconds.
mod seconds {
    use jiff::SignedDuration;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes a reference")]
    pub(super) fn serialize<S: Serializer>(
        time: &Option<SignedDuration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(|time| time.as_secs()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<SignedDuration>, D::Error> {
        let seconds = Option::<i64>::deserialize(from)?;
        Ok(seconds.map(SignedDuration::from_secs))
    }
}

#[cfg(test)]
mod tests;
