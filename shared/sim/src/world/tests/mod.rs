//! Whole worlds: the ERP in its two environments, from a push to the end.

mod unkind;

use jiff::{SignedDuration, Timestamp};
use sluice_core::config::Config;
use sluice_core::id::{EnvironmentName, UserId};
use sluice_words::message::ButtonAction;

use super::{Bounds, Ending, Habit, Invocation, What, World};
use crate::cloud::{FaultRates, ImageBehaviour, Push, digest_of};
use crate::workplace::{Roads, Weather};

fn erp() -> Config {
    Config::parse(include_str!("../../../../../tests/erp/sluice.toml")).unwrap()
}

fn world(seed: u64, weather: Weather) -> World {
    let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    World::with_app(seed, start, &[erp()], weather)
}

/// Everything goes wrong now and then.
fn storm() -> Weather {
    Weather {
        roads: Roads {
            jitter: SignedDuration::from_secs(90),
            doubles: 0.2,
            losses: 0.2,
            ..Roads::default()
        },
        double_wakeups: 0.1,
        crash_rate: 0.1,
        faults: FaultRates {
            fail: 0.02,
            throttle: 0.02,
            lose_answer: 0.02,
        },
        ..Weather::default()
    }
}

fn approves_production() -> Habit {
    Habit {
        user: UserId::new("U024BE7LH"),
        action: ButtonAction::Approve,
        environment: Some(EnvironmentName::new("production")),
        after: SignedDuration::from_mins(3),
    }
}

fn push(world: &World, tag: &str, behaviour: ImageBehaviour) {
    let image = Push::image(&erp().repository, tag, digest_of("one"));
    world.with_cloud(|cloud| cloud.push_image(image.behaving(behaviour)));
}

/// Staging first, then production, as CI pushes.
fn push_all_the_way(world: &mut World) -> Ending {
    world.add_habit(approves_production());
    push(world, "release-1.4.0", ImageBehaviour::default());
    world.run(Bounds::default(), |_| false);
    push(world, "v1.4.0", ImageBehaviour::default());
    world.run(Bounds::default(), |_| false)
}

/// Where each deployment is, by environment.
fn phases(world: &World) -> Vec<(String, &'static str)> {
    let deployments = world.store().deployments();
    let phase = |stored: &sluice_app::ports::Stored| {
        (
            stored.deployment.environment().to_string(),
            stored.deployment.phase.name(),
        )
    };
    let mut phases: Vec<_> = deployments.iter().map(phase).collect();
    phases.sort();
    phases
}

fn both_succeeded() -> Vec<(String, &'static str)> {
    ["production", "staging"]
        .map(|name| (name.to_owned(), "Succeeded"))
        .to_vec()
}

/// The stories of all deployments, for a test that fails.
fn stories(world: &World) -> String {
    let mut lines = Vec::new();
    for stored in world.store().deployments() {
        let deployment = &stored.deployment;
        lines.push(format!("{} to {}", deployment.id, deployment.environment()));
        for entry in &deployment.story {
            lines.push(format!(
                "  {} {}",
                entry.at,
                sluice_words::note::words(&entry.note, deployment)
            ));
        }
    }
    lines.join("\n")
}

fn assert_nothing_broke(world: &World) {
    let violations = world.violations();
    let said: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(said.is_empty(), "{}\n{}", said.join("\n"), stories(world));
}

#[test]
fn a_push_reaches_staging_and_then_production() {
    let mut world = world(1, Weather::default());
    assert_eq!(push_all_the_way(&mut world), Ending::Quiet);
    assert_eq!(phases(&world), both_succeeded(), "{}", stories(&world));
    assert_nothing_broke(&world);
    assert_eq!(world.wakeups().dead_letters(), []);
    let said = world.slack().messages();
    assert!(
        said.iter()
            .any(|posted| posted.channel.as_str() == "#erp-production")
    );
}

#[test]
fn the_same_seed_gives_the_same_steps_and_another_gives_others() {
    let transcript = |seed| {
        let mut world = world(seed, storm());
        world.add_habit(approves_production());
        push(&world, "release-1.4.0", ImageBehaviour::default());
        push(&world, "v1.4.0", ImageBehaviour::default());
        (0..400)
            .map(|_| format!("{:?}", world.step()))
            .collect::<Vec<_>>()
    };
    assert_eq!(transcript(5), transcript(5));
    assert_ne!(transcript(5), transcript(6));
}

