//! Monitors: what they are told, what delays whom when they are not there, and what becomes of what
//! they did not hear.

mod paged;
mod schema;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::NotTaken;
use sluice_core::config::{Config, Monitor};
use sluice_core::deployment::Deployment;
use sluice_sim::cloud::{Fault, FaultRates, ImageBehaviour, Operation, Start};
use sluice_sim::workplace::{Roads, Taken, Weather};
use sluice_sim::world::{Bounds, Ending, World};
use sluice_words::monitoring::{News, Outcome, State, StateChange};

use crate::erp;

const ALL: [&str; 11] = [
    "grafana",
    "sentry",
    "loki",
    "event_bridge",
    "webhook",
    "github",
    "datadog",
    "pagerduty",
    "opsgenie",
    "sns",
    "cloudwatch",
];

/// Those of the example in docs/monitors.md.
fn monitors() -> Vec<Monitor> {
    let page = include_str!("../../docs/monitors.md");
    let (_, example) = page.split_once("```toml\n").expect("there is an example");
    let (example, _) = example.split_once("```").expect("it ends");
    let text = format!("{}\n{example}", include_str!("../erp/sluice.toml"));
    let config = Config::parse(&text).expect("the example is good");
    let mut environments = config.environments.into_iter();
    let watched = environments.find(|it| it.name.as_str() == "production");
    watched.expect("the ERP has it").monitors
}

/// The ERP with these monitors in production.
fn world_with(monitors: Vec<Monitor>, seed: u64, weather: Weather) -> World {
    let mut config = erp::config();
    let production = config.environments.iter_mut();
    let production = production.filter(|it| it.name.as_str() == "production");
    production.for_each(|it| it.monitors.clone_from(&monitors));
    erp::world_of(config, seed, weather)
}

fn world(seed: u64, weather: Weather) -> World {
    world_with(monitors(), seed, weather)
}

/// Brings an image to staging, where nothing is told to monitors.
fn verify_in_staging(world: &mut World, tag: &str, image: &str) {
    let first = format!("release-{tag}");
    erp::push(world, &first, image, &ImageBehaviour::default());
    erp::run(world);
}

/// Brings an image to staging, and then to production.
fn deploy(world: &mut World, tag: &str, image: &str) {
    verify_in_staging(world, tag, image);
    erp::push(world, tag, image, &ImageBehaviour::default());
    erp::run(world);
}

fn last(world: &World) -> Deployment {
    let all = erp::deployments(world, "production");
    let last = all.last().expect("production was deployed to");
    (*last.deployment).clone()
}

/// The changes that it took, in order, what came twice twice.
fn changes(world: &World, monitor: &str) -> Vec<(Timestamp, StateChange)> {
    let taken = world.monitors().taken(monitor).into_iter();
    let changes = taken.filter_map(|Taken { at, news }| match news {
        News::Change(change) => Some((at, *change)),
        News::Page(page) => Some((at, page.change)),
        News::Lines(_) => None,
    });
    changes.collect()
}

fn states(world: &World, monitor: &str) -> Vec<State> {
    let changes = changes(world, monitor).into_iter();
    changes.map(|(_, change)| change.state).collect()
}

/// Whether each thing is there once by its key, and none came before one that is older.
fn assert_once_and_in_order(world: &World) {
    for monitor in ALL {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut newest = std::collections::BTreeMap::new();
        for taken in world.monitors().taken(monitor) {
            for id in taken.news.ids() {
                if !seen.insert(id.to_owned()) {
                    continue;
                }
                let (deployment, number) = id.rsplit_once('.').expect("an id has a number");
                let number: usize = number.parse().expect("a number");
                let before = newest.insert(deployment.to_owned(), number);
                assert!(before < Some(number), "{monitor}: {id} after {before:?}");
            }
        }
    }
    let keys = |all: Vec<String>, what: &str| {
        let distinct: BTreeSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len(), "{what} twice: {all:?}");
    };
    let annotations = world.monitors().annotations();
    let of = annotations
        .iter()
        .map(|it| it.said[0].deployment.to_string());
    keys(of.collect(), "an annotation");
    let deploys = world.monitors().deploys();
    keys(deploys.into_iter().map(|it| it.id).collect(), "a deploy");
    let lines = world.monitors().lines();
    keys(lines.into_iter().map(|it| it.id).collect(), "a line");
}

