//! The program as people and scripts meet it: exit codes, standard output, standard input.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn sluice(arguments: &[&str]) -> Output {
    typed(arguments, "")
}

/// Run from the repository's root, as the README says.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn typed(arguments: &[&str], input: &str) -> Output {
    let mut child = command(arguments).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn last_line(output: &Output) -> String {
    stdout(output).trim_end().lines().last().unwrap().to_owned()
}

#[test]
fn the_demo_ends_with_both_environments_succeeded() {
    let output = sluice(&["demo", "--headless"]);
    assert_eq!(output.status.code(), Some(0));
    let end = "Ended as it should: staging succeeded, production succeeded.";
    assert_eq!(last_line(&output), end);
    assert!(
        !stdout(&output).contains('\x1b'),
        "colour only where it is wanted"
    );
}

#[test]
fn json_is_all_that_json_prints() {
    let output = sluice(&["demo", "--headless", "--json", "--seed", "5"]);
    assert_eq!(output.status.code(), Some(0));
    let account = json(&output);
    assert_eq!(account["scenario"], "pushed-to-production");
    assert_eq!(account["seed"], 5);
    assert_eq!(account["as_it_should"], true);
    let phases: Vec<&str> = account["deployments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|deployment| deployment["phase"].as_str().unwrap())
        .collect();
    assert_eq!(phases, ["Succeeded", "Succeeded"]);
    let history = account["history"].as_array().unwrap();
    let times: Vec<&str> = history
        .iter()
        .map(|record| record["at"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted(), "the history is in the order of time");
    assert!(
        history
            .iter()
            .all(|record| record["hash"].as_str().is_some_and(|h| h.len() == 64))
    );
    assert_eq!(
        output.stdout,
        sluice(&["demo", "--json", "--seed", "5"]).stdout
    );
}

#[test]
fn the_list_names_every_scenario_first_and_each_can_be_played() {
    let list = stdout(&sluice(&["demo", "--list"]));
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let listed = json(&sluice(&["demo", "--list", "--json"]));
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), names.len());
    assert!(
        listed
            .iter()
            .zip(&names)
            .all(|(one, name)| one["name"] == *name)
    );
    let named = [
        "broken-migration",
        "failing-smoke-test",
        "bad-bake",
        "rejected",
        "expired",
        "superseded",
        "lost-events",
        "duplicate-events",
        "throttled",
    ];
    for name in named {
        assert!(names.contains(&name), "{name} is not in the list");
    }
    for name in ["failing-smoke-test", "expired"] {
        let output = sluice(&["demo", "--headless", "--scenario", name]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stdout(&output));
    }
}

