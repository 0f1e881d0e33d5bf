//! The client over the wire, against a small server on this machine that plays Slack.

#[cfg(feature = "doctor")]
mod doctor;
mod fake_slack;
mod people;
mod refusals;
mod responder;
mod tokens;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use fake_slack::{FakeSlack, Reply};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::ports::{Chat, Clock, MessageRef, Refusal, Thread, TriggerId};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{ChannelName, DeploymentId, GroupId, UserId};
use sluice_words::home::Home;
use sluice_words::message::{Block, Message};
use sluice_words::modal::{Modal, Purpose};

use super::SlackChat;

const TOKEN: &str = "xoxb-simulated";
const CHANNEL: &str = "C0000000001";

/// No time passes.
struct Standing;

#[async_trait]
impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn pass(&self, _: SignedDuration) {
        std::future::pending().await
    }
}

/// Stands at that second.
#[derive(Default)]
struct Moving(AtomicI64);

#[async_trait]
impl Clock for Moving {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }

    async fn pass(&self, _: SignedDuration) {
        std::future::pending().await
    }
}

fn chat(slack: &FakeSlack) -> SlackChat {
    let token = SecretString::from(TOKEN);
    SlackChat::new(&token, &slack.base_url, Arc::new(Standing)).unwrap()
}

async fn post(chat: &SlackChat, key: &str) -> Result<MessageRef, PortError> {
    let channel = ChannelName::new(CHANNEL);
    let message = Message::line("erp v1.4.0 to production");
    let posted = chat.ensure_posted(key, &channel, None, &message).await;
    posted.map_err(|refused| refused.error)
}

fn there(key: &str, ts: &str) -> Value {
    json!({"ts": ts, "metadata": {"event_type": "sluice_message", "event_payload": {"key": key}}})
}

fn posted(ts: &str) -> Reply {
    Reply::json(json!({"ok": true, "channel": CHANNEL, "ts": ts, "message": {}}))
}

fn history(messages: &[Value]) -> Reply {
    Reply::json(json!({"ok": true, "messages": messages}))
}

#[tokio::test]
async fn a_message_is_posted_with_its_key() {
    let slack = FakeSlack::start(vec![history(&[]), posted("1.1")]).await;
    let message = post(&chat(&slack), "dep-1").await.unwrap();
    assert_eq!(message.ts, "1.1");
    let requests = slack.requests();
    assert!(requests[0].starts_with("GET /api/conversations.history?"));
    assert!(requests[0].contains("include_all_metadata=true"));
    assert!(requests[1].starts_with("POST /api/chat.postMessage "));
    assert!(
        requests[1]
            .to_lowercase()
            .contains("authorization: bearer xoxb-simulated")
    );
    let body: Value = serde_json::from_str(requests[1].split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body["text"], "erp v1.4.0 to production");
    assert_eq!(body["metadata"], there("dep-1", "")["metadata"]);
}

#[tokio::test]
async fn a_message_that_is_there_is_not_posted_again() {
    let of_another_app =
        json!({"ts": "1.0", "metadata": {"event_type": "poll", "event_payload": {"key": 7}}});
    let slack = FakeSlack::start(vec![history(&[of_another_app, there("dep-1", "1.1")])]).await;
    let message = post(&chat(&slack), "dep-1").await.unwrap();
    assert_eq!(message.ts, "1.1");
    assert_eq!(slack.requests().len(), 1);
}

#[tokio::test]
async fn after_an_answer_was_lost_the_channel_is_looked_at_again() {
    let slack = FakeSlack::start(vec![
        history(&[]),
        Reply::HangUp,
        history(&[there("dep-1", "1.1")]),
    ])
    .await;
    let clock = Arc::new(Moving::default());
    let token = SecretString::from(TOKEN);
    let chat = SlackChat::new(&token, &slack.base_url, clock.clone()).unwrap();
    let error = post(&chat, "dep-1").await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable);
    // Slack shows what it has taken a little later: nothing is posted before that.
    let error = post(&chat, "dep-1").await.unwrap_err();
    assert!(
        error.message.contains("may have taken the message"),
        "{error}"
    );
    clock.0.store(10, Ordering::Relaxed);
    assert_eq!(post(&chat, "dep-1").await.unwrap().ts, "1.1");
    assert_eq!(slack.requests().len(), 3);
}

#[tokio::test]
async fn one_look_serves_a_whole_story() {
    let slack = FakeSlack::start(vec![history(&[]), posted("1.1"), posted("1.2")]).await;
    let chat = chat(&slack);
    let thread = MessageRef {
        channel: CHANNEL.to_owned(),
        ts: "1.0".to_owned(),
    };
    let channel = ChannelName::new("#deploys");
    let line = Message::line("planned");
    for key in ["dep-1/0", "dep-1/1", "dep-1/0"] {
        chat.ensure_posted(
            key,
            &channel,
            Some(Thread {
                first: &thread,
                broadcast: false,
            }),
            &line,
        )
        .await
        .unwrap();
    }
    let requests = slack.requests();
    assert!(requests[0].starts_with("GET /api/conversations.replies?"));
    assert!(requests[2].contains("\"thread_ts\":\"1.0\""));
    assert_eq!(requests.len(), 3);
}