/// Whether Loki has the whole story of every deployment in production.
fn assert_complete(world: &World) {
    let lines = world.monitors().lines();
    for stored in erp::deployments(world, "production") {
        let d = &stored.deployment;
        let told = lines.iter().filter(|line| line.deployment == d.id);
        assert_eq!(told.count(), d.story.len(), "{}", erp::stories(world));
        let webhook = changes(world, "webhook");
        let ended = webhook
            .iter()
            .any(|(_, it)| it.deployment == d.id && it.outcome.is_some());
        assert!(ended, "{}", erp::stories(world));
    }
}

fn days(days: i64) -> Bounds {
    Bounds {
        steps: 1_000_000,
        time: SignedDuration::from_hours(24 * days),
    }
}

#[test]
fn each_hears_what_it_has_a_use_for_once_in_order_and_within_ten_seconds() {
    let mut world = world(1, Weather::default());
    deploy(&mut world, "v1.4.0", "one");
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"]);
    let d = last(&world);

    let annotations = world.monitors().annotations();
    assert_eq!(annotations.len(), 1, "staging has no monitors");
    let said: Vec<State> = annotations[0].said.iter().map(|it| it.state).collect();
    assert_eq!(said, [State::Started, State::Ended]);
    let end = &annotations[0].said[1];
    assert_eq!(end.outcome, Some(Outcome::Succeeded));
    assert!(end.started_at > Some(d.requested_at) && end.ended_at == Some(d.entered_at));
    let url = end.message_url.as_deref().unwrap_or_default();
    assert!(url.starts_with("https://slack.com/archives/C"), "{url}");

    let deploys = world.monitors().deploys();
    assert_eq!(deploys.len(), 1);
    assert_eq!(deploys[0].version.as_str(), "v1.4.0");
    assert_eq!(deploys[0].is_live, Some(true));

    let expected = [
        State::Requested,
        State::Approved,
        State::Started,
        State::Ended,
    ];
    for monitor in ["event_bridge", "webhook", "cloudwatch"] {
        assert_eq!(states(&world, monitor), expected, "{monitor}");
        for (at, change) in changes(&world, monitor) {
            let after = at.duration_since(change.at);
            assert!(
                after <= SignedDuration::from_secs(10),
                "{monitor}: {after} {change:?}"
            );
        }
    }
    let approved = &changes(&world, "cloudwatch")[1].1;
    let waited = approved.approval_wait_seconds.expect("it was approved");
    let asked = approved.at - SignedDuration::from_secs(waited);
    assert!(d.requested_at < asked && waited > 0, "{waited} s");
    for monitor in ["github", "datadog"] {
        assert_eq!(states(&world, monitor), [State::Started, State::Ended]);
    }
    for monitor in ["pagerduty", "opsgenie", "sns"] {
        assert_eq!(states(&world, monitor), [], "{monitor}");
    }
    let messages: Vec<String> = world
        .monitors()
        .lines()
        .into_iter()
        .map(|it| it.message)
        .collect();
    let words = |entry: &sluice_core::note::Entry| sluice_words::note::words(&entry.note, &d);
    let story: Vec<String> = d.story.iter().map(|entry| words(entry)).collect();
    let plain: Vec<String> = story
        .iter()
        .map(|it| sluice_words::inline::plain(it))
        .collect();
    assert_eq!(messages, plain);
    assert_once_and_in_order(&world);
    erp::assert_nothing_broke(&world);
}

#[test]
fn what_goes_back_is_no_deploy_and_its_annotation_says_so() {
    let mut world = world(2, Weather::default());
    deploy(&mut world, "v1.3.0", "one");
    let broken = ImageBehaviour {
        web: Start::Crashes(1),
        ..ImageBehaviour::default()
    };
    verify_in_staging(&mut world, "v1.4.0", "two");
    erp::push(&world, "v1.4.0", "two", &broken);
    erp::run(&mut world);
    let ends = erp::ends(&world, "production");
    assert_eq!(ends.last(), Some(&"RolledBack"), "{}", erp::stories(&world));
    assert_eq!(world.monitors().deploys().len(), 1, "only v1.3.0 went live");
    let annotations = world.monitors().annotations();
    let said = annotations[1].said.last().expect("it says something");
    assert_eq!(said.outcome, Some(Outcome::RolledBack));
    assert!(states(&world, "webhook").contains(&State::RollingBack));
    assert_once_and_in_order(&world);
}

