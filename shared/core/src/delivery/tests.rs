use jiff::{SignedDuration, Timestamp};

use super::Delivery;
use crate::deployment::Requester;
use crate::id::{DeploymentId, Digest, ImageTag, UserId};
use crate::phase::PhaseKind;
use crate::summary::DeploymentSummary;

fn at(hour: i64) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(hour)
}

/// A release that was pushed at that hour, served users an hour later, and ended another later.
fn release(hour: i64, phase: PhaseKind) -> DeploymentSummary {
    DeploymentSummary {
        id: DeploymentId::from_outside(format!("dep-{hour:04}")),
        tag: ImageTag::new(format!("v{hour}")),
        digest: Digest::try_from(format!("sha256:{:064}", hour)).unwrap(),
        is_rollback: false,
        is_restore: false,
        phase: Some(phase),
        requested_by: Requester::Person(UserId::new("U024BE7LH")),
        requested_at: at(hour),
        ended_at: Some(at(hour + 2)),
        hotfix: None,
        committed_at: None,
        pushed_at: Some(at(hour)),
        served_from: Some(at(hour + 1)),
        migrated: false,
        additive: false,
    }
}

fn rollback(hour: i64) -> DeploymentSummary {
    DeploymentSummary {
        is_rollback: true,
        ..release(hour, PhaseKind::Succeeded)
    }
}

fn of(deployments: &[DeploymentSummary]) -> Delivery {
    Delivery::of(deployments, at(0), at(1_000))
}

fn hours(hours: i64) -> Option<SignedDuration> {
    Some(SignedDuration::from_hours(hours))
}

#[test]
fn what_never_served_users_and_what_is_outside_the_time_counts_for_nothing() {
    use PhaseKind::{Failed, Rejected, Succeeded};
    let unserved = |hour, phase| DeploymentSummary {
        served_from: None,
        ..release(hour, phase)
    };
    let all = [
        unserved(1, Rejected),
        unserved(3, Failed),
        release(10, Succeeded),
        release(20, Succeeded),
    ];
    assert_eq!(of(&all).releases, 2);
    assert_eq!(of(&all).failed, 0);
    assert_eq!(
        Delivery::of(&all, at(11), at(21)).releases,
        1,
        "from the first moment, not to the last"
    );
    assert_eq!(Delivery::of(&all, at(12), at(22)).releases, 1);
    assert_eq!(of(&[]), Delivery::default());
}

#[test]
fn lead_time_begins_with_the_commit_where_it_is_known_and_can_be() {
    use PhaseKind::Succeeded;
    let committed = |hour, commit| DeploymentSummary {
        committed_at: Some(at(commit)),
        ..release(hour, Succeeded)
    };
    let all = [committed(10, 2), release(20, Succeeded), committed(30, 99)];
    let figures = of(&all);
    // 9 hours from the commit, 1 from the push, and 1 where the image says something impossible.
    assert_eq!(figures.lead_time, hours(1));
    assert_eq!(figures.known_commits, 1);
    let two = of(&all[..2]);
    assert_eq!(two.lead_time, hours(5), "between the two in the middle");
}

#[test]
fn a_release_has_failed_if_it_was_taken_back_or_left_for_the_next_to_fix() {
    use PhaseKind::{RolledBack, RolledForward, Succeeded};
    // By itself: users were served well again when it ended.
    let by_itself = of(&[release(10, RolledBack), release(20, Succeeded)]);
    assert_eq!((by_itself.failed, by_itself.time_to_restore), (1, hours(1)));
    // By people, who saw it later than Sluice.
    let by_people = of(&[release(10, Succeeded), rollback(15), release(20, Succeeded)]);
    assert_eq!((by_people.releases, by_people.failed), (2, 1));
    assert_eq!(by_people.time_to_restore, hours(6));
    // A rollback of a rollback is nobody's failure, and a release between takes it on itself.
    let later = of(&[release(10, Succeeded), release(12, Succeeded), rollback(15)]);
    assert_eq!((later.releases, later.failed), (2, 1));
    // By the next one.
    let fixed = of(&[release(10, RolledForward), release(20, Succeeded)]);
    assert_eq!((fixed.failed, fixed.time_to_restore), (1, hours(11)));
    let open = of(&[release(10, RolledForward)]);
    assert_eq!((open.failed, open.not_restored), (1, 1));
    assert_eq!(open.time_to_restore, None);
}

#[test]
fn the_order_in_which_they_come_does_not_matter() {
    use PhaseKind::{RolledBack, Succeeded};
    let mut all = vec![
        release(10, Succeeded),
        rollback(15),
        release(20, RolledBack),
    ];
    let figures = of(&all);
    all.reverse();
    assert_eq!(of(&all), figures);
    let read: Delivery = serde_json::from_value(serde_json::to_value(&figures).unwrap()).unwrap();
    assert_eq!(read, figures);
}
