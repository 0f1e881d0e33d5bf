//! Installations in which one thing is wrong: each is named by its finding, and by no other.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faults;
mod good;

use std::collections::BTreeSet;

use sluice_doctor::facts::Facts;
use sluice_doctor::rights::{hidden_from_environment, hidden_from_function};
use sluice_doctor::{EventKind, examine, sample};
use sluice_words::doctor::{Check, NotSeen, Report};

use faults::{PLANTED, Plant, function, production, service};

fn good() -> (Vec<sluice_core::config::Config>, Facts) {
    let configs = good::configs();
    let facts = good::facts(&configs);
    (configs, facts)
}

fn told(report: &Report) -> Vec<(Check, String)> {
    let each = report.findings();
    each.map(|(looked, finding)| (looked.check, finding.what.clone()))
        .collect()
}

#[test]
fn nothing_is_found_in_a_good_installation_and_everything_was_looked_at() {
    let (configs, facts) = good();
    let report = examine(&configs, &facts);
    assert_eq!(told(&report), []);
    assert_eq!(report.unknown().count(), 0, "{:?}", report.unknown().next());
    assert_eq!(report.exit_code(), 0);
    let named: BTreeSet<_> = report
        .looked
        .iter()
        .map(|one| (one.check, &one.subject))
        .collect();
    assert_eq!(
        named.len(),
        report.looked.len(),
        "a check and its subject name it"
    );
    let made: BTreeSet<Check> = report.looked.iter().map(|looked| looked.check).collect();
    // The ERP's worker has a stop timeout.
    let left = Check::ALL.iter().filter(|check| !made.contains(check));
    assert_eq!(left.copied().collect::<Vec<_>>(), [Check::StopTimeout]);
}

#[test]
fn each_planted_fault_is_named_by_its_finding_and_by_no_other() {
    for (check, words, plant) in PLANTED {
        let (configs, mut facts) = good();
        plant(&mut facts);
        let report = examine(&configs, &facts);
        let found = told(&report);
        let right = found.len() == 1 && found[0].0 == *check && found[0].1.contains(words);
        assert!(right, "{check:?} `{words}`: {found:#?}");
        assert_eq!(report.exit_code(), 1);
        let (_, finding) = report.findings().next().unwrap();
        assert!(
            !finding.why.is_empty() && !finding.fix.is_empty(),
            "{finding:?}"
        );
    }
}

#[test]
fn a_worker_without_a_stop_timeout_is_found_where_nobody_gives_it_one() {
    let (mut configs, mut facts) = good();
    let worker = configs[0]
        .services
        .iter_mut()
        .find(|one| one.name.as_str() == "worker");
    worker.unwrap().stop_timeout = None;
    assert_eq!(told(&examine(&configs, &facts)), []);
    let definition = service(&mut facts, "erp-worker")
        .task_definition
        .as_mut()
        .unwrap();
    definition
        .containers
        .get_mut("worker")
        .unwrap()
        .stop_timeout_s = None;
    let found = told(&examine(&configs, &facts));
    assert!(matches!(&found[..], [(Check::StopTimeout, _)]), "{found:?}");
}

#[test]
fn every_check_finds_something_that_is_planted() {
    let planted: BTreeSet<Check> = PLANTED.iter().map(|(check, ..)| *check).collect();
    let elsewhere = [
        // `a_worker_without_a_stop_timeout…`
        Check::StopTimeout,
        // `no_queue…`: without a queue more is missing than the queue.
        Check::Queue,
    ];
    for check in Check::ALL.iter().filter(|check| !elsewhere.contains(check)) {
        assert!(planted.contains(check), "nothing is planted for {check:?}");
    }
    assert!(PLANTED.len() >= 30);
}

#[test]
fn no_queue_is_told_with_what_it_takes_with_it() {
    let (configs, mut facts) = good();
    facts.queue = Ok(None);
    facts.dead_letters = Ok(None);
    let found: Vec<Check> = told(&examine(&configs, &facts))
        .into_iter()
        .map(|(check, _)| check)
        .collect();
    assert_eq!(found, [Check::Queue]);
    let report = examine(&configs, &facts);
    let unknown: BTreeSet<Check> = report.unknown().map(|(looked, _)| looked.check).collect();
    // Which mapping and which rules are right cannot be said without the queue.
    let hidden = [Check::WakeUps, Check::BatchFailures, Check::EventPermission];
    assert_eq!(unknown, hidden.into());
}