#[test]
fn what_changed_nothing_is_on_no_graph_and_is_told_to_programs() {
    let mut world = world(11, Weather::default());
    verify_in_staging(&mut world, "v1.4.0", "one");
    verify_in_staging(&mut world, "v1.4.1", "two");
    erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
    // Before anybody approves it.
    let soon = world.now() + SignedDuration::from_mins(2);
    world.run(days(1), |world| world.now() >= soon);
    erp::push(&world, "v1.4.1", "two", &ImageBehaviour::default());
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, "production"), ["Superseded", "Succeeded"]);
    let annotations = world.monitors().annotations();
    assert_eq!(annotations.len(), 1);
    assert_eq!(annotations[0].said[0].version.as_str(), "v1.4.1");
    let webhook = changes(&world, "webhook");
    let ends = webhook
        .iter()
        .filter_map(|(_, it)| Some((it.outcome?, it.started_at)));
    let ends: Vec<_> = ends.collect();
    assert_eq!(ends[0], (Outcome::Superseded, None));
    assert_eq!(ends[1].0, Outcome::Succeeded);
    assert_once_and_in_order(&world);
}

/// When what happened in production.
fn timeline(world: &World) -> Vec<(Timestamp, String)> {
    let all = erp::deployments(world, "production");
    let stories = all.iter().map(|stored| &stored.deployment);
    let told = stories.flat_map(|d| {
        let entries = d.story.iter();
        entries.map(|entry| (entry.at, sluice_words::note::words(&entry.note, d)))
    });
    told.collect()
}

/// By how much anything came later in the other world, where the same happened.
fn latest(one: &[(Timestamp, String)], other: &[(Timestamp, String)]) -> SignedDuration {
    assert_eq!(one.len(), other.len());
    let pairs = one.iter().zip(other);
    let later = pairs.map(|((at, what), (then, also))| {
        assert_eq!(what, also);
        then.duration_since(*at)
    });
    later.max().expect("something happened")
}

#[test]
fn nothing_waits_for_monitors_that_are_down_and_they_are_caught_up_with() {
    let mut without = world_with(Vec::new(), 4, Weather::default());
    deploy(&mut without, "v1.4.0", "one");
    let mut up = world(4, Weather::default());
    deploy(&mut up, "v1.4.0", "one");
    let mut down = world(4, Weather::default());
    let (from, until) = (down.now(), down.now() + SignedDuration::from_hours(6));
    for monitor in ALL {
        down.monitors().plan_outage(monitor, from, until);
    }
    deploy(&mut down, "v1.4.0", "one");
    for other in [&up, &down] {
        let later = latest(&timeline(&without), &timeline(other));
        // The queue brings one message after the other, and the monitors' own are among them.
        assert!(later <= SignedDuration::from_millis(100), "{later}");
    }
    // All of it came, in order, soon after they were up again.
    assert_once_and_in_order(&down);
    assert_complete(&down);
    let states = |world: &World| states(world, "webhook");
    assert_eq!(states(&up), states(&down));
    for (at, _) in changes(&down, "webhook") {
        assert!(
            until <= at && at <= until + SignedDuration::from_mins(35),
            "{at}"
        );
    }
    let asked = down.monitors().asked("webhook");
    assert!(
        asked < 40,
        "a monitor that is down was asked {asked} times in six hours"
    );
    erp::assert_nothing_broke(&down);
}

#[test]
fn one_that_is_down_does_not_keep_another_from_hearing() {
    let mut world = world(5, Weather::default());
    let until = world.now() + SignedDuration::from_hours(5);
    world.monitors().plan_outage("grafana", world.now(), until);
    deploy(&mut world, "v1.4.0", "one");
    for (at, change) in changes(&world, "webhook") {
        assert!(at.duration_since(change.at) <= SignedDuration::from_secs(10));
    }
    let annotations = world.monitors().annotations();
    assert_eq!(annotations.len(), 1);
    assert_eq!(annotations[0].said.len(), 2);
}

