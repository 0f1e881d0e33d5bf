//! Furnishing: a cloud as it stands before Sluice first deploys, made to fit a configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Map, Value};
use sluice_core::config::{
    Config, Environment, Service as ServiceConfig, ServiceKind, SmokeTest, Source,
};
use sluice_core::id::{AccountId, ContainerName, Region};

use super::Cloud;
use super::api::registration;
use super::app_http::{Endpoint, Expected, Health, Listener, plain};
use super::behaviour::{Answer, ScanBehaviour};
use super::ecr::{FIRST_RELEASE_TAG, Push, digest_of};
use super::ecs::{Container, RolloutConfig, Service};
use super::elb::{FrontSettings, Traffic};
use super::lag::Lagging;
use super::place::Place;
use super::rds::{Instance, Writers};

/// The account of the registry, where nothing says otherwise: the one of `events/`.
pub const REGISTRY_ACCOUNT: &str = "222222222222";
/// Tasks of a web service or worker at first.
const DESIRED: u32 = 2;

impl Cloud {
    /// The registry's account and region, where it is not the configured one, or without one account
    /// 222222222222 in the region of the first environment. Pushes come from there from now on.
    pub fn set_registry(&mut self, account: &AccountId, region: &Region) {
        let place = self.ensure_place(account, region);
        self.registry.place = Some(place);
    }

    /// The repository of source code, if it is known where that is.
    fn furnish_source(&mut self, source: &Source) {
        let (account, region) = match (&source.place, &source.github) {
            (_, Some(_)) => Place::github(),
            (Some(at), None) => (at.account.clone(), at.region.clone()),
            (None, None) => return,
        };
        let branches = [Some(source.branches.main()), source.branches.develop()];
        let branches: Vec<_> = branches.into_iter().flatten().collect();
        let branches: Vec<&str> = branches.iter().map(|branch| branch.as_str()).collect();
        self.git_init((&account, &region), source.repository.as_str(), &branches);
        if let Some(project) = &source.build {
            self.build_with(source.repository.as_str(), project.as_str());
        }
    }

    /// Furnishes the cloud for a configuration: every service runs the release `v0`, which behaves
    /// well; secrets, parameters, databases and alarms that it names are there.
    pub fn furnish(&mut self, config: &Config) {
        if let (None, Some(registry)) = (&self.registry.place, &config.registry) {
            self.set_registry(&registry.account, &registry.region);
        }
        if let (None, Some(first)) = (&self.registry.place, config.environments.first()) {
            self.set_registry(&AccountId::new(REGISTRY_ACCOUNT), &first.region);
        }
        let digest = digest_of(&format!("{}:{FIRST_RELEASE_TAG}", config.repository));
        let mut first = Push::image(&config.repository, FIRST_RELEASE_TAG, digest);
        first.behaviour.scan = ScanBehaviour::Never;
        let image = format!(
            "{}/{}@{}",
            self.registry_host(),
            first.repository,
            first.digest
        );
        self.registry.insert(&first, self.now);
        if let Some(source) = &config.source {
            self.furnish_source(source);
        }
        for environment in &config.environments {
            let place = self.ensure_place(&environment.account, &environment.region);
            self.furnish_environment(&place, environment);
            let mut services = Vec::new();
            for service in &config.services {
                let at = self.furnish_service(&place, environment, service, &image);
                self.furnish_endpoints(at, environment, service, &config.smoke_tests);
                services.push(at);
            }
            if let Some(backup) = &environment.backup {
                let reached = self.instance(&place, &backup.database);
                self.writers.push(Writers {
                    place,
                    database: backup.database.clone(),
                    services,
                    reached,
                });
            }
        }
    }

    fn furnish_environment(&mut self, place: &Arc<Place>, environment: &Environment) {
        for source in environment.secrets.values() {
            self.furnish_secret(place, source);
        }
        if let Some(stack) = &environment.stack {
            self.furnish_stack(place, &stack.name);
        }
        for alarm in &environment.alarms {
            self.furnish_alarm(place, alarm);
        }
        if let Some(backup) = &environment.backup
            && self.instance(place, &backup.database).is_none()
        {
            let number = self.databases.len();
            let instance = Instance::new(place, &backup.database, number, self.now);
            self.databases.push(instance);
        }
    }

