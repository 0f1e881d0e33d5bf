//! A company with the function `operate`, and terminals to ask it from.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::id::{RepositoryName, UserId};
use sluice_core::origin::PUSHED_BY;
use sluice_operate::handler;
use sluice_sim::cloud::{ImageBehaviour, Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, Habit, World};
use sluice_words::message::ButtonAction;
use sluice_words::operate::Answer;

/// U024BE7LH, whom production's roles name.
pub(crate) const ANNA: &str = "arn:aws:iam::222222222222:user/anna";
/// U07BEN42Q, whom nothing names.
pub(crate) const BEN: &str = "arn:aws:sts::222222222222:assumed-role/Deployers/ben@example.com";
/// Nobody whom `sluice.toml` knows: another session of Ben's role.
pub(crate) const STRANGER: &str =
    "arn:aws:sts::222222222222:assumed-role/Deployers/carl@example.com";

const SLUICE_TOML: &str = include_str!("../../../../tests/erp/sluice.toml");

pub(crate) struct Office {
    pub(crate) world: World,
    app: App,
    requests: u32,
    /// Who pushes the images, as their annotation says.
    pusher: Option<&'static str>,
}

impl Office {
    fn of(config: &str) -> Self {
        let config = Config::parse(config).unwrap();
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let mut world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
        let app = App::new(world.ports(), vec![Arc::new(config)]);
        world.deploy(Arc::new(DirectFunctions(app.clone())));
        Self {
            world,
            app,
            requests: 0,
            pusher: None,
        }
    }

    fn pushes(&mut self, tag: &str, image: &str, behaviour: &ImageBehaviour) {
        let mut push = Push::image(&RepositoryName::new("erp"), tag, digest_of(image));
        if let Some(pusher) = self.pusher {
            push = push.annotated(PUSHED_BY, pusher);
        }
        self.world
            .with_cloud(|cloud| cloud.push_image(push.behaving(behaviour.clone())));
    }

    /// v1.4.0 waits for its approval in production.
    pub(crate) fn awaiting_approval() -> Self {
        Self::awaiting_approval_of(None)
    }

    /// The same, of an image that this person pushed.
    pub(crate) fn awaiting_approval_of(pusher: Option<&'static str>) -> Self {
        let mut office = Self::of(SLUICE_TOML);
        office.pusher = pusher;
        for tag in ["release-1.4.0", "v1.4.0"] {
            office.pushes(tag, "1.4.0", &ImageBehaviour::default());
            office.world.run(Bounds::default(), |world| {
                production(world).is_some_and(|d| d.phase.name() == "AwaitingApproval")
            });
        }
        office
    }

    /// Anna may deploy to production too, and release-1.5.0 has succeeded in staging.
    pub(crate) fn with_deploying_anna() -> Self {
        let mut config = SLUICE_TOML.to_owned();
        let production = config.find("[environments.production.roles]").unwrap();
        let roles = config.split_off(production);
        config += &roles.replacen(
            "deploy = [\"S0604QSJC\"]",
            "deploy = [\"S0604QSJC\", \"U024BE7LH\"]",
            1,
        );
        let mut office = Self::of(&config);
        office.pushes("release-1.5.0", "1.5.0", &ImageBehaviour::default());
        office.world.run(Bounds::default(), |_| false);
        office
    }

    /// v1.5.0 has followed v1.4.0 to production, and taken a column away: two have approved it.
    pub(crate) fn two_releases() -> Self {
        let mut office = Self::of(SLUICE_TOML);
        for approver in ["U024BE7LH", "UONES0604QSJC"] {
            office.world.add_habit(Habit {
                user: UserId::new(approver),
                action: ButtonAction::Approve,
                environment: None,
                after: SignedDuration::from_mins(3),
            });
        }
        let mut behaviour = ImageBehaviour::default();
        behaviour.migration.sql = Some("ALTER TABLE orders DROP COLUMN note;".to_owned());
        for version in ["1.4.0", "1.5.0"] {
            for tag in [format!("release-{version}"), format!("v{version}")] {
                office.pushes(&tag, version, &behaviour);
                office.world.run(Bounds::default(), |_| false);
            }
        }
        office
    }

    /// Somebody asks for something, and says `more`.
    pub(crate) fn asks(&mut self, principal: &str, command: &str, more: Value) -> Answer {
        self.requests += 1;
        let request = format!("request-{}", self.requests);
        self.sends(principal, command, more, &request)
    }

    /// The same as the request of that id, as Lambda hands it over.
    pub(crate) fn sends(
        &mut self,
        principal: &str,
        command: &str,
        more: Value,
        id: &str,
    ) -> Answer {
        let mut order = json!({"version": 1, "request": id, "command": command});
        for (key, value) in more.as_object().unwrap() {
            order[key] = value.clone();
        }
        let iam = json!({"userArn": principal, "accountId": "222222222222"});
        let request = json!({
            "version": "2.0",
            "headers": {},
            "requestContext": {
                "authorizer": {"iam": iam},
                "timeEpoch": self.world.now().as_millisecond(),
            },
            "body": order.to_string(),
            "isBase64Encoded": false,
        });
        let response = block_on(handler(&self.app, &request));
        assert_eq!(response.status_code, 200, "{}", response.body);
        serde_json::from_str(&response.body).unwrap()
    }

    /// The newest deployment to production.
    pub(crate) fn production(&self) -> Deployment {
        production(&self.world).unwrap()
    }

    /// Runs until the newest deployment to production is so.
    pub(crate) fn run_until(&mut self, is_so: impl Fn(&Deployment) -> bool) {
        let reached = |world: &World| production(world).is_some_and(|d| is_so(&d));
        self.world.run(Bounds::default(), reached);
        assert!(reached(&self.world), "{:?}", self.production().phase);
    }
}

fn production(world: &World) -> Option<Deployment> {
    let stored = world.store().deployments().into_iter();
    let all = stored.map(|stored| Arc::unwrap_or_clone(stored.deployment));
    all.filter(|d| d.environment().as_str() == "production")
        .max_by_key(|d| d.requested_at)
}
