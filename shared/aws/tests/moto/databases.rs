//! Databases and snapshots, on RDS.
//!
//! In moto a snapshot is `available` at once (one of an instance without saying that it is done to
//! 100 per cent, which Sluice would not take for proven) and a database never busy; that a snapshot makes
//! progress, and that RDS refuses one of a database that is being modified, only the simulated
//! cloud and RDS itself show.

use std::sync::Arc;

use sluice_app::ports::{Databases as _, Target};
use sluice_aws::{DEPLOYMENT_TAG, RdsDatabases};
use sluice_core::config::Database;
use sluice_core::failure::ErrorClass;
use sluice_core::id::SnapshotId;

use crate::{server, target};

async fn rds() -> (aws_sdk_rds::Client, RdsDatabases) {
    let client = aws_sdk_rds::Client::new(&server::config().await);
    (
        client,
        RdsDatabases::new(Arc::clone(&server::clients().await)),
    )
}

async fn instance(client: &aws_sdk_rds::Client, name: &str) -> Database {
    let request = client
        .create_db_instance()
        .db_instance_identifier(name)
        .db_instance_class("db.t4g.micro")
        .engine("postgres")
        .allocated_storage(20)
        .storage_encrypted(true)
        .master_username("erp")
        .master_user_password("not-a-secret");
    request.send().await.unwrap();
    Database::Instance(name.to_owned())
}

async fn cluster(client: &aws_sdk_rds::Client, name: &str) -> Database {
    let request = client
        .create_db_cluster()
        .db_cluster_identifier(name)
        .engine("aurora-postgresql")
        .master_username("erp")
        .master_user_password("not-a-secret");
    request.send().await.unwrap();
    Database::Cluster(name.to_owned())
}

fn id(name: &str) -> SnapshotId {
    SnapshotId::new(name)
}

async fn our_ids(databases: &RdsDatabases, target: &Target, database: &Database) -> Vec<String> {
    let ours = databases.our_snapshots(target, database).await.unwrap();
    let mut ids: Vec<_> = ours
        .iter()
        .map(|snapshot| snapshot.id.to_string())
        .collect();
    ids.sort();
    ids
}

/// The life of a snapshot, the same of an instance and of a cluster.
async fn lives_and_dies(
    databases: &RdsDatabases,
    database: &Database,
    name: &str,
    progress_when_available: u8,
) {
    let ours = &target("dep-1");
    assert_eq!(
        databases.snapshot(ours, database, &id(name)).await.unwrap(),
        None
    );
    for _ in 0..2 {
        databases
            .ensure_snapshot(ours, database, &id(name))
            .await
            .unwrap();
    }
    let seen = databases
        .snapshot(ours, database, &id(name))
        .await
        .unwrap()
        .unwrap();
    let expected = (id(name), "available", progress_when_available);
    assert_eq!((seen.id, &*seen.status, seen.progress), expected);
    assert!(seen.created_at.is_some());
    assert_eq!(our_ids(databases, ours, database).await, [name]);

    let theirs = databases
        .ensure_snapshot(&target("dep-2"), database, &id(name))
        .await;
    let error = theirs.unwrap_err();
    assert_eq!(error.class, ErrorClass::NeedsPerson, "{error}");

    for _ in 0..2 {
        databases
            .ensure_no_snapshot(ours, database, &id(name))
            .await
            .unwrap();
    }
    assert_eq!(
        databases.snapshot(ours, database, &id(name)).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_snapshot_of_an_instance_lives_and_dies() {
    let (client, databases) = rds().await;
    let database = instance(&client, "erp-life").await;
    let seen = databases
        .database(&target("dep-1"), &database)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (&*seen.status, &*seen.engine, seen.storage_gib),
        ("available", "postgres", 20)
    );
    assert!(seen.encrypted && !seen.engine_version.is_empty());
    lives_and_dies(&databases, &database, "sluice-life", 0).await;
}

#[tokio::test]
async fn a_snapshot_of_a_cluster_lives_and_dies() {
    let (client, databases) = rds().await;
    let database = cluster(&client, "erp-cluster-life").await;
    let seen = databases
        .database(&target("dep-1"), &database)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (&*seen.status, &*seen.engine, seen.storage_gib),
        ("available", "aurora-postgresql", 0)
    );
    lives_and_dies(&databases, &database, "sluice-cluster-life", 100).await;
}

#[tokio::test]
async fn a_foreign_snapshot_is_neither_counted_nor_touched() {
    let (client, databases) = rds().await;
    let database = instance(&client, "erp-foreign").await;
    let foreign = "by-hand";
    let by_hand = client.create_db_snapshot().db_snapshot_identifier(foreign);
    by_hand
        .db_instance_identifier("erp-foreign")
        .send()
        .await
        .unwrap();
    let ours = target("dep-1");
    databases
        .ensure_snapshot(&ours, &database, &id("sluice-foreign"))
        .await
        .unwrap();

    assert_eq!(
        our_ids(&databases, &ours, &database).await,
        ["sluice-foreign"]
    );
    assert_eq!(
        databases
            .snapshot(&ours, &database, &id(foreign))
            .await
            .unwrap(),
        None
    );
    let taken = databases
        .ensure_snapshot(&ours, &database, &id(foreign))
        .await
        .unwrap_err();
    assert_eq!(taken.class, ErrorClass::NeedsPerson, "{taken}");
    let kept = databases
        .ensure_no_snapshot(&ours, &database, &id(foreign))
        .await
        .unwrap_err();
    assert_eq!(kept.class, ErrorClass::Permanent, "{kept}");
    let other = instance(&client, "erp-foreign-2").await;
    let kept = databases
        .ensure_no_snapshot(&ours, &other, &id("sluice-foreign"))
        .await;
    assert_eq!(
        kept.unwrap_err().class,
        ErrorClass::Permanent,
        "it is of another database"
    );

    let there = client
        .describe_db_snapshots()
        .db_instance_identifier("erp-foreign");
    let there = there.snapshot_type("manual").send().await;
    let mut there: Vec<_> = there
        .unwrap()
        .db_snapshots
        .unwrap()
        .into_iter()
        .map(|snapshot| snapshot.db_snapshot_identifier.unwrap())
        .collect();
    there.sort();
    assert_eq!(there, [foreign, "sluice-foreign"]);
}

#[tokio::test]
async fn every_page_of_snapshots_is_read() {
    let (client, databases) = rds().await;
    let database = instance(&client, "erp-pages").await;
    let ours = target("dep-1");
    let mut expected = Vec::new();
    for n in 0..130 {
        let name = format!("sluice-page-{n:03}");
        databases
            .ensure_snapshot(&ours, &database, &id(&name))
            .await
            .unwrap();
        expected.push(name);
    }
    assert_eq!(our_ids(&databases, &ours, &database).await, expected);
    assert_eq!(
        DEPLOYMENT_TAG, "sluice:deployment",
        "what people filter by in the console"
    );
}

#[tokio::test]
async fn a_database_that_is_not_there_is_none() {
    let (_, databases) = rds().await;
    for database in [
        Database::Instance("nobody".into()),
        Database::Cluster("nobody".into()),
    ] {
        let seen = databases
            .database(&target("dep-1"), &database)
            .await
            .unwrap();
        assert_eq!(seen, None);
    }
}
