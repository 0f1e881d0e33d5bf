//! Slack gives three seconds for an answer, no matter what is slow behind it: a store, a queue or a
//! Slack that never answers. Time is tokio's, paused: it passes only where someone waits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::App;
use sluice_app::ports::{
    Alarms, AllMonitored, Chat, ChatError, Clock, DeploymentSummary, Due, EnvironmentKey,
    EnvironmentState, MessageRef, Monitored, Opened, Ports, Save, SaveError, Shown, Store, Stored,
    Target, Thread, TriggerId, WakeUp, Wakeups,
};
use sluice_core::config::Config;
use sluice_core::controls::Controls;
use sluice_core::deployment::Deployment;
use sluice_core::event::Claim;
use sluice_core::failure::PortError;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::id::{
    AlarmName, ChannelName, DeploymentId, Digest, GroupId, RepositoryName, UserId,
};
use sluice_core::observation::AlarmState;
use sluice_core::release::VerifiedRelease;
use sluice_sim::cloud::{Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, World};
use sluice_slack::{
    SigningSecrets, command_body, home_opened_body, interaction_body, sign, submission_body,
};
use sluice_slack_function::{Door, Patience, handler};
use sluice_words::home::Home;
use sluice_words::message::{Block, Button, ButtonAction, Message};
use sluice_words::modal::{InputName, Modal, Purpose, Submission};
use tokio::time::Instant;

const SECRET: &str = "simulated-signing-secret";
/// Named in person.
const LEAD: &str = "U024BE7LH";
/// In the group that approves.
const ON_CALL: &str = "UONES0604QSJC";
/// What Slack gives.
const THREE_SECONDS: Duration = Duration::from_secs(3);
/// How much of it the answer to the person who clicked may take.
const TELLING: Duration = Duration::from_secs(1);

/// Takes every call and answers none.
struct Silent;

#[async_trait]
impl Store for Silent {
    async fn open(
        &self,
        _: &Deployment,
        _: &Record,
        _: &ChainEnd,
        _: Timestamp,
        _: u64,
    ) -> Result<Opened, PortError> {
        pending().await
    }

    async fn load(&self, _: &DeploymentId) -> Result<Option<Stored>, PortError> {
        pending().await
    }

    async fn save(&self, _: Save) -> Result<(), SaveError> {
        pending().await
    }

    async fn set_due(
        &self,
        _: &DeploymentId,
        _: u64,
        _: Option<Timestamp>,
    ) -> Result<(), PortError> {
        pending().await
    }

    async fn claim(&self, _: &EnvironmentKey, _: &DeploymentId) -> Result<Claim, PortError> {
        pending().await
    }

    async fn environment(&self, _: &EnvironmentKey) -> Result<EnvironmentState, PortError> {
        pending().await
    }

    async fn set_controls(
        &self,
        _: &EnvironmentKey,
        _: u64,
        _: &Controls,
    ) -> Result<bool, PortError> {
        pending().await
    }

    async fn verified(
        &self,
        _: &EnvironmentKey,
        _: &Digest,
    ) -> Result<Option<VerifiedRelease>, PortError> {
        pending().await
    }

    async fn verified_releases(
        &self,
        _: &EnvironmentKey,
        _: usize,
    ) -> Result<Vec<VerifiedRelease>, PortError> {
        pending().await
    }

    async fn deployments(
        &self,
        _: &EnvironmentKey,
        _: usize,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        pending().await
    }

    async fn deployments_since(
        &self,
        _: &EnvironmentKey,
        _: Timestamp,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        pending().await
    }

    async fn due(&self, _: Timestamp, _: Option<&Due>, _: usize) -> Result<Vec<Due>, PortError> {
        pending().await
    }

    async fn history(&self, _: &DeploymentId) -> Result<Vec<Record>, PortError> {
        pending().await
    }

    async fn shown(&self, _: &DeploymentId) -> Result<Shown, PortError> {
        pending().await
    }

    async fn set_shown(&self, _: &DeploymentId, _: &Shown) -> Result<(), PortError> {
        pending().await
    }

    async fn monitored(&self, _: &DeploymentId) -> Result<AllMonitored, PortError> {
        pending().await
    }

    async fn set_monitored(
        &self,
        _: &DeploymentId,
        _: &str,
        _: &Monitored,
    ) -> Result<bool, PortError> {
        pending().await
    }
}

#[async_trait]
impl Wakeups for Silent {
    async fn send(&self, _: WakeUp, _: SignedDuration) -> Result<(), PortError> {
        pending().await
    }
}

#[async_trait]
impl Alarms for Silent {
    async fn states(
        &self,
        _: &Target,
        _: &[AlarmName],
    ) -> Result<BTreeMap<AlarmName, AlarmState>, PortError> {
        pending().await
    }
}

