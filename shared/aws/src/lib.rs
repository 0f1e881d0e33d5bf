//! Sluice's ports on AWS: the only crate that names the AWS SDK.
//!
//! Each port is one type, made from the shared [`Clients`]. Which AWS call backs which command
//! stands at the port's methods. Every error of AWS becomes a
//! [`PortError`](sluice_core::failure::PortError) in one place, `error`.

mod alarms;
mod clients;
mod clock;
mod cloudformation;
mod codebuild;
mod codecommit;
#[cfg(feature = "doctor")]
pub mod doctor;
mod dynamodb;
mod ecr;
mod ecs;
mod elb;
mod error;
mod event_bus;
mod front;
#[cfg(test)]
mod hostile;
mod http;
mod logs;
mod metrics;
mod own_secret;
mod rds;
mod secrets;
mod sqs;
#[cfg(test)]
mod test_cloud;
mod time;
mod topic;

pub use alarms::CloudWatchAlarms;
pub use clients::{CHANGE_WITHIN, Clients, REQUEST_WITHIN, RolloutHook};
pub use clock::SystemClock;
pub use cloudformation::CloudFormationStacks;
pub use codebuild::CodeBuildProjects;
pub use codecommit::CodeCommitRepository;
pub use dynamodb::{DynamoStore, create_table};
pub use ecr::EcrRegistry;
pub use ecs::{EcsServices, EcsTasks};
pub use event_bus::EventBridgeBus;
pub use http::HttpsHttp;
pub use metrics::CloudWatchMetrics;
pub use own_secret::own_secret;
pub use rds::{DEPLOYMENT_TAG, PURPOSE_TAG, RETENTION_TAG, RdsDatabases};
pub use secrets::AwsSecrets;
pub use sqs::SqsWakeups;
pub use topic::{SnsMessage, SnsTopics};
