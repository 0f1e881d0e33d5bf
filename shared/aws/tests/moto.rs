//! The adapters over the wire, against moto: DynamoDB, SQS, ECR, Secrets Manager, SSM and RDS as a
//! Python program imitates them.
//!
//! The tests set moto up themselves, in a virtual environment under `target/`; the first run
//! fetches it from PyPI. What moto cannot do is said where it is missed.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up for a test fails it"
)]

#[path = "moto/databases.rs"]
mod databases;
#[path = "moto/deployments.rs"]
mod deployments;
#[path = "moto/history.rs"]
mod history;
#[path = "moto/http.rs"]
mod http;
#[path = "moto/past.rs"]
mod past;
#[path = "moto/queue.rs"]
mod queue;
#[path = "moto/registry.rs"]
mod registry;
#[path = "moto/secrets.rs"]
mod secrets;
#[path = "moto/server.rs"]
mod server;
#[path = "moto/store.rs"]
mod store;

use sluice_app::ports::Target;
use sluice_core::id::{AccountId, ClusterName, DeploymentId, Region};

/// The account that moto plays.
const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-central-1";

/// A target in moto's account, without a role.
fn target(deployment: &str) -> Target {
    Target {
        account: AccountId::new(ACCOUNT),
        region: Region::new(REGION),
        role: None,
        cluster: ClusterName::new("erp"),
        deployment: DeploymentId::from_outside(deployment),
    }
}
