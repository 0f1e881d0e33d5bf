//! Several files in one Sluice.

use sluice_core::config::{Config, shared};
use sluice_core::id::{AccountId, Region};
use sluice_core::registry::Registry;

use super::ERP;

fn parsed(text: &str) -> Config {
    Config::parse(text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn together(files: &[(&str, &Config)]) -> Vec<String> {
    let files: Vec<(String, &Config)> = files
        .iter()
        .map(|(file, config)| ((*file).to_owned(), *config))
        .collect();
    shared(&files).iter().map(ToString::to_string).collect()
}

/// Another team's file that names the ERP's cluster and one of its services.
const TOOLS: &str = r##"
[app]
name = "tools"
repository = "tools"
[services.web]
kind = "web"
live = "/healthz/live"
ready = "/healthz/ready"
[environments.production]
account = "222222222222"
region = "eu-central-1"
cluster = "erp-production"
tags = ["*"]
channel = "#tools"
scan = { block = "none" }
[environments.production.services.web]
ecs_service = "erp-web"
url = "https://erp.example.com"
test_url = "https://erp.example.com:8443"
"##;

#[test]
fn a_service_of_another_file_cannot_be_taken() {
    let (erp, tools) = (parsed(ERP), parsed(TOOLS));
    assert_eq!(
        together(&[("erp.toml", &erp), ("tools.toml", &tools)]),
        [
            "the ECS service erp-web of cluster erp-production (222222222222, eu-central-1) is in \
             erp.toml and in tools.toml: one file must own it: correct `ecs_service`, `cluster` or \
             `account` in the other, or remove it there"
        ]
    );
    let own = parsed(&TOOLS.replace("\"erp-web\"", "\"tools-web\""));
    assert!(together(&[("erp.toml", &erp), ("tools.toml", &own)]).is_empty());
}

#[test]
fn the_same_application_in_two_files_is_told_with_every_service() {
    let erp = parsed(ERP);
    let said = together(&[("one.toml", &erp), ("two.toml", &erp)]);
    assert!(
        said[0].starts_with("the application erp is in one.toml and in two.toml: give one of them"),
        "{said:?}"
    );
    // Three services in two environments.
    assert_eq!(said.len(), 1 + 6, "{said:?}");
}

#[test]
fn one_repository_may_be_deployed_by_two_files_to_services_of_their_own() {
    let erp = parsed(ERP);
    let crm = ERP
        .replace("name = \"erp\"", "name = \"crm\"")
        .replace("cluster = \"erp-", "cluster = \"crm-");
    let crm = parsed(&crm);
    assert_eq!(erp.repository, crm.repository);
    assert!(together(&[("erp.toml", &erp), ("crm.toml", &crm)]).is_empty());
}

#[test]
fn what_names_no_registry_takes_the_images_of_sluices_own() {
    let own = Registry {
        account: AccountId::new("444444444444"),
        region: Region::new("eu-west-1"),
    };
    let tools = parsed(TOOLS);
    assert_eq!(tools.registry, None);
    assert_eq!(tools.installed_in(&own).registry, Some(own.clone()));
    let erp = parsed(ERP);
    assert_eq!(erp.clone().installed_in(&own).registry, erp.registry);
}
