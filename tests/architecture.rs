//! The rules that no compiler checks: who may depend on what, and who may name which vendor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every package that is built when `package` is, features as it has them by itself.
fn dependencies(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p}", "--package", package])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("cargo prints text")
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn assert_free_of(package: &str, forbidden: &[&str]) {
    let found: Vec<String> = dependencies(package)
        .into_iter()
        .filter(|name| forbidden.iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    assert!(found.is_empty(), "{package} must not depend on {found:?}");
}

const ASYNC_RUNTIMES: [&str; 8] = [
    "tokio",
    "async-std",
    "smol",
    "futures",
    "async-",
    "hyper",
    "mio",
    "lambda_runtime",
];
const VENDORS: [&str; 3] = ["aws-", "aws_", "slack-morphism"];
const SOURCES_OF_SURPRISE: [&str; 5] = ["rand", "getrandom", "fastrand", "chrono", "uuid"];

#[test]
fn the_core_and_the_words_have_no_async_no_vendor_and_no_chance_in_their_tree() {
    for package in [
        "sluice-core",
        "sluice-doctor",
        "sluice-draft",
        "sluice-words",
    ] {
        assert_free_of(package, &ASYNC_RUNTIMES);
        assert_free_of(package, &VENDORS);
        assert_free_of(package, &SOURCES_OF_SURPRISE);
    }
}

#[test]
fn the_core_has_no_clock_to_read() {
    // jiff reads a clock only with its `std` feature.
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p} {f}", "--package", "sluice-core"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8_lossy(&output.stdout);
    let jiff = tree
        .lines()
        .find(|line| line.starts_with("jiff v"))
        .expect("jiff is in the tree");
    let features = jiff.split_whitespace().last().unwrap_or_default();
    assert!(
        !features.split(',').any(|feature| feature == "std"),
        "{jiff}"
    );
}

#[test]
fn the_app_and_the_simulated_cloud_know_no_vendor() {
    for package in ["sluice-app", "sluice-sim"] {
        assert_free_of(package, &VENDORS);
        assert_free_of(package, &["tokio", "hyper", "lambda_runtime"]);
    }
}

#[test]
fn the_demo_compiles_no_aws_sdk_and_no_lambda_runtime() {
    assert_free_of(
        "sluice",
        &["aws-sdk", "aws-lc", "aws-config", "lambda_runtime", "ring"],
    );
}

/// The manifests of all packages, with their paths.
fn manifests() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["shared", "functions"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("the folder is there") {
            found.push(entry.expect("it can be read").path().join("Cargo.toml"));
        }
    }
    let others = [
        "cli",
        "tests",
        "tests/contracts",
        "tests/hostile",
        "tests/model",
        "tests/postgres",
        "tests/service-models",
    ];
    found.extend(others.map(|folder| root().join(folder).join("Cargo.toml")));
    found
        .into_iter()
        .filter(|path| path.exists())
        .map(|path| {
            (
                path.clone(),
                std::fs::read_to_string(&path).expect("it can be read"),
            )
        })
        .collect()
}

#[test]
fn each_vendor_is_named_in_one_crate() {
    for (vendor, home) in [
        ("aws-sdk-", "shared/aws"),
        ("aws-sigv4", "shared/operate-client"),
        ("axum", "shared/console"),
        ("maud", "shared/console"),
        ("p256", "shared/signatures"),
        ("slack-morphism", "shared/slack"),
        ("squawk-", "shared/migrations"),
    ] {
        for (path, manifest) in manifests() {
            let names_it = manifest
                .lines()
                .any(|line| line.trim_start().starts_with(vendor));
            let is_home = path.parent().is_some_and(|folder| folder.ends_with(home));
            assert!(!names_it || is_home, "{} names {vendor}", path.display());
        }
    }
}

#[test]
fn dependencies_point_inwards() {
    let inner = |package: &str| -> &[&str] {
        match package {
            "sluice-core" => &[],
            "sluice-migrations" | "sluice-signatures" | "sluice-words" => &["sluice-core"],
            "sluice-app" => &[
                "sluice-core",
                "sluice-migrations",
                "sluice-signatures",
                "sluice-words",
            ],
            "sluice-console" | "sluice-doctor" | "sluice-draft" => &["sluice-core", "sluice-words"],
            "sluice-monitors" | "sluice-sim" | "sluice-slack" => &[
                "sluice-core",
                "sluice-migrations",
                "sluice-signatures",
                "sluice-words",
                "sluice-app",
            ],
            _ => unreachable!("not one of the inner crates"),
        }
    };
    for package in [
        "sluice-core",
        "sluice-migrations",
        "sluice-signatures",
        "sluice-words",
        "sluice-app",
        "sluice-console",
        "sluice-doctor",
        "sluice-draft",
        "sluice-monitors",
        "sluice-sim",
        "sluice-slack",
    ] {
        let allowed = inner(package);
        let ours: Vec<String> = dependencies(package)
            .into_iter()
            .filter(|name| name.starts_with("sluice-") && name != package)
            .filter(|name| !allowed.contains(&name.as_str()))
            .collect();
        assert!(ours.is_empty(), "{package} must not depend on {ours:?}");
    }
}

/// The modules of the core, the lowest layer first: each imports from its own layer and those before.
const LAYERS: [&[&str]; 6] = [
    &[
        "calendar", "id", "quantity", "redact", "shared", "spelling", "tag",
    ],
    &[
        "config",
        "migration",
        "registry",
        "roles",
        "signature",
        "stack",
    ],
    &[
        "command",
        "controls",
        "database",
        "failure",
        "health",
        "intent",
        "metrics",
        "observation",
        "origin",
        "parity",
        "release",
        "request",
        "restore",
        "rollback",
        "scan",
        "smoke",
        "source",
        "task_definition",
    ],
    &[
        "delivery",
        "deployment",
        "environment_key",
        "event",
        "note",
        "phase",
        "plan",
        "restorable",
        "schema",
        "summary",
    ],
    &["planner"],
    &["history", "hook", "intake", "machine"],
];

