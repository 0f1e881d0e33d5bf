use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::json;
use sluice_app::ports::{Chat, MessageRef, Refusal};
use sluice_core::failure::PortError;
use sluice_words::message::Message;

use super::fake_slack::{FakeSlack, Reply};
use super::{CHANNEL, chat, posted};
use crate::TokenSource;

/// A secret, and how often it was read.
struct Secret {
    token: Result<&'static str, PortError>,
    read: AtomicUsize,
}

#[async_trait]
impl TokenSource for Secret {
    async fn token(&self) -> Result<SecretString, PortError> {
        self.read.fetch_add(1, Ordering::Relaxed);
        self.token.clone().map(SecretString::from)
    }
}

fn secret(token: Result<&'static str, PortError>) -> Arc<Secret> {
    Arc::new(Secret {
        token,
        read: AtomicUsize::new(0),
    })
}

fn refused(code: &str) -> Reply {
    Reply::json(json!({"ok": false, "error": code}))
}

fn message() -> MessageRef {
    MessageRef {
        channel: CHANNEL.to_owned(),
        ts: "1.0".to_owned(),
    }
}

#[tokio::test]
async fn a_token_that_was_replaced_is_read_again_and_the_call_repeated() {
    for code in ["invalid_auth", "token_revoked", "account_inactive"] {
        let slack = FakeSlack::start(vec![refused(code), posted("1.0"), posted("1.0")]).await;
        let secret = secret(Ok("xoxb-newer"));
        let chat = chat(&slack).with_tokens_from(secret.clone());
        for _ in 0..2 {
            let line = Message::line("live");
            chat.update(&message(), &line).await.unwrap();
        }
        let tokens: Vec<bool> = slack
            .requests()
            .iter()
            .map(|request| request.contains("Bearer xoxb-newer"))
            .collect();
        assert_eq!(tokens, [false, true, true], "{code}: it stays");
        assert_eq!(secret.read.load(Ordering::Relaxed), 1, "{code}");
    }
}

#[tokio::test]
async fn a_token_that_is_still_the_same_is_read_once_a_call_and_the_refusal_stands() {
    let unreadable = PortError::needs_person("AccessDeniedException");
    for token in [Ok("xoxb-simulated"), Err(unreadable)] {
        let slack = FakeSlack::start(vec![refused("token_revoked")]).await;
        let secret = secret(token);
        let chat = chat(&slack).with_tokens_from(secret.clone());
        let line = Message::line("live");
        let error = chat.update(&message(), &line).await.unwrap_err();
        assert_eq!(error.refusal, Refusal::Token);
        assert_eq!(secret.read.load(Ordering::Relaxed), 1);
        assert_eq!(slack.requests().len(), 1);
    }
}

#[tokio::test]
async fn another_that_is_refused_too_is_not_followed_by_a_third() {
    let slack = FakeSlack::start(vec![refused("invalid_auth"), refused("invalid_auth")]).await;
    let chat = chat(&slack).with_tokens_from(secret(Ok("xoxb-newer")));
    let line = Message::line("live");
    let error = chat.update(&message(), &line).await.unwrap_err();
    assert_eq!(error.refusal, Refusal::Token);
    assert!(!format!("{error:?}").contains("xoxb"), "{error:?}");
}
