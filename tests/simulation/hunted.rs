//! Whole worlds in which Sluice was wrong once, or told what was not so.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use sluice_app::App;
use sluice_app::ports::{
    EnvironmentKey, Ports, ServiceQuery, Services, Target, TaskDefinitionOrder, WakeUp,
};
use sluice_core::command::RolloutOrder;
use sluice_core::config::Config;
use sluice_core::failure::PortError;
use sluice_core::id::{
    AppName, EcsServiceName, EnvironmentName, ServiceDeploymentArn, TaskDefinitionArn, UserId,
};
use sluice_core::observation::{RolloutObservation, ServiceObservation, StoppedTask};
use sluice_core::parity::ServiceFacts;
use sluice_sim::cloud::{
    Fault, Happened, ImageBehaviour, Lag, Operation, Push, Tempo, UnderTraffic, digest_of,
};
use sluice_sim::workplace::{Outages, Weather};
use sluice_sim::world::{Bounds, DirectFunctions, World};

use crate::erp;

const STAGING: &str = "staging";
const ON_CALL: &str = "UONES0604QSJC";

fn phase(world: &World) -> &'static str {
    erp::ends(world, STAGING).last().copied().unwrap_or("-")
}

fn until(world: &mut World, wanted: &str) {
    world.run(Bounds::default(), |world| phase(world) == wanted);
    assert_eq!(phase(world), wanted, "{}", erp::stories(world));
}

fn for_minutes(world: &mut World, minutes: i64) {
    let at = world.now() + SignedDuration::from_mins(minutes);
    world.run(Bounds::default(), |world| world.now() >= at);
    world.with_cloud(|cloud| cloud.advance_to(at));
}

const STORE: [Operation; 5] = [
    Operation::GetItem,
    Operation::Query,
    Operation::UpdateItem,
    Operation::TransactWriteItems,
    Operation::PutItem,
];

