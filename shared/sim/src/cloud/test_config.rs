//! A configuration with one service of every kind and strategy, and what the cloud's own tests do
//! with it.

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::Target;
use sluice_core::command::{Direction, RolloutOrder};
use sluice_core::config::{Config, Strategy};
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;
use sluice_core::id::{
    AlarmName, ClusterName, DeploymentId, EcsServiceName, ServiceName, TaskDefinitionArn,
};
use sluice_core::observation::{RolloutObservation, Stage};

use super::{
    Cloud, CloudPorts, EcsHookCall, Emitted, ImageBehaviour, Push, ServiceView, digest_of,
};

const CONFIG: &str = r##"
[app]
name = "erp"
repository = "erp"

[services.web]
kind = "web"
live = "/healthz/live"
ready = "/healthz/ready"

[services.worker]
kind = "worker"

[services.beat]
kind = "singleton"

[migration]
command = ["alembic", "upgrade", "head"]
service = "web"

[[smoke_tests]]
name = "the database is reached"
path = "/healthz/ready"
json = { "/checks/database" = "ok" }

[environments.production]
account = "111111111111"
region = "eu-central-1"
cluster = "erp-production"
tags = ["v*"]
channel = "#erp"
bake = { duration = "10m" }
alarms = ["errors"]

[environments.production.backup]
instance = "erp"

[environments.production.services.web]
strategy = "blue-green"
url = "https://erp.example.com"
test_url = "https://erp.example.com:8443"

[environments.production.secrets]
DATABASE_URL = { secret = "erp/database", key = "url" }
SECRET_KEY = { secret = "erp/secret-key" }
SENTRY_DSN = { parameter = "/erp/sentry-dsn" }
"##;

/// The start of every test.
pub(super) fn start() -> Timestamp {
    Timestamp::from_second(1_767_603_600).unwrap()
}

pub(super) fn config() -> Config {
    Config::parse(CONFIG).unwrap()
}

pub(super) fn furnished() -> Cloud {
    let mut cloud = Cloud::new(start(), 1);
    cloud.furnish(&config());
    cloud
}

pub(super) fn target() -> Target {
    let environment = config().environments.remove(0);
    Target {
        account: environment.account,
        region: environment.region,
        role: environment.role,
        cluster: environment.cluster,
        deployment: DeploymentId::from_outside("dep-0000000000000001"),
    }
}

pub(super) fn web() -> EcsServiceName {
    EcsServiceName::new("erp-web")
}

pub(super) fn worker() -> EcsServiceName {
    EcsServiceName::new("erp-worker")
}

pub(super) fn beat() -> EcsServiceName {
    EcsServiceName::new("erp-beat")
}

pub(super) fn view(cloud: &Cloud, service: &EcsServiceName) -> ServiceView {
    cloud
        .service(&ClusterName::new("erp-production"), service)
        .unwrap()
}

pub(super) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// Lets so much time pass.
pub(super) fn pass(cloud: &mut Cloud, time: SignedDuration) {
    cloud.advance_to(cloud.now() + time);
}

/// Pushes `tag` and registers a revision with it for the service.
pub(super) fn release(
    cloud: &mut Cloud,
    service: &EcsServiceName,
    tag: &str,
    behaviour: ImageBehaviour,
) -> TaskDefinitionArn {
    let push = Push::image(&config().repository, tag, digest_of(tag)).behaving(behaviour);
    let image = format!("{}/erp@{}", cloud.registry_host(), push.digest);
    cloud.push_image(push);
    cloud
        .register_by_hand(&ClusterName::new("erp-production"), service, &image)
        .unwrap()
}

pub(super) fn order(
    cloud: &Cloud,
    service: &EcsServiceName,
    strategy: Strategy,
    task_definition: &TaskDefinitionArn,
) -> RolloutOrder {
    RolloutOrder {
        deployment: target().deployment,
        service: ServiceName::new("web"),
        ecs_service: service.clone(),
        task_definition: task_definition.clone(),
        strategy,
        bake: minutes(10),
        alarms: vec![AlarmName::new("errors")],
        direction: Direction::Forward,
        since: cloud.now(),
        desired: None,
    }
}

/// The cloud behind its ports for one call.
pub(super) fn through<T>(cloud: &mut Cloud, call: impl AsyncFnOnce(CloudPorts) -> T) -> T {
    let lent = std::mem::replace(cloud, Cloud::new(start(), 0));
    let ports = CloudPorts(std::sync::Arc::new(std::sync::Mutex::new(lent)));
    let answer = block_on(call(ports.clone()));
    *cloud = std::mem::replace(&mut *ports.0.lock().unwrap(), Cloud::new(start(), 0));
    answer
}

pub(super) fn roll_out(cloud: &mut Cloud, order: &RolloutOrder) -> Result<(), PortError> {
    through(cloud, async |ports| {
        sluice_app::ports::Services::ensure_rollout(&ports, &target(), order).await
    })
}

pub(super) fn rollout(cloud: &mut Cloud, order: &RolloutOrder) -> RolloutObservation {
    through(cloud, async |ports| {
        sluice_app::ports::Services::rollout(
            &ports,
            &target(),
            &order.ecs_service,
            &order.task_definition,
            order.since,
        )
        .await
    })
    .unwrap()
    .unwrap()
}

/// The next call of the hook, as time passes; `None` if none comes within half an hour.
pub(super) fn next_hook(cloud: &mut Cloud) -> Option<EcsHookCall> {
    let until = cloud.now() + minutes(30);
    loop {
        for emitted in cloud.take_emitted() {
            if let Emitted::Hook(call) = emitted {
                return Some(call);
            }
        }
        let next = cloud.next_change().filter(|next| *next <= until)?;
        cloud.advance_to(next);
    }
}

/// Brings a held rollout to where its hook asks, and says yes.
pub(super) fn let_through(cloud: &mut Cloud) -> EcsHookCall {
    let call = next_hook(cloud).unwrap();
    assert_eq!(call.stage, Stage::PostTestTrafficShift);
    cloud.hook_answered(&call, Ok(HookAnswer::Succeeded));
    call
}
