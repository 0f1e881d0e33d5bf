use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::tasks::judged;
use super::{Look, Probe, Reading, Sample, TaskCount, Verdict, verdict};
use crate::config::Bake;
use crate::id::{AlarmName, ServiceName, TaskArn, TaskDefinitionArn};
use crate::observation::{
    AlarmState, HttpObservation, RevisionTasks, ServiceObservation, StoppedTask, TrafficObservation,
};

fn judge(readings: &str) -> Verdict {
    let samples: Vec<Sample> = readings
        .chars()
        .map(|reading| Sample {
            at: Timestamp::UNIX_EPOCH,
            checks: u16::from(reading != '?'),
            bad: if reading == 'x' {
                vec!["ready answered 503".to_owned()]
            } else {
                vec![]
            },
            ..Sample::default()
        })
        .collect();
    verdict(&samples, &bake())
}

fn bake() -> Bake {
    let minute = SignedDuration::from_mins(1);
    Bake {
        duration: minute,
        every: minute,
        failures: 3,
        samples: 3,
    }
}

#[test]
fn a_lasting_fault_is_unhealthy_and_a_hiccup_is_not() {
    let bad = Verdict::Unhealthy("ready answered 503".to_owned());
    assert_eq!(judge("...xxx"), bad);
    assert_eq!(
        judge("xx?x"),
        bad,
        "an empty sample does not break a row of bad ones"
    );
    assert_eq!(judge("..x.x."), Verdict::Healthy);
    assert_eq!(judge("...x"), Verdict::Inconclusive);
}

#[test]
fn nothing_seen_proves_nothing() {
    assert_eq!(judge(""), Verdict::Inconclusive);
    assert_eq!(judge("????"), Verdict::Inconclusive);
    assert_eq!(judge("..?"), Verdict::Inconclusive);
}

fn minute(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
}

/// Samples a minute apart: tasks wanted, running, stopped by themselves.
fn watched(counts: &[(u32, u32, u32)]) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    for (number, (wanted, running, stopped)) in counts.iter().enumerate() {
        let sample = Sample {
            at: minute(i64::try_from(number).unwrap()),
            checks: 2,
            tasks: vec![TaskCount {
                service: ServiceName::new("worker"),
                wanted: *wanted,
                running: *running,
                stopped: *stopped,
                why: (*stopped > 0).then(|| "exit code 1".to_owned()),
            }],
            ..Sample::default()
        };
        let judged = judged(&samples, &sample);
        samples.push(judged);
    }
    samples
}

fn bad(counts: &[(u32, u32, u32)]) -> Vec<String> {
    let samples = watched(counts);
    samples.into_iter().flat_map(|sample| sample.bad).collect()
}

#[test]
fn fewer_tasks_than_are_wanted_are_a_bad_reading() {
    assert_eq!(bad(&[(3, 3, 0), (3, 1, 0)]), ["worker: 1 of 3 tasks runs"]);
    assert_eq!(bad(&[(1, 0, 0)]), ["worker: 0 of 1 task run"]);
    assert!(bad(&[(0, 0, 0)]).is_empty());
}

#[test]
fn scaling_is_not_dying() {
    let scaled_in = [(6, 6, 0), (3, 5, 0), (3, 3, 0), (1, 1, 0)];
    assert!(bad(&scaled_in).is_empty());
    let scaled_out = [(2, 2, 0), (6, 2, 0), (6, 4, 0), (6, 6, 0)];
    assert!(bad(&scaled_out).is_empty());
    // What autoscaling asked for long ago must run by now.
    let never_came = [
        (2, 2, 0),
        (6, 2, 0),
        (6, 2, 0),
        (6, 2, 0),
        (6, 2, 0),
        (6, 2, 0),
    ];
    assert_eq!(bad(&never_came), ["worker: 2 of 6 tasks run"]);
}

#[test]
fn a_task_that_is_started_again_each_time_is_found_all_the_same() {
    let dies = |times: &[u32]| {
        let counts: Vec<_> = times.iter().map(|stopped| (2, 2, *stopped)).collect();
        verdict(&watched(&counts), &bake())
    };
    assert_eq!(dies(&[0, 1, 0, 0, 1, 0, 0, 0]), Verdict::Healthy);
    let Verdict::Unhealthy(reason) = dies(&[0, 1, 0, 0, 1, 0, 0, 1]) else {
        panic!("three deaths are too many");
    };
    assert_eq!(
        reason,
        "worker: 3 tasks stopped by themselves during the bake, the last one: exit code 1"
    );
    let fleet: Vec<_> = [0, 1, 0, 1, 0, 1, 0]
        .map(|stopped| (100, 100, stopped))
        .into();
    assert_eq!(verdict(&watched(&fleet), &bake()), Verdict::Healthy);
}

