//! The stories, and what they leave in Slack.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice_app::ports::{EnvironmentKey, TriggerId};
use sluice_app::{App, Decide, Request, RestoreDatabase};
use sluice_core::config::Config;
use sluice_core::deployment::Deployment;
use sluice_core::failure::PortError;
use sluice_core::id::{EnvironmentName, RepositoryName, UserId};
use sluice_core::origin;
use sluice_core::phase::Phase;
use sluice_core::restore::PointReference;
use sluice_sim::cloud::{Fault, ImageBehaviour, Operation, Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, Habit, World};
use sluice_slack::{render, render_home, render_modal};
use sluice_words::home::Home;
use sluice_words::message::{ButtonAction, Message};
use sluice_words::modal::Modal;
use sluice_words::slash::{Group, Verb, help};
use sluice_words::view::{self, reject_modal};

pub(crate) const APPROVER: &str = "U024BE7LH";
/// A member of the group that may roll back.
const ON_CALL: &str = "UONES0604QSJC";
/// Pushes the images.
const AUTHOR: &str = "U07AUTHOR1";

/// A world in which v1.4.0 is verified, and another version of this behaviour was pushed after it.
pub(crate) struct Story {
    pub(crate) world: World,
    pub(crate) app: App,
}

impl Story {
    /// Staging and production deploy v1.4.0; then v1.5.0 comes, and production waits for approval,
    /// or goes on with one.
    pub(crate) fn told(behaviour: ImageBehaviour, approves: bool) -> Self {
        Self::of(erp(), behaviour, approves)
    }

    /// An application with more to say than goes into one message, whose release is taken back.
    fn long() -> Self {
        let mut config = erp();
        for environment in &mut config.environments {
            let variables = (0..220).map(|n| (format!("FEATURE_{n:03}"), format!("<on> & {n}")));
            environment.variables.extend(variables);
        }
        let mut tests = config.smoke_tests.iter();
        let ready = tests
            .find(|test| test.path.contains("ready"))
            .unwrap()
            .clone();
        config.smoke_tests.extend((0..60).map(|n| {
            let mut test = ready.clone();
            test.name = format!("part {n:02} of the warehouse says that it is ready for the day");
            test
        }));
        Self::of(config, bad(), true)
    }

    fn of(config: Config, behaviour: ImageBehaviour, approves: bool) -> Self {
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let mut world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
        let app = App::new(world.ports(), vec![Arc::new(config)]);
        world.deploy(Arc::new(DirectFunctions(app.clone())));
        let mut story = Self { world, app };
        story.world.add_habit(approver());
        for tag in ["release-1.4.0", "v1.4.0", "release-1.5.0"] {
            let image = tag.trim_start_matches("release-").trim_start_matches('v');
            story.push(tag, image, ImageBehaviour::default());
            story.world.run(Bounds::default(), |_| false);
        }
        if !approves {
            story.push("v1.5.0", "1.5.0", behaviour);
            let waits = |world: &World| {
                let stored = world.store().deployments();
                let waiting =
                    |d: &Deployment| d.phase.name() == "AwaitingApproval" && d.approvals.is_empty();
                stored.iter().any(|stored| {
                    waiting(&stored.deployment)
                        && stored.deployment.release.tag.as_str() == "v1.5.0"
                })
            };
            story.world.run(Bounds::default(), waits);
            return story;
        }
        story.push("v1.5.0", "1.5.0", behaviour);
        story.world.run(Bounds::default(), |_| false);
        story
    }

    /// v1.5.0 has migrated the database to what v1.4.0 does not run on, and fails under traffic:
    /// someone must decide.
    pub(crate) fn decision() -> Self {
        let mut config = erp();
        // One approver is enough for this story.
        for environment in &mut config.environments {
            environment.migration_rules.clear();
        }
        let breaking = ImageBehaviour::default()
            .with_migration(
                "orders have no note any more",
                "ALTER TABLE orders DROP COLUMN note;",
            )
            .with_trouble_under_traffic(SignedDuration::from_mins(2), 503);
        let mut story = Self::of(config, breaking, false);
        story.until(|phase| matches!(phase, Phase::AwaitingRestoreDecision { .. }));
        story
    }

