//! Histories that are longer than an item, a page or a transaction.

use sluice_app::ports::{SaveError, Store};
use sluice_core::failure::ErrorClass;
use sluice_core::history::verify;

use crate::deployments::{change, deployment};
use crate::faces::moto;
use crate::ports::store::{Stage as _, open};

#[tokio::test]
async fn a_history_of_three_thousand_records_is_read_whole() {
    let stage = moto::stage().await;
    let store: &dyn Store = stage.store();
    let one = deployment("erp", 1, 0);
    let id = &one.deployment.id;
    open(store, &one).await;
    let mut stored = store.load(id).await.unwrap().unwrap();
    // 200 at once is more than a transaction has writes.
    for records in [1, 89, 90, 91, 200, 529, 1_000, 1_000] {
        let save = change(&stored, records);
        stored.version += 1;
        stored.chain = save.chain.clone();
        store.save(save).await.unwrap();
    }
    let history = store.history(id).await.unwrap();
    assert_eq!(history.len(), 3_001);
    assert_eq!(verify(&history).unwrap(), stored.chain);
    assert_eq!(
        store.load(id).await.unwrap().unwrap(),
        stored,
        "the deployment stays small"
    );
}

#[tokio::test]
async fn a_history_of_many_megabytes_comes_in_pages() {
    let stage = moto::stage().await;
    let store: &dyn Store = stage.store();
    let one = deployment("erp", 1, 0);
    let id = &one.deployment.id;
    open(store, &one).await;
    let mut stored = store.load(id).await.unwrap().unwrap();
    for _ in 0..12 {
        let mut save = change(&stored, 1);
        // The chain is not the store's business: what it was given comes back.
        save.records[0].notes = vec!["a line of a log ".repeat(20_000)];
        stored.version += 1;
        stored.chain = save.chain.clone();
        store.save(save).await.unwrap();
    }
    let history = store.history(id).await.unwrap();
    let bytes: usize = history
        .iter()
        .flat_map(|record| &record.notes)
        .map(String::len)
        .sum();
    assert_eq!(
        (history.len(), bytes),
        (13, 12 * 320_000 + history[0].notes[0].len())
    );
}

#[tokio::test]
async fn what_no_item_holds_is_refused_by_name() {
    let stage = moto::stage().await;
    let store: &dyn Store = stage.store();
    let one = deployment("erp", 1, 0);
    open(store, &one).await;
    let mut save = change(&store.load(&one.deployment.id).await.unwrap().unwrap(), 1);
    save.records[0].notes = vec!["x".repeat(500_000)];
    let Err(SaveError::Port(error)) = store.save(save).await else {
        panic!("an item of 500 KB was stored");
    };
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(
        error
            .message
            .contains(&format!("record 1 of {}", one.deployment.id)),
        "{error}"
    );
}
