//! Requests as Slack makes them, those of `events/` and genuine clicks, in a simulated cloud.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::executor::block_on;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::id::UserId;
use sluice_core::phase::Phase;
use sluice_sim::cloud::{ImageBehaviour, Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, World};
use sluice_slack::{
    SigningSecrets, command_body, home_opened_body, interaction_body, render_home, sign,
    submission_body, url_verification_body,
};
use sluice_slack_function::{Door, Endless, Patience, handler};
use sluice_words::message::{Block, Button, ButtonAction};
use sluice_words::modal::{InputName, Purpose, Submission};

/// The time of the requests in `events/`.
const SENT_AT: &str = "2026-01-05T09:50:00Z";

fn secret() -> SecretString {
    SecretString::from("simulated-signing-secret")
}

fn door() -> Door {
    Door {
        secrets: SigningSecrets::read(&secret()).unwrap(),
        team: Some("T0000000001".to_owned()),
    }
}

fn request(file: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../events")
        .join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn sluice(start: &str) -> (World, App) {
    let config = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
    let start: Timestamp = start.parse().unwrap();
    let mut world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    world.deploy(Arc::new(DirectFunctions(app.clone())));
    (world, app)
}

fn response(app: &App, request: &Value, now: Timestamp) -> Value {
    let response = block_on(handler(app, request, &door(), &Endless, now));
    serde_json::to_value(response).unwrap()
}

#[test]
fn every_payload_has_its_answer() {
    let (_world, app) = sluice(SENT_AT);
    let files = [
        "slack-malformed-payload",
        "slack-not-ours",
        "slack-stale-timestamp",
        "slack-unknown-deployment",
        "slack-wrong-signature",
    ];
    let answers: BTreeMap<&str, Value> = files
        .into_iter()
        .map(|file| {
            let now = SENT_AT.parse().unwrap();
            (file, response(&app, &request(&format!("{file}.json")), now))
        })
        .collect();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(answers) });
}

/// A world in which a version waits for its approval, and the buttons that were shown.
fn awaiting_approval() -> (World, App, Vec<Button>) {
    let (mut world, app) = sluice("2026-01-05T09:00:00Z");
    for tag in ["release-1.4.0", "v1.4.0"] {
        let repository = sluice_core::id::RepositoryName::new("erp");
        let push = Push::image(&repository, tag, digest_of("one"));
        world.with_cloud(|cloud| cloud.push_image(push));
        world.run(Bounds::default(), |world| {
            phase(world) == "AwaitingApproval"
        });
    }
    assert_eq!(phase(&world), "AwaitingApproval");
    let messages = world.slack().messages();
    let buttons = messages
        .iter()
        .flat_map(|posted| &posted.says().blocks)
        .filter_map(|block| match block {
            Block::Buttons(buttons) => Some(buttons.clone()),
            _ => None,
        })
        .flatten()
        .filter(|button: &Button| button.plan.is_some())
        .collect();
    (world, app, buttons)
}

/// Where the deployment to production is.
fn phase(world: &World) -> &'static str {
    let deployments = world.store().deployments();
    deployments
        .iter()
        .find(|stored| stored.deployment.environment().as_str() == "production")
        .map_or("none", |stored| stored.deployment.phase.name())
}

fn click(button: &Button, by: &str, now: Timestamp) -> Value {
    signed(interaction_body(button, &UserId::new(by), now), now)
}

fn signed(body: String, now: Timestamp) -> Value {
    let timestamp = now.as_second().to_string();
    let signature = sign(&secret(), &timestamp, body.as_bytes());
    json!({
        "headers": {"X-Slack-Request-Timestamp": timestamp, "X-SLACK-SIGNATURE": signature},
        "body": body,
        "isBase64Encoded": false,
    })
}

