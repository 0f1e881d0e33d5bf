//! A bake that proves nothing, and tasks that die after they have started.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails its test"
)]

use std::collections::BTreeSet;

use jiff::SignedDuration;
use sluice_core::controls::Hold;
use sluice_core::deployment::Requester;
use sluice_core::event::Event;
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::health::TaskCount;
use sluice_core::history::{replay, verify};
use sluice_core::id::{ServiceName, UserId};
use sluice_core::observation::{RolloutStatus, Stage};
use sluice_core::phase::Phase;
use sluice_words::message::ButtonAction;
use sluice_words::refusal::rejected;
use sluice_words::view::message;

use super::view::{broadcasts, buttons, text};
use super::world::APPROVER;
use crate::{Run, World};

const CUT: &str = "web /healthz/live cannot be reached from Sluice, and ECS calls its targets \
                   healthy: no connection came about in time";

/// In production's bake, where the probes do not get through.
fn blind() -> (Run, World) {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.approved_until(&world, "Shifting");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    world.unreachable = vec![CUT.to_owned()];
    run.until(&world, "Baking");
    (run, world)
}

/// Looks every ten seconds for so long.
fn for_minutes(run: &mut Run, world: &World, minutes: i64) {
    let until = run.now + SignedDuration::from_mins(minutes);
    while run.now < until && !run.d.phase.is_terminal() {
        run.look(world);
        run.now += SignedDuration::from_secs(10);
    }
}

fn is_asked(run: &Run) -> bool {
    matches!(
        run.d.phase,
        Phase::Baking {
            asked_at: Some(_),
            ..
        }
    )
}

fn keep(run: &mut Run, by: &str) -> Result<(), RejectedEvent> {
    let by = UserId::new(by);
    let groups = BTreeSet::new();
    run.event(&Event::Keep { by, groups }).map(drop)
}

fn replays(run: &Run) {
    verify(&run.history).unwrap();
    let replayed = replay(&run.history).unwrap();
    assert_eq!(replayed, run.d);
    let json = serde_json::to_string(&run.d).unwrap();
    assert_eq!(serde_json::to_string(&replayed).unwrap(), json);
}

#[test]
fn a_bake_that_proves_nothing_neither_passes_nor_goes_back_but_asks() {
    let (mut run, world) = blind();
    let bake = run.d.settings.environment.bake.duration;
    for_minutes(&mut run, &world, bake.as_mins() + 9);
    assert_eq!(run.phase(), "Baking");
    assert!(!is_asked(&run), "it is given time first");
    assert!(keep(&mut run, APPROVER).is_err(), "nobody is asked yet");
    for_minutes(&mut run, &world, 2);
    assert!(is_asked(&run));
    for_minutes(&mut run, &world, 5 * 60);
    assert_eq!(run.phase(), "Baking");
    let told = message(&run.d, None);
    assert_eq!(buttons(&told), [ButtonAction::Keep, ButtonAction::RollBack]);
    let asked = broadcasts(&run);
    assert_eq!(
        asked
            .iter()
            .filter(|line| line.contains("cannot tell"))
            .count(),
        1
    );
    insta::assert_snapshot!(format!(
        "{}\n\nIn the channel: {}",
        text(&told),
        asked.last().unwrap()
    ));
    replays(&run);
}

#[test]
fn good_samples_answer_the_question_before_anybody_does() {
    let (mut run, mut world) = blind();
    for_minutes(&mut run, &world, 60);
    assert!(is_asked(&run));
    world.unreachable.clear();
    run.until(&world, "CleaningUp");
    world.web(RolloutStatus::Successful, Stage::CleanUp);
    run.until(&world, "Succeeded");
    replays(&run);
}

#[test]
fn bad_samples_take_it_back_while_people_are_asked() {
    let (mut run, mut world) = blind();
    for_minutes(&mut run, &world, 60);
    assert!(is_asked(&run));
    world.health = vec!["web /healthz/ready answered 503".to_owned()];
    run.until(&world, "RollingBack");
    assert!(
        run.story().last().unwrap().contains("answered 503"),
        "{:?}",
        run.story()
    );
}

