use sluice_core::failure::ErrorClass;
use sluice_words::message::Message;

use super::fake_slack::{FakeSlack, Reply};
use crate::client::Responder;
use crate::render::render;

#[tokio::test]
async fn a_reply_goes_to_the_click_s_own_address_without_the_token() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nok";
    let slack = FakeSlack::start(vec![Reply::Raw(ok.to_owned()), Reply::status(404)]).await;
    let url = format!("{}/actions/1", slack.base_url);
    let words = render(&Message::line("Approved."));
    Responder::new().reply(&url, &words).await.unwrap();
    let request = slack.requests().remove(0);
    assert!(request.starts_with("POST /api/actions/1 "), "{request}");
    assert!(request.contains(r#""response_type":"ephemeral""#));
    assert!(!request.to_lowercase().contains("authorization"));

    let used_up = Responder::new().reply(&url, &words).await.unwrap_err();
    assert!(used_up.message.contains("404"), "{used_up}");
    for elsewhere in [
        "https://hooks.slack.com.example.com/a",
        "http://hooks.slack.com/a",
        "",
    ] {
        let refused = Responder::new().reply(elsewhere, &words).await.unwrap_err();
        assert_eq!(refused.class, ErrorClass::Permanent);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slack_that_says_nothing_is_not_waited_for_for_long() {
    let slack = FakeSlack::start(vec![Reply::Silence]).await;
    let began = tokio::time::Instant::now();
    let words = render(&Message::line("Approved."));
    let url = format!("{}/actions/1", slack.base_url);
    let error = Responder::new().reply(&url, &words).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable);
    // The function leaves it this second of the three that a click has.
    assert!(began.elapsed() <= std::time::Duration::from_secs(1));
}