#[test]
fn in_a_storm_nothing_breaks_and_every_deployment_ends() {
    let (mut opened, mut crashed) = (0, false);
    for seed in 0..20 {
        let mut world = world(seed, storm());
        world.add_habit(approves_production());
        push(&world, "release-1.4.0", ImageBehaviour::default());
        world.plan(
            SignedDuration::from_mins(40),
            "the version is tagged",
            |world| {
                push(world, "v1.4.0", ImageBehaviour::default());
            },
        );
        let ending = world.run(Bounds::default(), |_| false);
        assert_eq!(
            ending,
            Ending::Quiet,
            "seed {seed}: {ending}\n{}",
            stories(&world)
        );
        assert_nothing_broke(&world);
        opened += world.store().deployments().len();
        crashed |= world.crashes() > 0;
    }
    assert!(opened > 20, "most pushes arrive: {opened}");
    assert!(crashed, "a storm without a crash is none");
}

#[test]
fn a_crash_at_any_port_call_changes_nothing_about_the_end() {
    let mut succeeded = 0;
    for calls in 1..24 {
        let weather = Weather {
            crash_rate: 0.4,
            crash_within_calls: calls,
            ..Weather::default()
        };
        let mut world = world(calls, weather);
        push(&world, "release-1.4.0", ImageBehaviour::default());
        let ending = world.run(Bounds::default(), |_| false);
        let story = stories(&world);
        assert_eq!(ending, Ending::Quiet, "{calls} calls: {ending}\n{story}");
        assert!(world.crashes() > 0);
        assert_nothing_broke(&world);
        // The event of a push is lost if its function crashes three times.
        if let [(_, phase)] = phases(&world).as_slice() {
            assert_eq!(*phase, "Succeeded", "{calls} calls\n{story}");
            succeeded += 1;
        }
    }
    assert!(succeeded > 15, "{succeeded} of 23 pushes were deployed");
}

#[test]
fn while_slack_is_down_the_deployment_goes_on_and_is_told_afterwards() {
    let mut world = world(3, Weather::default());
    let now = world.now();
    world
        .slack()
        .plan_outage(now, now + SignedDuration::from_hours(1));
    push(&world, "release-1.4.0", ImageBehaviour::default());
    world.run(Bounds::default(), |world| {
        phases(world) == [("staging".to_owned(), "Succeeded")]
    });
    assert!(world.now() < now + SignedDuration::from_hours(1));
    assert!(world.slack().messages().is_empty());
    assert_eq!(world.run(Bounds::default(), |_| false), Ending::Quiet);
    assert!(!world.slack().messages().is_empty());
    assert_nothing_broke(&world);
}

#[test]
fn a_click_while_slack_is_down_is_made_when_it_is_back() {
    let mut world = world(4, Weather::default());
    push(&world, "release-1.4.0", ImageBehaviour::default());
    world.run(Bounds::default(), |_| false);
    world.add_habit(approves_production());
    push(&world, "v1.4.0", ImageBehaviour::default());
    world.run(Bounds::default(), |world| {
        phases(world)[0].1 == "AwaitingApproval"
    });
    let (from, until) = (world.now(), world.now() + SignedDuration::from_mins(10));
    let down_from = from + SignedDuration::from_secs(5);
    world.slack().plan_outage(down_from, until);
    let mut clicked_at = None;
    while clicked_at.is_none() && world.out_of_bounds(Bounds::default()).is_none() {
        let happening = world.step();
        if let What::Click(_, Invocation::Answered(reply)) = &happening.what {
            clicked_at = Some((happening.at, reply.text.clone()));
        }
    }
    let (clicked_at, reply) = clicked_at.unwrap();
    assert!(clicked_at >= until, "{clicked_at}");
    assert!(reply.starts_with("Approved"), "{reply}");
}

#[test]
fn a_run_says_when_it_hits_its_bounds() {
    let mut world = world(2, Weather::default());
    push(&world, "release-1.4.0", ImageBehaviour::default());
    let few = Bounds {
        steps: 10,
        ..Bounds::default()
    };
    assert_eq!(world.run(few, |_| false), Ending::OutOfSteps(10));
    let short = Bounds {
        time: SignedDuration::from_mins(2),
        ..Bounds::default()
    };
    let ending = world.run(short, |_| false);
    assert_eq!(ending, Ending::OutOfTime(SignedDuration::from_mins(2)));
    assert!(ending.is_cut_short());
    assert!(
        ending.to_string().starts_with("cut short: after 2m"),
        "{ending}"
    );
}

#[test]
fn without_functions_events_are_given_up_and_nothing_happens() {
    let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    let mut world = World::new(1, start, &[erp()], Weather::default());
    push(&world, "release-1.4.0", ImageBehaviour::default());
    let happening = loop {
        let happening = world.step();
        if matches!(happening.what, What::Event(..)) {
            break happening;
        }
    };
    let What::Event(_, Invocation::Failed(error)) = happening.what else {
        panic!("{happening:?}");
    };
    assert!(error.message.contains("World::deploy"), "{error}");
    assert!(world.store().deployments().is_empty());
}