#[test]
fn somebody_who_may_keeps_it_and_it_is_verified_by_their_word() {
    let (mut run, mut world) = blind();
    for_minutes(&mut run, &world, 60);
    let stranger = keep(&mut run, "U0STRANGER").unwrap_err();
    insta::assert_snapshot!(rejected(&stranger), @"you may not mark a version as healthy in production: <@U024BE7LH> or <!subteam^S0604QSJC> may");
    keep(&mut run, APPROVER).unwrap();
    assert_eq!(run.phase(), "CleaningUp");
    let again = keep(&mut run, APPROVER).unwrap_err();
    assert!(
        matches!(again, RejectedEvent::NothingToKeep { .. }),
        "{again:?}"
    );
    world.web(RolloutStatus::Successful, Stage::CleanUp);
    run.until(&world, "Succeeded");
    assert!(
        run.story()
            .iter()
            .any(|line| line.contains(&format!("<@{APPROVER}> marked v1.4.0 as healthy")))
    );
    replays(&run);
}

#[test]
fn nobody_says_anything_and_it_stays_unverified_and_held() {
    let (mut run, world) = blind();
    for_minutes(&mut run, &world, 13 * 60);
    assert_eq!(run.phase(), "Unverified");
    let hold = Hold::after(&run.d).expect("what pushes ask for is held");
    insta::assert_snapshot!(format!(
        "{}\n\nHeld: {}\n\n{}\n\nIn the channel: {}",
        run.report(),
        hold.reason,
        text(&message(&run.d, None)),
        broadcasts(&run).last().unwrap()
    ));
    assert_eq!(buttons(&message(&run.d, None)), [ButtonAction::RollBack]);
    replays(&run);
}

#[test]
fn samples_that_cannot_be_taken_at_all_are_asked_about_too() {
    let why = "ecs:DescribeServices does not go through";
    for error in [PortError::retryable(why), PortError::permanent(why)] {
        let (mut run, mut world) = blind();
        world.failing.insert("sample-health".to_owned(), error);
        for_minutes(&mut run, &world, 60);
        assert!(is_asked(&run));
        let said = text(&message(&run.d, None));
        assert!(said.contains(why), "{said}");
        let needed = run
            .story()
            .iter()
            .filter(|line| line.contains("somebody's hand"))
            .count();
        assert!(needed <= 1, "people are told once");
    }
}

#[test]
fn what_was_good_before_the_look_went_blind_is_no_reason_to_go_on() {
    let (mut run, mut world) = blind();
    world.unreachable.clear();
    for_minutes(&mut run, &world, 13);
    assert_eq!(run.phase(), "Baking");
    world.unreachable = vec![CUT.to_owned()];
    for_minutes(&mut run, &world, 60);
    assert!(is_asked(&run), "{}", run.phase());
    let said = text(&message(&run.d, None));
    assert!(
        said.contains("health checks passed, and then none could be made"),
        "{said}"
    );
}

fn worker(wanted: u32, running: u32, stopped: u32) -> TaskCount {
    TaskCount {
        service: ServiceName::new("worker"),
        wanted,
        running,
        stopped,
        why: (stopped > 0).then(|| "Essential container in task exited (exit code 1)".to_owned()),
    }
}

#[test]
fn a_worker_whose_tasks_do_not_stay_up_takes_the_release_back() {
    for (tasks, said) in [
        (worker(3, 1, 0), "worker: 1 of 3 tasks runs"),
        (
            worker(3, 3, 1),
            "worker: 1 task stopped by itself: Essential container in task exited (exit code 1)",
        ),
    ] {
        let (mut run, mut world) = blind();
        world.unreachable.clear();
        world.tasks = vec![tasks];
        run.until(&world, "RollingBack");
        let story = run.story();
        assert!(story.last().unwrap().contains(said), "{story:?}");
        replays(&run);
    }
}

#[test]
fn a_service_that_is_scaled_in_bakes_on() {
    let (mut run, mut world) = blind();
    world.unreachable.clear();
    world.tasks = vec![worker(6, 6, 0)];
    for_minutes(&mut run, &world, 3);
    world.tasks = vec![worker(2, 4, 0)];
    for_minutes(&mut run, &world, 1);
    world.tasks = vec![worker(2, 2, 0)];
    run.until(&world, "CleaningUp");
}
