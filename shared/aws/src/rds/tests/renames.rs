//! Names.

use sluice_app::ports::Databases as _;
use sluice_core::config::Database;
use sluice_core::failure::ErrorClass;

use super::copies::{assert_members, instance, rds};
use crate::RdsDatabases;
use crate::test_cloud::target;

#[tokio::test]
async fn a_database_is_renamed_by_what_it_is() {
    let old = || instance("erp", "available", "in-sync", "", "");
    let renaming = || instance("erp", "renaming", "in-sync", "", "");
    let new = |id: &str| {
        let named = instance("erp-old", "available", "in-sync", "", "");
        named.replace("db-erp-old", id)
    };
    let erp = Database::Instance("erp".to_owned());
    let cases = [
        (vec![("erp", old())], Ok(1)),
        (vec![("erp", renaming())], Ok(0)),
        (vec![("erp-old", new("db-erp"))], Ok(0)),
        (vec![("erp", old()), ("erp-old", new("db-erp"))], Ok(0)),
        (
            vec![("erp", old()), ("erp-old", new("db-other"))],
            Err(ErrorClass::NeedsPerson),
        ),
        (
            vec![("erp", old().replace("db-erp", "db-other"))],
            Err(ErrorClass::NeedsPerson),
        ),
        (Vec::new(), Err(ErrorClass::Retryable)),
    ];
    for (there, expected) in cases {
        let cloud = rds(there.clone());
        let databases = RdsDatabases::new(cloud.clients.clone());
        let renamed = databases
            .ensure_renamed(&target(), &erp, "db-erp", "erp-old")
            .await;
        let asked = cloud.asked("ModifyDBInstance");
        let seen = renamed.map(|()| asked.len()).map_err(|error| error.class);
        assert_eq!(seen, expected, "{there:?}");
        for request in asked {
            let expected = [
                ("DBInstanceIdentifier", "erp"),
                ("NewDBInstanceIdentifier", "erp-old"),
                ("ApplyImmediately", "true"),
            ];
            assert_members(&request, &expected);
        }
    }
}
