//! The templates of `infra/`. The checks are Python, as the tools are: cfn-lint, the AWS CLI, and
//! ministack, an emulator of AWS. They are installed under `target/` by the first run.

use std::path::Path;
use std::process::Command;

use sluice_service_models::python::python_with;

const PACKAGES: [&str; 3] = ["awscli==1.46.3", "cfn-lint==1.58.0", "ministack==1.5.33"];

/// Runs the checks of a file, which say themselves what is wrong.
fn check(file: &str) {
    let run = Command::new(python_with(&PACKAGES))
        .args(["-B", "-m", "unittest", file])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("Python can be run");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{file}:\n{said}");
}

#[test]
fn cfn_lint_finds_nothing_but_what_is_planted() {
    check("test_lint");
}

#[test]
fn roles_allow_what_is_called_and_nothing_besides() {
    check("test_rights");
}

#[test]
fn an_applications_infrastructure_is_what_its_configuration_says() {
    check("test_app");
}

#[test]
fn the_runbook_names_what_the_templates_create() {
    check("test_runbook");
}

#[test]
fn an_update_of_the_stack_undoes_no_deployment() {
    check("test_app_stacks");
}

#[test]
fn the_documented_commands_install_extend_upgrade_and_remove() {
    check("test_stacks");
}

#[test]
fn the_documented_commands_turn_a_rolling_service_into_a_blue_green_one_and_back() {
    check("test_existing");
}