    /// v1.5.0 fails its smoke tests, and AWS refuses to roll it back.
    pub(crate) fn stuck() -> Self {
        let mut story = Self::told(bad(), false);
        story.until(|phase| matches!(phase, Phase::Verifying { .. }));
        let denied =
            PortError::permanent("AccessDeniedException: the role may not call UpdateService");
        story.world.with_cloud(|cloud| {
            let faults = cloud.faults();
            faults.always(Operation::UpdateService, Fault::Fail(denied));
        });
        story.until(|phase| matches!(phase, Phase::RollbackFailed { .. }));
        story
    }

    /// Someone restores production's database, which is DOWN meanwhile.
    pub(crate) fn restoring() -> Self {
        let mut story = Self::told(ImageBehaviour::default(), true);
        let request = Request {
            id: "on-call/1".to_owned(),
            by: UserId::new(ON_CALL),
            environment: EnvironmentKey::of(&story.newest()),
        };
        let order = RestoreDatabase {
            to: PointReference::Moment(story.newest().id),
            reason: "the migration merged accounts that are not the same".to_owned(),
        };
        block_on(story.app.restore(&request, &order)).unwrap();
        story.until(|phase| matches!(phase, Phase::Restoring { .. }));
        story
    }

    fn until(&mut self, reached: impl Fn(&Phase) -> bool) {
        self.world.run(Bounds::default(), |world| {
            let stored = world.store().deployments();
            stored
                .iter()
                .any(|stored| reached(&stored.deployment.phase))
        });
    }

    /// v1.5.0 has production's traffic, and Sluice cannot reach it: people are asked.
    pub(crate) fn blind() -> Self {
        let mut story = Self::told(ImageBehaviour::default(), false);
        let bakes = |asked: bool| {
            move |world: &World| {
                let stored = world.store().deployments();
                let mut phases = stored.iter().map(|stored| &stored.deployment.phase);
                phases.any(|phase| matches!(phase, Phase::Baking { asked_at, .. } if asked_at.is_some() == asked))
            }
        };
        story.world.run(Bounds::default(), bakes(false));
        story.world.with_cloud(|cloud| cloud.cut_off(true));
        story.world.run(Bounds::default(), bakes(true));
        story
    }

    /// Production is frozen, and v1.6.0 waits for it to open.
    pub(crate) fn closed() -> Self {
        let mut story = Self::told(ImageBehaviour::default(), true);
        story.typed("freeze production the auditors are here");
        story.push("release-1.6.0", "1.6.0", ImageBehaviour::default());
        story.world.run(Bounds::default(), |_| false);
        story.push("v1.6.0", "1.6.0", ImageBehaviour::default());
        story.world.run(Bounds::default(), |world| {
            let stored = world.store().deployments();
            let mut phases = stored.iter().map(|stored| &stored.deployment.phase);
            phases.any(|phase| matches!(phase, Phase::AwaitingWindow { closed: Some(_) }))
        });
        story
    }

    /// The form that `/sluice rollback` brings up.
    fn asks_where_to(&self) -> Modal {
        let (by, trigger) = (UserId::new(ON_CALL), trigger());
        let reply = block_on(self.app.typed("rollback production", &by, &trigger)).unwrap();
        assert_eq!(reply.message, None, "a form comes up instead");
        self.world.slack().modals().pop().unwrap()
    }

    /// The form that comes up when someone on call wants the database as it was.
    fn asks_what_to_restore(&self) -> Modal {
        let by = UserId::new(ON_CALL);
        let reply = block_on(self.app.typed("restore production", &by, &trigger())).unwrap();
        assert_eq!(reply.message, None, "a form comes up instead");
        self.world.slack().modals().pop().unwrap()
    }

    /// The form that comes up when the approver overrides the freeze.
    fn asks_why(&self) -> Modal {
        let click = Decide {
            action: ButtonAction::Override,
            deployment: self.newest().id,
            plan: None,
            by: UserId::new(APPROVER),
            reason: None,
        };
        let decided = block_on(self.app.click(&click, Some(&trigger()))).unwrap();
        assert_eq!(decided, None, "a form comes up instead");
        self.world.slack().modals().pop().unwrap()
    }

