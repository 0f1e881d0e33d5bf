//! The templates of `infra/`. The checks are Python, as the tools are: cfn-lint, the AWS CLI, and
//! ministack, an emulator of AWS. They are installed under `target/` by the first run.

use std::path::{Path, PathBuf};
use std::process::Command;

use sluice_service_models::python::python_with;

const PACKAGES: [&str; 3] = ["awscli==1.46.3", "cfn-lint==1.58.0", "ministack==1.5.33"];

/// Runs the checks of a file, which say themselves what is wrong.
fn check(file: &str) {
    check_with(file, &[]);
}

fn check_with(file: &str, variables: &[(&str, &Path)]) {
    let run = Command::new(python_with(&PACKAGES))
        .args(["-B", "-m", "unittest", file])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .envs(variables.iter().copied())
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
    check_with("test_app_stacks", &[("SLUICE", &sluice())]);
}

#[test]
fn the_documented_commands_install_extend_upgrade_and_remove() {
    check("test_stacks");
}

#[test]
fn the_documented_commands_turn_a_rolling_service_into_a_blue_green_one_and_back() {
    check_with("test_existing", &[("SLUICE", &sluice())]);
}

#[test]
fn doctor_finds_what_is_changed_by_hand_and_its_fixes_put_it_right() {
    check_with("test_doctor", &[("SLUICE", &sluice())]);
}

/// The command line's binary, as this source makes it. The command is the one that builds all tests,
/// so that nothing is built twice.
fn sluice() -> PathBuf {
    let arguments = "test --workspace --all-features --locked --no-run";
    let built = Command::new(env!("CARGO"))
        .args(arguments.split(' '))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .output()
        .expect("cargo can be run");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    let program = std::env::current_exe().expect("a test knows where its program is");
    let folder = program
        .ancestors()
        .nth(2)
        .expect("it is in target/PROFILE/deps");
    folder.join("sluice")
}