    fn furnish_service(
        &mut self,
        place: &Arc<Place>,
        environment: &Environment,
        service: &ServiceConfig,
        image: &str,
    ) -> usize {
        let placement = &environment.services[&service.name];
        let family = placement.ecs_service.as_str();
        let ours = Container::new(service.container.clone(), image.to_owned(), true);
        let logs = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable";
        let sidecar = Container::new(ContainerName::new("log-router"), logs.to_owned(), false);
        let containers = vec![ours, sidecar];
        let rest = Arc::new(registration(place, family, &containers));
        if let Some(base) = &placement.task_definition
            && self.latest(place, base.as_str()).is_none()
        {
            self.register(place, base.as_str(), containers.clone(), rest.clone());
        }
        let task_definition = self.register(place, family, containers, rest);
        let desired = if service.kind == ServiceKind::Singleton {
            1
        } else {
            DESIRED
        };
        let live = service.health.as_ref().map(|paths| paths.live.as_str());
        let front = FrontSettings::new(placement.url.as_deref(), live);
        let traffic = (service.kind == ServiceKind::Web).then(|| Traffic::new(family, front));
        let at = self.ecs.add_service(Service {
            place: place.clone(),
            cluster: environment.cluster.clone(),
            name: placement.ecs_service.clone(),
            kind: service.kind,
            container: service.container.clone(),
            desired,
            task_definition,
            revisions: Vec::new(),
            completed: None,
            rollouts: Vec::new(),
            traffic,
            config: Arc::new(RolloutConfig {
                strategy: placement.strategy.clone(),
                bake: SignedDuration::ZERO,
                alarms: Vec::new(),
                circuit_breaker: true,
                hook: None,
                as_sent: None,
            }),
            most_running: 0,
            died: Vec::new(),
            created_at: self.now,
            looked: Lagging::default(),
        });
        let revision = self.add_revision(at, task_definition);
        let service = &mut self.ecs.services[at];
        service.set_running(revision, desired);
        service.completed = Some(revision);
        service.revisions[revision].traffic_since = Some(self.now);
        at
    }

    fn furnish_endpoints(
        &mut self,
        at: usize,
        environment: &Environment,
        service: &ServiceConfig,
        smoke_tests: &[SmokeTest],
    ) {
        let placement = &environment.services[&service.name];
        let addresses = [
            (&placement.url, Listener::Production),
            (&placement.test_url, Listener::Test),
        ];
        for (base, listener) in addresses {
            if let Some(base) = base {
                let base = base.trim_end_matches('/').to_owned();
                self.app.endpoints.push(Endpoint {
                    base,
                    service: at,
                    listener,
                });
            }
        }
        let all = self.app.expected.entry(at).or_default();
        let mut expect = |method: &str, path: &str, health: Option<Health>, answer: Answer| {
            let mut known = all.iter_mut();
            let known = known.find(|one| one.method == method && one.path == path);
            match known {
                // A smoke test of a health path says more of its body than the path alone.
                Some(known) => known.answer = answer,
                None => {
                    let (method, path) = (method.to_owned(), path.to_owned());
                    let expected = Expected {
                        method,
                        path,
                        answer,
                        health,
                    };
                    all.push(expected);
                }
            }
        };
        if let Some(health) = &service.health {
            let well = plain(200, r#"{"status":"ok"}"#);
            expect("GET", &health.live, Some(Health::Live), well.clone());
            expect("GET", &health.ready, Some(Health::Ready), well);
        }
        for test in smoke_tests
            .iter()
            .filter(|test| test.service == service.name)
        {
            let answer = plain(test.status, &body_with(&test.json));
            expect(&test.method, &test.path, None, answer);
        }
    }
}

/// A JSON body that has each value where its pointer says.
fn body_with(values: &BTreeMap<String, Value>) -> String {
    let mut body = Value::Object(Map::new());
    for (pointer, value) in values {
        put(&mut body, pointer, value);
    }
    body.to_string()
}

fn put(body: &mut Value, pointer: &str, value: &Value) {
    let mut here = body;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        here = match step.parse::<usize>() {
            Ok(index) => {
                if !here.is_array() {
                    *here = Value::Array(Vec::new());
                }
                let list = here.as_array_mut().expect("it was just made an array");
                if list.len() <= index {
                    list.resize(index + 1, Value::Null);
                }
                &mut list[index]
            }
            Err(_) => {
                if !here.is_object() {
                    *here = Value::Object(Map::new());
                }
                let map = here.as_object_mut().expect("it was just made an object");
                map.entry(step).or_insert(Value::Null)
            }
        };
    }
    *here = value.clone();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_satisfies_its_pointers() {
        let wanted = BTreeMap::from([
            ("/status".to_owned(), json!("ok")),
            ("/items/1/name".to_owned(), json!("bolt")),
            ("/a~1b".to_owned(), json!(3)),
        ]);
        let body: Value = serde_json::from_str(&body_with(&wanted)).unwrap();
        for (pointer, value) in &wanted {
            assert_eq!(body.pointer(pointer), Some(value), "{pointer}");
        }
    }
}