/// What people read in threads about a monitor.
fn notices(world: &World) -> Vec<String> {
    let messages = world.slack().messages().into_iter();
    let said = messages.flat_map(|posted| posted.versions.into_iter().map(|(_, it)| it.summary));
    said.filter(|text| text.contains("The deployment itself is not affected"))
        .collect()
}

#[test]
fn what_is_refused_for_good_is_left_out_and_said_once() {
    let mut world = world(6, Weather::default());
    world
        .monitors()
        .set_refusal("webhook", Some(NotTaken::ForGood));
    deploy(&mut world, "v1.4.0", "one");
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"]);
    assert_eq!(
        world.monitors().asked("webhook"),
        4,
        "each thing was sent once"
    );
    let said = notices(&world);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("The webhook refused something"),
        "{said:?}"
    );
    assert_eq!(states(&world, "event_bridge").len(), 4);
}

#[test]
fn a_token_that_is_refused_is_said_at_once_and_what_is_missing_is_sent_later() {
    let mut world = world(7, Weather::default());
    world
        .monitors()
        .set_refusal("grafana", Some(NotTaken::Setting));
    verify_in_staging(&mut world, "v1.4.0", "one");
    world.plan(SignedDuration::from_hours(3), "a new token", |world| {
        world.monitors().set_refusal("grafana", None);
    });
    erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    let said = notices(&world);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("Sluice keeps trying until"), "{said:?}");
    assert_eq!(world.monitors().annotations()[0].said.len(), 2);
}

#[test]
fn one_that_stays_away_is_given_up_after_a_day() {
    let mut world = world(8, Weather::default());
    let end = world.now() + SignedDuration::from_hours(24 * 30);
    world.monitors().plan_outage("sentry", world.now(), end);
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
    assert_eq!(
        world.run(days(4), |_| false),
        Ending::Quiet,
        "it leaves the index"
    );
    let took = world.now().duration_since(last(&world).entered_at);
    let hours = took.as_hours();
    assert!((24..26).contains(&hours), "given up after {hours} h");
    let said = notices(&world);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("Sentry could not be told"), "{said:?}");
    let asked = world.monitors().asked("sentry");
    assert!(asked < 65, "{asked} tries in a day");
}

#[test]
fn one_that_wants_fewer_requests_gets_them_when_it_wants() {
    let mut world = world(9, Weather::default());
    let rest = SignedDuration::from_mins(2);
    world.monitors().set_rest("webhook", rest);
    deploy(&mut world, "v1.4.0", "one");
    assert_eq!(states(&world, "webhook").len(), 4);
    let asked = world.monitors().asked("webhook");
    assert!(asked <= 8, "asked {asked} times for four");
    assert_once_and_in_order(&world);
}

#[test]
fn each_answer_of_a_monitor_may_be_lost_and_nothing_is_there_twice() {
    let told = |lost: Option<u32>| {
        let mut world = world(12, Weather::default());
        verify_in_staging(&mut world, "v1.4.0", "one");
        if let Some(nth) = lost {
            let lose = |cloud: &mut sluice_sim::cloud::Cloud| {
                let faults = cloud.faults();
                faults.nth(Operation::TellMonitor, nth, Fault::LoseAnswer);
            };
            world.with_cloud(lose);
        }
        erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
        erp::run(&mut world);
        world
    };
    let calls = told(None).with_cloud(|cloud| cloud.faults().calls(Operation::TellMonitor));
    assert!(calls > 20, "{calls} calls");
    for nth in 1..=calls {
        let world = told(Some(nth));
        let struck = world.with_cloud(|cloud| cloud.faults().struck());
        assert_eq!(struck, 1, "call {nth}");
        assert_once_and_in_order(&world);
        assert_complete(&world);
        assert_eq!(world.monitors().deploys().len(), 1, "call {nth}");
        assert_eq!(world.monitors().annotations().len(), 1, "call {nth}");
    }
}

