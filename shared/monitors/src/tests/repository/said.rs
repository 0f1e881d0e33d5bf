//! What Sluice says of a pull request.

use sluice_app::ports::Repository as _;
use sluice_core::id::{CommentId, CommitId, RevisionId};

use super::super::server::Reply;
use super::{Stage, id};

#[tokio::test]
async fn a_status_is_set_once_until_it_is_another() {
    let stage = Stage::new().await;
    let head = stage.git(|hub| {
        hub.branch("hotfix/login", "main");
        hub.commit("hotfix/login", "Fix it")
    });
    let revision = RevisionId::new(head.as_str());
    for approved in [false, false, true, true, true, false] {
        let (port, at) = (&stage.port, &stage.at);
        let said = port.ensure_approval(at, &id(1), &revision, approved).await;
        said.unwrap();
    }
    let states = stage.git(|hub| hub.statuses.clone());
    let states: Vec<&str> = states.iter().map(|status| status[1].as_str()).collect();
    assert_eq!(states, ["failure", "success", "failure"]);
}

/// The answer to the request that makes the comment is lost: the next look finds it.
#[tokio::test]
async fn there_is_one_comment_also_if_the_answer_was_lost() {
    let mut lost = false;
    let stage = Stage::with(Box::new(move |asked, hub| {
        if asked.method != "POST" || std::mem::replace(&mut lost, true) {
            return None;
        }
        hub.answer(asked);
        Some(Reply::HangUp)
    }))
    .await;
    let number = stage.git(|hub| {
        hub.branch("feature/menu", "develop");
        hub.commit("feature/menu", "Add a menu");
        hub.comments = (0..150).map(|id| (id, 1, "Nice!".to_owned())).collect();
        hub.open("feature/menu", "main", false)
    });
    let none = CommitId::new("0".repeat(40));
    let between = (none.clone(), none);
    let comment = async |text: &str| {
        let (port, at) = (&stage.port, &stage.at);
        port.ensure_comment(at, &id(number), &between, "sluice-erp-1", text)
            .await
    };
    comment("No.").await.unwrap_err();
    let first = comment("No.").await.unwrap();
    assert_eq!(comment("No.").await.unwrap(), first);
    assert_eq!(stage.git(|hub| hub.comments.len()), 151);

    let says = async |comment: &CommentId| {
        let done = stage
            .port
            .ensure_comment_says(&stage.at, comment, "Yes.")
            .await;
        done.unwrap();
    };
    says(&first).await;
    let calls = stage.server.calls().len();
    says(&first).await;
    assert_eq!(stage.server.calls().len(), calls + 1, "it says so already");
    let body = stage.git(|hub| hub.comments[150].2.clone());
    assert_eq!(body, "Yes.\n\n<!-- sluice-erp-1 -->");
    assert_eq!(comment("Yes.").await.unwrap(), first);
    says(&CommentId::new("4711")).await;
    assert_eq!(
        stage.git(|hub| hub.comments.len()),
        151,
        "deleted, it stays deleted"
    );
}