fn words(response: &Value) -> String {
    assert_eq!(response["statusCode"], 200);
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["response_type"], "ephemeral");
    assert_eq!(body["replace_original"], false);
    body["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_genuine_click_of_an_approver_approves() {
    let (world, app, buttons) = awaiting_approval();
    let approve = buttons
        .iter()
        .find(|button| button.action == ButtonAction::Approve)
        .unwrap();
    let by_anyone = response(&app, &click(approve, "U0NOBODY", world.now()), world.now());
    insta::assert_snapshot!(words(&by_anyone));
    assert_eq!(phase(&world), "AwaitingApproval");

    let mut of_another_plan = approve.clone();
    of_another_plan.plan = Some(sluice_core::id::Hash::of_json(&"another plan"));
    let stale = click(&of_another_plan, "U024BE7LH", world.now());
    insta::assert_snapshot!(words(&response(&app, &stale, world.now())));
    assert_eq!(phase(&world), "AwaitingApproval");

    let genuine = click(approve, "U024BE7LH", world.now());
    insta::assert_snapshot!(words(&response(&app, &genuine, world.now())));
    assert_ne!(phase(&world), "AwaitingApproval");
}

#[test]
fn the_one_who_clicked_is_told_at_the_click_s_own_address() {
    let (world, app, buttons) = awaiting_approval();
    let genuine = click(&buttons[0], "U0NOBODY", world.now());
    let response = block_on(handler(&app, &genuine, &door(), &Endless, world.now()));
    let reply = response.reply.clone().unwrap();
    assert!(
        reply
            .response_url
            .starts_with("https://hooks.slack.com/actions/")
    );
    assert_eq!(
        reply.message.text,
        words(&serde_json::to_value(&response).unwrap())
    );
}

#[test]
fn a_click_that_was_changed_or_kept_is_turned_away() {
    let (world, app, buttons) = awaiting_approval();
    let genuine = click(&buttons[0], "U024BE7LH", world.now());
    let turned_away = json!({
        "statusCode": 401,
        "headers": {"content-type": "text/plain; charset=utf-8"},
        "body": "not verified",
    });

    let mut changed = genuine.clone();
    let body = genuine["body"]
        .as_str()
        .unwrap()
        .replace("U024BE7LH", "U0SOMEBODY");
    changed["body"] = json!(body);
    let mut unsigned = genuine.clone();
    unsigned["headers"] = json!({});
    for request in [changed, unsigned] {
        assert_eq!(response(&app, &request, world.now()), turned_away);
    }
    let later = world.now() + jiff::SignedDuration::from_secs(301);
    assert_eq!(response(&app, &genuine, later), turned_away);
    assert_eq!(phase(&world), "AwaitingApproval");
}

#[test]
fn what_is_no_request_is_refused() {
    let (world, app) = sluice(SENT_AT);
    let not_base64 = json!({"headers": {}, "body": "%%%", "isBase64Encoded": true});
    for request in [not_base64, json!({"headers": 7}), json!([])] {
        assert_eq!(
            response(&app, &request, world.now())["statusCode"],
            400,
            "{request}"
        );
    }
}

const APPROVER: &str = "U024BE7LH";

fn typed(world: &World, app: &App, text: &str) -> Value {
    let body = command_body(text, &UserId::new(APPROVER), "1.1.simulated");
    let response = response(app, &signed(body, world.now()), world.now());
    assert_eq!(response["statusCode"], 200);
    serde_json::from_str(response["body"].as_str().unwrap()).unwrap()
}

const ON_CALL: &str = "UONES0604QSJC";

/// Its migration drops a column: the previous version does not run on the new schema.
fn destructive() -> ImageBehaviour {
    let mut behaviour = ImageBehaviour::default();
    behaviour.migration.sql = Some("ALTER TABLE orders DROP COLUMN note;".to_owned());
    behaviour
}

/// A world in which v1.5.0 followed v1.4.0 to production, migrations included.
fn two_releases(behaviour: &ImageBehaviour) -> (World, App) {
    let (mut world, app) = sluice("2026-01-05T09:00:00Z");
    // What takes a column away needs two.
    for approver in [APPROVER, ON_CALL] {
        world.add_habit(sluice_sim::world::Habit {
            user: UserId::new(approver),
            action: ButtonAction::Approve,
            environment: None,
            after: jiff::SignedDuration::from_mins(3),
        });
    }
    for version in ["1.4.0", "1.5.0"] {
        for tag in [format!("release-{version}"), format!("v{version}")] {
            let repository = sluice_core::id::RepositoryName::new("erp");
            let push = Push::image(&repository, &tag, digest_of(version));
            world.with_cloud(|cloud| cloud.push_image(push.behaving(behaviour.clone())));
            world.run(Bounds::default(), |_| false);
        }
    }
    (world, app)
}

