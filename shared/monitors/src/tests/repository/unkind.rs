//! What becomes of refusals, limits and lost answers. No error says a secret.

use jiff::SignedDuration;
use sluice_app::ports::Repository as _;
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{BranchName, CommentId, CommitId, RevisionId};

use super::super::server::Reply;
use super::{Stage, id};

async fn refused(reply: impl Fn() -> Reply + Send + 'static) -> (PortError, Stage) {
    let stage = Stage::with(Box::new(move |_, _| Some(reply()))).await;
    let error = stage.port.branches(&stage.at).await.unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    (error, stage)
}

fn headed(status: u16, head: &str, body: &'static str) -> impl Fn() -> Reply + Send + 'static {
    let head = head.to_owned();
    move || Reply::Headed(status, head.clone(), body.to_owned())
}

#[tokio::test]
async fn each_refusal_says_what_can_be_done() {
    const BODY: &str = r#"{"message": "denied to token=hunter2-secret"}"#;
    for (status, class, says) in [
        (
            401,
            ErrorClass::NeedsPerson,
            "store a valid token in the secret `sluice/github`",
        ),
        (
            403,
            ErrorClass::NeedsPerson,
            "the permission: docs/source.md",
        ),
        (
            301,
            ErrorClass::NeedsPerson,
            "the repository was renamed or moved",
        ),
        (
            404,
            ErrorClass::NeedsPerson,
            "GitHub shows no repository acme/erp to the token",
        ),
        (409, ErrorClass::Retryable, "it is asked again"),
        (502, ErrorClass::Retryable, "it is asked again"),
        (422, ErrorClass::Permanent, "nothing was changed"),
        (429, ErrorClass::Retryable, "takes no more requests for now"),
    ] {
        let (error, _) = refused(headed(status, "", BODY)).await;
        assert_eq!(error.class, class, "{error}");
        assert!(error.message.contains(says), "{error}");
    }
}

/// GitHub shows nothing that the token may not see, and answers as if it were not there: no branch was
/// deleted, no commit is foreign, and no pull request gone.
#[tokio::test]
async fn what_the_token_may_not_see_is_not_missing() {
    let stage = Stage::new().await;
    let main = BranchName::new("main");
    let head = stage.head("main").await.unwrap();
    stage.git(|hub| hub.is_hidden = true);
    let (port, at) = (&stage.port, &stage.at);
    let errors = [
        port.head(at, &main).await.unwrap_err(),
        port.branches(at).await.unwrap_err(),
        port.commit(at, &head).await.map(drop).unwrap_err(),
        port.base(at, &head, &head).await.unwrap_err(),
        port.closed_pulls(at).await.unwrap_err(),
        port.open_pulls(at, &main).await.unwrap_err(),
        port.pull(at, &id(1)).await.unwrap_err(),
        port.ensure_approval(at, &id(1), &RevisionId::new(head.as_str()), true)
            .await
            .unwrap_err(),
        port.ensure_comment_says(at, &CommentId::new("1"), "No.")
            .await
            .unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.class, ErrorClass::NeedsPerson, "{error}");
    }
}

#[tokio::test]
async fn a_limit_is_waited_for_without_asking() {
    let reset = 1_767_614_700; // 12:05:00 and 1,200 seconds.
    for (status, head, body, seconds) in [
        (
            403,
            format!(
                "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: {}\r\n",
                reset + 1200
            ),
            "{}",
            1200,
        ),
        (429, "retry-after: 90\r\n".to_owned(), "{}", 90),
        (
            403,
            "retry-after: 30\r\nx-ratelimit-remaining: 4000\r\n".to_owned(),
            "{}",
            30,
        ),
        (
            403,
            "x-ratelimit-remaining: 4000\r\n".to_owned(),
            r#"{"message": "You have exceeded a secondary rate limit."}"#,
            60,
        ),
    ] {
        let (error, stage) = refused(headed(status, &head, body)).await;
        assert_eq!(error.class, ErrorClass::Retryable, "{error}");
        let pass = |time: i64| *stage.clock.0.lock().unwrap() += SignedDuration::from_secs(time);
        pass(seconds - 1);
        let error = stage.port.closed_pulls(&stage.at).await.unwrap_err();
        assert!(error.message.contains("until"), "{error}");
        assert_eq!(stage.server.asked().len(), 1, "{head}");
        pass(2);
        stage.port.closed_pulls(&stage.at).await.unwrap_err();
        assert_eq!(stage.server.asked().len(), 2, "{head}");
    }
}

#[tokio::test]
async fn a_read_is_tried_twice_and_a_change_once() {
    for reply in [|| Reply::HangUp, || Reply::Answer(502, "<html>".to_owned())] {
        let mut count = 0;
        let stage = Stage::with(Box::new(move |_, _| {
            count += 1;
            (count % 2 == 1).then(reply)
        }))
        .await;
        assert!(stage.head("main").await.is_some());
        assert_eq!(stage.server.asked().len(), 2);
    }
    let stage = Stage::with(Box::new(|asked, _| {
        (asked.method == "POST").then_some(Reply::HangUp)
    }))
    .await;
    let head = stage.head("main").await.unwrap();
    let revision = RevisionId::new(head.as_str());
    let error = stage
        .port
        .ensure_approval(&stage.at, &id(1), &revision, true)
        .await;
    assert_eq!(error.unwrap_err().class, ErrorClass::Retryable);
    let posts = stage
        .server
        .calls()
        .into_iter()
        .filter(|call| call.starts_with("POST"));
    assert_eq!(posts.count(), 1);
}

/// Two copies of GitHub's disagree: one does not have the new commit yet.
#[tokio::test]
async fn a_comparison_that_is_behind_is_asked_again() {
    let mut behind = true;
    let stage = Stage::with(Box::new(move |asked, _| {
        let is_behind = asked.path.contains("/compare/") && std::mem::take(&mut behind);
        is_behind.then(|| Reply::json(404, &serde_json::json!({"message": "Not Found"})))
    }))
    .await;
    let (first, new) = stage.git(|hub| (hub.branches["main"].clone(), hub.commit("main", "New")));
    let (first, new) = (CommitId::new(first), CommitId::new(new));
    let base = stage.port.base(&stage.at, &new, &first).await.unwrap();
    assert_eq!(base, Some(first));
}
