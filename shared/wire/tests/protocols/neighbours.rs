//! What the endpoint serves beside AWS, to the clients that ask for it: the application to the
//! adapter of smoke tests, Slack to the chat's.

use std::sync::Arc;

use jiff::SignedDuration;
use secrecy::SecretString;
use sluice_app::ports::{Chat as _, Http as _, HttpRequest, Thread};
use sluice_aws::{HttpsHttp, SystemClock};
use sluice_core::failure::ErrorClass;
use sluice_core::id::{ChannelName, GroupId, UserId};
use sluice_core::observation::HttpObservation;
use sluice_sim::slack_web::Trouble;
use sluice_slack::SlackChat;
use sluice_words::message::Message;

use crate::endpoint::Endpoint;

#[tokio::test]
async fn the_application_answers_at_its_address() {
    let cloud = Endpoint::new().await;
    let get = async |path: &str| {
        let request = HttpRequest {
            method: "GET".to_owned(),
            url: format!("{}/app{path}", cloud.url),
            timeout: SignedDuration::from_secs(5),
        };
        HttpsHttp::new().request(&request).await
    };
    let HttpObservation::Answered { status, body, .. } = get("/healthz/ready").await else {
        panic!("it answers")
    };
    assert_eq!(status, 200);
    assert!(body.contains("ok"), "{body}");
    let HttpObservation::Answered { status, .. } = get("/nothing").await else {
        panic!("it answers")
    };
    assert_eq!(status, 404);
}

#[tokio::test]
async fn slack_takes_what_the_chat_says() {
    let cloud = Endpoint::new().await;
    let (channel, group) = (ChannelName::new("#erp"), GroupId::new("S0604QSJC"));
    {
        let mut slack = cloud.slack.lock().unwrap();
        slack.add_channel(&channel);
        slack.set_group(&group, [UserId::new("U024BE7LH")]);
    }
    let token = SecretString::from("xoxb-simulated");
    let url = format!("{}/slack/api", cloud.url);
    let chat = SlackChat::new(&token, &url, Arc::new(SystemClock)).unwrap();
    let say = Message::line("erp v1 to production");
    let first = chat
        .ensure_posted("dep-1", &channel, None, &say)
        .await
        .unwrap();
    let again = chat
        .ensure_posted("dep-1", &channel, None, &say)
        .await
        .unwrap();
    assert_eq!(first, again, "one key is one message");
    let live = Message::line("erp v1 is live");
    chat.update(&first, &live).await.unwrap();
    let line = Message::line("began");
    chat.ensure_posted(
        "dep-1/0",
        &channel,
        Some(Thread {
            first: &first,
            broadcast: false,
        }),
        &line,
    )
    .await
    .unwrap();
    {
        let slack = cloud.slack.lock().unwrap();
        let said = slack.messages(&first.channel);
        let said: Vec<_> = said.iter().map(|one| &one.says()["text"]).collect();
        assert_eq!(said, ["erp v1 is live", "began"]);
    }
    let members = chat.group_members(&group).await.unwrap();
    assert_eq!(members.len(), 1);

    let (now, hour) = (
        cloud.cloud(|cloud| cloud.now()),
        SignedDuration::from_hours(1),
    );
    cloud
        .slack
        .lock()
        .unwrap()
        .plan_trouble(now, now + hour, Trouble::Down);
    let error = chat.update(&first, &say).await.unwrap_err();
    assert_eq!(error.error.class, ErrorClass::Retryable);
    let other = SecretString::from("xoxb-other");
    let stranger = SlackChat::new(&other, &url, Arc::new(SystemClock)).unwrap();
    let error = stranger.update(&first, &say).await.unwrap_err();
    assert!(!error.to_string().contains("xoxb"), "{error}");
}