#[tokio::test]
async fn a_channel_s_name_is_looked_up_among_the_bot_s_own() {
    let page = |channels: Value, cursor: &str| {
        let metadata = json!({"next_cursor": cursor});
        Reply::json(json!({"ok": true, "channels": channels, "response_metadata": metadata}))
    };
    let slack = FakeSlack::start(vec![
        page(json!([{"id": "C0000000009", "name": "random"}]), "page2"),
        page(json!([{"id": CHANNEL, "name": "deploys"}]), ""),
        history(&[]),
        posted("1.1"),
        page(json!([]), ""),
    ])
    .await;
    let chat = chat(&slack);
    let line = Message::line("a");
    let deploys = ChannelName::new("#deploys");
    let message = chat
        .ensure_posted("dep-1", &deploys, None, &line)
        .await
        .unwrap();
    assert_eq!(message.channel, CHANNEL);
    assert!(slack.requests()[1].contains("cursor=page2"));

    let unknown = ChannelName::new("#nowhere");
    let error = chat
        .ensure_posted("dep-1", &unknown, None, &line)
        .await
        .unwrap_err();
    assert_eq!(error.refusal, Refusal::Setting);
    assert!(error.to_string().contains("#nowhere"), "{error}");
}

#[tokio::test]
async fn every_refusal_says_what_can_be_done_and_shows_no_body() {
    let refusal = |code: &str| {
        Reply::json(
            json!({"ok": false, "error": code, "needed": "chat:write", "secret": "xoxb-body"}),
        )
    };
    let cases = [
        (refusal("not_in_channel"), ErrorClass::NeedsPerson, "invite"),
        (
            refusal("channel_not_found"),
            ErrorClass::NeedsPerson,
            "invite",
        ),
        (
            refusal("missing_scope"),
            ErrorClass::NeedsPerson,
            "chat:write",
        ),
        (refusal("invalid_auth"), ErrorClass::NeedsPerson, "token"),
        (
            refusal("invalid_blocks"),
            ErrorClass::Permanent,
            "invalid_blocks",
        ),
        (
            refusal("internal_error"),
            ErrorClass::Retryable,
            "internal_error",
        ),
        (Reply::too_many(7), ErrorClass::Retryable, "7s"),
        (Reply::status(503), ErrorClass::Retryable, "503"),
        (
            Reply::Raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\nxoxb-body".to_owned()),
            ErrorClass::Retryable,
            "not Slack's",
        ),
    ];
    for (reply, class, says) in cases {
        let slack = FakeSlack::start(vec![history(&[]), reply]).await;
        let error = post(&chat(&slack), "dep-1").await.unwrap_err();
        assert_eq!(error.class, class, "{error}");
        assert!(error.message.contains(says), "{error}");
        assert!(!format!("{error:?}").contains("xoxb"), "{error:?}");
    }
}

#[tokio::test]
async fn an_update_keeps_the_key() {
    let slack = FakeSlack::start(vec![posted("1.1")]).await;
    let message = MessageRef {
        channel: CHANNEL.to_owned(),
        ts: "1.1".to_owned(),
    };
    chat(&slack)
        .update(&message, &Message::line("live"))
        .await
        .unwrap();
    let requests = slack.requests();
    assert!(requests[0].starts_with("POST /api/chat.update "));
    assert!(requests[0].contains("\"ts\":\"1.1\""));
    assert!(!requests[0].contains("metadata"));
}

#[tokio::test]
async fn a_group_that_is_not_there_has_nobody_in_it() {
    let slack = FakeSlack::start(vec![
        Reply::json(json!({"ok": true, "users": ["U1", "U2"]})),
        Reply::json(json!({"ok": false, "error": "no_such_subteam"})),
        Reply::json(json!({"ok": false, "error": "missing_scope", "needed": "usergroups:read"})),
    ])
    .await;
    let chat = chat(&slack);
    let group = GroupId::new("S0604QSJC");
    let members = chat.group_members(&group).await.unwrap();
    assert!(members.contains(&UserId::new("U2")));
    assert!(chat.group_members(&group).await.unwrap().is_empty());
    let error = chat.group_members(&group).await.unwrap_err();
    assert!(error.message.contains("usergroups:read"), "{error}");
}

