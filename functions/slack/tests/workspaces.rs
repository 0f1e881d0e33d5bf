//! People of several workspaces: other ones, guests in shared channels, and an organisation whose
//! people have several ids.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::id::{RepositoryName, UserId};
use sluice_core::origin::PUSHED_BY;
use sluice_sim::cloud::{Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, World};
use sluice_slack::{
    SigningSecrets, command_body, home_opened_body, interaction_body, sign, submission_body,
};
use sluice_slack_function::{Door, Endless, Response, handler};
use sluice_words::message::{Block, Button, ButtonAction};
use sluice_words::modal::{InputName, Purpose, Submission};

const SECRET: &str = "simulated-signing-secret";
const TEAM: &str = "T0000000001";
const SECOND: &str = "T0SECOND01";
const ORGANISATION: &str = "E0000000001";
/// Named in the ERP's sluice.toml, and who that is to the organisation.
const LEAD: &str = "U024BE7LH";
const LEAD_GLOBAL: &str = "W024BE7LH";
/// In the group that approves and deploys.
const ON_CALL: &str = "UONES0604QSJC";
const ON_CALL_GLOBAL: &str = "W0ONCALL01";

struct Scene {
    world: World,
    app: App,
}

/// v1.4.0, pushed by that person, waits for its approval in production.
fn scene(pushed_by: Option<&str>) -> Scene {
    let config = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
    let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    let mut world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    world.deploy(Arc::new(DirectFunctions(app.clone())));
    let slack = world.slack();
    slack.set_organisation(ORGANISATION);
    for ids in [[LEAD, LEAD_GLOBAL], [ON_CALL, ON_CALL_GLOBAL]] {
        slack.add_person(ids.map(UserId::new));
    }
    for tag in ["release-1.4.0", "v1.4.0"] {
        let mut push = Push::image(&RepositoryName::new("erp"), tag, digest_of("one"));
        if let Some(pushed_by) = pushed_by {
            push = push.annotated(PUSHED_BY, pushed_by);
        }
        world.with_cloud(|cloud| cloud.push_image(push));
        world.run(Bounds::default(), |world| waiting(world).is_some());
    }
    Scene { world, app }
}

fn waiting(world: &World) -> Option<Deployment> {
    let stored = world.store().deployments().into_iter();
    let mut all = stored.map(|stored| Arc::unwrap_or_clone(stored.deployment));
    all.find(|d| d.phase.name() == "AwaitingApproval")
}

impl Scene {
    fn takes(&self, body: &str) -> Response {
        let now = self.world.now();
        let secret = SecretString::from(SECRET);
        let door = Door {
            secrets: SigningSecrets::read(&secret).unwrap(),
            team: Some(TEAM.to_owned()),
        };
        let timestamp = now.as_second().to_string();
        let signature = sign(&secret, &timestamp, body.as_bytes());
        let request = json!({
            "headers": {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature},
            "body": body,
        });
        let response = block_on(handler(&self.app, &request, &door, &Endless, now));
        assert_eq!(response.status_code, 200, "{}", response.body);
        response
    }

    fn approve(&self) -> Button {
        let posted = self.world.slack().messages();
        let blocks = posted.iter().flat_map(|posted| &posted.says().blocks);
        let buttons = blocks.filter_map(|block| match block {
            Block::Buttons(buttons) => Some(buttons),
            _ => None,
        });
        let mut all = buttons.flatten();
        let approve = all.rfind(|button| button.action == ButtonAction::Approve);
        approve.unwrap().clone()
    }

    /// What the one who clicks Approve reads.
    fn clicks(&self, by: &str, change: impl FnOnce(&mut Value)) -> String {
        let body = interaction_body(&self.approve(), &UserId::new(by), self.world.now());
        let response = self.takes(&changed(&body, change));
        let reply = response.reply.expect("a click is answered in words");
        reply.message.text
    }

    fn approvals(&self) -> usize {
        let stored = self.world.store().deployments().into_iter();
        let production = stored.filter(|it| it.deployment.environment().as_str() == "production");
        production.map(|it| it.deployment.approvals.len()).sum()
    }
}