#[test]
fn a_store_that_is_away_while_traffic_shifts_takes_no_healthy_release_back() {
    let mut world = erp::world(1, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    until(&mut world, "Shifting");
    for_minutes(&mut world, 1);
    for operation in STORE {
        let away = Fault::Fail(PortError::retryable("dynamodb: 500"));
        world.with_cloud(|cloud| cloud.faults().always(operation, away));
    }
    for_minutes(&mut world, 45);
    world.with_cloud(|cloud| cloud.faults().clear());
    erp::run(&mut world);
    assert_eq!(phase(&world), "Succeeded", "{}", erp::stories(&world));
    erp::assert_nothing_broke(&world);
}

/// Services whose first request for the worker is overtaken: while it is on its way, somebody asks
/// to go back, and another function sees to that.
struct Overtaken {
    inner: Arc<dyn Services>,
    quicker: App,
    done: Mutex<bool>,
    until: Timestamp,
}

impl Overtaken {
    async fn be_overtaken(&self, order: &RolloutOrder) {
        let is_first = !std::mem::replace(&mut *self.done.lock().expect("no panic"), true);
        if !is_first {
            return;
        }
        let request = sluice_app::Request {
            id: "r-1".to_owned(),
            by: UserId::new(ON_CALL),
            environment: EnvironmentKey {
                app: AppName::new("erp"),
                environment: EnvironmentName::new(STAGING),
            },
        };
        let back = sluice_app::RollBack {
            to: None,
            reason: "orders fail".to_owned(),
            force: true,
        };
        let asked = self.quicker.roll_back(&request, &back).await;
        asked.expect("the way back is always open");
        let wake_up = WakeUp {
            deployment: order.deployment.clone(),
            due: None,
        };
        let driven = self.quicker.advance(&wake_up, self.until).await;
        driven.expect("it answers");
    }
}

#[async_trait]
impl Services for Overtaken {
    async fn read(
        &self,
        target: &Target,
        services: &[ServiceQuery],
    ) -> Result<Vec<ServiceObservation>, PortError> {
        self.inner.read(target, services).await
    }
    async fn facts(
        &self,
        target: &Target,
        services: &[ServiceQuery],
    ) -> Result<Vec<ServiceFacts>, PortError> {
        self.inner.facts(target, services).await
    }
    async fn stopped_tasks(
        &self,
        target: &Target,
        service: &EcsServiceName,
        revision: &TaskDefinitionArn,
    ) -> Result<Vec<StoppedTask>, PortError> {
        self.inner.stopped_tasks(target, service, revision).await
    }
    async fn ensure_task_definition(
        &self,
        target: &Target,
        order: &TaskDefinitionOrder,
    ) -> Result<TaskDefinitionArn, PortError> {
        self.inner.ensure_task_definition(target, order).await
    }
    async fn ensure_rollout(&self, target: &Target, order: &RolloutOrder) -> Result<(), PortError> {
        if order.service.as_str() == "worker" {
            self.be_overtaken(order).await;
        }
        self.inner.ensure_rollout(target, order).await
    }
    async fn rollout(
        &self,
        target: &Target,
        service: &EcsServiceName,
        revision: &TaskDefinitionArn,
        since: Timestamp,
    ) -> Result<Option<RolloutObservation>, PortError> {
        self.inner.rollout(target, service, revision, since).await
    }
    async fn ensure_count(
        &self,
        target: &Target,
        service: &EcsServiceName,
        desired: u32,
    ) -> Result<(), PortError> {
        self.inner.ensure_count(target, service, desired).await
    }
    async fn ensure_stopping(
        &self,
        target: &Target,
        rollout: &ServiceDeploymentArn,
    ) -> Result<(), PortError> {
        self.inner.ensure_stopping(target, rollout).await
    }
}

/// Staging where somebody may roll back.
fn config() -> Config {
    let toml = include_str!("../erp/sluice.toml").replace(
        "[environments.staging.roles]\n",
        "[environments.staging.roles]\nroll_back = [\"S0604QSJC\"]\n",
    );
    Config::parse(&toml).expect("it is good")
}

#[test]
fn a_rollback_that_overtakes_an_update_takes_that_back_too() {
    for lag in [Lag::none(), Lag::exactly(SignedDuration::from_secs(60))] {
        let config = config();
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().expect("a time");
        let weather = Weather {
            lag,
            ..Weather::default()
        };
        let mut world = World::new(6, start, std::slice::from_ref(&config), weather);
        world.with_cloud(|cloud| cloud.set_tempo(Tempo::default()));
        let ports = world.ports();
        let services = Arc::new(Overtaken {
            inner: ports.services.clone(),
            quicker: App::new(world.ports(), vec![Arc::new(config.clone())]),
            done: Mutex::new(false),
            until: start + SignedDuration::from_hours(48),
        });
        let app = App::new(Ports { services, ..ports }, vec![Arc::new(config)]);
        world.deploy(Arc::new(DirectFunctions(app)));
        let before = erp::running_image(&world, STAGING, "worker");
        erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
        erp::run(&mut world);
        for_minutes(&mut world, 10);
        assert_eq!(phase(&world), "RolledBack", "{}", erp::stories(&world));
        for service in ["web", "worker", "beat"] {
            let runs = erp::running_image(&world, STAGING, service);
            assert_eq!(runs, before, "{service}: {}", erp::stories(&world));
        }
        erp::assert_nothing_broke(&world);
    }
}

/// The ERP's staging with a second web service.
fn two_web_services() -> Config {
    let toml = include_str!("../erp/sluice.toml")
        .replace(
            "[services.worker]",
            "[services.api]\nkind = \"web\"\ncontainer = \"app\"\nlive = \"/healthz/live\"\nready = \
             \"/healthz/ready\"\n\n[services.worker]",
        )
        .replace(
            "[environments.staging.variables]",
            "[environments.staging.services.api]\nstrategy = \"blue-green\"\nurl = \
             \"https://api-staging.example.com\"\ntest_url = \
             \"https://api-staging.example.com:8443\"\n\n[environments.staging.variables]",
        )
        .replace(
            "[environments.production.variables]",
            "[environments.production.services.api]\nurl = \"https://api.example.com\"\ntest_url = \
             \"https://api.example.com:8443\"\n\n[environments.production.variables]",
        );
    let mut tests = String::new();
    let mut lines = toml.lines().peekable();
    while let Some(line) = lines.next() {
        tests.push_str(line);
        tests.push('\n');
        if line.trim() == "[[smoke_tests]]" {
            let names_one = lines.clone().take_while(|line| !line.starts_with('['));
            if !names_one
                .into_iter()
                .any(|line| line.starts_with("service"))
            {
                tests.push_str("service = \"web\"\n");
            }
        }
    }
    Config::parse(&tests).expect("it is good")
}

/// The image fails its smoke tests, so that no traffic may ever reach it: wherever a function dies
/// while the second web service is throttled and late.
#[test]
fn no_web_service_gets_traffic_before_the_tests_wherever_a_function_dies() {
    let config = two_web_services();
    for crash in (30..70).step_by(3) {
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().expect("a time");
        let mut world = World::new(7, start, std::slice::from_ref(&config), Weather::default());
        world.with_cloud(|cloud| cloud.set_tempo(Tempo::default()));
        let app = App::new(world.ports(), vec![Arc::new(config.clone())]);
        world.deploy(Arc::new(DirectFunctions(app)));
        let mut broken = ImageBehaviour::default();
        let answer = sluice_sim::cloud::Answer {
            status: 500,
            body: String::new(),
            latency_ms: 20,
        };
        broken.answers.insert("/login".to_owned(), answer);
        let push = Push::image(&config.repository, "release-1.4.0", digest_of("one"));
        world.with_cloud(|cloud| cloud.push_image(push.behaving(broken)));
        world.run(Bounds::default(), |world| phase(world) == "Migrating");
        world.with_cloud(|cloud| {
            let register = Operation::RegisterTaskDefinition;
            cloud.faults().nth(register, 1, Fault::Throttle);
        });
        let now = world.calls();
        world.crash_at_call(now + crash);
        erp::run(&mut world);
        assert_eq!(phase(&world), "RolledBack", "{}", erp::stories(&world));
        let shifted = world.with_cloud(|cloud| {
            let happened = cloud.ledger().iter();
            let shifts = happened.filter(|entry| {
                matches!(&entry.what, Happened::TrafficShifted { percent, .. } if *percent > 0)
            });
            shifts.count()
        });
        assert_eq!(shifted, 0, "crash at {crash}: {}", erp::stories(&world));
        erp::assert_nothing_broke(&world);
    }
}

#[test]
fn the_release_that_fixes_what_was_rolled_forward_waits_for_ecs_and_goes_through() {
    let mut world = erp::world(11, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    until(&mut world, "Succeeded");
    let mut bad = ImageBehaviour::default();
    let sql = "BEGIN;\n\nALTER TABLE orders DROP COLUMN note;\n\nCOMMIT;\n";
    bad.migration.sql = Some(sql.to_owned());
    bad.under_traffic = Some(UnderTraffic {
        after: SignedDuration::from_secs(30),
        status: 500,
        fires_alarms: false,
    });
    erp::push(&world, "release-1.5.0", "two", &bad);
    until(&mut world, "AwaitingRestoreDecision");
    let waits = erp::deployments(&world, STAGING).pop().expect("it waits");
    let app = App::new(world.ports(), vec![Arc::new(erp::config())]);
    let decided = block_on(app.roll_forward(&waits.deployment.id, &UserId::new(ON_CALL)));
    decided.expect("they may");
    // ECS still bakes what was rolled forward when the release that fixes it is pushed.
    erp::push(&world, "release-1.5.1", "three", &ImageBehaviour::default());
    erp::run(&mut world);
    assert_eq!(phase(&world), "Succeeded", "{}", erp::stories(&world));
    erp::assert_nothing_broke(&world);
}

/// An older function was slow, and its words came to Slack after those of the end.
#[test]
fn an_older_function_does_not_have_the_last_word_in_slack() {
    let mut world = erp::world(5, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    let is_over = |world: &World| erp::ends(world, "staging") == ["Succeeded"];
    world.run(Bounds::default(), is_over);
    let told = world.now() + SignedDuration::from_secs(30);
    world.run(Bounds::default(), |world| world.now() >= told);
    let message = |world: &World| {
        let mut posted = world.slack().messages().into_iter();
        posted
            .find(|posted| posted.thread.is_none())
            .expect("people were told")
    };
    let posted = message(&world);
    let (first, last) = (posted.versions[0].1.clone(), posted.says().clone());
    assert_ne!(first, last);
    block_on(world.ports().chat.update(&posted.reference, &first)).expect("Slack answers");
    erp::run(&mut world);
    assert_eq!(message(&world).says(), &last);
}

/// Of a wake-up that the queue brings twice there are not two from then on.
#[test]
fn a_deployment_that_waits_for_hours_is_not_woken_ever_more_often() {
    let steps = |double_wakeups| {
        let weather = Weather {
            double_wakeups,
            ..Weather::default()
        };
        let start = "2026-01-05T09:00:00Z".parse().expect("a time");
        let mut world = World::with_app(6, start, &[erp::config()], weather);
        for tag in ["release-1.4.0", "v1.4.0"] {
            erp::push(&world, tag, "one", &ImageBehaviour::default());
        }
        erp::run(&mut world);
        assert_eq!(erp::ends(&world, "production"), ["Expired"], "nobody came");
        world.steps()
    };
    let (once, twice) = (steps(0.0), steps(0.5));
    assert!(twice < once * 2, "{once} steps, and {twice}");
}

/// ECS is out for longer than the migration may take, and has forgotten the task that looked.
#[test]
fn a_good_release_arrives_although_ecs_was_out_after_its_migration() {
    let weather = Weather {
        lag: Lag::of(SignedDuration::from_millis(22_891)),
        outages: Outages {
            per_day: 2.418_457_984_067_913_5,
            ..Outages::default()
        },
        ..Weather::default()
    };
    let mut world = erp::world(2_362_376_707_808_655_061, weather);
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    assert_eq!(phase(&world), "Succeeded", "{}", erp::stories(&world));
    let began: Timestamp = "2026-01-05T09:00:00Z".parse().expect("a time");
    assert!(world.now().duration_since(began) > SignedDuration::from_mins(90));
    erp::assert_nothing_broke(&world);
}
