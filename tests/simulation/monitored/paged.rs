//! Those who call people: PagerDuty, Opsgenie and SNS are told where a person is needed, and when none is
//! any more.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_core::config::Monitor;
use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;
use sluice_core::phase::Phase;
use sluice_sim::cloud::{Fault, FaultRates, ImageBehaviour, Operation, UnderTraffic};
use sluice_sim::workplace::{Taken, Weather};
use sluice_sim::world::World;
use sluice_words::monitoring::{News, Page, State};

use super::{assert_once_and_in_order, last, monitors, states, verify_in_staging, world_with};
use crate::erp;

const PAGERS: [&str; 3] = ["pagerduty", "opsgenie", "sns"];

fn pagers() -> Vec<Monitor> {
    let all = monitors().into_iter();
    all.filter(|monitor| PAGERS.contains(&monitor.name()))
        .collect()
}

/// Production, where the snapshot is refused once: a person is needed, and the next try succeeds.
fn refused_once(seed: u64, weather: Weather, before: impl FnOnce(&mut World)) -> World {
    let mut world = world_with(pagers(), seed, weather);
    verify_in_staging(&mut world, "v1.4.0", "one");
    let denied = Fault::Fail(PortError::needs_person("access denied"));
    world.with_cloud(|cloud| cloud.faults().nth(Operation::CreateDbSnapshot, 1, denied));
    before(&mut world);
    erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    world
}

fn pages(world: &World, monitor: &str) -> Vec<Page> {
    let taken = world.monitors().taken(monitor).into_iter();
    let pages = taken.filter_map(|Taken { news, .. }| match news {
        News::Page(page) => Some(*page),
        News::Change(_) | News::Lines(_) => None,
    });
    pages.collect()
}

/// That nothing is open in PagerDuty and Opsgenie, and each opened once at most for the deployment.
fn assert_closed(world: &World) {
    let closed: BTreeMap<DeploymentId, bool> = [(last(world).id, false)].into();
    for monitor in ["pagerduty", "opsgenie"] {
        assert_eq!(world.monitors().incidents(monitor), closed, "{monitor}");
    }
}

#[test]
fn what_needs_a_person_calls_people_and_its_end_says_so() {
    let world = refused_once(3, Weather::default(), |_| {});
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"]);
    for monitor in PAGERS {
        let told = states(&world, monitor);
        assert_eq!(told, [State::NeedsPerson, State::Ended], "{monitor}");
    }
    assert_closed(&world);
    let [needed, settled] = &pages(&world, "sns")[..] else {
        panic!("{:?}", pages(&world, "sns"))
    };
    assert_eq!(needed.heading(), "Person needed: erp v1.4.0 in production");
    let text = needed.text();
    for part in [
        "erp v1.4.0 in production: ",
        "access denied",
        "What it means now:\n- The deployment waits. `/sluice status erp/production`",
        "What to do:\n- It waits for the next try: access denied",
        "thread in Slack: https://slack.com/archives/C",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!(
        settled.heading(),
        "Settled (succeeded): erp v1.4.0 in production"
    );
    assert!(settled.todo.is_empty(), "{settled:?}");
}

#[test]
fn a_decision_that_no_one_makes_ends_in_an_open_incident() {
    let mut config = erp::config();
    let staging = config.environments.iter_mut();
    let staging = staging.filter(|it| it.name.as_str() == "staging");
    staging.for_each(|it| it.monitors = pagers());
    let mut world = erp::world_of(config, 11, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    let mut bad = ImageBehaviour::default();
    let sql = "BEGIN;\n\nALTER TABLE orders DROP COLUMN note;\n\nCOMMIT;\n";
    bad.migration.sql = Some(sql.to_owned());
    bad.under_traffic = Some(UnderTraffic {
        after: SignedDuration::from_secs(30),
        status: 500,
        fires_alarms: false,
    });
    erp::push(&world, "release-1.5.0", "two", &bad);
    erp::run(&mut world);
    let ended = erp::deployments(&world, "staging").pop();
    let ended = ended.expect("it was opened").deployment;
    assert!(
        matches!(ended.phase, Phase::RollbackFailed { .. }),
        "{}",
        erp::stories(&world)
    );
    for monitor in ["pagerduty", "opsgenie"] {
        let open: BTreeMap<DeploymentId, bool> = [(ended.id.clone(), true)].into();
        assert_eq!(world.monitors().incidents(monitor), open, "{monitor}");
    }
    let pages = pages(&world, "opsgenie");
    let first = pages.first().expect("people were called");
    let text = first.text();
    for part in [
        "What it means now:\n- Users may be served by release-1.5.0 until someone decides.",
        "It waits for someone to choose: roll back, restore the database, or roll forward.",
        "If no one decides by 2026-",
        "everything stays as it is",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    let end = pages.last().expect("and again at the end");
    assert!(end.is_critical() && end.needs_person(), "{end:?}");
    assert!(!end.effect.is_empty() && !end.todo.is_empty(), "{end:?}");
    for page in &pages {
        let text = page.text();
        assert!(!text.contains("<!date") && !text.contains("<@"), "{text}");
    }
    assert_once_and_in_order(&world);
}

#[test]
fn no_one_is_woken_for_what_is_over_when_the_pager_is_up_again() {
    let world = refused_once(5, Weather::default(), |world| {
        let until = world.now() + SignedDuration::from_hours(6);
        for monitor in PAGERS {
            world.monitors().plan_outage(monitor, world.now(), until);
        }
    });
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"]);
    for monitor in PAGERS {
        assert_eq!(states(&world, monitor), [State::Ended], "{monitor}");
    }
    assert_closed(&world);
}

#[test]
fn each_answer_may_be_lost_and_no_incident_stays_open() {
    let lose = |nth: u32| {
        refused_once(6, Weather::default(), |world| {
            world.with_cloud(|cloud| {
                let faults = cloud.faults();
                faults.nth(Operation::TellMonitor, nth, Fault::LoseAnswer);
            });
        })
    };
    let calls = refused_once(6, Weather::default(), |_| {})
        .with_cloud(|cloud| cloud.faults().calls(Operation::TellMonitor));
    assert_eq!(calls, 6, "two for each");
    for nth in 1..=calls {
        let world = lose(nth);
        assert_closed(&world);
        assert_once_and_in_order(&world);
        let sent: usize = PAGERS.iter().map(|it| states(&world, it).len()).sum();
        assert_eq!(sent, 7, "call {nth} was sent again, and no other");
    }
}

#[test]
fn killed_between_sending_and_remembering_no_incident_stays_open() {
    for seed in 0..16 {
        let weather = Weather {
            double_wakeups: 0.1,
            crash_rate: 0.12,
            crash_within_calls: 30,
            interleave: if seed % 2 == 0 { 0.0 } else { 0.08 },
            faults: FaultRates {
                fail: 0.02,
                throttle: 0.02,
                lose_answer: 0.08,
            },
            ..Weather::default()
        };
        let world = refused_once(300 + seed, weather, |_| {});
        assert_once_and_in_order(&world);
        let open = ["pagerduty", "opsgenie"].map(|it| world.monitors().incidents(it));
        for incidents in open {
            let needed = last(&world).phase.name() != "Succeeded";
            assert!(
                needed || incidents.values().all(|open| !open),
                "seed {seed}: {incidents:?}"
            );
        }
        erp::assert_nothing_broke(&world);
    }
}
