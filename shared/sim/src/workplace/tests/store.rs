//! The store in bad weather. What it promises as a port stands in `tests/contracts`.

use std::sync::Arc;

use jiff::SignedDuration;
use sluice_app::ports::{Opened as Outcome, Save, SaveError, Store};
use sluice_core::event::Event;
use sluice_core::failure::ErrorClass;
use sluice_core::history::RecordedEntry;
use sluice_core::id::UserId;
use sluice_core::phase::Phase;

use super::{Opened, at, cloud_and_gate, now, opened};
use crate::cloud::{Fault, Lag, Operation};
use crate::workplace::MemoryStore;

fn open(store: &MemoryStore, opened: &Opened) -> Outcome {
    let Opened {
        deployment,
        first,
        chain,
    } = opened;
    now(store.open(deployment, first, chain, at(30), 0)).unwrap()
}

/// Somebody calls the deployment off: a change of it, made from version 1.
fn cancelled(opened: &Opened) -> Save {
    let mut deployment = opened.deployment.clone();
    let by = UserId::new("U024BE7LH");
    deployment.phase = Phase::Cancelled { by: by.clone() };
    let mut chain = opened.chain.clone();
    let entry = RecordedEntry::Event(Event::Cancel {
        by,
        groups: std::collections::BTreeSet::new(),
    });
    let record = sluice_words::note::append(
        &mut chain,
        entry,
        at(60),
        Some(&opened.deployment),
        &deployment,
    );
    Save {
        deployment: Arc::new(deployment),
        expected_version: 1,
        records: vec![record],
        chain,
        due_at: None,
        frees_environment: true,
        holds_environment: None,
        proves: None,
    }
}

#[test]
fn a_save_whose_answer_is_lost_is_stored_and_the_retry_conflicts() {
    let (cloud, gate) = cloud_and_gate();
    let store = MemoryStore::new(gate, None);
    let push = opened('a', 0);
    assert_eq!(open(&store, &push), Outcome::New);
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

#[test]
fn the_index_of_what_is_due_lags_and_the_table_does_not() {
    let (cloud, gate) = cloud_and_gate();
    cloud
        .lock()
        .unwrap()
        .set_lag(Lag::exactly(SignedDuration::from_secs(20)));
    let store = MemoryStore::new(gate, None);
    let push = opened('a', 0);
    open(&store, &push);
    let due = || now(store.due(at(60), None, 10)).unwrap().len();
    assert!(now(store.load(&push.deployment.id)).unwrap().is_some());
    assert_eq!((due(), store.unfinished()), (0, 1));
    cloud.lock().unwrap().advance_to(at(20));
    assert_eq!(due(), 1);
    now(store.save(cancelled(&push))).unwrap();
    assert_eq!((due(), store.unfinished()), (1, 0));
    cloud.lock().unwrap().advance_to(at(40));
    assert_eq!(due(), 0);
}
