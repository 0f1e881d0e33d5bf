//! The workplace's models against what they stand for.

mod queue;
mod slack;
mod store;

use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use sluice_core::config::Config;
use sluice_core::deployment::{Deployment, Opening, Requester};
use sluice_core::history::{ChainEnd, Record, RecordedEntry};
use sluice_core::id::{DeploymentId, Digest, EnvironmentName, ImageTag};
use sluice_core::release::Release;

use super::{CrashPoint, Gate};
use crate::cloud::{Cloud, SharedCloud};

/// The cloud, and a gate to its workplace.
fn cloud_and_gate() -> (SharedCloud, Gate) {
    let cloud: SharedCloud = Arc::new(Mutex::new(Cloud::new(at(0), 1)));
    let gate = Gate::new(cloud.clone(), CrashPoint::default());
    (cloud, gate)
}

/// So many seconds after noon of the day all this happens.
fn at(seconds: i64) -> Timestamp {
    let noon: Timestamp = "2026-01-05T12:00:00Z".parse().unwrap();
    noon + SignedDuration::from_secs(seconds)
}

/// A deployment at its beginning, as intake stores it.
struct Opened {
    deployment: Deployment,
    first: Record,
    chain: ChainEnd,
}

/// A deployment to staging of the image with this digit, pushed so many seconds after noon.
fn opened(digit: char, pushed_s: i64) -> Opened {
    let config = Config::parse(include_str!("../../../../../tests/erp/sluice.toml")).unwrap();
    let environment = config
        .environment(&EnvironmentName::new("staging"))
        .unwrap();
    let digest = Digest::try_from(format!("sha256:{}", digit.to_string().repeat(64))).unwrap();
    let trigger = format!("event-{pushed_s}");
    let opening = Opening {
        id: DeploymentId::derive(&config.app, &environment.name, &digest, &trigger),
        settings: Arc::new(config.settings(environment)),
        release: Release {
            registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
            repository: config.repository.clone(),
            tag: ImageTag::new("release-1.4.0"),
            digest,
            pushed_at: at(pushed_s),
        },
        requested_by: Requester::Push,
        kind: sluice_core::deployment::DeploymentKind::Release,
        hotfix: None,
    };
    let deployment = Deployment::open(&opening, at(pushed_s));
    let mut chain = ChainEnd::start();
    let entry = RecordedEntry::Opened(Box::new(opening));
    let first = sluice_words::note::append(&mut chain, entry, at(pushed_s), None, &deployment);
    Opened {
        deployment,
        first,
        chain,
    }
}

/// Waits for a port, which never lets anybody wait.
fn now<T>(answer: impl Future<Output = T>) -> T {
    block_on(answer)
}
