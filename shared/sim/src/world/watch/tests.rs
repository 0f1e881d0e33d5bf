//! The watcher is no use unless it sees what is wrong: each invariant, broken on purpose.

mod account;
mod others;

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use sluice_core::command::{CommandKey, Direction};
use sluice_core::config::Config;
use sluice_core::controls::{Controls, Freeze};
use sluice_core::deployment::{Deployment, Opening, Override, Pause, Requester};
use sluice_core::event::{Event, Outcome};
use sluice_core::history::{ChainEnd, Record, RecordedEntry};
use sluice_core::id::{
    ClusterName, DeploymentId, Digest, EcsServiceName, EnvironmentName, ImageTag,
    ServiceDeploymentArn, SnapshotId, TaskArn, TaskDefinitionArn, UserId,
};
use sluice_core::observation::{RolloutStatus, SmokeResult};
use sluice_core::phase::Phase;
use sluice_core::release::Release;

use super::{Invariant, Watcher};
use crate::cloud::{Cloud, Happened, LedgerEntry};
use crate::workplace::Change;

fn at(seconds: i64) -> Timestamp {
    let noon: Timestamp = "2026-01-05T12:00:00Z".parse().unwrap();
    noon + SignedDuration::from_secs(seconds)
}

fn watcher() -> Watcher {
    Watcher::new(Arc::new(Mutex::new(Cloud::new(at(0), 1))))
}

fn config() -> Config {
    Config::parse(include_str!("../../../../../tests/erp/sluice.toml")).unwrap()
}

fn opening(trigger: &str) -> Opening {
    let config = config();
    let environment = config
        .environment(&EnvironmentName::new("production"))
        .unwrap();
    let digest = Digest::try_from(format!("sha256:{}", "a".repeat(64))).unwrap();
    Opening {
        id: DeploymentId::derive(&config.app, &environment.name, &digest, trigger),
        settings: Arc::new(config.settings(environment)),
        release: Release {
            registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
            repository: config.repository.clone(),
            tag: ImageTag::new("v1.4.0"),
            digest,
            pushed_at: at(0),
        },
        requested_by: Requester::Push,
        kind: sluice_core::deployment::DeploymentKind::Release,
        hotfix: None,
    }
}

/// A deployment to production, with a backup and an approval demanded.
fn deployment(trigger: &str) -> Deployment {
    let mut deployment = Deployment::open(&opening(trigger), at(0));
    deployment.approvals.insert(UserId::new("U024BE7LH"), at(1));
    deployment
}

fn saved(watcher: &mut Watcher, before: Option<&Deployment>, after: &Deployment) {
    save(watcher, before, after, &[], Some(at(60)));
}

fn save(
    watcher: &mut Watcher,
    before: Option<&Deployment>,
    after: &Deployment,
    records: &[Record],
    due_at: Option<Timestamp>,
) {
    watcher.judge_save(&Change {
        before,
        after,
        records,
        due_at,
        controls: Controls::default(),
    });
}

fn happened(watcher: &mut Watcher, what: Happened) {
    watcher.judge_fact(LedgerEntry { at: at(10), what });
}

fn broken(watcher: &Watcher) -> Vec<Invariant> {
    watcher
        .violations()
        .iter()
        .map(|violation| violation.invariant)
        .collect()
}

fn smoke_tests(deployment: &Deployment, failure: Option<&str>) -> Record {
    let result = SmokeResult {
        name: "the login page is served".to_owned(),
        failure: failure.map(str::to_owned),
    };
    let command: CommandKey = serde_json::from_str("\"run-smoke-tests\"").unwrap();
    let outcome = Outcome::SmokeTests(vec![result]);
    let entry = RecordedEntry::Event(Event::Done { command, outcome });
    sluice_words::note::append(
        &mut ChainEnd::start(),
        entry,
        at(9),
        Some(deployment),
        deployment,
    )
}

#[test]
fn two_that_touch_one_environment_are_seen() {
    let mut watcher = watcher();
    let (mut one, mut other) = (deployment("one"), deployment("other"));
    one.phase = Phase::Migrating;
    other.phase = Phase::AwaitingApproval;
    saved(&mut watcher, None, &one);
    saved(&mut watcher, None, &other);
    assert_eq!(broken(&watcher), []);
    other.phase = Phase::Migrating;
    saved(&mut watcher, None, &other);
    assert_eq!(broken(&watcher), [Invariant::OneActive]);
}

