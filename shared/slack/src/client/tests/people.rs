use serde_json::json;
use sluice_app::ports::Chat;
use sluice_core::id::UserId;

use super::chat;
use super::fake_slack::{FakeSlack, Reply};

#[tokio::test]
async fn a_person_is_known_by_all_ids_and_asked_about_once() {
    let user = json!({"id": "U0LOCAL001", "enterprise_user": {"id": "W0GLOBAL01"}});
    let alone = || Reply::json(json!({"ok": true, "user": {"id": "U0ALONE001"}}));
    let slack = FakeSlack::start(vec![
        Reply::json(json!({"ok": true, "user": user})),
        alone(),
        alone(),
        Reply::json(json!({"ok": false, "error": "user_not_found"})),
        Reply::json(json!({"ok": false, "error": "missing_scope", "needed": "users:read"})),
    ])
    .await;
    let chat = chat(&slack);
    let ids = |user: &str| {
        let user = UserId::new(user);
        let chat = &chat;
        async move { chat.ids_of(&user).await }
    };
    let both = ["U0LOCAL001", "W0GLOBAL01"].map(UserId::new);
    for _ in 0..2 {
        assert_eq!(ids("U0LOCAL001").await.unwrap(), both.clone().into());
    }
    assert_eq!(slack.requests().len(), 1);
    assert!(slack.requests()[0].starts_with("GET /api/users.info?user=U0LOCAL001"));
    for _ in 0..2 {
        // They may get another.
        let alone = [UserId::new("U0ALONE001")].into();
        assert_eq!(ids("U0ALONE001").await.unwrap(), alone);
    }
    assert_eq!(ids("U0GONE0001").await.unwrap().len(), 1);
    let error = ids("U0ANY00001").await.unwrap_err();
    assert!(error.message.contains("users:read"), "{error}");
}

#[tokio::test]
async fn the_organisation_is_asked_for_once() {
    let test = json!({"ok": true, "team_id": "T0000000001", "enterprise_id": "E0000000001"});
    let slack = FakeSlack::start(vec![Reply::too_many(1), Reply::json(test)]).await;
    let slow = chat(&slack);
    assert!(slow.organisation().await.is_err());
    let chat = chat(&slack);
    for _ in 0..2 {
        let organisation = chat.organisation().await.unwrap();
        assert_eq!(organisation.as_deref(), Some("E0000000001"));
    }
    assert_eq!(slack.requests().len(), 2);
}