fn service(newest: Option<(u32, u32)>) -> ServiceObservation {
    let revision = TaskDefinitionArn::new("erp-web:42");
    ServiceObservation {
        service: ServiceName::new("web"),
        task_definition: revision.clone(),
        image: String::new(),
        desired: 3,
        running: 4,
        in_progress: None,
        traffic: Some(TrafficObservation {
            weights: BTreeMap::new(),
            healthy: 3,
            unhealthy: 0,
        }),
        newest: newest.map(|(requested, running)| RevisionTasks {
            task_definition: revision,
            requested,
            running,
        }),
        definition: None,
    }
}

#[test]
fn tasks_of_the_old_version_beside_it_do_not_hide_that_the_new_one_dies() {
    let revision = TaskDefinitionArn::new("erp-web:42");
    let count = |seen: &ServiceObservation, stopped: &[StoppedTask]| {
        TaskCount::of(seen, &revision, stopped, minute(1), minute(2))
    };
    let tasks = count(&service(Some((3, 1))), &[]);
    assert_eq!((tasks.wanted, tasks.running), (3, 1));
    let tasks = count(&service(None), &[]);
    assert_eq!((tasks.wanted, tasks.running), (3, 4));
}

#[test]
fn every_task_that_stopped_by_itself_counts_with_one_sample() {
    let stopped = |second: i64, by_itself: bool| StoppedTask {
        task: TaskArn::new(format!("task/{second}")),
        at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second),
        by_itself,
        reason: format!("at {second}"),
    };
    let tasks = [50, 90, 104, 106, 110].map(|second| stopped(second, second != 110));
    let revision = TaskDefinitionArn::new("erp-web:42");
    let died = |from, to| {
        let (from, to) = (minute(from), minute(to));
        let tasks = TaskCount::of(&service(None), &revision, &tasks, from, to);
        (tasks.stopped, tasks.why)
    };
    assert_eq!(
        died(1, 2),
        (0, None),
        "what stopped just now may not be listed yet"
    );
    assert_eq!(died(2, 3), (1, Some("at 50".to_owned())));
    assert_eq!(
        died(3, 4),
        (3, Some("at 106".to_owned())),
        "ECS stopped the last one"
    );
}

#[test]
fn an_endpoint_that_cannot_be_reached_says_nothing_while_its_targets_are_healthy() {
    let look = |answer: HttpObservation, services: &[ServiceObservation]| {
        let probe = Probe {
            service: ServiceName::new("web"),
            path: "/healthz/live".to_owned(),
            answer,
        };
        let look = Look {
            at: minute(0),
            probes: &[probe],
            alarms: &[(AlarmName::new("erp-5xx"), Some(AlarmState::Ok))],
            services,
            tasks: Vec::new(),
        };
        look.sample()
    };
    let lost = || HttpObservation::Unreachable("the name does not resolve".to_owned());
    let well = [service(None)];
    assert_eq!(look(lost(), &well).reading(), Reading::Empty);
    assert_eq!(look(lost(), &[]).reading(), Reading::Bad);
    let mut sick = service(None);
    sick.traffic.as_mut().unwrap().unhealthy = 1;
    assert_eq!(look(lost(), &[sick]).reading(), Reading::Bad);
    let refused = HttpObservation::NoAnswer("connection refused".to_owned());
    assert_eq!(look(refused, &well).reading(), Reading::Bad);
    insta::assert_snapshot!(look(lost(), &well).unreachable.join("\n"), @"web /healthz/live cannot be reached from Sluice, and ECS calls its targets healthy: the name does not resolve");
}

#[test]
fn where_nothing_else_can_be_asked_that_the_tasks_run_is_enough() {
    let tasks = watched(&[(1, 1, 0)]).remove(0).tasks;
    let look = Look {
        at: minute(0),
        probes: &[],
        alarms: &[],
        services: &[],
        tasks,
    };
    assert_eq!(look.sample().reading(), Reading::Good);
}