#[tokio::test]
async fn a_user_is_found_by_an_address_that_no_error_says() {
    const EMAIL: &str = "lead@example.com";
    let user = |deleted: bool| json!({"ok": true, "user": {"id": "U024BE7LH", "deleted": deleted}});
    let slack = FakeSlack::start(vec![
        Reply::json(user(false)),
        Reply::json(user(true)),
        Reply::json(json!({"ok": false, "error": "users_not_found"})),
        Reply::json(json!({"ok": false, "error": "missing_scope", "needed": "users:read.email"})),
        Reply::too_many(5),
    ])
    .await;
    let chat = chat(&slack);
    let found = chat.user_by_email(EMAIL).await.unwrap();
    assert_eq!(found, Some(UserId::new("U024BE7LH")));
    assert_eq!(
        chat.user_by_email(EMAIL).await.unwrap(),
        None,
        "they have left"
    );
    assert_eq!(chat.user_by_email(EMAIL).await.unwrap(), None);
    let error = chat.user_by_email(EMAIL).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NeedsPerson);
    assert!(error.message.contains("users:read.email"), "{error}");
    let throttled = chat.user_by_email(EMAIL).await.unwrap_err();
    for error in [error, throttled] {
        assert!(!error.message.contains("example.com"), "{error}");
    }
    let asked = &slack.requests()[0];
    assert!(
        asked.starts_with("GET /api/users.lookupByEmail?email=lead"),
        "{asked}"
    );
}

#[test]
fn a_token_does_not_travel_in_the_clear() {
    let token = SecretString::from(TOKEN);
    for refused in [
        "http://slack.example.com/api",
        "http://127.0.0.1.example.com",
        "slack.com",
    ] {
        let error = SlackChat::new(&token, refused, Arc::new(Standing)).unwrap_err();
        assert!(error.to_string().contains(refused));
    }
    let chat = SlackChat::new(&token, super::BASE_URL, Arc::new(Standing)).unwrap();
    assert!(!format!("{chat:?}").contains(TOKEN));
}

fn body_of(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn a_failure_in_a_thread_is_seen_in_the_channel_too() {
    let slack = FakeSlack::start(vec![history(&[]), posted("1.1"), posted("1.2")]).await;
    let chat = chat(&slack);
    let first = MessageRef {
        channel: CHANNEL.to_owned(),
        ts: "1.0".to_owned(),
    };
    let channel = ChannelName::new("#deploys");
    let line = Message::line("rolled back");
    for (key, broadcast) in [("dep-1/0", true), ("dep-1/1", false)] {
        let thread = Thread {
            first: &first,
            broadcast,
        };
        chat.ensure_posted(key, &channel, Some(thread), &line)
            .await
            .unwrap();
    }
    let requests = slack.requests();
    assert_eq!(body_of(&requests[1])["reply_broadcast"], true);
    assert_eq!(body_of(&requests[2])["reply_broadcast"], false);
}

#[tokio::test]
async fn forms_and_home_pages_are_shown_and_a_late_trigger_is_told_as_one() {
    let slack = FakeSlack::start(vec![
        Reply::json(json!({"ok": true, "view": {"id": "V1"}})),
        Reply::json(json!({"ok": true, "view": {"id": "V2"}})),
        Reply::json(json!({"ok": false, "error": "expired_trigger_id"})),
        Reply::json(json!({"ok": false, "error": "not_enabled"})),
    ])
    .await;
    let chat = chat(&slack);
    let modal = Modal {
        title: "Reject this release?".to_owned(),
        blocks: vec![],
        inputs: vec![],
        submit: "Reject".to_owned(),
        purpose: Purpose::Override {
            deployment: DeploymentId::from_outside("dep-1"),
        },
    };
    let trigger = TriggerId("1.2.abc".to_owned());
    let home = Home {
        blocks: vec![Block::Header("Waits for you".to_owned())],
    };
    let user = UserId::new("U024BE7LH");
    chat.open_modal(&trigger, &modal).await.unwrap();
    chat.publish_home(&user, &home).await.unwrap();
    let requests = slack.requests();
    assert!(requests[0].starts_with("POST /api/views.open "));
    assert_eq!(body_of(&requests[0])["trigger_id"], "1.2.abc");
    assert_eq!(body_of(&requests[0])["view"]["type"], "modal");
    assert!(requests[1].starts_with("POST /api/views.publish "));
    assert_eq!(body_of(&requests[1])["user_id"], "U024BE7LH");
    assert_eq!(body_of(&requests[1])["view"]["type"], "home");

    let late = chat.open_modal(&trigger, &modal).await.unwrap_err();
    assert_eq!(late.class, ErrorClass::Retryable);
    assert!(late.message.contains("3 seconds"), "{late}");
    let off = chat.publish_home(&user, &home).await.unwrap_err();
    assert_eq!(off.class, ErrorClass::NeedsPerson);
    assert!(off.message.contains("Home tab"), "{off}");
}

#[tokio::test]
async fn slack_is_left_alone_for_as_long_as_it_wants() {
    let slack = FakeSlack::start(vec![Reply::too_many(60)]).await;
    let chat = chat(&slack);
    let posted = MessageRef {
        channel: CHANNEL.to_owned(),
        ts: "1.0".to_owned(),
    };
    let line = Message::line("erp v1.4.0 to production");
    for _ in 0..3 {
        let error = chat.update(&posted, &line).await.unwrap_err();
        assert_eq!(error.refusal, Refusal::Busy);
        assert!(error.to_string().contains("no more calls"), "{error}");
    }
    assert_eq!(slack.requests().len(), 1, "it was asked no more");
}