/// Worse than a finding that is missing is a check that says that it has looked.
#[test]
fn what_could_not_be_read_is_unknown_and_nothing_of_it_is_fine() {
    let (configs, mut facts) = good();
    let refused = || NotSeen {
        why: "AWS refused it.".into(),
        needs: Some("x:Y".into()),
    };
    for seen in facts.functions.values_mut() {
        *seen = Err(refused());
    }
    facts.mappings = Err(refused());
    facts.recursion = Err(refused());
    facts.hook_concurrency = Err(refused());
    facts.slack_url = Err(refused());
    facts.slack_answers = Err(refused());
    facts.operate_url = Err(refused());
    facts.queue = Err(refused());
    facts.dead_letters = Err(refused());
    facts.table = Err(refused());
    facts.table_recovery = Err(refused());
    facts
        .own_secrets
        .iter_mut()
        .for_each(|one| one.seen = Err(refused()));
    facts
        .deliveries
        .iter_mut()
        .for_each(|one| one.rules = Err(refused()));
    facts.bus_takes = Err(refused());
    facts.minute = Err(refused());
    facts
        .rights
        .iter_mut()
        .for_each(|one| one.decisions = Err(refused()));
    for environment in &mut facts.environments {
        environment
            .roles
            .iter_mut()
            .for_each(|(_, role)| *role = Err(refused()));
        environment.hook = Err(refused());
        environment.hook_role.1 = Err(refused());
        environment
            .services
            .values_mut()
            .for_each(|one| *one = Err(refused()));
        environment.alarms = Err(refused());
        environment
            .secrets
            .values_mut()
            .for_each(|one| *one = Err(refused()));
        environment.parameters = Err(refused());
        environment.database = environment.database.as_ref().map(|_| Err(refused()));
        environment.snapshots = Err(refused());
    }
    for repository in &mut facts.repositories {
        repository.seen = Err(refused());
        repository.scanned_by_registry = Err(refused());
    }
    let slack = facts.slack.as_mut().unwrap();
    slack.token = Err(refused());
    slack
        .channels
        .iter_mut()
        .for_each(|one| one.seen = Err(refused()));
    slack
        .groups
        .iter_mut()
        .for_each(|one| one.members = Err(refused()));
    slack
        .people
        .iter_mut()
        .for_each(|(_, one)| *one = Err(refused()));
    let report = examine(&configs, &facts);
    let unknown = report.unknown().count();
    assert_eq!(unknown, report.looked.len(), "{:#?}", told(&report));
    assert_eq!(report.exit_code(), 2);
    assert!(
        report
            .unknown()
            .all(|(_, why)| why.needs.as_deref() == Some("x:Y"))
    );
}

/// A deployment splits the traffic on purpose, and a rule of a registry may scan for a repository.
#[test]
fn what_only_looks_wrong_is_not_told() {
    let innocent: [Plant; 7] = [
        |it| {
            let web = service(it, "erp-web");
            web.deploying = Ok(true);
            let rule = web.balancers[0].production.as_mut().unwrap();
            let weights = rule.weights.as_mut().unwrap().as_mut().unwrap();
            weights.insert(good::group("green"), 10);
        },
        |it| {
            it.repositories[0]
                .seen
                .as_mut()
                .unwrap()
                .as_mut()
                .unwrap()
                .scan_on_push = false;
            it.repositories[0].scanned_by_registry = Ok(true);
        },
        |it| service(it, "erp-worker").capacity_providers = vec!["FARGATE_SPOT".into()],
        |it| function(it, "operate").state = "Inactive".into(),
        |it| it.hook_concurrency = Ok(None),
        |it| it.slack = None,
        |it| {
            service(it, "erp-web").balancers[0].groups[0].health_path = Ok(None);
        },
    ];
    for (number, plant) in innocent.iter().enumerate() {
        let (configs, mut facts) = good();
        plant(&mut facts);
        assert_eq!(told(&examine(&configs, &facts)), [], "{number}");
    }
}

#[test]
fn the_page_lists_every_check() {
    let page = include_str!("../../../../docs/doctor.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<&str> = rows.filter(|row| row.matches('|').count() == 3).collect();
    let wanted = Check::ALL.iter();
    let wanted = wanted.map(|check| format!("| `{}` | {} |", check.name(), check.looks_at()));
    assert_eq!(rows, wanted.collect::<Vec<_>>());
}

/// What EventBridge is asked about has the members that the rules' patterns look at.
#[test]
fn samples_are_like_the_events_that_aws_sends() {
    for (kind, real) in [
        (
            EventKind::ImagePushed("erp".into()),
            include_str!("../../../../events/ecr-push-release.json"),
        ),
        (
            EventKind::ImageScanned("erp".into()),
            include_str!("../../../../events/ecr-scan-complete.json"),
        ),
        (
            EventKind::SourceChanged("erp".into()),
            include_str!("../../../../events/codecommit-branch-pushed.json"),
        ),
        (
            EventKind::BuildEnded("erp-ci".into()),
            include_str!("../../../../events/codebuild-succeeded.json"),
        ),
        (
            EventKind::ServiceDeployed,
            include_str!("../../../../events/ecs-deployment-completed.json"),
        ),
        (
            EventKind::TaskStopped,
            include_str!("../../../../events/ecs-task-stopped.json"),
        ),
        (
            EventKind::SnapshotMade,
            include_str!("../../../../events/rds-snapshot-created.json"),
        ),
    ] {
        let real: serde_json::Value = serde_json::from_str(real).unwrap();
        let sample = sample(&kind, "222222222222", "eu-central-1");
        for member in ["version", "detail-type", "source", "account", "region"] {
            assert_eq!(sample[member], real[member], "{kind:?}: {member}");
        }
        for member in [
            "action-type",
            "result",
            "repository-name",
            "scan-status",
            "build-status",
            "project-name",
            "event",
            "lastStatus",
        ] {
            assert_eq!(
                sample["detail"][member], real["detail"][member],
                "{kind:?}: {member}"
            );
        }
    }
}

/// A question that was not put is no answer.
#[test]
fn a_role_that_was_not_asked_about_everything_is_not_fine() {
    let (configs, mut facts) = good();
    let why = NotSeen::because("The table was refused.");
    facts.table = Err(why.clone());
    let hidden = hidden_from_function("advance", &facts);
    assert_eq!(hidden.as_ref(), Some(&why));
    facts.rights[0].unasked = hidden;
    production(&mut facts)
        .secrets
        .insert("erp/production/redis".into(), Err(why.clone()));
    assert_eq!(
        hidden_from_environment(production(&mut facts)).as_ref(),
        Some(&why)
    );
    let report = examine(&configs, &facts);
    assert_eq!(told(&report), []);
    let unknown: BTreeSet<Check> = report.unknown().map(|(looked, _)| looked.check).collect();
    for check in [
        Check::FunctionRights,
        Check::ExecutionRole,
        Check::Table,
        Check::Secret,
    ] {
        assert!(unknown.contains(&check), "{check:?}");
    }
}
