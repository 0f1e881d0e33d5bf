//! Deployments to store.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{EnvironmentKey, Save, Stored};
use sluice_core::config::{Config, Settings};
use sluice_core::deployment::{Deployment, Opening, Requester};
use sluice_core::event::Event;
use sluice_core::history::{ChainEnd, Record, RecordedEntry};
use sluice_core::id::{AppName, DeploymentId, Digest, EnvironmentName, ImageTag, RepositoryName};
use sluice_core::release::{Release, VerifiedRelease};

const SLUICE_TOML: &str = r##"
[app]
name = "erp"
repository = "erp"
[services.web]
kind = "web"
[environments.staging]
account = "111111111111"
region = "eu-central-1"
cluster = "erp"
tags = ["*"]
channel = "#erp"
[environments.staging.services.web]
url = "https://erp.example.com/"
test_url = "https://erp.example.com:8443"
"##;

/// The moment from which a test counts.
pub(crate) fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// So many seconds after noon.
pub(crate) fn after(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

/// A digest made of one byte.
pub(crate) fn digest(byte: u8) -> Digest {
    Digest::try_from(format!("sha256:{}", format!("{byte:02x}").repeat(32))).unwrap()
}

/// An application of this name; every test has its own, and so its own environments.
pub(crate) fn settings(app: &str) -> Settings {
    let config = Config::parse(SLUICE_TOML).unwrap_or_else(|problems| panic!("{problems}"));
    let mut settings = config.settings(&config.environments[0]);
    settings.app = AppName::new(app);
    settings
}

/// The environment of the application of this name.
pub(crate) fn environment(app: &str) -> EnvironmentKey {
    EnvironmentKey {
        app: AppName::new(app),
        environment: EnvironmentName::new("staging"),
    }
}

/// A deployment that was just opened, with all that is stored of it.
pub(crate) struct Opened {
    pub(crate) deployment: Deployment,
    pub(crate) first: Record,
    pub(crate) chain: ChainEnd,
}

/// A deployment of the image `byte`, pushed so many seconds after noon.
pub(crate) fn deployment(app: &str, byte: u8, pushed_s: i64) -> Opened {
    with_settings(settings(app), byte, pushed_s)
}

/// The same with these settings.
pub(crate) fn with_settings(settings: Settings, byte: u8, pushed_s: i64) -> Opened {
    let environment = &settings.environment.name;
    let trigger = format!("push-{byte}-{pushed_s}");
    let opening = Opening {
        id: DeploymentId::derive(&settings.app, environment, &digest(byte), &trigger),
        settings: Arc::new(settings),
        release: Release {
            registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
            repository: RepositoryName::new("erp"),
            tag: ImageTag::new("v1"),
            digest: digest(byte),
            pushed_at: after(pushed_s),
        },
        requested_by: Requester::Push,
        kind: sluice_core::deployment::DeploymentKind::Release,
        hotfix: None,
    };
    let deployment = Deployment::open(&opening, after(pushed_s));
    let mut chain = ChainEnd::start();
    let entry = RecordedEntry::Opened(Box::new(opening));
    let first = sluice_words::note::append(&mut chain, entry, after(pushed_s), None, &deployment);
    Opened {
        deployment,
        first,
        chain,
    }
}

/// What this deployment proves.
pub(crate) fn proof(deployment: &Deployment, at: Timestamp) -> VerifiedRelease {
    VerifiedRelease {
        release: deployment.release.clone(),
        deployment: deployment.id.clone(),
        at,
        migrated: false,
        additive: false,
        restores: None,
        database_of: None,
    }
}

/// A change of what is stored: so many records more, nothing else.
pub(crate) fn change(stored: &Stored, records: usize) -> Save {
    let mut chain = stored.chain.clone();
    let deployment = &stored.deployment;
    let records = (0..records)
        .map(|_| {
            let wake = RecordedEntry::Event(Event::Wake);
            sluice_words::note::append(&mut chain, wake, noon(), Some(deployment), deployment)
        })
        .collect();
    Save {
        deployment: deployment.clone(),
        expected_version: stored.version,
        records,
        chain,
        due_at: stored.due_at,
        frees_environment: false,
        holds_environment: None,
        proves: None,
    }
}