#[test]
fn functions_that_cross_each_other_do_not_tell_it_at_once() {
    for seed in 0..24 {
        let weather = Weather {
            double_wakeups: 0.9,
            interleave: 0.4,
            roads: Roads {
                doubles: 0.9,
                ..Roads::default()
            },
            ..Weather::default()
        };
        let mut world = world(200 + seed, weather);
        deploy(&mut world, "v1.4.0", "one");
        assert_once_and_in_order(&world);
        assert_complete(&world);
    }
}

#[test]
fn killed_at_any_call_or_without_an_answer_each_thing_is_there_once() {
    let mut sent_twice = 0;
    for seed in 0..24 {
        let weather = Weather {
            double_wakeups: 0.1,
            crash_rate: 0.12,
            crash_within_calls: 30,
            interleave: if seed % 2 == 0 { 0.0 } else { 0.08 },
            faults: FaultRates {
                fail: 0.03,
                throttle: 0.03,
                lose_answer: 0.08,
            },
            ..Weather::default()
        };
        let mut world = world(100 + seed, weather);
        deploy(&mut world, "v1.4.0", "one");
        assert_once_and_in_order(&world);
        assert_complete(&world);
        erp::assert_nothing_broke(&world);
        let ids: Vec<String> = changes(&world, "webhook")
            .into_iter()
            .map(|(_, it)| it.id)
            .collect();
        let distinct: BTreeSet<&String> = ids.iter().collect();
        sent_twice += ids.len() - distinct.len();
    }
    assert!(sent_twice > 0, "the weather was too kind to show anything");
}

/// The schema that receivers are given.
fn published() -> serde_json::Value {
    let text = include_str!("../../docs/deployment-state-change.schema.json");
    serde_json::from_str(text).expect("it is JSON")
}

#[test]
fn every_event_is_as_the_published_schema_says() {
    let mut world = world(10, Weather::default());
    deploy(&mut world, "v1.3.0", "one");
    verify_in_staging(&mut world, "v1.4.0", "two");
    let broken = ImageBehaviour {
        web: Start::Crashes(1),
        ..ImageBehaviour::default()
    };
    erp::push(&world, "v1.4.0", "two", &broken);
    erp::run(&mut world);
    let events = changes(&world, "event_bridge");
    assert!(events.len() > 6, "{events:?}");
    for (_, event) in &events {
        let event = serde_json::to_value(event).expect("JSON");
        let problems = schema::problems(&published(), &event, "detail");
        assert!(problems.is_empty(), "{problems:?} in {event}");
    }
    // The check finds what is wrong.
    let good = serde_json::to_value(&events[0].1).expect("JSON");
    for (key, value) in [
        ("state", serde_json::json!("over")),
        ("at", serde_json::json!("yesterday")),
        ("token", serde_json::json!("x")),
        ("deployment", serde_json::json!("17")),
        ("approvedBy", serde_json::json!(["ada"])),
        ("id", serde_json::Value::Null),
    ] {
        let mut wrong = good.clone();
        wrong[key] = value;
        let problems = schema::problems(&published(), &wrong, "detail");
        assert!(!problems.is_empty(), "{key} is not looked at");
    }
}

#[test]
fn every_state_and_outcome_is_in_the_published_schema() {
    let schema = published();
    let words = |key: &str| {
        let all = schema["properties"][key]["enum"].as_array().cloned();
        all.expect("it is one of a few words")
    };
    for outcome in words("outcome") {
        let read: Outcome = serde_json::from_value(outcome.clone()).expect("it is known");
        assert_eq!(read.name(), outcome);
    }
    for state in words("state") {
        serde_json::from_value::<State>(state).expect("it is known");
    }
    assert_eq!((words("outcome").len(), words("state").len()), (12, 6));
    let page = include_str!("../../docs/monitors.md");
    for word in words("outcome").iter().chain(&words("state")) {
        let word = word.as_str().expect("a word");
        assert!(
            page.contains(&format!("`{word}`")),
            "docs/monitors.md lacks {word}"
        );
    }
}

#[test]
fn the_example_on_the_page_names_every_monitor() {
    let names: Vec<&'static str> = monitors().iter().map(Monitor::name).collect();
    assert_eq!(names, ALL);
}