fn by(world: &World, app: &App, user: &str, text: &str, trigger: &str) -> Value {
    let body = command_body(text, &UserId::new(user), trigger);
    response(app, &signed(body, world.now()), world.now())
}

#[test]
fn a_rollback_is_asked_for_in_a_form_and_errors_stand_at_its_questions() {
    let (mut world, app) = two_releases(&destructive());
    let refused = by(&world, &app, "U0NOBODY", "rollback production", "1.1.a");
    let said = words_of_command(&refused);
    assert!(
        said.starts_with("You may not roll back production: "),
        "{said}"
    );
    assert_eq!(world.slack().modals().len(), 0);

    let asked = by(&world, &app, ON_CALL, "rollback production", "1.1.b");
    assert_eq!(
        (&asked["statusCode"], &asked["body"]),
        (&json!(200), &json!(""))
    );
    let modal = world.slack().modals().pop().unwrap();
    insta::with_settings!({ sort_maps => true }, {
        insta::assert_json_snapshot!("rollback_form", sluice_slack::render_modal(&modal));
    });
    let form = |schema: &str| Submission {
        id: "V0000000002".to_owned(),
        purpose: modal.purpose.clone(),
        answers: BTreeMap::from([
            (InputName::Release, "before".to_owned()),
            (InputName::Reason, "orders fail for everyone".to_owned()),
            (InputName::Schema, schema.to_owned()),
        ]),
        by: UserId::new(ON_CALL),
    };
    let send = |world: &World, schema: &str| {
        let request = signed(submission_body(&form(schema)), world.now());
        response(&app, &request, world.now())
    };
    let refused = send(&world, "refuse");
    let body: Value = serde_json::from_str(refused["body"].as_str().unwrap()).unwrap();
    let said = body["errors"]["schema"].as_str().unwrap();
    assert!(said.contains("v1.5.0 ran a migration"), "{body}");
    for _ in 0..3 {
        assert_eq!(send(&world, "force")["body"], "", "Slack closes the form");
    }
    world.run(Bounds::default(), |_| false);
    let stored = world.store().deployments();
    let back = stored
        .iter()
        .filter(|stored| stored.deployment.rollback().is_some());
    assert_eq!(back.count(), 1);

    // The button of a release that is live asks the same.
    let messages = world.slack().messages();
    let shown = messages
        .iter()
        .rev()
        .flat_map(|posted| &posted.says().blocks);
    let buttons = shown.filter_map(|block| match block {
        Block::Buttons(buttons) => Some(buttons),
        _ => None,
    });
    let button = buttons
        .flatten()
        .find(|button| button.action == ButtonAction::RollBack)
        .unwrap();
    let stranger = response(&app, &click(button, "U0NOBODY", world.now()), world.now());
    assert!(words(&stranger).starts_with("You may not roll back"));
    let forms = world.slack().modals().len();
    let asked = response(&app, &click(button, ON_CALL, world.now()), world.now());
    assert_eq!(asked["body"], "");
    assert_eq!(world.slack().modals().len(), forms + 1);
}

#[test]
fn a_frozen_production_is_overridden_with_a_reason_by_who_may() {
    let (mut world, app) = two_releases(&ImageBehaviour::default());
    by(&world, &app, APPROVER, "freeze production a sale", "1.1.a");
    let asked = by(
        &world,
        &app,
        ON_CALL,
        "deploy v1.4.0 to production",
        "1.1.b",
    );
    let said = words_of_command(&asked);
    assert!(said.contains("is being deployed to production"), "{said}");
    world.run(Bounds::default(), |world| {
        let stored = world.store().deployments();
        let mut phases = stored.iter().map(|stored| &stored.deployment.phase);
        phases.any(|phase| matches!(phase, Phase::AwaitingWindow { closed: Some(_) }))
    });
    let stored = world.store().deployments();
    let waits = stored
        .iter()
        .find(|stored| stored.deployment.phase.name() == "AwaitingWindow")
        .unwrap();
    let button = Button {
        action: ButtonAction::Override,
        deployment: waits.deployment.id.clone(),
        plan: None,
        confirm: None,
    };
    let refused = response(&app, &click(&button, ON_CALL, world.now()), world.now());
    let said = words(&refused);
    assert!(said.contains("<@U024BE7LH> may"), "{said}");
    let asked = response(&app, &click(&button, APPROVER, world.now()), world.now());
    assert_eq!(asked["body"], "");
    let form = Submission {
        id: "V0000000003".to_owned(),
        purpose: Purpose::Override {
            deployment: button.deployment.clone(),
        },
        answers: BTreeMap::from([(InputName::Reason, "the fix of the outage".to_owned())]),
        by: UserId::new(APPROVER),
    };
    let sent = signed(submission_body(&form), world.now());
    for _ in 0..3 {
        assert_eq!(response(&app, &sent, world.now())["body"], "");
    }
    world.run(Bounds::default(), |_| false);
    let stored = world.store().deployment(&button.deployment).unwrap();
    assert_eq!(stored.deployment.phase.name(), "Succeeded");
}

