//! The store's conditional writes.

use sluice_app::ports::{EnvironmentKey, Opened as Outcome, Save, SaveError, Store};
use sluice_core::controls::Hold;
use sluice_core::event::{Claim, Event};
use sluice_core::failure::ErrorClass;
use sluice_core::history::{self, RecordedEntry};
use sluice_core::id::SlackUserId;
use sluice_core::phase::Phase;
use sluice_core::release::ProvenRelease;

use super::{Opened, at, cloud_and_gate, now, opened};
use crate::cloud::{Fault, Operation};
use crate::workplace::MemoryStore;

fn store() -> MemoryStore {
    MemoryStore::new(cloud_and_gate().1, None)
}

fn open(store: &MemoryStore, opened: &Opened) -> Outcome {
    let version = now(store.environment(&key(opened))).unwrap().version;
    open_at(store, opened, version)
}

fn open_at(store: &MemoryStore, opened: &Opened, version: u64) -> Outcome {
    let Opened {
        deployment,
        first,
        chain,
    } = opened;
    now(store.open(deployment, first, chain, at(30), version)).unwrap()
}

fn key(opened: &Opened) -> EnvironmentKey {
    EnvironmentKey::of(&opened.deployment)
}

/// Somebody calls the deployment off: a change of it, made from version 1.
fn cancelled(opened: &Opened) -> Save {
    let mut deployment = opened.deployment.clone();
    let by = SlackUserId::new("U024BE7LH");
    deployment.phase = Phase::Cancelled { by: by.clone() };
    let mut chain = opened.chain.clone();
    let entry = RecordedEntry::Event(Event::Cancel {
        by,
        groups: std::collections::BTreeSet::new(),
    });
    let record = chain.append(entry, at(60), Some(&opened.deployment), &deployment);
    Save {
        deployment,
        expected_version: 1,
        records: vec![record],
        chain,
        due_at: None,
        frees_environment: true,
        holds_environment: None,
        proves: None,
    }
}

fn hold(reason: &str) -> Hold {
    Hold {
        by: None,
        at: at(60),
        reason: reason.to_owned(),
    }
}

#[test]
fn a_save_that_frees_an_environment_can_hold_it_and_leaves_a_hold_as_it_is() {
    let store = store();
    let (first, second) = (opened('a', 0), opened('b', 1));
    for (opened, reason) in [(&first, "one"), (&second, "two")] {
        open(&store, opened);
        let save = Save {
            holds_environment: Some(hold(reason)),
            ..cancelled(opened)
        };
        now(store.save(save)).unwrap();
        let state = now(store.environment(&key(opened))).unwrap();
        assert_eq!(state.hold, Some(hold("one")));
    }
}

#[test]
fn a_trigger_that_comes_twice_opens_once() {
    let store = store();
    let push = opened('a', 0);
    assert_eq!(open(&store, &push), Outcome::New);
    assert_eq!(open(&store, &push), Outcome::AlreadyThere);
    assert_eq!(
        open_at(&store, &push, 0),
        Outcome::AlreadyThere,
        "whatever version was read"
    );
    assert_eq!(now(store.history(&push.deployment.id)).unwrap().len(), 1);
}

#[test]
fn two_that_read_the_environment_at_once_do_not_both_open() {
    let store = store();
    let (one, other) = (opened('a', 0), opened('b', 1));
    assert_eq!(open_at(&store, &one, 0), Outcome::New);
    assert_eq!(open_at(&store, &other, 0), Outcome::Conflict);
    assert_eq!(
        now(store.load(&other.deployment.id)).unwrap(),
        None,
        "nothing of it is stored"
    );
    assert_eq!(open(&store, &other), Outcome::New);
}

#[test]
fn the_newest_is_the_one_pushed_last_whatever_the_order_of_arrival() {
    let store = store();
    let (older, newer) = (opened('a', 0), opened('b', 5));
    assert_eq!(open(&store, &newer), Outcome::New);
    assert_eq!(open(&store, &older), Outcome::New);
    let newest = now(store.environment(&key(&older)))
        .unwrap()
        .newest
        .unwrap();
    assert_eq!(newest.deployment, newer.deployment.id);
}

#[test]
fn of_two_saves_from_one_version_the_second_conflicts_and_changes_nothing() {
    let store = store();
    let push = opened('a', 0);
    open(&store, &push);
    now(store.save(cancelled(&push))).unwrap();
    let after_first = now(store.load(&push.deployment.id)).unwrap();
    assert_eq!(now(store.save(cancelled(&push))), Err(SaveError::Conflict));
    assert_eq!(now(store.load(&push.deployment.id)).unwrap(), after_first);
    let records = now(store.history(&push.deployment.id)).unwrap();
    assert_eq!(records.len(), 2);
    assert!(history::verify(&records).is_ok());
}

#[test]
fn a_record_that_does_not_follow_is_not_appended() {
    let store = store();
    let push = opened('a', 0);
    open(&store, &push);
    let mut save = cancelled(&push);
    save.records[0].seq = 7;
    assert_eq!(now(store.save(save)), Err(SaveError::Conflict));
}