/// The same payload with a change.
fn changed(body: &str, change: impl FnOnce(&mut Value)) -> String {
    let (_, payload) = form_urlencoded::parse(body.as_bytes()).next().unwrap();
    let mut payload = serde_json::from_str(&payload).unwrap();
    change(&mut payload);
    form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

/// From the organisation, and from a person of that workspace.
fn of_organisation(team: &'static str) -> impl FnOnce(&mut Value) {
    move |payload| {
        payload["enterprise"] = json!({"id": ORGANISATION, "name": "example"});
        payload["user"]["team_id"] = json!(team);
    }
}

#[test]
fn another_workspace_is_refused_with_words_that_a_person_reads() {
    let scene = scene(None);
    let by = UserId::new(LEAD);
    let typed = command_body("status", &by, "1.1.a").replace(TEAM, SECOND);
    let said = scene.takes(&typed).body;
    assert!(said.contains("works for another Slack workspace"), "{said}");
    let clicked = scene.clicks(LEAD, |payload| payload["team"]["id"] = json!(SECOND));
    assert!(
        clicked.contains("works for another Slack workspace"),
        "{clicked}"
    );
    let home = home_opened_body(&by, scene.world.now()).replace(TEAM, SECOND);
    assert_eq!(scene.takes(&home).body, "");
    assert_eq!(scene.world.slack().home(&by), None);
    assert_eq!(scene.approvals(), 0);
}

#[test]
fn a_guest_is_refused_with_words_wherever_they_come_from() {
    let scene = scene(None);
    let said = scene.clicks(LEAD, |payload| payload["user"]["team_id"] = json!(SECOND));
    assert!(said.contains("you are a guest"), "{said}");
    let other_company = |payload: &mut Value| {
        payload["user"]["team_id"] = json!(SECOND);
        payload["enterprise"] = json!({"id": "E0OTHER0001"});
    };
    let said = scene.clicks(LEAD, other_company);
    assert!(said.contains("you are a guest"), "{said}");
    let d = waiting(&scene.world).unwrap();
    let form = submission_body(&Submission {
        id: "V0000000001".to_owned(),
        purpose: Purpose::Reject {
            deployment: d.id.clone(),
            plan: d.sealed_plan().hash.clone(),
        },
        answers: BTreeMap::from([(InputName::Reason, "no".to_owned())]),
        by: UserId::new(LEAD),
    });
    let from_elsewhere = |payload: &mut Value| {
        payload["team"]["id"] = json!(SECOND);
        payload["user"]["team_id"] = json!(SECOND);
        payload["view"]["app_installed_team_id"] = json!(TEAM);
    };
    let answer: Value =
        serde_json::from_str(&scene.takes(&changed(&form, from_elsewhere)).body).unwrap();
    let said = answer["errors"]["reason"].as_str().unwrap();
    assert!(said.contains("you are a guest"), "{said}");
    assert!(waiting(&scene.world).is_some(), "it was not rejected");
    // A colleague's form, from another workspace of the organisation, counts.
    let colleague = changed(&form, |payload| {
        from_elsewhere(payload);
        payload["enterprise"] = json!({"id": ORGANISATION});
    });
    assert_eq!(scene.takes(&colleague).body, "");
    assert!(waiting(&scene.world).is_none(), "it was rejected");
}

#[test]
fn who_is_named_and_who_is_in_a_group_approve_by_any_of_their_ids() {
    for by in [LEAD, LEAD_GLOBAL, ON_CALL, ON_CALL_GLOBAL] {
        let scene = scene(None);
        let said = scene.clicks(by, of_organisation(SECOND));
        assert!(
            said.contains("Approved: v1.4.0 will be deployed"),
            "{by}: {said}"
        );
        assert_eq!(scene.approvals(), 1);
    }
    let scene = scene(None);
    let said = scene.clicks("W0NOBODY01", of_organisation(TEAM));
    assert!(said.contains("not among the approvers"), "{said}");
    assert_eq!(scene.approvals(), 0);
}

#[test]
fn who_pushed_the_image_approves_it_by_none_of_their_ids() {
    for (pushed_by, by) in [
        (LEAD_GLOBAL, LEAD),
        (LEAD, LEAD_GLOBAL),
        (ON_CALL_GLOBAL, ON_CALL),
        (ON_CALL, ON_CALL_GLOBAL),
    ] {
        let scene = scene(Some(pushed_by));
        let said = scene.clicks(by, of_organisation(TEAM));
        assert!(said.contains("ou pushed this image"), "{by}: {said}");
        assert_eq!(scene.approvals(), 0, "{by}");
    }
}

#[test]
fn who_asked_for_it_approves_it_by_none_of_their_ids() {
    let scene = scene(None);
    scene.clicks(LEAD, of_organisation(TEAM));
    let mut scene = scene;
    scene.world.run(Bounds::default(), |_| false);
    let typed = |text: &str, by: &str, trigger: &str| {
        command_body(text, &UserId::new(by), trigger) + "&enterprise_id=" + ORGANISATION
    };
    let asked = typed("deploy v1.4.0 to production", ON_CALL_GLOBAL, "1.1.a");
    let said = scene.takes(&asked).body;
    assert!(said.contains("is being deployed"), "{said}");
    scene
        .world
        .run(Bounds::default(), |world| waiting(world).is_some());
    let said = scene.clicks(ON_CALL, of_organisation(TEAM));
    assert!(said.contains("requested"), "{said}");
    assert!(waiting(&scene.world).is_some(), "{said}");
    let said = scene.clicks(LEAD_GLOBAL, of_organisation(SECOND));
    assert!(said.contains("Approved"), "{said}");
}
