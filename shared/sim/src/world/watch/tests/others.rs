//! Registrations, singletons, ways back, databases and histories, each broken on purpose.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_app::ports::Stored;
use sluice_core::config::Database;
use sluice_core::database::RestorePoint;
use sluice_core::deployment::Deployment;
use sluice_core::deployment::DeploymentKind;
use sluice_core::failure::Cause;
use sluice_core::history::{ChainEnd, Record, RecordedEntry};
use sluice_core::id::{
    AccountId, ClusterName, DeploymentId, EcsServiceName, ImageTag, TaskArn, TaskDefinitionArn,
};
use sluice_core::phase::Phase;
use sluice_core::plan::PlannedRestore;
use sluice_core::release::VerifiedRelease;
use sluice_core::restore::Stands;
use sluice_core::rollback::Rollback;

use super::super::restores::names_that_are_wrong;
use super::super::{Invariant, replay_problems};
use super::{at, broken, deployment, happened, saved, watcher};
use crate::cloud::Happened;

fn rollback() -> DeploymentKind {
    let d = deployment("before");
    DeploymentKind::Rollback(Box::new(Rollback {
        to: VerifiedRelease {
            release: d.release.clone(),
            deployment: d.id,
            at: at(0),
            migrated: false,
            additive: false,
            restores: None,
            database_of: None,
        },
        from: Some(ImageTag::new("v1.5.0")),
        reason: "invoices are wrong".to_owned(),
        revisions: BTreeMap::new(),
        secrets: Vec::new(),
        migrated: Vec::new(),
    }))
}

#[test]
fn two_tasks_of_a_singleton_are_seen() {
    let mut watcher = watcher();
    let d = deployment("one");
    let config = super::config();
    let cluster = ClusterName::new("erp-production");
    watcher.cloud.lock().unwrap().furnish(&config);
    saved(&mut watcher, None, &d);
    assert_eq!(watcher.running_twice(), []);
    let beat = EcsServiceName::new("erp-beat");
    watcher.cloud.lock().unwrap().scale(&cluster, &beat, 2);
    let twice = watcher.running_twice();
    assert_eq!(twice.len(), 1);
    assert_eq!(twice[0].invariant, Invariant::OneSingleton);
}

#[test]
fn a_rollback_that_gives_way_or_migrates_is_seen() {
    let mut watcher = watcher();
    let mut d = deployment("back");
    d.kind = rollback();
    saved(&mut watcher, None, &d);
    happened(
        &mut watcher,
        Happened::TaskRun {
            cluster: ClusterName::new("erp-production"),
            task: TaskArn::new("task/1"),
            token: d.id.to_string(),
        },
    );
    assert_eq!(broken(&watcher), [Invariant::PlainRollback]);
    d.phase = Phase::Superseded {
        by: deployment("other").id,
    };
    saved(&mut watcher, None, &d);
    assert_eq!(broken(&watcher)[1..], [Invariant::PlainRollback]);
}

#[test]
fn a_database_that_is_deleted_and_is_no_rehearsal_is_seen() {
    let gone = |purpose: Option<&str>, asked: bool| {
        let mut watcher = watcher();
        happened(
            &mut watcher,
            Happened::DatabaseGone {
                account: AccountId::new("222222222222"),
                database: "erp-production".to_owned(),
                resource_id: "db-1".to_owned(),
                deployment: purpose.map(|_| deployment("one").id.to_string()),
                purpose: purpose.map(str::to_owned),
                asked,
            },
        );
        broken(&watcher)
    };
    assert_eq!(gone(Some("restore"), true), [Invariant::NoDatabaseDeleted]);
    assert_eq!(gone(None, true), [Invariant::NoDatabaseDeleted]);
    assert_eq!(gone(Some("rehearsal"), true), []);
    assert_eq!(gone(None, false), [], "somebody else's hand");
}

#[test]
fn a_history_that_leads_elsewhere_is_seen() {
    let opening = super::opening("one");
    let opened = Deployment::open(&opening, at(0));
    let entry = RecordedEntry::Opened(Box::new(opening));
    let record = sluice_words::note::append(&mut ChainEnd::start(), entry, at(0), None, &opened);
    let histories = [(opened.id.clone(), vec![record])];
    let problems = |phase: &Phase, histories: &[(DeploymentId, Vec<Record>)]| {
        let mut deployment = opened.clone();
        deployment.phase = phase.clone();
        let stored = Stored {
            deployment: Arc::new(deployment),
            version: 1,
            chain: ChainEnd::start(),
            due_at: None,
        };
        let found = replay_problems(&[stored], histories, at(1));
        let found = found.into_iter().map(|violation| violation.invariant);
        found.collect::<Vec<_>>()
    };
    assert_eq!(problems(&Phase::Queued, &histories), []);
    let elsewhere = problems(&Phase::Expired, &histories);
    assert_eq!(elsewhere, [Invariant::Replayable]);
    assert_eq!(problems(&Phase::Queued, &[]), [Invariant::Replayable]);
}

#[test]
fn a_restore_that_left_the_names_as_they_were_is_seen() {
    let watcher = watcher();
    watcher.cloud.lock().unwrap().furnish(&super::config());
    let database = |name: &str| Database::Instance(name.to_owned());
    let resource_id = |name: &str| {
        let cloud = watcher.cloud.lock().unwrap();
        cloud.database_named(name).unwrap_or("db-none").to_owned()
    };
    let planned = PlannedRestore {
        database: database("erp-production"),
        resource_id: resource_id("erp-production"),
        point: RestorePoint::Time(at(0)),
        until: at(0),
        before: deployment("before").id,
        undoes: ImageTag::new("v1.4.0"),
        from: None,
        reason: "the migration lost orders".to_owned(),
        copy: database("erp-production-restored"),
        aside: database("erp-production-before"),
    };
    let wrong = |phase: &Phase, planned: &PlannedRestore| {
        let cloud = watcher.cloud.lock().unwrap();
        names_that_are_wrong(&cloud, phase, planned)
    };
    let failed = Phase::RestoreFailed {
        cause: Cause::NotRestored("RDS made no copy".to_owned()),
        stands: Stands::AsBefore,
    };
    assert_eq!(wrong(&failed, &planned), [""; 0]);
    assert_eq!(
        wrong(&Phase::Restored, &planned),
        [
            "erp-production-before is not the old database",
            "erp-production is not the restored database"
        ]
    );
}

#[test]
fn one_that_registers_an_image_that_nobody_approved_is_seen() {
    let mut watcher = watcher();
    let mut waits = deployment("one");
    waits.phase = Phase::AwaitingApproval;
    saved(&mut watcher, None, &waits);
    let registered = |name: &str| Happened::TaskDefinitionRegistered {
        account: waits.settings.environment.account.clone(),
        task_definition: TaskDefinitionArn::new(format!("arn:task-definition/{name}:2")),
        by: Some(waits.id.clone()),
    };
    happened(&mut watcher, registered("erp-web-inspection"));
    assert_eq!(broken(&watcher), []);
    happened(&mut watcher, registered("erp-web"));
    assert_eq!(broken(&watcher), [Invariant::Approved]);
    let mut goes_on = waits.clone();
    goes_on.phase = Phase::Migrating;
    saved(&mut watcher, Some(&waits), &goes_on);
    happened(&mut watcher, registered("erp-web"));
    assert_eq!(
        broken(&watcher),
        [Invariant::Approved],
        "it was let through"
    );
}