/// The modules that a file of the core imports from: what follows `crate::`.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    let paths = code.split("crate::").skip(1);
    paths
        .map(|path| {
            let end = path.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            path[..end.unwrap_or(path.len())].to_owned()
        })
        .collect()
}

/// What each module of the core imports from, with the tests that stand in it left out.
fn imports_of_the_core() -> BTreeMap<String, BTreeSet<String>> {
    let core = root().join("shared/core/src");
    let mut files = Vec::new();
    sources(&core, &mut files);
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files {
        let within = path.strip_prefix(&core).expect("it is in there");
        let first = within.iter().next().expect("it has a name");
        let module = first.to_string_lossy().trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        if module != "lib" && !within.ends_with("tests.rs") {
            let all = found.entry(module.clone()).or_default();
            all.extend(imports(text).into_iter().filter(|other| *other != module));
        }
    }
    found
}

#[test]
fn the_core_is_in_layers_and_no_two_modules_need_each_other() {
    let found = imports_of_the_core();
    let layer = |module: &str| {
        let at = LAYERS.iter().position(|layer| layer.contains(&module));
        at.unwrap_or_else(|| panic!("{module} is in no layer of the core"))
    };
    let mut wrong = Vec::new();
    for (module, others) in &found {
        let up = others.iter().filter(|other| layer(other) > layer(module));
        wrong.extend(up.map(|other| format!("{module} imports upwards from {other}")));
    }
    let mut left = found;
    // Whatever needs nothing that is left can be read by itself; what stays goes round in circles.
    while let Some(module) = left
        .iter()
        .find(|(_, others)| others.iter().all(|other| !left.contains_key(other)))
        .map(|(module, _)| module.clone())
    {
        left.remove(&module);
    }
    assert!(left.is_empty(), "these need each other: {:?}", left.keys());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The IAM actions that the adapters name in their errors, such as `ecs:UpdateService`.
fn actions_of_the_adapters() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&root().join("shared/aws/src"), &mut files);
    let mut actions = BTreeSet::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        for quoted in text.split('"').skip(1).step_by(2) {
            let Some((service, action)) = quoted.split_once(':') else {
                continue;
            };
            let is_service = !service.is_empty()
                && service
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            let is_action = action.starts_with(|c: char| c.is_ascii_uppercase())
                && action.bytes().all(|b| b.is_ascii_alphanumeric());
            if is_service && is_action {
                actions.insert(action.to_owned());
            }
        }
    }
    actions
}

#[test]
fn the_map_names_every_right_that_the_adapters_use() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("it can be read");
    let actions = actions_of_the_adapters();
    assert!(
        actions.len() > 25,
        "the adapters' actions were not found: {actions:?}"
    );
    // Tests make their table themselves.
    let of_tests = ["CreateTable", "DescribeTable"];
    let missing: Vec<&String> = actions
        .iter()
        .filter(|action| !of_tests.contains(&action.as_str()) && !map.contains(action.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "ARCHITECTURE.md does not name {missing:?}"
    );
}

/// Rust files of the repository, without what is built.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_main_is_short_and_no_module_is_a_drawer() {
    let mut found = Vec::new();
    for folder in ["shared", "functions", "cli", "tests"] {
        sources(&root().join(folder), &mut found);
    }
    assert!(found.len() > 50, "the sources were not found");
    for path in found {
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let drawers = ["utils", "util", "helpers", "common", "constants", "misc"];
        assert!(!drawers.contains(&name), "{} is a drawer", path.display());
        if name == "main"
            && path
                .components()
                .any(|part| part.as_os_str() == "functions")
        {
            let lines = std::fs::read_to_string(&path)
                .expect("it can be read")
                .lines()
                .count();
            assert!(
                lines < 40,
                "{} has {lines} lines: handlers do the work",
                path.display()
            );
        }
    }
}

/// The page says which test shows what: each file and each test that it names is there.
#[test]
fn the_page_on_reliability_names_what_is_there() {
    let read = |path: &Path| std::fs::read_to_string(path).expect("it can be read");
    let page = read(&root().join("docs/reliability.md"));
    let mut found = Vec::new();
    for folder in ["shared", "cli", "tests"] {
        sources(&root().join(folder), &mut found);
    }
    let all: String = found.iter().map(|path| read(path)).collect();
    let is_there = |test: &str| all.contains(&format!("fn {test}("));
    let (page, hunt) = page.split_once("## The hunt").expect("it has both");
    // What the hunt has found, and what was planted: three columns and four.
    let found = hunt.lines().filter(|line| line.matches('|').count() == 4);
    for test in found.filter_map(|row| row.split('`').rev().nth(1)) {
        assert!(is_there(test), "there is no test {test}");
    }
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 20, "the table was not found");
    for row in rows.iter().skip(2) {
        let columns: Vec<&str> = row.split('|').collect();
        let quoted = |column: usize| {
            let words = columns[column].split('`').skip(1).step_by(2);
            let words: Vec<&str> = words.collect();
            assert!(!words.is_empty(), "nothing is named: {row}");
            words
        };
        for file in quoted(3) {
            assert!(root().join(file).is_file(), "there is no {file}");
        }
        for test in quoted(4) {
            assert!(is_there(test), "there is no test {test}");
        }
    }
}
