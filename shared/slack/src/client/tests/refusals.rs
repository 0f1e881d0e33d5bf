use serde_json::json;
use sluice_app::ports::{Chat, MessageRef, Refusal, Thread, TriggerId};
use sluice_core::id::{ChannelName, DeploymentId};
use sluice_words::message::Message;
use sluice_words::modal::{Modal, Purpose};

use super::fake_slack::{FakeSlack, Reply};
use super::{CHANNEL, chat, history, post, posted};

fn first() -> MessageRef {
    MessageRef {
        channel: CHANNEL.to_owned(),
        ts: "1.0".to_owned(),
    }
}

fn refused(error: &str) -> Reply {
    let messages = ["[ERROR] must be less than 3001 characters [json-pointer:/blocks/3/text/text]"];
    let metadata = json!({"messages": messages});
    Reply::json(json!({"ok": false, "error": error, "response_metadata": metadata}))
}

async fn reply(replies: Vec<Reply>) -> (Result<MessageRef, Refusal>, Vec<String>) {
    let slack = FakeSlack::start(replies).await;
    let first = first();
    let thread = Thread {
        first: &first,
        broadcast: true,
    };
    let channel = ChannelName::new(CHANNEL);
    let line = Message::line("planned");
    let chat = chat(&slack);
    let posted = chat.ensure_posted("k", &channel, Some(thread), &line).await;
    (posted.map_err(|refused| refused.refusal), slack.requests())
}

#[tokio::test]
async fn a_reply_without_a_first_message_is_told_from_one_that_may_not_be_there() {
    let cases = [
        (vec![refused("thread_not_found")], Refusal::Deleted),
        (
            vec![history(&[]), refused("cant_broadcast_message")],
            Refusal::NotAllowedHere,
        ),
        (
            vec![history(&[]), refused("msg_blocks_too_long")],
            Refusal::TooLong,
        ),
    ];
    for (replies, refusal) in cases {
        assert_eq!(reply(replies).await.0, Err(refusal));
    }
}

#[tokio::test]
async fn a_reply_that_slack_puts_into_the_channel_is_seen() {
    let answer = |message: serde_json::Value| {
        Reply::json(json!({"ok": true, "channel": CHANNEL, "ts": "2.2", "message": message}))
    };
    let outside = vec![
        history(&[]),
        answer(json!({"ts": "2.2", "text": "planned"})),
    ];
    assert_eq!(reply(outside).await.0, Err(Refusal::OutsideThread));
    let inside = json!({"ts": "2.2", "text": "planned", "thread_ts": "1.0"});
    for answer in [answer(inside), posted("2.2")] {
        assert!(reply(vec![history(&[]), answer]).await.0.is_ok());
    }
}

#[tokio::test]
async fn only_what_was_deleted_is_deleted_and_the_log_gets_slacks_own_words() {
    let cases = [
        ("message_not_found", Refusal::Deleted),
        ("cant_update_message", Refusal::ForGood),
        ("edit_window_closed", Refusal::ForGood),
        ("is_inactive", Refusal::Setting),
        ("update_failed", Refusal::Busy),
        ("invalid_blocks", Refusal::TooLong),
    ];
    for (code, refusal) in cases {
        let slack = FakeSlack::start(vec![refused(code)]).await;
        let line = Message::line("live");
        let error = chat(&slack).update(&first(), &line).await.unwrap_err();
        assert_eq!(error.refusal, refusal, "{code}");
        let said = error.to_string();
        assert!(said.contains("json-pointer:/blocks/3/text/text"), "{said}");
    }
}

#[tokio::test]
async fn invalid_arguments_about_a_trigger_are_a_late_form() {
    let messages = ["[ERROR] `trigger_id` expired [json-pointer:/trigger_id]"];
    let metadata = json!({"messages": messages});
    let late = json!({"ok": false, "error": "invalid_arguments", "response_metadata": metadata});
    let slack = FakeSlack::start(vec![Reply::json(late)]).await;
    let modal = Modal {
        title: "t".to_owned(),
        blocks: vec![],
        inputs: vec![],
        submit: "s".to_owned(),
        purpose: Purpose::Override {
            deployment: DeploymentId::from_outside("dep-1"),
        },
    };
    let trigger = TriggerId("1".to_owned());
    let error = chat(&slack).open_modal(&trigger, &modal).await.unwrap_err();
    assert!(error.message.contains("3 seconds"), "{error}");
}

#[tokio::test]
async fn without_groups_read_public_channels_are_found() {
    let missing =
        || Reply::json(json!({"ok": false, "error": "missing_scope", "needed": "groups:read"}));
    let page =
        |name: &str| Reply::json(json!({"ok": true, "channels": [{"id": CHANNEL, "name": name}]}));
    let slack = FakeSlack::start(vec![
        missing(),
        page("deploys"),
        history(&[]),
        posted("1.1"),
        missing(),
        page("deploys"),
        missing(),
        missing(),
    ])
    .await;
    let chat = chat(&slack);
    let line = Message::line("a");
    let named = |name: &str| ChannelName::new(name);
    let message = chat
        .ensure_posted("dep-1", &named("#deploys"), None, &line)
        .await
        .unwrap();
    assert_eq!(message.channel, CHANNEL);
    assert!(slack.requests()[1].contains("types=public_channel&"));
    for refused_for in [
        "if it is private, give the app the scope groups:read",
        "groups:read",
    ] {
        let private = named("#private");
        let posting = chat.ensure_posted("dep-1", &private, None, &line);
        let error = posting.await.unwrap_err();
        assert_eq!(error.refusal, Refusal::Setting);
        assert!(error.to_string().contains(refused_for), "{error}");
    }
}

#[tokio::test]
async fn reading_that_was_too_often_has_a_rest_too() {
    let slack = FakeSlack::start(vec![Reply::too_many(60)]).await;
    let chat = chat(&slack);
    for _ in 0..3 {
        let error = post(&chat, "dep-1").await.unwrap_err();
        assert!(error.message.contains("no more calls"), "{error}");
    }
    assert_eq!(slack.requests().len(), 1);
}