#[test]
fn wrong_use_exits_with_2_and_says_what_is_right() {
    let unknown = sluice(&["demo", "--scenario", "no-such"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        stderr(&unknown).contains("broken-migration"),
        "{}",
        stderr(&unknown)
    );
    for arguments in [&["no-such"][..], &["demo", "--speed", "0"], &["run"], &[]] {
        assert_eq!(sluice(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_scenario_that_is_spelt_wrong_is_told_with_the_one_that_was_meant() {
    let slip = stderr(&sluice(&["demo", "--scenario", "bad-bkae"]));
    assert!(slip.contains("did you mean `bad-bake`?"), "{slip}");
    let unlike = stderr(&sluice(&["demo", "--scenario", "zzz"]));
    assert!(!unlike.contains("did you mean"), "{unlike}");
}

#[test]
fn alone_it_says_three_things_to_try_and_each_works() {
    let told = stderr(&sluice(&[]));
    let lines: Vec<&str> = told.lines().collect();
    let tries: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("  sluice "))
        .collect();
    assert_eq!(tries.len(), 3, "{told}");
    for arguments in [
        &["demo", "--headless"][..],
        &["plan", "events/ecr-push-release.json"],
        &["config", "check", "tests/erp/sluice.toml"],
    ] {
        let command = arguments[..arguments.len().min(2)].join(" ");
        let command = command.trim_end_matches(" --headless");
        assert!(told.contains(&format!("  sluice {command}")), "{told}");
        assert_eq!(sluice(arguments).status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn an_approval_can_be_typed_and_a_rejection_is_taken_too() {
    let approved = typed(&["demo"], "what?\na\n");
    let text = stdout(&approved);
    assert_eq!(approved.status.code(), Some(0), "{text}");
    assert!(
        text.contains("Type the number or the name of a button"),
        "{text}"
    );
    assert!(text.contains("clicks Approve"), "{text}");

    let rejected = typed(&["demo"], "r\ntoo late in the day\n");
    assert_eq!(rejected.status.code(), Some(0));
    assert!(
        last_line(&rejected).contains("production rejected"),
        "{}",
        last_line(&rejected)
    );
}

/// What someone reads of a demo in which they typed this.
fn read(arguments: &[&str], input: &str) -> String {
    let output = typed(arguments, input);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    text
}

#[test]
fn a_rejection_asks_why_and_asks_again_what_was_not_said() {
    let text = read(&["demo"], "2\n\nthe migration locks orders\n");
    assert!(
        text.contains("Slack, a form: Reject this release?"),
        "{text}"
    );
    let again = text
        .split("Say why in a few words.")
        .nth(1)
        .expect("it is asked again");
    assert!(again.contains("The form closes."), "{text}");
    assert!(
        again.contains("rejected v1.4.0: the migration locks orders"),
        "{text}"
    );
    assert!(text.ends_with("production rejected.\n"), "{text}");
}

#[test]
fn a_form_that_is_not_sent_decides_nothing() {
    let text = read(&["demo"], "reject\n.\nyes\n");
    assert!(!text.contains("The form closes."), "{text}");
    assert!(text.ends_with("Ended as it should: staging succeeded, production succeeded.\n"));
}

#[test]
fn the_thread_and_commands_can_be_read_before_deciding() {
    let input = "t\n/sluice who production\n/sluice statsu\n/deploy\nApprove\n";
    let text = read(&["demo"], input);
    assert!(text.contains("Slack, the thread"), "{text}");
    assert!(text.contains("may roll it back"), "{text}");
    assert!(text.contains("you mean `/sluice status"), "{text}");
    assert!(text.contains("Only /sluice is a command here"), "{text}");
    assert!(text.ends_with("Ended as it should: staging succeeded, production succeeded.\n"));
}

#[test]
fn a_deployment_is_paused_resumed_and_taken_back_step_by_step() {
    let before = "demo --scenario rollback-asked";
    let arguments: Vec<&str> = before.split(' ').collect();
    // The first release is approved; of the second every step is asked about.
    let second = "a\ns\na\n\n\npause\n/sluice status production\nresume\n";
    let back = "roll back\n1\n\n\n9\n2\n";
    let on = "\n".repeat(60);
    let text = read(&arguments, &format!("{second}{back}{on}"));
    assert!(text.contains("PAUSED on its way to production"), "{text}");
    assert!(
        text.contains("clicks Resume in Slack and is told: Resumed."),
        "{text}"
    );
    assert!(text.contains("Slack, a form: Roll back"), "{text}");
    assert!(text.contains("Ended as you made it:"), "{text}");
}

#[test]
fn a_frozen_production_is_overridden_with_a_reason() {
    let input = "s\n/sluice freeze production the auditors are here\na\n\noverride\nthe fix\n";
    let text = read(&["demo"], &format!("{input}{}", "\n".repeat(60)));
    assert!(text.contains("waiting for production to open"), "{text}");
    assert!(text.contains("Slack, a form: Deploy anyway?"), "{text}");
    assert!(
        text.contains("overrides that production is closed: the fix"),
        "{text}"
    );
    assert!(text.ends_with("Ended as you made it: staging succeeded, production succeeded.\n"));
}

#[test]
fn a_deployment_is_called_off_before_it_touches_anything() {
    let text = read(&["demo"], "s\na\ncancel\n");
    assert!(
        text.contains("clicks Cancel in Slack and is told: Cancelled"),
        "{text}"
    );
    assert!(text.ends_with("Ended as you made it: staging succeeded, production cancelled.\n"));
}

#[test]
fn a_plan_that_waits_is_asked_about_again() {
    let output = typed(&["demo"], "w\na\n");
    let text = stdout(&output);
    assert_eq!(text.matches("1 Approve · 2 Reject").count(), 2, "{text}");
    assert!(
        last_line(&output).contains("production succeeded"),
        "{text}"
    );
}

#[test]
fn no_one_can_wait_for_ever() {
    let output = typed(&["demo"], &"w\n".repeat(20));
    assert_eq!(output.status.code(), Some(0));
    assert!(
        last_line(&output).contains("production expired"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_rejection_ends_the_story_of_an_application_of_ones_own() {
    let output = typed(&["demo", "--config", "tests/erp/sluice.toml"], "r\nno\n");
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(
        last_line(&output),
        "Ended as you made it: staging succeeded, production rejected."
    );
}

#[test]
fn a_rejection_ends_a_longer_story_there() {
    let output = typed(&["demo", "--scenario", "console-deployment"], "r\nno\n");
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(
        last_line(&output).ends_with("production rejected."),
        "{}",
        last_line(&output)
    );
}

#[test]
fn the_end_of_the_input_leaves_and_approves_nothing() {
    for input in ["", "s\n", "t\n", "r\n"] {
        let output = typed(&["demo"], input);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{input:?}: {text}");
        assert!(!text.contains("clicks Approve"), "{input:?}: {text}");
        assert!(!text.contains("and is told"), "{input:?}: {text}");
        assert!(!text.contains("Ended as"), "{input:?}: {text}");
        assert!(
            last_line(&output).starts_with("The input has ended: leaving the demo."),
            "{input:?}: {text}"
        );
    }
}

/// A pipe that stays open and says nothing, as under many tools.
#[test]
fn where_no_one_answers_the_whole_story_is_shown_all_the_same() {
    let mut child = command(&["demo"]).spawn().unwrap();
    let stays_open = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(stays_open);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("No one answers here"));
    assert!(last_line(&output).contains("production succeeded"));
}

#[test]
fn payload_files_go_all_the_way_to_production() {
    let output = sluice(&[
        "run",
        "events/ecr-push-release.json",
        "events/ecr-push-version.json",
        "events/slack-approve.json",
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let account = json(&output);
    assert_eq!(account["events"][2]["function"], "slack");
    assert_eq!(account["deployments"][0]["phase"], "Succeeded");
    assert_eq!(account["deployments"][1]["phase"], "Succeeded");
}

#[test]
fn a_bad_file_is_named_with_its_place_and_the_others_still_run() {
    let output = sluice(&[
        "run",
        "events/malformed.json",
        "events/foreign-source.json",
        "events/sqs-advance-malformed.json",
        "tests/erp/sluice.toml",
        "deny.toml.json",
        "events/ecr-push-develop.json",
    ]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("not JSON at line 14, column 45"), "{text}");
    assert!(
        text.contains("the event is `Object Created` of `aws.s3`"),
        "{text}"
    );
    assert!(text.contains("batchItemFailures"), "{text}");
    assert!(text.contains("not JSON at line 1, column 1"), "{text}");
    assert!(text.contains("cannot be read: No such file"), "{text}");
    assert!(
        text.contains("develop-8f3c2a1 is live in staging"),
        "{text}"
    );
    assert!(
        last_line(&output).starts_with("5 of 6 events failed"),
        "{text}"
    );
}

#[test]
fn a_configuration_is_checked_whole_and_its_schema_printed() {
    let good = sluice(&["config", "check", "tests/erp/sluice.toml"]);
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    let bad = sluice(&[
        "config",
        "check",
        "shared/core/tests/config/every-mistake.toml",
    ]);
    assert_eq!(bad.status.code(), Some(1));
    let file = "shared/core/tests/config/every-mistake.toml";
    assert!(
        stderr(&bad).starts_with(&format!("{file}:5:1: ")),
        "{}",
        stderr(&bad)
    );
    assert!(
        stderr(&bad)
            .trim_end()
            .ends_with(&format!("problems in {file}"))
    );
    let missing = sluice(&["config", "check", "no-such.toml"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("no-such.toml: cannot be read"));
    let schema = json(&sluice(&["config", "schema"]));
    assert_eq!(schema["title"], "sluice.toml");
}

#[test]
fn a_waiver_of_a_rule_that_there_is_not_is_told_with_the_one_that_was_meant() {
    let text = include_str!("../../tests/erp/sluice.toml");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unknown-rule.toml");
    let mistaken = text.replace("rule = \"drop-column\"", "rule = \"drop-colum\"");
    std::fs::write(&file, mistaken).unwrap();
    let output = sluice(&["config", "check", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output);
    assert!(told.contains("did you mean `drop-column`?"), "{told}");
}

/// The sample without what keeps its production safe.
fn risky() -> String {
    let text = include_str!("../../tests/erp/sluice.toml");
    let text = text.replace("tags = [\"v*\"]", "tags = [\"*\"]");
    text.replace("\"https://erp.example.com\"", "\"http://erp.example.com\"")
}

#[test]
fn what_is_valid_and_risky_is_a_warning_and_with_strict_a_failure() {
    let warned = typed(&["config", "check", "-"], &risky());
    assert_eq!(warned.status.code(), Some(0), "{}", stderr(&warned));
    assert_eq!(last_line(&warned), "standard input is valid.");
    let told = stderr(&warned);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 4, "{told}");
    assert!(lines[0].starts_with("standard input:"), "{told}");
    assert!(
        lines[0].contains(": warning: environments.production.tags: "),
        "{told}"
    );
    assert_eq!(lines[1], "    write instead: tags = [\"v*\"]");
    assert_eq!(
        lines[3],
        "    write instead: url = \"https://erp.example.com\""
    );
    let strict = typed(&["config", "check", "--strict", "-"], &risky());
    assert_eq!(strict.status.code(), Some(1));
    let good = sluice(&["config", "check", "--strict", "tests/erp/sluice.toml"]);
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    assert_eq!(stderr(&good), "");
}

#[test]
fn a_check_is_printed_as_json() {
    let mistakes = "shared/core/tests/config/every-mistake.toml";
    let checked = typed(&["config", "check", "--json", "-", mistakes], &risky());
    assert_eq!(checked.status.code(), Some(1), "{}", stderr(&checked));
    let report = json(&checked);
    assert_eq!(report["version"], 1);
    let [risky, wrong] = report["files"].as_array().unwrap().as_slice() else {
        panic!("{report}");
    };
    assert_eq!(risky["file"], "standard input");
    assert_eq!(risky["valid"], true);
    assert_eq!(risky["warnings"].as_array().unwrap().len(), 2);
    assert_eq!(risky["warnings"][0]["key"], "environments.production.tags");
    assert_eq!(wrong["file"], mistakes);
    assert_eq!(wrong["valid"], false);
    assert_eq!(wrong["problems"][0]["line"], 5);
    let one = typed(
        &["config", "check", "--json", "--strict", "-"],
        &self::risky(),
    );
    assert_eq!(one.status.code(), Some(1));
}

#[test]
fn a_plan_is_printed_as_json_and_read_from_standard_input() {
    let event = include_str!("../../events/ecr-push-release.json");
    let planned = typed(&["plan", "--json", "-"], event);
    assert_eq!(planned.status.code(), Some(0), "{}", stderr(&planned));
    let plan = json(&planned);
    assert_eq!(plan["version"], 1);
    assert_eq!(plan["ignored"], Value::Null);
    let staging = &plan["environments"][0];
    assert_eq!(staging["environment"], "staging");
    assert_eq!(staging["needs_approval"], false);
    assert!(staging["plan"]["hash"].is_string(), "{plan}");
    let refused = sluice(&["plan", "--json", "events/ecr-push-version.json"]);
    assert_eq!(refused.status.code(), Some(1));
    let refused = json(&refused);
    let production = &refused["environments"][0];
    assert_eq!(production["plan"], Value::Null);
    assert!(!production["problems"].as_array().unwrap().is_empty());
    let broken = stderr(&typed(&["plan", "-"], "{"));
    assert!(
        broken.contains("standard input: not JSON at line 1"),
        "{broken}"
    );
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let help = stdout(&sluice(&["--help"]));
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.contains(&"demo"), "{help}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&sluice(&["completions", shell]));
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
        assert!(script.contains("headless"), "{shell}");
    }
    let page = stdout(&sluice(&["man"]));
    for command in &commands {
        let escaped = command.replace('-', "\\-");
        assert!(page.contains(&format!("sluice\\-{escaped}(1)")), "{page}");
        let own = stdout(&sluice(&["man", command]));
        assert!(own.starts_with(".ie"), "{own}");
        assert!(own.contains(&format!("sluice\\-{escaped}")), "{own}");
    }
    let check = stdout(&sluice(&["man", "config", "check"]));
    assert!(check.contains("\\-\\-strict"), "{check}");
    let slip = sluice(&["man", "dmeo"]);
    assert_eq!(slip.status.code(), Some(2));
    assert!(stderr(&slip).contains("did you mean `demo`?"));
}

/// `script` (bsdutils) runs it at a terminal and types Ctrl-D there.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_d_at_a_terminal_leaves_and_approves_nothing() {
    let demo = format!("{} demo --speed 100000", env!("CARGO_BIN_EXE_sluice"));
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &demo, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(b"\x04").unwrap();
    drop(keys);
    let output = child.wait_with_output().unwrap();
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("1 Approve · 2 Reject"), "{text}");
    assert!(!text.contains("clicks Approve"), "{text}");
    assert!(last_line(&output).contains("leaving the demo"), "{text}");
}
