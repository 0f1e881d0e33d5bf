//! Copies of Aurora clusters.

use serde_json::Value;
use sluice_app::ports::Databases as _;
use sluice_core::config::Database;
use sluice_core::database::{CopyOrder, CopyPurpose, CopyStatus, RestorePoint};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::SnapshotId;

use crate::RdsDatabases;
use crate::test_cloud::{Answer, Asked, TestCloud, target};

const OURS: &str = "<Tag><Key>sluice:deployment</Key><Value>dep-0123456789abcdef</Value></Tag>\
     <Tag><Key>sluice:purpose</Key><Value>rehearsal</Value></Tag>";
const A_REPLACEMENT: &str = "<Tag><Key>sluice:deployment</Key><Value>dep-0123456789abcdef</Value></Tag>\
     <Tag><Key>sluice:purpose</Key><Value>replacement</Value></Tag>";

/// A cluster with its members: the first of them writes.
fn cluster(name: &str, engine: &str, tags: &str, members: &[&str]) -> String {
    let members = members.iter().enumerate().map(|(at, member)| {
        format!(
            "<DBClusterMember><DBInstanceIdentifier>{member}</DBInstanceIdentifier>\
             <IsClusterWriter>{}</IsClusterWriter></DBClusterMember>",
            at == 0
        )
    });
    let members: String = members.collect();
    format!(
        "<DBCluster><DBClusterIdentifier>{name}</DBClusterIdentifier><Status>available</Status>\
         <Engine>{engine}</Engine><EngineMode>provisioned</EngineMode><Port>5432</Port>\
         <Endpoint>{name}.example.com</Endpoint>\
         <DbClusterResourceId>cluster-{name}</DbClusterResourceId>\
         <DBSubnetGroup>erp</DBSubnetGroup>\
         <DBClusterParameterGroup>erp-aurora16</DBClusterParameterGroup>\
         <ServerlessV2ScalingConfiguration><MinCapacity>0.5</MinCapacity>\
         <MaxCapacity>8</MaxCapacity></ServerlessV2ScalingConfiguration>\
         <DBClusterMembers>{members}</DBClusterMembers><TagList>{tags}</TagList></DBCluster>"
    )
}

fn member(name: &str, class: &str, tier: u8, status: &str, tags: &str) -> String {
    format!(
        "<DBInstance><DBInstanceIdentifier>{name}</DBInstanceIdentifier>\
         <DBInstanceStatus>{status}</DBInstanceStatus><Engine>aurora-postgresql</Engine>\
         <DBInstanceClass>{class}</DBInstanceClass><PromotionTier>{tier}</PromotionTier>\
         <PubliclyAccessible>true</PubliclyAccessible><MonitoringInterval>60</MonitoringInterval>\
         <TagList>{tags}</TagList></DBInstance>"
    )
}

/// The source: its writer is promoted after its reader.
fn source() -> (String, String) {
    let members = [
        member("erp-a", "db.serverless", 0, "available", ""),
        member("erp-b", "db.r7g.large", 1, "available", ""),
    ];
    let cluster = cluster("erp", "aurora-postgresql", "", &["erp-b", "erp-a"]);
    (cluster, members.concat())
}

/// RDS with the source, and with this copy, if any, and its members.
fn rds(source: (String, String), copy: Option<(String, String)>) -> TestCloud {
    TestCloud::new(move |asked: &Asked| {
        let operation = asked.operation.as_str();
        let named = asked.body["DBClusterIdentifier"].as_str();
        let members_of = asked.body["Filters.Filter.1.Values.Value.1"].as_str();
        let of = |name: Option<&str>| match name {
            Some("erp") => Some(&source),
            Some("erp-copy") => copy.as_ref(),
            _ => None,
        };
        let list = match operation {
            "DescribeDBClusters" => match of(named) {
                Some((cluster, _)) => format!("<DBClusters>{cluster}</DBClusters>"),
                None => return Answer::xml_error(404, "DBClusterNotFoundFault", "not found"),
            },
            "DescribeDBInstances" => {
                let members = of(members_of).map_or("", |(_, members)| members);
                format!("<DBInstances>{members}</DBInstances>")
            }
            _ => String::new(),
        };
        Answer::xml(&format!(
            "<{operation}Response><{operation}Result>{list}</{operation}Result>\
             </{operation}Response>"
        ))
    })
}

fn order(purpose: CopyPurpose) -> CopyOrder {
    CopyOrder {
        source: Database::Cluster("erp".to_owned()),
        from: RestorePoint::Snapshot(SnapshotId::new("sluice-1")),
        copy: Database::Cluster("erp-copy".to_owned()),
        purpose,
    }
}

async fn ensure(cloud: &TestCloud, order: &CopyOrder) -> Result<(), PortError> {
    let databases = RdsDatabases::new(cloud.clients.clone());
    databases.ensure_copy(&target(), order).await
}

async fn status(cloud: &TestCloud, order: &CopyOrder) -> CopyStatus {
    let databases = RdsDatabases::new(cloud.clients.clone());
    databases.copy(&target(), order).await.unwrap().status
}

/// Name and class of each requested member.
fn created(cloud: &TestCloud) -> Vec<(Value, Value)> {
    let asked = cloud.asked("CreateDBInstance").into_iter();
    asked
        .map(|one| {
            (
                one["DBInstanceIdentifier"].clone(),
                one["DBInstanceClass"].clone(),
            )
        })
        .collect()
}