#[test]
fn a_command_without_its_own_id_is_none_of_slack_s() {
    let (world, app) = sluice(SENT_AT);
    let body = command_body("status", &UserId::new(APPROVER), "1.1.a");
    let body = body.replace("trigger_id", "another_id");
    let refused = response(&app, &signed(body, world.now()), world.now());
    assert_eq!(refused["statusCode"], 400);
}

fn words_of_command(response: &Value) -> String {
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    body["text"].as_str().unwrap().to_owned()
}

fn reject_form(button: &Button, why: &str) -> Submission {
    Submission {
        id: "V0000000001".to_owned(),
        purpose: Purpose::Reject {
            deployment: button.deployment.clone(),
            plan: button.plan.clone().unwrap(),
        },
        answers: BTreeMap::from([(InputName::Reason, why.to_owned())]),
        by: UserId::new(APPROVER),
    }
}

#[test]
fn what_is_typed_is_answered_to_the_one_who_typed_it() {
    let (world, app, _) = awaiting_approval();
    let lines = [
        "",
        "status",
        "status staging",
        "who production",
        "history production",
        "parity",
        "parity staging",
        "aprove production",
        "approve staging",
        "cancel staging",
        "deploy v1.4.0 to production",
        "help reject",
    ];
    let answers: BTreeMap<&str, Value> = lines
        .into_iter()
        .map(|line| (line, typed(&world, &app, line)))
        .collect();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(answers) });
    assert_eq!(phase(&world), "AwaitingApproval");
}

#[test]
fn a_typed_approval_says_which_plan_it_was_for_and_counts_once() {
    let (world, app, _) = awaiting_approval();
    let plan = world
        .store()
        .deployments()
        .iter()
        .find(|stored| stored.deployment.environment().as_str() == "production")
        .map(|stored| stored.deployment.sealed_plan().hash.short().to_owned())
        .unwrap();
    let answer = typed(&world, &app, "approve");
    let said = answer["text"].as_str().unwrap();
    assert!(said.contains("Approved") && said.contains(&plan), "{said}");
    assert_ne!(phase(&world), "AwaitingApproval");
    let again = typed(&world, &app, "approve production");
    let said = again["text"].as_str().unwrap();
    assert!(said.contains("Nothing is waiting"), "{said}");
}

