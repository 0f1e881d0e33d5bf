use super::{Incoming, IncomingError, Origin, TypedCommand, Whose, parse};
use crate::interaction::Interaction;
use crate::simulated::{
    command_body, home_opened_body, interaction_body, submission_body, url_verification_body,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use sluice_core::id::{DeploymentId, Hash, UserId};
use sluice_words::message::{Button, ButtonAction};
use sluice_words::modal::{InputName, Purpose, Submission};
use std::collections::BTreeMap;

fn form(payload: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", payload)
        .finish()
}

fn button(plan: Option<Hash>) -> Button {
    Button {
        action: ButtonAction::Approve,
        deployment: DeploymentId::from_outside("dep-78c09c6589e56604"),
        plan,
        confirm: None,
    }
}

fn clicked(change: impl FnOnce(&mut Value)) -> Result<(Origin, Incoming), IncomingError> {
    let by = UserId::new("U024BE7LH");
    let body = interaction_body(&button(None), &by, Timestamp::UNIX_EPOCH);
    let (_, payload) = form_urlencoded::parse(body.as_bytes()).next().unwrap();
    let mut payload = serde_json::from_str(&payload).unwrap();
    change(&mut payload);
    parse(form(&payload.to_string()).as_bytes())
}

#[test]
fn a_click_comes_back_as_the_button_that_was_shown() {
    let plan = Hash::of_json(&"plan");
    let by = UserId::new("U024BE7LH");
    let body = interaction_body(&button(Some(plan.clone())), &by, Timestamp::UNIX_EPOCH);
    let expected = Interaction {
        action: ButtonAction::Approve,
        deployment: DeploymentId::from_outside("dep-78c09c6589e56604"),
        plan: Some(plan),
        by,
        trigger: Some("1.1.simulated".to_owned()),
        response_url: Some("https://hooks.slack.com/actions/T0000000001/1/simulated".to_owned()),
    };
    let (_, incoming) = parse(body.as_bytes()).unwrap();
    assert_eq!(incoming, Incoming::Click(expected));
}

const TEAM: &str = "T0000000001";
const ORGANISATION: &str = "E0000000001";

/// Whose it is, as the workspace sees it, alone or in its organisation.
fn whose(change: impl FnOnce(&mut Value)) -> (Whose, Whose) {
    let (origin, _) = clicked(change).unwrap();
    (
        origin.whose(TEAM, None),
        origin.whose(TEAM, Some(ORGANISATION)),
    )
}

#[test]
fn only_our_own_people_are_listened_to() {
    use Whose::{Guest, OtherWorkspace, Ours};
    let evil = || json!({"id": "T0EVIL00000"});
    assert_eq!(whose(|_| {}), (Ours, Ours));
    let elsewhere = whose(|payload| payload["team"] = evil());
    assert_eq!(elsewhere, (OtherWorkspace, OtherWorkspace));
    let guest = whose(|payload| payload["user"]["team_id"] = json!("T0EVIL00000"));
    assert_eq!(guest, (Guest, Guest), "in a channel that is shared");
    let of_another_organisation = whose(|payload| {
        payload["user"]["team_id"] = json!("T0EVIL00000");
        payload["enterprise"] = json!({"id": "E0EVIL00000"});
    });
    assert_eq!(of_another_organisation, (Guest, Guest));
    let stranger = whose(|payload| payload["user"]["is_stranger"] = json!(true));
    assert_eq!(stranger, (Guest, Guest));
    let dressed_up = whose(|payload| {
        payload["team"] = evil();
        payload["user"]["team_id"] = json!("T0EVIL00000");
        payload["enterprise"] = json!({"id": "T0000000001"});
    });
    assert_eq!(dressed_up, (OtherWorkspace, OtherWorkspace));
}

#[test]
fn a_colleague_of_another_workspace_is_one_of_us_in_our_organisation_only() {
    use Whose::{Guest, OtherWorkspace, Ours};
    let colleague = whose(|payload| {
        payload["enterprise"] = json!({"id": ORGANISATION, "name": "example"});
        payload["user"]["team_id"] = json!("T0000000002");
    });
    assert_eq!(colleague, (Guest, Ours));
    let wide = |team: &'static str| {
        whose(move |payload| {
            payload["team"] = Value::Null;
            payload["enterprise"] = json!({"id": ORGANISATION});
            payload["user"]["team_id"] = json!(team);
        })
    };
    assert_eq!(wide(TEAM), (Ours, Ours), "an install of the organisation");
    assert_eq!(wide("T0000000002"), (OtherWorkspace, OtherWorkspace));
}

