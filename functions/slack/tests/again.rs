//! Requests that someone has recorded and sends again while their signature is still good.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::id::UserId;
use sluice_sim::cloud::{Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, World};
use sluice_slack::{SigningSecrets, command_body, sign};
use sluice_slack_function::{Door, Endless, handler};

const LEAD: &str = "U024BE7LH";

fn secret() -> SecretString {
    SecretString::from("simulated-signing-secret")
}

struct Desk {
    world: World,
    app: App,
}

impl Desk {
    /// A release waits in production for its approval.
    fn new() -> Self {
        let config = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let mut world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
        let repository = config.repository.clone();
        let app = App::new(world.ports(), vec![Arc::new(config)]);
        world.deploy(Arc::new(DirectFunctions(app.clone())));
        for tag in ["release-1.4.0", "v1.4.0"] {
            let push = Push::image(&repository, tag, digest_of("one"));
            world.with_cloud(|cloud| cloud.push_image(push));
            let waits = |world: &World| {
                let all = world.store().deployments();
                let mut phases = all.iter().map(|stored| stored.deployment.phase.name());
                phases.any(|phase| phase == "AwaitingApproval")
            };
            world.run(Bounds::default(), waits);
        }
        Self { world, app }
    }

    /// What Slack would send now. Some seconds later.
    fn request(&mut self, text: &str) -> Value {
        let later = self.world.now() + SignedDuration::from_secs(5);
        self.world.with_cloud(|cloud| cloud.advance_to(later));
        let body = command_body(text, &UserId::new(LEAD), &format!("{later}"));
        let timestamp = later.as_second().to_string();
        let signature = sign(&secret(), &timestamp, body.as_bytes());
        json!({
            "headers": {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature},
            "body": body,
        })
    }

    fn sends(&self, request: &Value) -> String {
        let door = Door {
            secrets: SigningSecrets::read(&secret()).unwrap(),
            team: Some("T0000000001".to_owned()),
        };
        let now = self.world.now();
        let response = block_on(handler(&self.app, request, &door, &Endless, now));
        let body: Value = serde_json::from_str(&response.body).unwrap();
        body["text"].as_str().unwrap().to_owned()
    }

    fn types(&mut self, text: &str) -> Value {
        let request = self.request(text);
        let said = self.sends(&request);
        assert!(!said.contains("was ignored"), "{said}");
        request
    }

    fn production(&self) -> Deployment {
        let all = self.world.store().deployments().into_iter();
        let mut all = all.map(|stored| Arc::unwrap_or_clone(stored.deployment));
        all.find(|d| d.environment().as_str() == "production")
            .unwrap()
    }
}

#[test]
fn a_thaw_does_not_undo_the_freeze_that_came_after_it() {
    let mut desk = Desk::new();
    let freeze = desk.types("freeze production audit");
    let thaw = desk.types("thaw production");
    let said = desk.sends(&freeze);
    assert!(said.contains("was ignored"), "it is thawed: {said}");
    desk.types("freeze production incident");
    let said = desk.sends(&thaw);
    assert!(
        said.starts_with("This was requested before the last change at "),
        "{said}"
    );
    assert!(
        said.ends_with(
            "was ignored: check the current status, and type it again if you still want it."
        ),
        "{said}"
    );
    let release = desk.types("hold production incident");
    let said = desk.sends(&thaw);
    assert!(said.contains("was ignored"), "{said}");
    assert!(
        desk.sends(&release).contains("holds production"),
        "repeating it is safe"
    );
}

#[test]
fn a_release_does_not_undo_the_hold_that_came_after_it() {
    let mut desk = Desk::new();
    desk.types("hold production 1.3.9 was bad");
    let release = desk.types("release production");
    desk.types("hold production so is 1.4.0");
    let said = desk.sends(&release);
    assert!(said.contains("was ignored"), "{said}");
}

#[test]
fn a_resume_does_not_undo_the_pause_that_came_after_it() {
    let mut desk = Desk::new();
    let pause = desk.types("pause production wait");
    let resume = desk.types("resume production");
    let said = desk.sends(&pause);
    assert!(said.contains("was ignored"), "{said}");
    assert!(desk.production().paused.is_none());
    desk.types("pause production wait again");
    let said = desk.sends(&resume);
    assert!(said.contains("was ignored"), "{said}");
    assert!(desk.production().paused.is_some());
}
