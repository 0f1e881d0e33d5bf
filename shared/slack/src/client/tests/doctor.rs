//! What `sluice doctor --slack` makes of Slack's answers.

use std::collections::{BTreeMap, BTreeSet};

use sluice_doctor::Wanted;
use sluice_doctor::facts::Slack;
use sluice_words::doctor::NotSeen;

use super::*;
use crate::client::doctor::look;

fn wanted() -> Wanted {
    let named = |names: &[&str]| {
        let each = names
            .iter()
            .map(|name| ((*name).to_owned(), "erp/production".to_owned()));
        each.collect::<BTreeMap<_, _>>()
    };
    Wanted {
        team: Some("T024BE7LH".into()),
        channels: named(&["#erp-production", "C0ARCHIVED", "#private"]),
        groups: named(&["S0EMPTY", "S0GONE", "S0GOOD"]),
        people: BTreeSet::from([
            "U0BOT".to_owned(),
            "U0GONE".to_owned(),
            "U0GUEST".to_owned(),
        ]),
    }
}

/// auth.test's answer with this header.
fn tested(scopes: &str, body: &serde_json::Value) -> Reply {
    let body = body.to_string();
    Reply::Raw(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{scopes}content-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    ))
}

async fn looked(replies: Vec<Reply>) -> (Slack, Vec<String>) {
    let slack = FakeSlack::start(replies).await;
    let token = SecretString::from("xoxb-token");
    let clock = Arc::new(Standing);
    let facts = look(Ok(token), Some(&slack.base_url), clock, wanted()).await;
    (facts, slack.requests())
}

#[tokio::test]
async fn a_workspace_is_read_and_nothing_is_posted() {
    let good = json!({"ok": true, "team_id": "T024BE7LH", "is_enterprise_install": false});
    let (facts, requests) = looked(vec![
        tested("x-oauth-scopes: chat:write,channels:read\r\n", &good),
        Reply::json(json!({"ok": true, "channels": [
            {"id": "C01", "name": "erp-production", "is_ext_shared": true},
            {"id": "C0ARCHIVED", "name": "old", "is_archived": true},
        ]})),
        Reply::json(json!({"ok": true, "users": []})),
        Reply::json(json!({"ok": true, "users": ["U1", "U2"]})),
        Reply::json(json!({"ok": false, "error": "no_such_subteam"})),
        Reply::json(json!({"ok": true, "user": {"id": "U0BOT", "is_bot": true}})),
        Reply::json(json!({"ok": false, "error": "user_not_found"})),
        Reply::json(json!({"ok": true, "user": {"id": "U0GUEST", "is_restricted": true}})),
    ])
    .await;
    let token = facts.token.unwrap().unwrap();
    assert_eq!(token.team, "T024BE7LH");
    assert_eq!(token.scopes.unwrap(), ["chat:write", "channels:read"]);
    // One channel was not found, and may be private.
    assert!(facts.wanted_scopes.contains(&"groups:read".to_owned()));
    assert!(facts.wanted_scopes.contains(&"commands".to_owned()));
    let state = |name: &str| {
        let channel = facts.channels.iter().find(|channel| channel.name == name);
        channel.unwrap().seen.clone().unwrap()
    };
    assert!(state("#erp-production").unwrap().shared_outside);
    assert!(state("C0ARCHIVED").unwrap().archived);
    assert!(state("#private").is_none());
    let members = facts
        .groups
        .iter()
        .map(|group| (group.id.as_str(), group.members.clone().unwrap()));
    assert_eq!(
        members.collect::<Vec<_>>(),
        [("S0EMPTY", 0), ("S0GONE", 2), ("S0GOOD", 0)]
    );
    let people: Vec<_> = facts
        .people
        .iter()
        .map(|(_, person)| person.clone().unwrap())
        .collect();
    assert!(people[0].unwrap().bot && people[1].is_none() && people[2].unwrap().guest);
    assert_eq!(requests.len(), 8);
    assert!(
        requests.iter().all(|request| !request.contains("chat.")),
        "{requests:#?}"
    );
}

#[tokio::test]
async fn a_token_that_is_refused_is_a_finding_and_everything_else_unknown() {
    let refused = json!({"ok": false, "error": "token_revoked"});
    let (facts, requests) = looked(vec![tested("", &refused)]).await;
    assert_eq!(facts.token.unwrap().unwrap_err(), "token_revoked");
    assert!(facts.channels.iter().all(|channel| channel.seen.is_err()));
    assert!(facts.people.iter().all(|(_, person)| person.is_err()));
    assert_eq!(requests.len(), 1);
}

#[tokio::test]
async fn a_missing_scope_is_named_and_a_silent_slack_is_unknown() {
    let good = json!({"ok": true, "team_id": "T024BE7LH"});
    let missing =
        || Reply::json(json!({"ok": false, "error": "missing_scope", "needed": "usergroups:read"}));
    let (facts, _) = looked(vec![
        tested("", &good),
        Reply::json(json!({"ok": false, "error": "missing_scope", "needed": "groups:read"})),
        Reply::json(json!({"ok": true, "channels": [{"id": "C01", "name": "private"}]})),
        missing(),
        missing(),
        missing(),
        Reply::status(500),
        Reply::status(500),
        Reply::status(500),
    ])
    .await;
    // Without the header the scopes are not known; they are not taken to be there.
    assert!(facts.token.unwrap().unwrap().scopes.is_err());
    let private = facts
        .channels
        .iter()
        .find(|channel| channel.name == "#private");
    assert!(
        private.unwrap().seen.as_ref().unwrap().is_some(),
        "looked for among the public ones"
    );
    let why: Vec<&NotSeen> = facts
        .groups
        .iter()
        .map(|group| group.members.as_ref().unwrap_err())
        .collect();
    assert!(
        why.iter()
            .all(|why| why.needs.as_deref() == Some("usergroups:read")),
        "{why:?}"
    );
    assert!(facts.people.iter().all(|(_, person)| person.is_err()));
}

#[tokio::test]
async fn a_token_that_could_not_be_read_is_sent_nowhere() {
    let slack = FakeSlack::start(Vec::new()).await;
    let why = NotSeen::because("The secret could not be read.");
    let clock = Arc::new(Standing);
    let facts = look(Err(why.clone()), Some(&slack.base_url), clock, wanted()).await;
    assert_eq!(facts.token.unwrap_err(), why);
    assert!(slack.requests().is_empty());
}
