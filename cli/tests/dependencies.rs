//! What the demo compiles: the first command waits for it.

use std::process::Command;

#[test]
fn neither_the_aws_sdk_nor_a_lambda_runtime_is_built_for_the_command_line() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "sluice",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
        ])
        .args(["--offline", "--locked", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(
        names.contains(&"sluice-core"),
        "the tree was not printed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    for name in names {
        let heavy = name.starts_with("aws-")
            || ["lambda_runtime", "sluice-aws", "hyper", "slack-morphism"].contains(&name);
        assert!(!heavy, "{name} is built for the command line");
    }
}