fn there(tags: &str, members: &[String]) -> Option<(String, String)> {
    let cluster = cluster("erp-copy", "aurora-postgresql", tags, &[]);
    Some((cluster, members.concat()))
}

#[tokio::test]
async fn a_cluster_is_restored_without_members() {
    let cloud = rds(source(), None);
    ensure(&cloud, &order(CopyPurpose::Replacement))
        .await
        .unwrap();
    let asked = cloud.asked("RestoreDBClusterFromSnapshot");
    let [request] = &asked[..] else {
        panic!("{asked:?}")
    };
    for (member, value) in [
        ("DBClusterIdentifier", "erp-copy"),
        ("SnapshotIdentifier", "sluice-1"),
        ("Engine", "aurora-postgresql"),
        ("DBSubnetGroupName", "erp"),
        ("DBClusterParameterGroupName", "erp-aurora16"),
        ("ServerlessV2ScalingConfiguration.MinCapacity", "0.5"),
        ("Port", "5432"),
    ] {
        assert_eq!(request[member], value, "{member} of {request:#}");
    }
    assert!(created(&cloud).is_empty());
}

#[tokio::test]
async fn the_member_that_writes_is_there_before_the_others() {
    let order = order(CopyPurpose::Replacement);
    let cloud = rds(source(), there(A_REPLACEMENT, &[]));
    ensure(&cloud, &order).await.unwrap();
    let first = ("erp-copy-1".into(), "db.r7g.large".into());
    assert_eq!(created(&cloud), [first]);

    let starting = member("erp-copy-1", "db.r7g.large", 1, "creating", A_REPLACEMENT);
    let cloud = rds(source(), there(A_REPLACEMENT, &[starting]));
    ensure(&cloud, &order).await.unwrap();
    assert!(created(&cloud).is_empty());
    let waits = CopyStatus::Settling("its member erp-copy-1 is creating".to_owned());
    assert_eq!(status(&cloud, &order).await, waits);

    let writer = member("erp-copy-1", "db.r7g.large", 1, "available", A_REPLACEMENT);
    let cloud = rds(source(), there(A_REPLACEMENT, &[writer]));
    ensure(&cloud, &order).await.unwrap();
    let second = ("erp-copy-2".into(), "db.serverless".into());
    assert_eq!(created(&cloud), [second]);
}

#[tokio::test]
async fn a_rehearsal_has_one_member_that_nobody_outside_reaches() {
    let order = order(CopyPurpose::Rehearsal);
    let cloud = rds(source(), there(OURS, &[]));
    ensure(&cloud, &order).await.unwrap();
    let asked = cloud.asked("CreateDBInstance");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["PubliclyAccessible"], "false");
    assert!(asked[0]["MonitoringInterval"].is_null());

    let only = member("erp-copy-1", "db.r7g.large", 1, "available", OURS);
    let cloud = rds(source(), there(OURS, &[only]));
    let expected = CopyStatus::Available {
        endpoint: "erp-copy.example.com".to_owned(),
        port: 5432,
        resource_id: "cluster-erp-copy".to_owned(),
    };
    assert_eq!(status(&cloud, &order).await, expected);
}

#[tokio::test]
async fn a_member_that_fails_fails_its_copy() {
    let failed = member(
        "erp-copy-1",
        "db.r7g.large",
        1,
        "incompatible-network",
        OURS,
    );
    let cloud = rds(source(), there(OURS, &[failed]));
    let expected = CopyStatus::Failed("its member erp-copy-1 is incompatible-network".to_owned());
    assert_eq!(
        status(&cloud, &order(CopyPurpose::Rehearsal)).await,
        expected
    );
}

#[tokio::test]
async fn a_cluster_goes_after_its_members_and_somebodys_member_keeps_it() {
    let mine = || member("erp-copy-1", "db.r7g.large", 1, "available", OURS);
    let theirs = || member("by-hand", "db.r7g.large", 1, "available", "");
    let leaving = || member("erp-copy-1", "db.r7g.large", 1, "deleting", OURS);
    for (members, instances, clusters) in [
        (vec![mine()], 1, 0),
        (vec![leaving()], 0, 0),
        (Vec::new(), 0, 1),
        (vec![mine(), theirs()], 0, 0),
    ] {
        let cloud = rds(source(), there(OURS, &members));
        let databases = RdsDatabases::new(cloud.clients.clone());
        let order = order(CopyPurpose::Rehearsal);
        let gone = databases.ensure_no_copy(&target(), &order).await;
        match gone {
            Ok(gone) => assert!(!gone && members.len() < 2),
            Err(error) => {
                assert_eq!(error.class, ErrorClass::Permanent, "{error}");
                assert!(error.message.contains("by-hand"), "{error}");
            }
        }
        assert_eq!(cloud.asked("DeleteDBInstance").len(), instances);
        assert_eq!(cloud.asked("DeleteDBCluster").len(), clusters);
    }
}

#[tokio::test]
async fn a_cluster_that_is_not_auroras_is_not_copied() {
    let multi_az = (cluster("erp", "postgres", "", &[]), String::new());
    let cloud = rds(multi_az, None);
    let refused = ensure(&cloud, &order(CopyPurpose::Rehearsal)).await;
    let error = refused.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent, "{error}");
    assert!(error.message.contains("Aurora"), "{error}");
}
