//! Slack.

use std::collections::BTreeSet;

use sluice_app::ports::{Chat, Thread};
use sluice_core::failure::ErrorClass;
use sluice_core::id::{ChannelName, DeploymentId, GroupId, UserId};
use sluice_words::message::{Block, Button, ButtonAction, Message};

use super::{at, cloud_and_gate, now};
use crate::cloud::{Fault, Operation, SharedCloud};
use crate::workplace::SlackModel;

fn slack() -> (SharedCloud, SlackModel, ChannelName) {
    let (cloud, gate) = cloud_and_gate();
    let slack = SlackModel::new(gate);
    let channel = ChannelName::new("#erp-staging");
    slack.add_channel(&channel);
    (cloud, slack, channel)
}

fn line(text: &str) -> Message {
    Message::line(text)
}

#[test]
fn a_message_of_one_key_is_posted_once_even_if_the_answer_is_lost() {
    let (cloud, slack, channel) = slack();
    cloud
        .lock()
        .unwrap()
        .faults()
        .nth(Operation::PostMessage, 1, Fault::LoseAnswer);
    assert!(now(slack.ensure_posted("dep-1", &channel, None, &line("begun"))).is_err());
    let posted = now(slack.ensure_posted("dep-1", &channel, None, &line("begun"))).unwrap();
    let reply = now(slack.ensure_posted(
        "dep-1/0",
        &channel,
        Some(Thread {
            first: &posted,
            broadcast: false,
        }),
        &line("more"),
    ))
    .unwrap();
    let messages = slack.messages();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].reference, posted);
    assert_eq!(messages[1].reference, reply);
    assert_eq!(messages[1].thread, Some(posted));
}

#[test]
fn an_update_is_kept_beside_what_was_said_before() {
    let (_, slack, channel) = slack();
    let posted = now(slack.ensure_posted("dep-1", &channel, None, &line("begun"))).unwrap();
    let button = Button {
        action: ButtonAction::Approve,
        deployment: DeploymentId::from_outside("dep-1"),
        plan: None,
        confirm: None,
    };
    let asks = Message {
        summary: "asks".to_owned(),
        blocks: vec![Block::Buttons(vec![button.clone()])],
    };
    now(slack.update(&posted, &asks)).unwrap();
    now(slack.update(&posted, &asks)).unwrap();
    let message = slack.messages().remove(0);
    assert_eq!(message.says().summary, "asks");
    let mut cursor = 0;
    assert_eq!(slack.buttons_since(&mut cursor), [(posted.clone(), button)]);
    assert_eq!(slack.buttons_since(&mut cursor), [], "each is seen once");
    let said = slack.said_since(&mut 0);
    let words: Vec<_> = said
        .iter()
        .map(|said| (said.message.summary.as_str(), said.is_update))
        .collect();
    assert_eq!(words, [("begun", false), ("asks", true)]);
    assert_eq!(
        message.versions.len(),
        2,
        "saying the same again changes nothing"
    );
    assert!(slack.was_ever_said("begun"));
    assert!(!slack.was_ever_said("hunter2"));
}

#[test]
fn while_slack_is_down_nothing_gets_through_and_it_says_so() {
    let (cloud, slack, channel) = slack();
    slack.plan_outage(at(10), at(70));
    cloud.lock().unwrap().advance_to(at(10));
    let error = now(slack.ensure_posted("dep-1", &channel, None, &line("begun"))).unwrap_err();
    assert_eq!(error.error.class, ErrorClass::Retryable);
    assert_eq!(slack.down_until(at(10)), Some(at(70)));
    assert!(slack.messages().is_empty());
    cloud.lock().unwrap().advance_to(at(70));
    assert!(now(slack.ensure_posted("dep-1", &channel, None, &line("begun"))).is_ok());
}

#[test]
fn a_channel_that_is_not_there_needs_somebodys_hand() {
    let (_, slack, channel) = slack();
    slack.remove_channel(&channel);
    let error = now(slack.ensure_posted("dep-1", &channel, None, &line("begun"))).unwrap_err();
    assert_eq!(error.error.class, ErrorClass::NeedsPerson);
    assert!(error.to_string().contains("#erp-staging"), "{error}");
}

#[test]
fn a_group_that_is_not_there_has_nobody() {
    let (_, slack, _) = slack();
    let group = GroupId::new("S0604QSJC");
    assert_eq!(now(slack.group_members(&group)), Ok(BTreeSet::new()));
    let member = UserId::new("U024BE7LH");
    slack.set_group(&group, [member.clone()]);
    assert_eq!(
        now(slack.group_members(&group)),
        Ok(BTreeSet::from([member]))
    );
}
