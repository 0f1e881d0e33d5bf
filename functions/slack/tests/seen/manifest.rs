//! `infra/slack-app.yaml` asks Slack for what the function takes and the client calls: no less, and
//! no more.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sluice_slack::Method;
use sluice_words::slash::{COMMAND, Verb};

use crate::slack_sdk::look;

fn manifest() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/slack-app.yaml");
    look("manifest", &Value::from(fs::read_to_string(path).unwrap()))
}

fn texts(list: &Value) -> BTreeSet<&str> {
    let list = list.as_array().unwrap();
    list.iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn the_manifest_wants_the_scopes_of_the_methods_that_are_called() {
    let manifest = manifest();
    let called = Method::ALL.iter().flat_map(|method| method.scopes());
    let mut needed: BTreeSet<&str> = called.copied().collect();
    // For the slash command, which is no method.
    needed.insert("commands");
    assert_eq!(texts(&manifest["oauth_config"]["scopes"]["bot"]), needed);
}

#[test]
fn the_manifest_sends_everything_to_the_one_address_of_the_function() {
    let manifest = manifest();
    let command = &manifest["features"]["slash_commands"][0];
    let settings = &manifest["settings"];
    let urls = [
        &command["url"],
        &settings["event_subscriptions"]["request_url"],
        &settings["interactivity"]["request_url"],
    ];
    let first = urls[0].as_str().unwrap();
    assert!(first.starts_with("https://"), "{first}");
    assert!(urls.iter().all(|url| *url == first), "{urls:?}");
    assert_eq!(
        manifest["features"]["slash_commands"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(command["command"], COMMAND);
    // Mentions must arrive as ids: a name is anyone's to choose.
    assert_eq!(command["should_escape"], true);
    for word in command["usage_hint"].as_str().unwrap().split(" | ") {
        let known = Verb::ALL.iter().any(|verb| verb.word() == word);
        assert!(known, "`{word}` is no command");
    }
    assert_eq!(settings["interactivity"]["is_enabled"], true);
    assert_eq!(settings["socket_mode_enabled"], false);
}

#[test]
fn the_manifest_subscribes_to_the_events_that_are_acted_on() {
    let manifest = manifest();
    let subscribed = texts(&manifest["settings"]["event_subscriptions"]["bot_events"]);
    assert_eq!(subscribed, BTreeSet::from(["app_home_opened"]));
    for event in subscribed {
        let body = json!({"type": "event_callback", "event": {"type": event, "user": "U024BE7LH"}});
        assert!(
            sluice_slack::parse(body.to_string().as_bytes()).is_ok(),
            "{event}"
        );
    }
    assert_eq!(manifest["features"]["app_home"]["home_tab_enabled"], true);
}
