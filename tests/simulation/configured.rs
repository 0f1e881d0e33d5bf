//! People change a `sluice.toml` while Sluice runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};
use sluice_app::ports::Configurations;
use sluice_app::{App, Package};
use sluice_core::config::Config;
use sluice_core::id::Hash;
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

use crate::erp;

const ANNA: &str = "arn:aws:iam::222222222222:user/anna";
const BEN: &str = "arn:aws:sts::222222222222:assumed-role/Deployers/ben@example.com";
const STRANGER: &str = "arn:aws:iam::222222222222:user/somebody";

/// The ERP's file, which Anna and Ben may change.
fn packaged() -> String {
    let whose = "repository = \"erp\"";
    let may = format!("{whose}\nconfigure = [\"U024BE7LH\", \"U07BEN42Q\"]");
    erp::SLUICE_TOML.replacen(whose, &may, 1)
}

/// The same without four eyes anywhere.
fn alone() -> String {
    packaged().replace("four_eyes = true", "four_eyes = false")
}

/// A function that begins now, in a package with this file.
fn function(world: &World, packaged: &str) -> App {
    let config = Arc::new(Config::parse(packaged).expect("a good file"));
    let package = Package {
        files: BTreeMap::from([(config.app.clone(), packaged.to_owned())]),
        registry: config.registry.clone(),
    };
    App::installed(world.ports(), vec![config], package)
}

/// What `operate` answers, and its message as text.
fn asks(
    app: &App,
    world: &World,
    by: &str,
    command: &str,
    more: &Value,
) -> (String, String, Value) {
    // The same is asked under the same name.
    let request = Hash::of_json(&(by, command, more)).short().to_owned();
    let mut order = json!({"version": 1, "request": request, "command": command});
    for (key, value) in more.as_object().into_iter().flatten() {
        order[key] = value.clone();
    }
    let iam = json!({"userArn": by, "accountId": "222222222222"});
    let request = json!({
        "requestContext": {
            "authorizer": {"iam": iam},
            "timeEpoch": world.now().as_millisecond(),
        },
        "body": order.to_string(),
    });
    let response = block_on(sluice_operate::handler(app, &request));
    let answer: Value = serde_json::from_str(&response.body).expect("it answers in JSON");
    let outcome = answer["outcome"].as_str().unwrap_or_default().to_owned();
    (outcome, answer["message"].to_string(), answer)
}

fn pushed(text: &str, over: u32) -> Value {
    json!({"file": {"text": text, "over": over}, "answers": {"reason": "Ben may approve"}})
}

/// Who may approve in production, as this function says at its next call.
fn who(app: &App, world: &World) -> String {
    asks(app, world, STRANGER, "who production", &json!({})).1
}

/// The file in which Ben may approve too.
fn with_ben(text: &str) -> String {
    let approvers = "approvers = [\"S0604QSJC\", \"U024BE7LH\"]";
    text.replacen(
        approvers,
        "approvers = [\"S0604QSJC\", \"U024BE7LH\", \"U07BEN42Q\"]",
        1,
    )
}

/// The twelve digits by which the answer says that the change can be accepted.
fn hash_in(said: &str) -> String {
    let (_, after) = said
        .split_once("sluice config accept erp ")
        .expect("it says how");
    after[..12].to_owned()
}