    fn push(&self, tag: &str, image: &str, behaviour: ImageBehaviour) {
        let digest = digest_of(image);
        let commit = digest.as_str().trim_start_matches("sha256:")[..40].to_owned();
        let push = Push::image(&RepositoryName::new("erp"), tag, digest)
            .annotated(origin::REVISION, &commit)
            .annotated(origin::SOURCE, "https://github.com/acme/erp")
            .annotated(origin::PUSHED_BY, AUTHOR)
            .annotated(origin::BUILD, "https://github.com/acme/erp/actions/runs/7")
            .annotated(origin::TESTS, "214")
            .annotated(origin::COVERAGE, "93")
            .annotated(origin::FINDINGS, "0")
            .annotated(origin::EXCEPTIONS, "1")
            .annotated(origin::EXCEPTIONS_UNTIL, "2026-03-01");
        self.world
            .with_cloud(|cloud| cloud.push_image(push.behaving(behaviour)));
    }

    /// Production's newest deployment.
    pub(crate) fn newest(&self) -> Deployment {
        let stored = self.world.store().deployments();
        let production = stored
            .into_iter()
            .map(|stored| stored.deployment)
            .filter(|d| d.environment().as_str() == "production");
        Arc::unwrap_or_clone(production.max_by_key(|d| d.requested_at).unwrap())
    }

    /// Everything the messages of Slack ever said.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let posted = self.world.slack().messages();
        let said = posted.into_iter().flat_map(|posted| posted.versions);
        said.map(|(_, message)| message).collect()
    }

    /// What the approver's home page says now.
    pub(crate) fn home(&self) -> Home {
        let user = UserId::new(APPROVER);
        block_on(self.app.show_home(&user)).unwrap();
        self.world.slack().home(&user).unwrap()
    }

    /// The answer to what the approver types.
    pub(crate) fn typed(&self, text: &str) -> Message {
        let by = UserId::new(APPROVER);
        let reply = block_on(self.app.typed(text, &by, &trigger())).unwrap();
        reply.message.unwrap()
    }
}

fn erp() -> Config {
    Config::parse(include_str!("../../../../tests/erp/sluice.toml")).unwrap()
}

fn trigger() -> TriggerId {
    TriggerId("1.1.simulated".to_owned())
}

fn approver() -> Habit {
    Habit {
        user: UserId::new(APPROVER),
        action: ButtonAction::Approve,
        environment: Some(EnvironmentName::new("production")),
        after: SignedDuration::from_mins(3),
    }
}

/// An image whose new version comes up and does not answer as it should.
pub(crate) fn bad() -> ImageBehaviour {
    ImageBehaviour {
        ready: Some(503),
        ..ImageBehaviour::default()
    }
}

/// Every form there is, as people are asked it: before a plan that waits, where a release is live,
/// and where one waits for production to open.
pub(crate) fn modals(waits: &Story, live: &Story, closed: &Story) -> Vec<Modal> {
    vec![
        reject_modal(&waits.newest()).unwrap(),
        live.asks_where_to(),
        live.asks_what_to_restore(),
        closed.asks_why(),
    ]
}

/// All of it as it is sent to Slack: lists of blocks, and views.
pub(crate) fn everything() -> Value {
    let waits = Story::told(ImageBehaviour::default(), false);
    let stories = [
        Story::told(ImageBehaviour::default(), true),
        Story::told(bad(), true),
    ];
    let mut messages = waits.messages();
    messages.extend(stories.iter().flat_map(Story::messages));
    let long = Story::long().messages();
    let parts = long
        .iter()
        .filter(|message| message.summary.ends_with("of 3)"));
    assert!(parts.count() > 0, "what is too long goes on");
    messages.extend(long);
    let closed = Story::closed();
    messages.extend(closed.messages());
    messages.push(view::message(&closed.newest(), None));
    messages.push(closed.typed("status production"));
    messages.extend(Story::blind().messages());
    messages.extend(Story::decision().messages());
    messages.extend(Story::stuck().messages());
    messages.extend(Story::restoring().messages());
    let lines = [
        "status",
        "history production",
        "parity",
        "who production",
        "help",
    ];
    messages.extend(lines.map(|line| waits.typed(line)));
    let groups = [Group::Look, Group::Decision, Group::Ask, Group::Control];
    messages.extend(Verb::ALL.map(|verb| help(Some(verb), &groups)));
    messages.push(help(None, &groups));
    let messages: Vec<Value> = messages
        .iter()
        .map(|message| {
            let rendered = render(message);
            json!({"text": rendered.text, "blocks": rendered.blocks})
        })
        .collect();
    let mut views: Vec<Value> = modals(&waits, &stories[0], &closed)
        .iter()
        .map(render_modal)
        .collect();
    views.push(render_home(&waits.home()));
    json!({"messages": messages, "views": views})
}
