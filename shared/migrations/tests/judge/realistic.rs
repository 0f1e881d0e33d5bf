//! One migration as a project writes it, with all that is found in it.

use sluice_migrations::judge;

use super::erp::tables;

const SQL: &str = include_str!("realistic.sql");

#[test]
fn a_migration_of_an_erp() {
    insta::assert_json_snapshot!(judge(SQL, &tables()));
}
