//! Plans and reports that are longer than Slack takes in one message.

use serde_json::Value;
use sluice_core::config::Config;

use super::slack::Standing;
use super::transcript::words;
use super::{Room, bad};

stories! {
    a_plan_that_is_too_long_for_a_message_stands_in_the_thread_in_full,
    a_report_that_is_too_long_goes_on_in_the_thread,
}

const VARIABLES: usize = 220;

/// An application with so many variables, and smoke tests with a lot to say.
fn long(config: &mut Config) {
    for environment in &mut config.environments {
        let variables =
            (0..VARIABLES).map(|n| (format!("FEATURE_{n:03}"), format!("on & <tested> {n}")));
        environment.variables.extend(variables);
    }
    let ready = config
        .smoke_tests
        .iter()
        .find(|test| test.path.contains("ready"));
    let ready = ready.expect("the ERP has one").clone();
    config.smoke_tests.extend((0..60).map(|n| {
        let mut test = ready.clone();
        test.name = format!("part {n:02} of the warehouse says that it is ready for the day");
        test
    }));
}

fn numbered(thread: &[Standing]) -> Vec<&str> {
    let first = |message: &Standing| message.text.rsplit_once('(').is_some();
    let labels = thread.iter().filter(|message| first(message));
    labels
        .filter_map(|message| message.text.rsplit_once('(')?.1.strip_suffix(')'))
        .filter(|label| label.contains(" of "))
        .collect()
}

fn assert_slack_shows_all_of_it(blocks: &[Value]) {
    assert!(blocks.len() <= 50);
    assert!(
        !words(blocks).contains("more lines)"),
        "cut, and not continued"
    );
}

fn a_plan_that_is_too_long_for_a_message_stands_in_the_thread_in_full(mut room: Room) {
    room.reconfigured(long);
    room.released(&["1.4.0"]);
    room.approves = false;
    room.pushes("1.5.0", &super::ImageBehaviour::default());
    room.until("AwaitingApproval");
    let message = room.message();
    assert_slack_shows_all_of_it(&message.blocks);
    assert!(
        !words(&message.blocks).contains("FEATURE_000"),
        "the card fits a phone"
    );
    let thread = room.thread();
    let all: String = thread
        .iter()
        .map(|message| {
            words(&message.blocks)
                + "
"
        })
        .collect();
    for n in 0..VARIABLES {
        let line = format!("FEATURE_{n:03}=on & <tested> {n}\n");
        assert_eq!(all.matches(&line).count(), 1, "{line} stands there once");
    }
    assert_eq!(
        numbered(&thread),
        ["2 of 3", "3 of 3"],
        "the plan in full, in three parts"
    );
    for message in &thread {
        assert_slack_shows_all_of_it(&message.blocks);
    }
    room.clicks(super::LEAD, super::ButtonAction::Approve);
    room.quiet();
    room.shows();
    told!(room, "a_long_plan");
}

fn a_report_that_is_too_long_goes_on_in_the_thread(mut room: Room) {
    room.reconfigured(long);
    room.released(&["1.4.0"]);
    room.pushes("1.5.0", &bad());
    room.quiet();
    assert_eq!(room.ends(), ["Succeeded", "RolledBack"]);
    let message = room.message();
    assert_slack_shows_all_of_it(&message.blocks);
    let report = words(&message.blocks);
    assert!(report.contains("… (continued in the thread)"), "{report}");
    assert!(
        report.contains("*How things stand*\n"),
        "what follows stays: {report}"
    );
    let thread = room.thread();
    for message in &thread {
        assert_slack_shows_all_of_it(&message.blocks);
    }
    let all: String = thread
        .iter()
        .map(|message| {
            words(&message.blocks)
                + "
"
        })
        .collect();
    for n in 0..60 {
        assert!(
            all.contains(&format!("part {n:02} of the warehouse")),
            "{n}"
        );
    }
    assert!(
        numbered(&thread).contains(&"2 of 2"),
        "{:?}",
        numbered(&thread)
    );
}
