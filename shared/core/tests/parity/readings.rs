//! Two environments as they are read, alike in everything but their own names.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sluice_core::config::{Config, Settings};
use sluice_core::id::{
    AlarmName, DeploymentId, Digest, EnvironmentName, Hash, ImageTag, RepositoryName, ServiceName,
};
use sluice_core::observation::{AlarmState, DatabaseObservation};
use sluice_core::parity::{Front, Parity, Readings, ServiceFacts, Value, compare, facts};
use sluice_core::release::{Release, VerifiedRelease};
use sluice_core::stack::StackReading;

/// Two environments with everything that can be compared.
pub(crate) const SHOP: &str = r##"
[app]
name = "shop"
repository = "shop"

[services.web]
kind = "web"
live = "/live"
ready = "/ready"

[migration]
command = ["alembic", "upgrade", "head"]
service = "web"

[environments.staging]
account = "111111111111"
region = "eu-central-1"
cluster = "shop-staging"
tags = ["*"]
channel = "#shop"
alarms = ["shop-staging-5xx"]
backup = { instance = "shop-staging" }
stack = { name = "shop-staging" }
bake = { duration = "10m" }
[environments.staging.services.web]
strategy = "rolling"
url = "https://staging.shop.example.com"

[environments.production]
account = "222222222222"
region = "eu-west-1"
cluster = "shop-production"
tags = ["v*"]
after = "staging"
channel = "#shop"
alarms = ["shop-production-5xx"]
backup = { instance = "shop-production" }
stack = { name = "shop-production" }
bake = { duration = "10m" }
[environments.production.services.web]
strategy = "rolling"
url = "https://shop.example.com"
[environments.production.variables]
LOG_LEVEL = "info"
EXTRA = "1"
"##;

pub(crate) fn text(text: &str) -> Value {
    Value::text(text)
}

fn named<const N: usize>(pairs: [(&str, Value); N]) -> BTreeMap<String, Value> {
    let pairs = pairs.into_iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

pub(crate) fn digest(of: char) -> String {
    format!("sha256:{}", of.to_string().repeat(64))
}

pub(crate) fn release(image: char) -> VerifiedRelease {
    VerifiedRelease {
        release: Release {
            registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
            repository: RepositoryName::new("shop"),
            tag: ImageTag::new("v1.4.0"),
            digest: Digest::try_from(digest(image)).unwrap(),
            pushed_at: Timestamp::UNIX_EPOCH,
        },
        deployment: DeploymentId::from_outside("dep-1"),
        at: Timestamp::UNIX_EPOCH,
        migrated: false,
        additive: false,
        restores: None,
        database_of: None,
    }
}

/// What is read of that environment where it is as it should be.
pub(crate) fn readings(environment: &str, account: &str, region: &str) -> Readings {
    let host = match environment {
        "production" => "shop.example.com",
        _ => "staging.shop.example.com",
    };
    let web = ServiceFacts {
        service: ServiceName::new("web"),
        image: format!(
            "{account}.dkr.ecr.{region}.amazonaws.com/shop@{}",
            digest('a')
        ),
        size: BTreeMap::from([("cpu".to_owned(), 512), ("memory".to_owned(), 1024)]),
        variables: names(["LOG_LEVEL", "PORT of proxy"]),
        secrets: names(["DATABASE_URL"]),
        settings: named([
            ("network mode", text("awsvpc")),
            (
                "image of proxy",
                text(&format!("{account}.dkr.ecr.{region}.amazonaws.com/proxy:3")),
            ),
            ("command of app", Value::Hidden("serve".to_owned())),
        ]),
        health_checks: named([("app command", text("CMD curl localhost"))]),
        front: Ok(Some(Front {
            rule: named([("host-header", text(host)), ("actions", text("forward"))]),
            health_check: named([("path", text("/live")), ("interval", text("30 s"))]),
        })),
    };
    let parameter = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
    let database = DatabaseObservation {
        status: "available".to_owned(),
        engine: "postgres".to_owned(),
        engine_version: "16.4".to_owned(),
        storage_gib: 100,
        encrypted: true,
        resource_id: None,
        earliest_restorable: None,
        latest_restorable: None,
        deployment: None,
    };
    Readings {
        services: Ok(vec![web]),
        alarms: Ok(vec![(
            AlarmName::new(format!("shop-{environment}-5xx")),
            Some(AlarmState::Ok),
        )]),
        database: Ok(Some(database)),
        stack: Ok(Some(StackReading {
            template: Hash::from_outside("f00d"),
            parameters: BTreeMap::from([
                parameter("Environment", Some(environment)),
                parameter("NodeType", Some("cache.t4g.small")),
                parameter("DatabasePassword", Some("hunter2")),
                parameter("ApiToken", None),
            ]),
        })),
        schema: Ok(Some("3f2a9c1d".to_owned())),
        verified: Ok(Some(release('a'))),
    }
}

/// Staging and production, and what differs in each of them.
pub(crate) struct Pair {
    config: String,
    pub(crate) staging: Readings,
    pub(crate) production: Readings,
}

impl Default for Pair {
    fn default() -> Self {
        Self {
            config: SHOP.to_owned(),
            staging: readings("staging", "111111111111", "eu-central-1"),
            production: readings("production", "222222222222", "eu-west-1"),
        }
    }
}

impl Pair {
    /// With these lines in place of those.
    pub(crate) fn configured(replaced: &str, by: &str) -> Self {
        assert!(SHOP.contains(replaced), "{replaced}");
        Self {
            config: SHOP.replace(replaced, by),
            ..Self::default()
        }
    }

    /// What differs in what production's web service runs.
    pub(crate) fn web(mut self, change: impl FnOnce(&mut ServiceFacts)) -> Self {
        change(&mut self.production.services.as_mut().unwrap()[0]);
        self
    }

    /// What differs before production's web service.
    pub(crate) fn front(self, change: impl FnOnce(&mut Front)) -> Self {
        self.web(|web| change(web.front.as_mut().unwrap().as_mut().unwrap()))
    }

    /// What else differs in production.
    pub(crate) fn production(mut self, change: impl FnOnce(&mut Readings)) -> Self {
        change(&mut self.production);
        self
    }

    fn config(&self) -> Config {
        Config::parse(&self.config).unwrap_or_else(|problems| panic!("{problems}"))
    }

    pub(crate) fn settings(&self, environment: &str) -> Settings {
        let (config, name) = (self.config(), EnvironmentName::new(environment));
        config.settings(config.environment(&name).unwrap())
    }

    pub(crate) fn compared(&self) -> Parity {
        let (staging, production) = (self.settings("staging"), self.settings("production"));
        let names = [&staging.environment.name, &production.environment.name];
        let both = [
            facts(&staging, &self.staging),
            facts(&production, &self.production),
        ];
        let config = self.config();
        compare(names, [&both[0], &both[1]], config.allowed_differences())
    }
}
