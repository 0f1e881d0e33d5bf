//! What is asked of RDS, and what its answers mean.

mod backups;
mod cluster_copies;
mod copies;
mod renames;

use sluice_core::failure::ErrorClass;

use super::*;
use crate::test_cloud::{Answer, TestCloud, target};

#[tokio::test]
async fn a_busy_database_is_asked_again_and_a_quota_is_for_a_person() {
    let (instance, cluster) = (
        Database::Instance("erp".to_owned()),
        Database::Cluster("erp".to_owned()),
    );
    for (database, code, class) in [
        (&instance, "InvalidDBInstanceState", ErrorClass::Retryable),
        (
            &cluster,
            "InvalidDBClusterStateFault",
            ErrorClass::Retryable,
        ),
        (&instance, "SnapshotQuotaExceeded", ErrorClass::NeedsPerson),
        (&instance, "DBInstanceNotFound", ErrorClass::Permanent),
    ] {
        let cloud = TestCloud::new(move |_| Answer::xml_error(400, code, "it is modifying"));
        let databases = RdsDatabases::new(cloud.clients.clone());
        let snapshot = SnapshotId::new("sluice-1");
        let error = databases
            .ensure_snapshot(&target(), database, &snapshot)
            .await;
        let error = error.unwrap_err();
        assert_eq!(error.class, class, "{error}");
        assert!(error.message.contains("it is modifying"), "{error}");
    }
}

#[test]
fn numbers_of_rds_that_make_no_sense_are_nothing() {
    assert_eq!((gib(Some(20)), gib(Some(-1)), gib(None)), (20, 0, 0));
    assert_eq!(
        (per_cent(Some(40)), per_cent(Some(400)), per_cent(None)),
        (40, 0, 0)
    );
    assert_eq!(per_cent(Some(101)), 100);
}