/// Time as the function knows it.
struct Ticking(Timestamp);

#[async_trait]
impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        self.0
    }

    async fn pass(&self, time: SignedDuration) {
        tokio::time::sleep(time.unsigned_abs()).await;
    }
}

#[async_trait]
impl Chat for Silent {
    async fn ensure_posted(
        &self,
        _: &str,
        _: &ChannelName,
        _: Option<Thread<'_>>,
        _: &Message,
    ) -> Result<MessageRef, ChatError> {
        pending().await
    }

    async fn update(&self, _: &MessageRef, _: &Message) -> Result<(), ChatError> {
        pending().await
    }

    async fn open_modal(&self, _: &TriggerId, _: &Modal) -> Result<(), PortError> {
        pending().await
    }

    async fn publish_home(&self, _: &UserId, _: &Home) -> Result<(), PortError> {
        pending().await
    }

    async fn user_by_email(&self, _: &str) -> Result<Option<UserId>, PortError> {
        pending().await
    }

    async fn group_members(&self, _: &GroupId) -> Result<BTreeSet<UserId>, PortError> {
        pending().await
    }
}

/// As the function waits in Lambda.
struct Clocked;

impl Patience for Clocked {
    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        tokio::time::timeout(limit, work).await.ok()
    }
}

/// A world in which v1.4.0 waits for its approval in production.
struct Scene {
    world: World,
    config: Arc<Config>,
}

impl Scene {
    fn new() -> Self {
        let config = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let mut world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
        let config = Arc::new(config);
        let app = App::new(world.ports(), vec![config.clone()]);
        world.deploy(Arc::new(DirectFunctions(app)));
        for tag in ["release-1.4.0", "v1.4.0"] {
            let push = Push::image(&RepositoryName::new("erp"), tag, digest_of("one"));
            world.with_cloud(|cloud| cloud.push_image(push));
            world.run(Bounds::default(), |world| waiting(world).is_some());
        }
        Self { world, config }
    }

    fn waiting(&self) -> Deployment {
        waiting(&self.world).unwrap()
    }

    fn button(&self, action: ButtonAction) -> Button {
        let posted = self.world.slack().messages();
        let blocks = posted.iter().flat_map(|posted| &posted.says().blocks);
        let buttons = blocks.filter_map(|block| match block {
            Block::Buttons(buttons) => Some(buttons),
            _ => None,
        });
        let mut all = buttons.flatten();
        all.rfind(|button| button.action == action && button.plan.is_some())
            .unwrap()
            .clone()
    }

    /// The answer to this body, and how long it took.
    async fn answer(&self, ports: Ports, body: &str) -> (String, Duration) {
        self.answer_late(ports, body, Duration::ZERO).await
    }

    /// The same of a function that had to be started: the request arrived that long ago.
    async fn answer_late(&self, ports: Ports, body: &str, ago: Duration) -> (String, Duration) {
        let app = App::new(ports, vec![self.config.clone()]);
        let secret = SecretString::from(SECRET);
        let door = Door {
            secrets: SigningSecrets::read(&secret).unwrap(),
            team: None,
        };
        let now = self.world.now();
        let timestamp = now.as_second().to_string();
        let signature = sign(&secret, &timestamp, body.as_bytes());
        let request = json!({
            "headers": {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature},
            "body": body,
            "requestContext": {"timeEpoch": (now - ago).as_millisecond()},
        });
        let began = Instant::now();
        let response = handler(&app, &request, &door, &Clocked, now).await;
        assert_eq!(response.status_code, 200, "{}", response.body);
        (response.body, began.elapsed())
    }

    fn click(&self, action: ButtonAction, by: &str) -> String {
        interaction_body(&self.button(action), &UserId::new(by), self.world.now())
    }

    fn rejection(&self, by: &str) -> String {
        let d = self.waiting();
        submission_body(&Submission {
            id: "V0000000001".to_owned(),
            purpose: Purpose::Reject {
                deployment: d.id.clone(),
                plan: d.sealed_plan().hash.clone(),
            },
            answers: BTreeMap::from([(InputName::Reason, "not today".to_owned())]),
            by: UserId::new(by),
        })
    }
}

fn waiting(world: &World) -> Option<Deployment> {
    let stored = world.store().deployments().into_iter();
    let mut all = stored.map(|stored| Arc::unwrap_or_clone(stored.deployment));
    all.find(|d| d.phase.name() == "AwaitingApproval")
}

