//! What Slack refuses permanently: an archived channel, an app that was thrown out, a token that
//! was revoked. It is logged once, and retried ever more slowly: each pause is as long as the
//! trouble has lasted by then, so after minutes, after hours, then once a day.

use jiff::{SignedDuration, Timestamp};
use sluice_core::deployment::Deployment;
use sluice_core::failure::{ErrorClass, PortError};

use crate::driver::{TELL_AGAIN_AFTER, spread};
use crate::ports::{Shown, Undeliverable};

/// The longest pause.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Updates of finished deployments are abandoned after this: `/sluice history` still shows them.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Records whether the update was posted; returns when it is tried again.
pub(super) fn note(
    shown: &mut Shown,
    d: &Deployment,
    told: &Result<(), PortError>,
    now: Timestamp,
) -> Option<Timestamp> {
    let error = match told {
        Ok(()) => {
            shown.undeliverable = None;
            return None;
        }
        Err(error) => error,
    };
    let after = |pause: SignedDuration| now.saturating_add(pause + spread(&d.id)).ok();
    if error.class == ErrorClass::Retryable {
        tracing::warn!(deployment.id = %d.id, %error, "{} could not be reported to people", d.id);
        return after(TELL_AGAIN_AFTER);
    }
    let before = shown.undeliverable.as_ref();
    let since = before.map_or(now, |before| before.since);
    let lasted = now.duration_since(since);
    let gives_up = d.phase.is_terminal() && lasted >= GIVE_UP_AFTER;
    match before {
        None => {
            tracing::error!(deployment.id = %d.id, %error, "{} cannot be reported to people: \
                {error}", d.id);
        }
        Some(_) if gives_up => {
            tracing::error!(deployment.id = %d.id, %error, "{} is no longer reported to people: \
                {error}", d.id);
        }
        Some(_) => {
            tracing::debug!(deployment.id = %d.id, %error, "{} still cannot be reported to \
                people", d.id);
        }
    }
    let next = match gives_up {
        true => None,
        false => after(lasted.clamp(TELL_AGAIN_AFTER, DAY)),
    };
    shown.undeliverable = Some(Undeliverable { since, next });
    next
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sluice_core::config::Config;
    use sluice_core::deployment::DeploymentKind;
    use sluice_core::deployment::{Opening, Requester};
    use sluice_core::id::{DeploymentId, Digest, ImageTag, RepositoryName};
    use sluice_core::phase::Phase;
    use sluice_core::release::Release;

    use super::*;

    const TOML: &str = include_str!("../../../../tests/erp/sluice.toml");

    fn start() -> Timestamp {
        "2026-01-05T09:00:00Z".parse().unwrap()
    }

    fn deployment(phase: Phase) -> Deployment {
        let config = Config::parse(TOML).unwrap();
        let opening = Opening {
            id: DeploymentId::from_outside("dep-0123456789abcdef"),
            settings: Arc::new(config.settings(&config.environments[0])),
            release: Release {
                registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
                repository: RepositoryName::new("erp"),
                tag: ImageTag::new("v1.4.0"),
                digest: Digest::try_from(format!("sha256:{}", "a".repeat(64))).unwrap(),
                pushed_at: start(),
            },
            requested_by: Requester::Push,
            kind: DeploymentKind::Release,
            hotfix: None,
        };
        Deployment {
            phase,
            ..Deployment::open(&opening, start())
        }
    }

    /// After how many minutes each try came, until `end` or until it is abandoned.
    fn tries(d: &Deployment, end: Timestamp) -> Vec<i64> {
        let refused = Err(PortError::needs_person("is_archived"));
        let (mut shown, mut now, mut tries) = (Shown::default(), start(), Vec::new());
        while let Some(next) = note(&mut shown, d, &refused, now).filter(|next| *next < end) {
            tries.push(next.duration_since(start()).as_mins());
            now = next;
        }
        tries
    }

    #[test]
    fn tries_come_after_minutes_then_hours_then_once_a_day() {
        let week = start() + SignedDuration::from_hours(7 * 24);
        let under_way = tries(&deployment(Phase::Queued), week);
        let expected = [
            1, 4, 8, 18, 36, 74, 149, 299, 599, 1200, 2401, 3842, 5283, 6723, 8164, 9605,
        ];
        assert_eq!(under_way, expected);
        let over = tries(&deployment(Phase::Succeeded), week);
        assert!(over.len() < under_way.len() && over.last() < Some(&(5 * 24 * 60)));
    }

    #[test]
    fn whoever_can_be_told_again_is_told_at_once() {
        let d = deployment(Phase::Queued);
        let mut shown = Shown::default();
        note(&mut shown, &d, &Err(PortError::permanent("x")), start());
        assert!(shown.undeliverable.is_some());
        assert_eq!(note(&mut shown, &d, &Ok(()), start()), None);
        assert_eq!(shown, Shown::default());
    }

    #[test]
    fn what_passes_by_itself_is_tried_every_minute() {
        let d = deployment(Phase::Queued);
        let mut shown = Shown::default();
        let busy = Err(PortError::retryable("Slack is down"));
        let next = note(&mut shown, &d, &busy, start()).unwrap();
        assert!(next.duration_since(start()) < SignedDuration::from_mins(2));
        assert_eq!(shown, Shown::default());
    }
}