#[test]
fn one_after_the_other_is_well() {
    let mut watcher = watcher();
    let (mut one, mut other) = (deployment("one"), deployment("other"));
    one.phase = Phase::Migrating;
    saved(&mut watcher, None, &one);
    one.phase = Phase::Expired;
    saved(&mut watcher, None, &one);
    other.phase = Phase::Migrating;
    saved(&mut watcher, None, &other);
    assert_eq!(broken(&watcher), []);
}

#[test]
fn one_that_was_over_and_is_not_any_more_is_seen() {
    let mut watcher = watcher();
    let mut before = deployment("one");
    let after = before.clone();
    before.phase = Phase::Expired;
    saved(&mut watcher, Some(&before), &after);
    assert_eq!(broken(&watcher), [Invariant::OverIsOver]);
}

#[test]
fn one_that_nobody_looks_at_again_is_seen() {
    let mut watcher = watcher();
    save(&mut watcher, None, &deployment("one"), &[], None);
    assert_eq!(broken(&watcher), [Invariant::AlwaysDue]);
}

#[test]
fn one_that_nobody_approved_is_seen() {
    let mut watcher = watcher();
    let mut unapproved = deployment("one");
    unapproved.approvals.clear();
    unapproved.phase = Phase::Migrating;
    saved(&mut watcher, None, &unapproved);
    let mut own = deployment("two");
    own.requested_by = Requester::Person(UserId::new("U024BE7LH"));
    own.phase = Phase::Expired;
    unapproved.phase = Phase::Expired;
    saved(&mut watcher, None, &unapproved);
    own.phase = Phase::Migrating;
    saved(&mut watcher, None, &own);
    assert_eq!(broken(&watcher), [Invariant::Approved, Invariant::Approved]);
}

#[test]
fn a_success_that_ecs_knows_nothing_of_is_seen() {
    let mut watcher = watcher();
    let mut succeeded = deployment("one");
    let cluster = succeeded.settings.environment.cluster.clone();
    let services = succeeded.settings.services.clone();
    for service in &services {
        let revision = TaskDefinitionArn::new(format!("{}:2", service.name));
        succeeded
            .touched
            .task_definitions
            .insert(service.name.clone(), revision.clone());
        let ecs_service = succeeded
            .settings
            .placement(&service.name)
            .ecs_service
            .clone();
        let rollout = ServiceDeploymentArn::new(format!("rollout/{}", service.name));
        let by = Some((succeeded.id.clone(), Direction::Forward));
        happened(
            &mut watcher,
            Happened::ServiceUpdated {
                cluster: cluster.clone(),
                service: ecs_service.clone(),
                task_definition: revision,
                rollout: rollout.clone(),
                by,
            },
        );
        let status = if service.name.as_str() == "beat" {
            RolloutStatus::RollbackSuccessful
        } else {
            RolloutStatus::Successful
        };
        happened(
            &mut watcher,
            Happened::RolloutEnded {
                cluster: cluster.clone(),
                service: ecs_service,
                rollout,
                status,
            },
        );
    }
    succeeded.phase = Phase::Succeeded;
    saved(&mut watcher, None, &succeeded);
    assert_eq!(broken(&watcher), [Invariant::TrueSuccess]);
    assert!(
        watcher.violations()[0].detail.ends_with("for beat"),
        "{}",
        watcher.violations()[0]
    );
}

#[test]
fn a_migration_without_a_verified_snapshot_or_twice_is_seen() {
    let run = |deployment: &Deployment| Happened::TaskRun {
        cluster: ClusterName::new("erp-production"),
        task: TaskArn::new("task/1"),
        token: deployment.id.to_string(),
    };
    let mut watcher = watcher();
    let mut migrating = deployment("one");
    saved(&mut watcher, None, &migrating);
    happened(&mut watcher, run(&migrating));
    assert_eq!(broken(&watcher), [Invariant::BackedUp]);

    let snapshot = SnapshotId::new("sluice-production-dep");
    let account = migrating.settings.environment.account.clone();
    let database = "erp-production".to_owned();
    happened(
        &mut watcher,
        Happened::SnapshotAvailable {
            account,
            database,
            snapshot: snapshot.clone(),
        },
    );
    migrating.touched.snapshot = Some(snapshot);
    saved(&mut watcher, None, &migrating);
    happened(&mut watcher, run(&migrating));
    assert_eq!(
        broken(&watcher),
        [Invariant::BackedUp, Invariant::MigratedOnce]
    );
}