fn assert_uncertain(body: &str) {
    let body: Value = serde_json::from_str(body).unwrap();
    let said = body["text"].as_str().or(body["errors"]["reason"].as_str());
    let said = said.unwrap();
    assert!(said.contains("This may not have taken effect"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_is_waited_for_in_vain_but_not_for_long() {
    let scene = Scene::new();
    let ports = || Ports {
        store: Arc::new(Silent),
        ..scene.world.ports()
    };
    for action in [ButtonAction::Approve, ButtonAction::Reject] {
        let (body, took) = scene.answer(ports(), &scene.click(action, LEAD)).await;
        assert_uncertain(&body);
        assert!(took + TELLING < THREE_SECONDS, "{took:?}");
    }
    let typed = command_body("status", &UserId::new(LEAD), "1.1.a");
    for body in [typed, scene.rejection(LEAD)] {
        let (body, took) = scene.answer(ports(), &body).await;
        assert_uncertain(&body);
        assert!(took < THREE_SECONDS, "{took:?}");
    }
    let opened = home_opened_body(&UserId::new(LEAD), scene.world.now());
    let (body, took) = scene.answer(ports(), &opened).await;
    assert_eq!(body, "");
    assert!(took < THREE_SECONDS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_had_to_be_started_waits_so_much_less() {
    let scene = Scene::new();
    let ports = || Ports {
        store: Arc::new(Silent),
        ..scene.world.ports()
    };
    let started = Duration::from_millis(1_200);
    let click = scene.click(ButtonAction::Approve, LEAD);
    let (body, took) = scene.answer_late(ports(), &click, started).await;
    assert_uncertain(&body);
    assert!(started + took + TELLING < THREE_SECONDS, "{took:?}");
    let rejection = scene.rejection(LEAD);
    let (body, took) = scene.answer_late(ports(), &rejection, started).await;
    assert_uncertain(&body);
    assert!(started + took < THREE_SECONDS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn behind_a_silent_queue_the_decision_stands_and_is_said_to_be_uncertain() {
    let scene = Scene::new();
    let ports = Ports {
        wakeups: Arc::new(Silent),
        ..scene.world.ports()
    };
    let id = scene.waiting().id;
    let click = scene.click(ButtonAction::Approve, LEAD);
    let (body, took) = scene.answer(ports, &click).await;
    assert_uncertain(&body);
    assert!(took + TELLING < THREE_SECONDS, "{took:?}");
    let stored = scene.world.store().deployment(&id).unwrap();
    assert_eq!(
        stored.deployment.approvals.len(),
        1,
        "it is found by its due time"
    );
}

#[tokio::test(start_paused = true)]
async fn a_slack_that_never_answers_holds_up_whom_it_must_know_and_nobody_else() {
    let scene = Scene::new();
    let ports = || Ports {
        chat: Arc::new(Silent),
        ..scene.world.ports()
    };
    let (reject, approve) = (
        scene.click(ButtonAction::Reject, ON_CALL),
        scene.click(ButtonAction::Approve, ON_CALL),
    );
    for click in [reject, approve] {
        let (body, took) = scene.answer(ports(), &click).await;
        assert_uncertain(&body);
        assert!(took + TELLING < THREE_SECONDS, "{took:?}");
    }
    // People who are named directly need no group.
    let click = scene.click(ButtonAction::Approve, LEAD);
    let (body, took) = scene.answer(ports(), &click).await;
    assert!(
        body.contains("Approved: v1.4.0 will be deployed to production."),
        "{body}"
    );
    assert_eq!(took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_status_says_what_is_known_where_aws_never_answers() {
    let scene = Scene::new();
    let ports = Ports {
        alarms: Arc::new(Silent),
        clock: Arc::new(Ticking(scene.world.now())),
        ..scene.world.ports()
    };
    let typed = command_body("status production", &UserId::new(LEAD), "1.1.a");
    let started = Duration::from_millis(1_200);
    let (body, took) = scene.answer_late(ports, &typed, started).await;
    assert!(body.contains("AWS did not answer in time"), "{body}");
    assert!(body.contains("Waiting for approval"), "{body}");
    assert!(started + took < THREE_SECONDS, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_comparison_says_what_is_known_where_aws_never_answers() {
    let scene = Scene::new();
    let ports = Ports {
        alarms: Arc::new(Silent),
        clock: Arc::new(Ticking(scene.world.now())),
        ..scene.world.ports()
    };
    let typed = command_body("parity staging production", &UserId::new(LEAD), "1.1.a");
    let started = Duration::from_millis(1_200);
    let (body, took) = scene.answer_late(ports, &typed, started).await;
    assert!(
        body.contains("alarm of production: there was no answer in time"),
        "{body}"
    );
    assert!(body.contains("Alike: "), "{body}");
    assert!(started + took < THREE_SECONDS, "{took:?}");
}