#[test]
fn a_form_counts_for_the_workspace_that_the_app_is_installed_in() {
    let submission = Submission {
        id: "V0000000001".to_owned(),
        purpose: Purpose::Override {
            deployment: DeploymentId::from_outside("dep-1"),
        },
        answers: BTreeMap::new(),
        by: UserId::new("U0LOCAL001"),
    };
    let sent = |change: fn(&mut Value)| {
        let body = submission_body(&submission);
        let (_, payload) = form_urlencoded::parse(body.as_bytes()).next().unwrap();
        let mut payload = serde_json::from_str(&payload).unwrap();
        change(&mut payload);
        let (origin, _) = parse(form(&payload.to_string()).as_bytes()).unwrap();
        origin.whose(TEAM, Some(ORGANISATION))
    };
    let from_second = sent(|payload| {
        payload["team"] = json!({"id": "T0SECOND01"});
        payload["enterprise"] = json!({"id": ORGANISATION});
        payload["user"]["team_id"] = json!("T0SECOND01");
        payload["view"]["app_installed_team_id"] = json!(TEAM);
    });
    assert_eq!(from_second, Whose::Ours);
    let guest = sent(|payload| {
        payload["team"] = json!({"id": "T0SECOND01"});
        payload["user"]["team_id"] = json!("T0SECOND01");
        payload["view"]["app_installed_team_id"] = json!(TEAM);
    });
    assert_eq!(guest, Whose::Guest);
    let other = sent(|payload| payload["view"]["app_installed_team_id"] = json!("T0SECOND01"));
    assert_eq!(other, Whose::OtherWorkspace);
}

#[test]
fn what_is_not_ours_is_told_from_what_is_unreadable() {
    let not_ours = [
        clicked(|payload| payload["type"] = json!("view_submission")),
        clicked(|payload| payload["type"] = json!("view_closed")),
        clicked(|payload| payload["type"] = json!("a_type_of_next_year")),
        clicked(|payload| payload["actions"][0]["action_id"] = json!("snooze")),
        clicked(|payload| payload["actions"][0]["value"] = json!("another app's")),
        clicked(|payload| payload["actions"][0]["value"] = Value::Null),
    ];
    for outcome in not_ours {
        assert!(
            matches!(outcome, Err(IncomingError::NotOurs(_))),
            "{outcome:?}"
        );
    }
    let unreadable = [
        clicked(|payload| payload["type"] = Value::Null),
        clicked(|payload| payload["actions"] = json!([])),
        clicked(|payload| payload["user"] = Value::Null),
        parse(b"token=1"),
        parse(form("{").as_bytes()),
        parse(&[0xff, 0xfe]),
    ];
    for outcome in unreadable {
        assert!(
            matches!(outcome, Err(IncomingError::Unreadable(_))),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_form_comes_back_with_its_purpose_and_its_answers() {
    let submission = Submission {
        id: "V0000000001".to_owned(),
        purpose: Purpose::Reject {
            deployment: DeploymentId::from_outside("dep-78c09c6589e56604"),
            plan: Hash::of_json(&"plan"),
        },
        answers: BTreeMap::from([(InputName::Reason, "too late & <b>".to_owned())]),
        by: UserId::new("U024BE7LH"),
    };
    let (origin, incoming) = parse(submission_body(&submission).as_bytes()).unwrap();
    assert_eq!(origin.whose(TEAM, None), Whose::Ours);
    assert_eq!(incoming, Incoming::Submission(submission));
}

#[test]
fn a_command_comes_with_its_text_as_it_was_typed() {
    let by = UserId::new("U024BE7LH");
    let (origin, incoming) =
        parse(command_body("status <#C1|ops> &amp;", &by, "1.2.x").as_bytes()).unwrap();
    assert_eq!(origin.whose(TEAM, None), Whose::Ours);
    assert_eq!(origin.whose("T0000000002", None), Whose::OtherWorkspace);
    let text = "status <#C1|ops> &amp;".to_owned();
    let trigger = "1.2.x".to_owned();
    let typed = TypedCommand { text, by, trigger };
    assert_eq!(incoming, Incoming::Command(typed));
    let others = "command=%2Fdeploy&user_id=U1&team_id=T1&text=";
    for body in [others, "ssl_check=1&token=x"] {
        let outcome = parse(body.as_bytes());
        assert!(matches!(outcome, Err(IncomingError::NotOurs(_))), "{body}");
    }
}

#[test]
fn events_are_read_and_those_of_next_year_are_not_ours() {
    let (_, challenge) = parse(url_verification_body("3eZbrw1aB1").as_bytes()).unwrap();
    let expected = Incoming::UrlVerification("3eZbrw1aB1".to_owned());
    assert_eq!(challenge, expected);
    let user = UserId::new("U024BE7LH");
    let body = home_opened_body(&user, Timestamp::UNIX_EPOCH);
    assert_eq!(
        parse(body.as_bytes()).unwrap().1,
        Incoming::HomeOpened(user)
    );
    let messages = body.replace("\"home\"", "\"messages\"");
    let new = r#"{"type":"event_callback","event":{"type":"new"}}"#;
    for other in [messages.as_str(), new] {
        let outcome = parse(other.as_bytes());
        assert!(matches!(outcome, Err(IncomingError::NotOurs(_))), "{other}");
    }
    for broken in ["{", "{}", r#"{"type":"url_verification"}"#] {
        let outcome = parse(broken.as_bytes());
        assert!(
            matches!(outcome, Err(IncomingError::Unreadable(_))),
            "{broken}"
        );
    }
}