#[test]
fn a_shift_before_the_migration_and_the_smoke_tests_is_seen() {
    let mut watcher = watcher();
    let deployment = deployment("one");
    let cluster = ClusterName::new("erp-production");
    let service = EcsServiceName::new("erp-web");
    let rollout = ServiceDeploymentArn::new("rollout/web");
    let shifted = || Happened::TrafficShifted {
        cluster: cluster.clone(),
        service: service.clone(),
        rollout: rollout.clone(),
        percent: 10,
    };
    saved(&mut watcher, None, &deployment);
    happened(
        &mut watcher,
        Happened::ServiceUpdated {
            cluster: cluster.clone(),
            service: service.clone(),
            task_definition: TaskDefinitionArn::new("web:2"),
            rollout: rollout.clone(),
            by: Some((deployment.id.clone(), Direction::Forward)),
        },
    );
    happened(&mut watcher, shifted());
    happened(
        &mut watcher,
        Happened::TaskStopped {
            cluster: cluster.clone(),
            task: TaskArn::new("task/1"),
            token: deployment.id.to_string(),
            exit_code: Some(0),
        },
    );
    save(
        &mut watcher,
        None,
        &deployment,
        &[smoke_tests(&deployment, Some("500"))],
        Some(at(60)),
    );
    happened(&mut watcher, shifted());
    assert_eq!(broken(&watcher), [Invariant::Tested, Invariant::Tested]);
    assert!(
        watcher.violations()[0]
            .detail
            .contains("the migration has not succeeded")
    );
    assert!(
        !watcher.violations()[1]
            .detail
            .contains("the migration has not succeeded")
    );

    save(
        &mut watcher,
        None,
        &deployment,
        &[smoke_tests(&deployment, None)],
        Some(at(60)),
    );
    happened(&mut watcher, shifted());
    assert_eq!(broken(&watcher).len(), 2, "now it may");
}

#[test]
fn a_secret_in_a_record_or_a_state_is_seen() {
    let deployment = deployment("one");
    let clean = smoke_tests(&deployment, Some("500"));
    let leaking = smoke_tests(
        &deployment,
        Some("got hunter2-erp/production/database-url-0"),
    );
    let histories = [(deployment.id.clone(), vec![clean, leaking])];
    let found = super::secrets_in_histories(&[], &histories, at(0));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].invariant, Invariant::NoSecrets);
}

#[test]
fn what_begins_in_a_frozen_environment_is_seen_unless_it_was_overridden() {
    let frozen = || Controls {
        freeze: Some(Freeze {
            by: UserId::new("U024BE7LH"),
            at: at(0),
            until: None,
            reason: "the auditors are here".to_owned(),
        }),
        ..Controls::default()
    };
    let begin = |overridden: Option<Override>| {
        let mut watcher = watcher();
        let before = deployment("one");
        let mut after = before.clone();
        after.phase = Phase::Migrating;
        after.overridden = overridden;
        watcher.judge_save(&Change {
            before: Some(&before),
            after: &after,
            records: &[],
            due_at: Some(at(60)),
            controls: frozen(),
        });
        broken(&watcher)
    };
    assert_eq!(begin(None), [Invariant::Open]);
    let leave = Override {
        by: UserId::new("U024BE7LH"),
        at: at(1),
        reason: "the fix of the outage".to_owned(),
    };
    assert_eq!(begin(Some(leave)), []);
}

#[test]
fn one_that_begins_while_it_is_paused_is_seen() {
    let mut watcher = watcher();
    let mut before = deployment("one");
    before.paused = Some(Pause {
        by: UserId::new("U024BE7LH"),
        at: at(0),
        reason: "wait for me".to_owned(),
    });
    let mut after = before.clone();
    after.phase = Phase::Migrating;
    saved(&mut watcher, Some(&before), &after);
    assert_eq!(broken(&watcher), [Invariant::Paused]);
}
