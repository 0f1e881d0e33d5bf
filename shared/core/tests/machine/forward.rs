//! The way forward.

use sluice_core::deployment::Requester;
use sluice_core::history::{replay, verify};
use sluice_core::observation::{RolloutStatus, Stage};

use crate::Run;

#[test]
fn a_release_goes_all_the_way() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    assert!(!run.world_touched(), "planning touches nothing");
    run.approve(super::world::APPROVER).unwrap();
    run.until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.until(&world, "CleaningUp");
    world.web(RolloutStatus::Successful, Stage::CleanUp);
    run.until(&world, "Succeeded");
    insta::assert_snapshot!(run.story().join("\n"));
}

#[test]
fn each_change_of_the_world_is_asked_for_once() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.until(&world, "CleaningUp");
    world.web(RolloutStatus::Successful, Stage::CleanUp);
    run.until(&world, "Succeeded");
    let mut changes: Vec<&String> = run
        .given
        .iter()
        .filter(|key| key.starts_with("start-") || key.starts_with("reg"))
        // The plan is drawn twice, and after the migration it is looked once more.
        .filter(|key| !["start-inspection", "register-inspector"].contains(&key.as_str()))
        .collect();
    let all = changes.len();
    changes.sort();
    changes.dedup();
    assert_eq!(changes.len(), all, "{:?}", run.given);
}

#[test]
fn the_history_replays_to_the_same_state_byte_for_byte() {
    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    let twice = [replay(&run.history).unwrap(), replay(&run.history).unwrap()];
    for replayed in &twice {
        assert_eq!(
            serde_json::to_vec(replayed).unwrap(),
            serde_json::to_vec(&run.d).unwrap()
        );
    }
}

#[test]
fn a_changed_record_is_found() {
    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    verify(&run.history).unwrap();
    for number in 0..run.history.len() {
        let mut edited = run.history.clone();
        edited[number].notes.push("all was well".to_owned());
        assert!(
            verify(&edited).is_err(),
            "record {number} was changed unseen"
        );
        let mut removed = run.history.clone();
        removed.remove(number);
        let is_end = number + 1 == run.history.len();
        assert!(
            is_end || verify(&removed).is_err(),
            "record {number} was taken out unseen"
        );
    }
}

#[test]
fn a_terminal_deployment_asks_for_nothing_and_never_changes() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.missing_secret = true;
    run.until(&world, "Failed");
    let before = run.d.clone();
    run.now += jiff::SignedDuration::from_hours(1_000);
    assert_eq!(run.event(&sluice_core::event::Event::Wake).unwrap(), vec![]);
    assert!(run.approve_nobody().is_err());
    assert_eq!(run.d, before);
}

impl Run {
    fn approve_nobody(&mut self) -> Result<(), sluice_core::failure::RejectedEvent> {
        let by = sluice_core::id::UserId::new("U0");
        self.event(&sluice_core::event::Event::Cancel {
            by,
            groups: Default::default(),
        })
        .map(drop)
    }
}
