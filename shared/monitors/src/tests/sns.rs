//! What a topic of SNS is told, within the limits of `Publish`.

use serde_json::json;
use sluice_app::ports::{Monitors as _, NotTaken};
use sluice_core::config::Monitor;
use sluice_words::monitoring::News;

use super::fixture::{TOKEN, needed, page, port, settled};
use crate::TopicMessage;

const ACCOUNT: &str = "arn:aws:sns:eu-central-1:222222222222";

fn topic(name: &str) -> Monitor {
    Monitor::Sns {
        topic: format!("{ACCOUNT}:{name}"),
    }
}

#[tokio::test]
async fn a_topic_is_told_what_happened_what_it_means_and_what_to_do() {
    let (port, _, bus) = port(vec![TOKEN]);
    for news in [needed(), settled()] {
        port.tell(&topic("deployments"), &news, None, false)
            .await
            .unwrap();
    }
    let published = bus.1.lock().unwrap().clone();
    let [needed, settled] = &published[..] else {
        panic!("{published:?}")
    };
    assert_eq!(needed.topic, format!("{ACCOUNT}:deployments"));
    assert_eq!(needed.subject, "Person needed: erp v1.4.0 in production");
    let expected = "erp v1.4.0 in production: v1.4.0 <is> on its way\n\
                    It happened at 2026-01-05 12:00:00 UTC.\n\n\
                    What it means now:\n- Users are served by v1.3.0.\n\n\
                    What to do:\n- Decide in Slack.\n\n\
                    Deployment dep-0123456789abcdef";
    assert_eq!(needed.text, expected);
    let attributes = |of: &TopicMessage| -> Vec<String> {
        let all = of.attributes.iter();
        all.map(|(name, value)| format!("{name}={value}")).collect()
    };
    let expected = [
        "application=erp",
        "environment=production",
        "state=needs-person",
        "needsPerson=true",
    ];
    assert_eq!(attributes(needed), expected);
    // A standard topic refuses what belongs to a FIFO topic.
    assert_eq!(needed.fifo, None);
    assert_eq!(
        settled.subject,
        "Settled (succeeded): erp v1.4.0 in production"
    );
    assert_eq!(
        attributes(settled)[2..],
        ["state=ended", "needsPerson=false", "outcome=succeeded"]
    );
}

#[tokio::test]
async fn a_fifo_topic_knows_a_message_that_comes_twice() {
    let (port, _, bus) = port(vec![TOKEN]);
    for _ in 0..2 {
        port.tell(&topic("deployments.fifo"), &needed(), None, true)
            .await
            .unwrap();
    }
    let published = bus.1.lock().unwrap().clone();
    let fifo = published[0].fifo.as_ref().unwrap();
    assert_eq!(fifo.group, "dep-0123456789abcdef");
    assert_eq!(fifo.deduplication, "dep-0123456789abcdef.7");
    assert_eq!(
        published[0], published[1],
        "the same id, and the same message"
    );
}

#[tokio::test]
async fn a_subject_is_as_sns_takes_it_whatever_the_names_are() {
    let (port, _, bus) = port(vec![TOKEN]);
    let News::Page(mut page) = page("needs-person", json!({"summary": "x".repeat(20_000)})) else {
        panic!()
    };
    page.subject = format!("erp\n{} é 日本 in production", "v".repeat(128));
    port.tell(&topic("deployments"), &News::Page(page), None, false)
        .await
        .unwrap();
    let message = bus.1.lock().unwrap()[0].clone();
    let subject = message.subject.as_bytes();
    assert!(subject.len() <= 100 && subject.iter().all(|byte| (32..127).contains(byte)));
    assert!(message.text.len() < 256 * 1024);
}

#[tokio::test]
async fn a_missing_right_is_for_a_person_and_a_lost_answer_may_have_been_published() {
    let (port, ..) = port(vec![TOKEN]);
    let denied = port
        .tell(&topic("denied"), &needed(), None, false)
        .await
        .unwrap_err();
    assert_eq!(
        (denied.not_taken, denied.may_be_there),
        (NotTaken::Setting, false)
    );
    let lost = port
        .tell(&topic("lost"), &needed(), None, false)
        .await
        .unwrap_err();
    assert_eq!(lost.not_taken, NotTaken::Busy { retry_after: None });
    assert!(lost.may_be_there);
}