#[test]
fn rejecting_asks_why_and_everybody_reads_the_answer() {
    let (mut world, app, buttons) = awaiting_approval();
    let reject = buttons
        .iter()
        .rfind(|button| button.action == ButtonAction::Reject)
        .unwrap();
    let click = click(reject, APPROVER, world.now());
    let asked = response(&app, &click, world.now());
    assert_eq!(
        (&asked["statusCode"], &asked["body"]),
        (&json!(200), &json!(""))
    );
    let modal = world.slack().modals().pop().unwrap();
    assert_eq!(modal.purpose, reject_form(reject, "").purpose);
    assert_eq!(phase(&world), "AwaitingApproval");

    let empty = signed(submission_body(&reject_form(reject, " ")), world.now());
    let refused = response(&app, &empty, world.now());
    let body: Value = serde_json::from_str(refused["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["response_action"], "errors");
    assert!(body["errors"]["reason"].is_string(), "{body}");
    assert_eq!(phase(&world), "AwaitingApproval");

    let form = reject_form(reject, "the migration locks <orders> & more");
    let sent = signed(submission_body(&form), world.now());
    for _ in 0..3 {
        let done = response(&app, &sent, world.now());
        assert_eq!(
            (&done["statusCode"], &done["body"]),
            (&json!(200), &json!(""))
        );
        assert_eq!(phase(&world), "Rejected");
    }
    world.run(Bounds::default(), |_| false);
    assert!(
        world
            .slack()
            .was_ever_said("rejected v1.4.0: the migration locks <orders> & more")
    );
}

#[test]
fn the_same_click_three_times_is_one_decision() {
    let (world, app, buttons) = awaiting_approval();
    let approve = buttons
        .iter()
        .find(|button| button.action == ButtonAction::Approve)
        .unwrap();
    let mut click = click(approve, APPROVER, world.now());
    let said: Vec<String> = (0..3)
        .map(|retry| {
            click["headers"]["X-Slack-Retry-Num"] = json!(retry.to_string());
            words(&response(&app, &click, world.now()))
        })
        .collect();
    assert_eq!(
        said,
        ["Approved: v1.4.0 will be deployed to production."; 3]
    );
    let stored = world.store().deployments();
    let production = stored
        .iter()
        .find(|stored| stored.deployment.environment().as_str() == "production")
        .unwrap();
    assert_eq!(production.deployment.approvals.len(), 1);
}

#[test]
fn the_home_page_shows_what_waits_for_the_one_who_opens_it() {
    let (world, app, _) = awaiting_approval();
    let page = |user: &str| {
        let user = UserId::new(user);
        let opened = signed(home_opened_body(&user, world.now()), world.now());
        assert_eq!(response(&app, &opened, world.now())["statusCode"], 200);
        world.slack().home(&user).unwrap()
    };
    let approver = page(APPROVER);
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(render_home(&approver)) });
    let anyone = format!("{:?}", page("U0NOBODY"));
    let nothing = r#"Header("Waiting for you"), Text("Nothing.")"#;
    assert!(anyone.contains(nothing), "{anyone}");
}

#[test]
fn slack_sees_that_the_address_is_ours() {
    let (world, app) = sluice(SENT_AT);
    let asked = signed(url_verification_body("3eZbrw1aB1"), world.now());
    let answer = response(&app, &asked, world.now());
    assert_eq!(
        (&answer["statusCode"], &answer["body"]),
        (&json!(200), &json!("3eZbrw1aB1"))
    );
}

/// Time is up after so many pieces of work.
struct TimeFor(AtomicUsize);

impl Patience for TimeFor {
    async fn within<T: Send>(
        &self,
        _: std::time::Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        match left {
            0 => None,
            _ => Some(work.await),
        }
    }
}

#[test]
fn whatever_takes_too_long_is_said_to_be_uncertain() {
    let (world, app, buttons) = awaiting_approval();
    let in_time_for = |work: usize, request: &Value| {
        let time = TimeFor(AtomicUsize::new(work));
        let response = block_on(handler(&app, request, &door(), &time, world.now()));
        assert_eq!(response.status_code, 200);
        response.body
    };
    let by = UserId::new(APPROVER);
    let form = reject_form(&buttons[0], "late");
    let requests = [
        click(&buttons[0], APPROVER, world.now()),
        signed(command_body("approve", &by, "1.1.simulated"), world.now()),
        signed(submission_body(&form), world.now()),
    ];
    for request in requests {
        // What sluice.toml says now is read first: without that nothing is begun.
        let said = in_time_for(0, &request);
        assert!(said.contains("Nothing was done"), "{said}");
        let said = in_time_for(1, &request);
        assert!(said.contains("This may not have taken effect"), "{said}");
    }
    let opened = signed(home_opened_body(&by, world.now()), world.now());
    assert_eq!(in_time_for(1, &opened), "");
}

#[test]
fn forms_that_are_closed_and_types_of_next_year_are_answered() {
    let (world, app) = sluice(SENT_AT);
    for kind in ["view_closed", "block_suggestion", "a_type_of_next_year"] {
        let body = submission_body(&reject_form(
            &Button {
                action: ButtonAction::Reject,
                deployment: sluice_core::id::DeploymentId::from_outside("dep-1"),
                plan: Some(sluice_core::id::Hash::of_json(&"plan")),
                confirm: None,
            },
            "x",
        ))
        .replace("view_submission", kind);
        let answer = response(&app, &signed(body, world.now()), world.now());
        assert_eq!(
            (&answer["statusCode"], &answer["body"]),
            (&json!(200), &json!(""))
        );
    }
}