#[test]
fn a_file_is_live_for_every_function_from_its_next_call_on() {
    let world = erp::world(1, Weather::default());
    let (operate, advance) = (function(&world, &alone()), function(&world, &alone()));
    assert!(!who(&advance, &world).contains("U07BEN42Q"));
    let new = with_ben(&alone());
    let (outcome, said, _) = asks(&operate, &world, ANNA, "config push", &pushed(&new, 0));
    assert_eq!(outcome, "done", "{said}");
    assert!(said.contains("+ approvers = "), "{said}");
    assert!(
        who(&advance, &world).contains("U07BEN42Q"),
        "one that was running"
    );
    let begins = function(&world, &alone());
    assert!(
        who(&begins, &world).contains("U07BEN42Q"),
        "one that begins"
    );
    assert!(
        world
            .slack()
            .was_ever_said("version 1 of sluice.toml is live")
    );
    assert!(world.slack().was_ever_said("Ben may approve"));

    // Anyone who may call the function may read the file.
    let (_, said, answer) = asks(&operate, &world, STRANGER, "config show erp", &json!({}));
    let file = &answer["file"];
    let shown = (&file["app"], &file["version"], &file["text"]);
    assert_eq!(shown, (&json!("erp"), &json!(1), &json!(new)), "{said}");
    assert_eq!(file["change"]["at"], json!(world.now()), "{said}");

    // The request that was sent again is the one that was carried out.
    let (outcome, said, _) = asks(&operate, &world, ANNA, "config push", &pushed(&new, 0));
    assert_eq!(
        (outcome.as_str(), said.contains("Version 1 is live")),
        ("done", true),
        "{said}"
    );

    let (outcome, said, _) = asks(
        &operate,
        &world,
        ANNA,
        "config rollback erp to 0",
        &json!({}),
    );
    assert_eq!(outcome, "done", "{said}");
    assert!(!who(&advance, &world).contains("U07BEN42Q"));
    let (_, said, _) = asks(&operate, &world, ANNA, "config history erp", &json!({}));
    for line in [
        "2, live · 2026-01-05 09:00 UTC · <@U024BE7LH>",
        "1 · ",
        "0 · the file in",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
}

#[test]
fn where_approvals_demand_four_eyes_nobody_changes_the_file_alone() {
    let world = erp::world(1, Weather::default());
    let app = function(&world, &packaged());
    // Without four eyes Anna could approve what she has pushed herself.
    let new = alone();
    let (outcome, said, _) = asks(&app, &world, ANNA, "config push", &pushed(&new, 0));
    assert_eq!(outcome, "done", "{said}");
    assert!(said.contains("Nothing has changed yet"), "{said}");
    let hash = hash_in(&said);
    let accept = format!("config accept erp {hash}");
    let shows = |version: u32| {
        let (_, said, answer) = asks(&app, &world, ANNA, "config show erp", &json!({}));
        assert_eq!(answer["file"]["version"], version, "{said}");
    };
    shows(0);
    let (outcome, said, _) = asks(&app, &world, ANNA, &accept, &json!({}));
    assert_eq!(outcome, "not-allowed", "{said}");
    let (outcome, said, _) = asks(&app, &world, BEN, &accept[..accept.len() - 5], &json!({}));
    assert_eq!(outcome, "refused", "a hash of seven digits: {said}");
    shows(0);
    let (outcome, said, _) = asks(&app, &world, BEN, &accept, &json!({}));
    assert_eq!(outcome, "done", "{said}");
    shows(1);
    assert!(said.contains("<@U07BEN42Q> accepted it"), "{said}");
    let (outcome, said, _) = asks(&app, &world, BEN, &accept, &json!({}));
    assert_eq!(outcome, "done", "sent again: {said}");
    // From now on one person is enough.
    let (outcome, _, _) = asks(&app, &world, ANNA, "config rollback erp to 0", &json!({}));
    assert_eq!(outcome, "done");
    shows(2);
}

#[test]
fn what_was_proposed_is_void_once_another_file_is_live() {
    let world = erp::world(1, Weather::default());
    let app = function(&world, &packaged());
    let propose = |by: &str, text: &str| {
        let (outcome, said, _) = asks(&app, &world, by, "config push", &pushed(text, 0));
        assert_eq!(outcome, "done", "{said}");
        format!("config accept erp {}", hash_in(&said))
    };
    let first = propose(ANNA, &with_ben(&packaged()));
    let second = propose(BEN, &alone());
    let (outcome, said, _) = asks(&app, &world, BEN, &first, &json!({}));
    assert_eq!(outcome, "refused", "Ben's own took its place: {said}");
    let (outcome, said, _) = asks(&app, &world, ANNA, &second, &json!({}));
    assert_eq!(outcome, "done", "{said}");
    let (outcome, said, _) = asks(&app, &world, ANNA, &second, &json!({}));
    assert_eq!(
        (outcome.as_str(), said.contains("is live")),
        ("done", true),
        "{said}"
    );
}

#[test]
fn what_cannot_be_live_is_refused_and_nothing_is_changed() {
    let world = erp::world(1, Weather::default());
    let app = function(&world, &alone());
    let new = with_ben(&alone());
    let no_one = new.replace("configure = [\"U024BE7LH\", \"U07BEN42Q\"]", "");
    let other = new.replacen("name = \"erp\"", "name = \"crm\"", 1);
    let cases = [
        (
            ANNA,
            new.replace("kind = \"web\"", "kind = \"wep\""),
            0,
            "not-understood",
            "web",
        ),
        (
            ANNA,
            new.clone(),
            7,
            "refused",
            "version 0 of sluice.toml of erp is live",
        ),
        (ANNA, alone(), 0, "refused", "live already"),
        (
            ANNA,
            no_one,
            0,
            "refused",
            "no one could change it any more",
        ),
        (
            ANNA,
            other,
            0,
            "refused",
            "crm is no application of this installation",
        ),
        (
            STRANGER,
            new.clone(),
            0,
            "not-allowed",
            "does not say who you are",
        ),
        (
            ANNA,
            format!("{new}{}", "# more\n".repeat(20_000)),
            0,
            "refused",
            "bytes",
        ),
    ];
    for (by, text, over, outcome, says) in cases {
        let (came, said, _) = asks(&app, &world, by, "config push", &pushed(&text, over));
        assert_eq!(came, outcome, "{said}");
        assert!(said.contains(says), "{says} in {said}");
    }
    let closed = function(&world, erp::SLUICE_TOML);
    let (came, said, _) = asks(&closed, &world, ANNA, "config push", &pushed(&new, 0));
    assert_eq!(came, "not-allowed", "{said}");
    assert!(said.contains("lets no one change it from here"), "{said}");
    let (came, said, _) = asks(&app, &world, ANNA, "config pish", &json!({}));
    assert_eq!(came, "not-understood", "{said}");
    let shown = asks(&app, &world, ANNA, "config show erp", &json!({})).2;
    assert_eq!(shown["file"]["version"], 0);
}

#[test]
fn what_the_stacks_must_follow_is_said_before_aws_refuses() {
    let world = erp::world(1, Weather::default());
    let app = function(&world, &alone());
    let new = alone()
        .replace("cluster = \"erp-production\"", "cluster = \"erp-new\"")
        .replace("repository = \"erp\"", "repository = \"shop\"");
    let (outcome, said, _) = asks(&app, &world, ANNA, "config push", &pushed(&new, 0));
    assert_eq!(outcome, "done", "{said}");
    for line in [
        "`Repositories` must contain shop",
        "production: `Cluster` must allow erp-new",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
}

#[test]
fn a_function_that_cannot_read_the_live_file_does_nothing() {
    let world = erp::world(1, Weather::default());
    let app = function(&world, &alone());
    let (outcome, ..) = asks(
        &app,
        &world,
        ANNA,
        "config push",
        &pushed(&with_ben(&alone()), 0),
    );
    assert_eq!(outcome, "done");
    // A version of Sluice that does not know a key of it, here because the file is damaged.
    let store = world.store();
    let mut newest = block_on(store.newest_versions()).expect("it answers");
    let (erp, mut version) = newest.pop().expect("one was pushed");
    version.number += 1;
    version.text = "[app]\nname = \"erp\"\nunknown = true\n".to_owned();
    assert!(block_on(store.save_version(&erp, &version, 1)).expect("it answers"));
    let (outcome, said, _) = asks(&app, &world, ANNA, "status", &json!({}));
    assert_eq!(outcome, "refused", "{said}");
    assert!(
        said.contains("cannot be read by this version of Sluice"),
        "{said}"
    );
    let error = block_on(app.refreshed())
        .map(drop)
        .expect_err("it cannot be read");
    assert!(
        error
            .to_string()
            .contains("version 2 of sluice.toml of erp"),
        "{error}"
    );

    // Back to the file in the packages, by hand, and on from there.
    store.delete_newest_file(&erp);
    assert!(!who(&app, &world).contains("U07BEN42Q"));
    let mut once_more = pushed(&with_ben(&alone()), 0);
    once_more["answers"]["reason"] = json!("Ben may approve again");
    let (outcome, said, _) = asks(&app, &world, ANNA, "config push", &once_more);
    assert_eq!(outcome, "done", "{said}");
    assert!(said.contains("version 3 of"), "{said}");
    assert!(who(&app, &world).contains("U07BEN42Q"));
}