#[test]
fn the_environment_has_one_holder_until_it_is_given_free() {
    let store = store();
    let (older, newer) = (opened('a', 0), opened('b', 5));
    let (key, first, second) = (key(&older), &older.deployment.id, &newer.deployment.id);
    open(&store, &older);
    assert_eq!(now(store.claim(&key, first)), Ok(Claim::Granted));
    assert_eq!(
        now(store.claim(&key, first)),
        Ok(Claim::Granted),
        "asked again by its holder"
    );
    open(&store, &newer);
    assert_eq!(
        now(store.claim(&key, second)),
        Ok(Claim::HeldBy(first.clone()))
    );

    now(store.save(cancelled(&older))).unwrap();
    assert_eq!(now(store.claim(&key, second)), Ok(Claim::Granted));
    assert_eq!(
        now(store.claim(&key, first)),
        Ok(Claim::SupersededBy(second.clone())),
        "an older release never comes after a newer one"
    );
}

#[test]
fn one_that_does_not_hold_the_environment_does_not_free_it() {
    let store = store();
    let (holder, waiting) = (opened('a', 0), opened('b', 5));
    let key = key(&holder);
    open(&store, &holder);
    now(store.claim(&key, &holder.deployment.id)).unwrap();
    open(&store, &waiting);
    now(store.save(cancelled(&waiting))).unwrap();
    let active = now(store.environment(&key)).unwrap().active;
    assert_eq!(active, Some(holder.deployment.id));
}

#[test]
fn the_due_are_given_longest_due_first_and_never_before_their_time() {
    let store = store();
    let (one, other) = (opened('a', 0), opened('b', 1));
    open(&store, &one);
    open(&store, &other);
    let (one, other) = (&one.deployment.id, &other.deployment.id);
    now(store.set_due(one, 1, Some(at(100)))).unwrap();
    now(store.set_due(other, 1, Some(at(50)))).unwrap();
    now(store.set_due(other, 9, Some(at(500)))).unwrap(); // made from a version that is not there
    let due = |before| {
        let due = now(store.due(at(before), 10)).unwrap();
        due.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(due(50), []);
    assert_eq!(due(51), std::slice::from_ref(other));
    assert_eq!(due(101), [other.clone(), one.clone()]);
    assert_eq!(
        now(store.due(at(101), 1)).unwrap(),
        [(other.clone(), at(50))]
    );
    now(store.set_due(other, 1, None)).unwrap();
    assert_eq!(due(1000), std::slice::from_ref(one));
    assert_eq!(store.unfinished(), 1);
}

#[test]
fn proof_is_kept_for_each_digest() {
    let store = store();
    let (one, other) = (opened('a', 0), opened('b', 1));
    let key = key(&one);
    let proof = |opened: &Opened| ProvenRelease {
        release: opened.deployment.release.clone(),
        deployment: opened.deployment.id.clone(),
        at: at(60),
        migrated: false,
        restores: None,
    };
    for push in [&one, &other] {
        open(&store, push);
        let proves = Some(proof(push));
        now(store.save(Save {
            proves,
            ..cancelled(push)
        }))
        .unwrap();
    }
    let digest = &one.deployment.release.digest;
    assert_eq!(now(store.proven(&key, digest)), Ok(Some(proof(&one))));
    assert_eq!(
        now(store.environment(&key)).unwrap().proven,
        Some(proof(&other))
    );
    let newest_first = [proof(&other), proof(&one)];
    assert_eq!(now(store.proven_releases(&key, 10)).unwrap(), newest_first);
    assert_eq!(
        now(store.proven_releases(&key, 1)).unwrap(),
        newest_first[..1]
    );
    let told = now(Store::deployments(&store, &key, 10)).unwrap();
    let ids: Vec<_> = told.iter().map(|one| &one.id).collect();
    assert_eq!(ids, [&other.deployment.id, &one.deployment.id]);
    assert_eq!(now(Store::deployments(&store, &key, 1)).unwrap(), told[..1]);
    assert_eq!(
        now(store.proven(&key, &opened('c', 0).deployment.release.digest)),
        Ok(None)
    );
}

#[test]
fn a_save_whose_answer_is_lost_is_stored_and_the_retry_conflicts() {
    let (cloud, gate) = cloud_and_gate();
    let store = MemoryStore::new(gate, None);
    let push = opened('a', 0);
    open(&store, &push);
    let fault = |fault| {
        cloud
            .lock()
            .unwrap()
            .faults()
            .nth(Operation::TransactWriteItems, 1, fault);
    };
    fault(Fault::Throttle);
    let Err(SaveError::Port(error)) = now(store.save(cancelled(&push))) else {
        panic!("a throttled save is an error");
    };
    assert_eq!(error.class, ErrorClass::Retryable);
    assert_eq!(store.deployment(&push.deployment.id).unwrap().version, 1);

    fault(Fault::LoseAnswer);
    assert!(matches!(
        now(store.save(cancelled(&push))),
        Err(SaveError::Port(_))
    ));
    assert_eq!(store.deployment(&push.deployment.id).unwrap().version, 2);
    assert_eq!(now(store.save(cancelled(&push))), Err(SaveError::Conflict));
}
