//! What earlier versions stored in DynamoDB must still load: deployments are under way while Sluice
//! itself is upgraded. `tests/stored/v1-table.json` was written by the store of schema version 1, and is
//! never renewed once that is released: what breaks it breaks somebody's deployment.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use sluice_app::ports::{EnvironmentKey, MessageRef, Save, Shown, Store, Stored};
use sluice_core::failure::ErrorClass;
use sluice_core::history::{Record, replay, verify};

use crate::deployments::proof;
use crate::faces::moto;
use crate::ports::store::Stage as _;

/// The history that the table holds: one of a deployment that was rolled back.
fn history() -> Vec<Record> {
    serde_json::from_str(include_str!("../../stored/v1-history.json")).unwrap()
}

/// The items of the table, as DynamoDB writes them in JSON.
fn items() -> Vec<Value> {
    serde_json::from_str(include_str!("../../stored/v1-table.json")).unwrap()
}

/// When the deployment is to be looked at next.
fn due_at() -> Timestamp {
    "2026-03-02T12:00:00.5Z".parse().unwrap()
}

#[tokio::test]
async fn a_table_of_version_1_is_read_whole() {
    let stage = moto::stage().await;
    for item in items() {
        assert_eq!(item["schema"], json!({"N": "1"}), "{item}");
        stage.put_item(&item);
    }
    let store: &dyn Store = stage.store();
    let history = history();
    let deployment = replay(&history).unwrap();
    let (id, key) = (&deployment.id, EnvironmentKey::of(&deployment));

    assert_eq!(store.history(id).await.unwrap(), history);
    let stored = store.load(id).await.unwrap().unwrap();
    let expected = Stored {
        deployment: Arc::new(deployment.clone()),
        version: 2,
        chain: verify(&history).unwrap(),
        due_at: Some(due_at()),
    };
    assert_eq!(stored, expected);
    let due = store.due(Timestamp::MAX, None, 10).await.unwrap();
    assert_eq!(due, [(id.clone(), due_at())]);

    let environment = store.environment(&key).await.unwrap();
    assert_eq!(environment.version, 3, "opened, claimed, verified");
    assert_eq!(environment.active.as_ref(), Some(id));
    assert_eq!(environment.newest.unwrap().deployment, *id);
    let digest = &deployment.release.digest;
    let verified = store.verified(&key, digest).await.unwrap().unwrap();
    assert_eq!((&verified.deployment, verified.at), (id, due_at()));
    assert_eq!(environment.verified, Some(verified));

    let shown = store.shown(id).await.unwrap();
    assert_eq!((shown.version, shown.told), (2, 5));
    assert_eq!(shown.message.unwrap().channel, "C1");
}

/// Functions are replaced one after the other: the older one leaves alone what the newer wrote.
#[tokio::test]
async fn an_item_of_a_later_version_is_not_guessed_at() {
    let stage = moto::stage().await;
    for mut item in items() {
        item["schema"] = json!({"N": "2"});
        stage.put_item(&item);
    }
    let id = replay(&history()).unwrap().id;
    let error = stage.store().load(&id).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Newer, "{error}");
}

#[tokio::test]
#[ignore = "writes tests/stored/v1-table.json again, from v1-history.json"]
async fn writes_version_1() {
    let stage = moto::stage().await;
    let store: &dyn Store = stage.store();
    let history = history();
    let deployment = replay(&history).unwrap();
    let (id, key) = (&deployment.id, EnvironmentKey::of(&deployment));
    let (first, rest) = history.split_first().unwrap();
    let opened = replay(std::slice::from_ref(first)).unwrap();
    let chain = verify(std::slice::from_ref(first)).unwrap();
    store
        .open(&opened, first, &chain, first.at, 0)
        .await
        .unwrap();
    store.claim(&key, id).await.unwrap();
    let save = Save {
        deployment: Arc::new(deployment.clone()),
        expected_version: 1,
        records: rest.to_vec(),
        chain: verify(&history).unwrap(),
        due_at: Some(due_at()),
        frees_environment: false,
        holds_environment: None,
        proves: Some(proof(&deployment, due_at())),
    };
    store.save(save).await.unwrap();
    let message = MessageRef {
        channel: "C1".to_owned(),
        ts: "1.2".to_owned(),
    };
    let shown = Shown {
        message: Some(message),
        version: 2,
        told: 5,
        ..Shown::default()
    };
    store.set_shown(id, &shown).await.unwrap();
    let mut items: Vec<String> = stage.items().iter().map(Value::to_string).collect();
    items.sort();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../stored/v1-table.json");
    std::fs::write(path, format!("[\n{}\n]\n", items.join(",\n"))).unwrap();
}
