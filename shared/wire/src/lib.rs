//! The simulated cloud speaks AWS's protocols: an HTTP endpoint over the model in `sluice-sim`, for
//! the real adapters and for the ordinary `aws --endpoint-url`.
//!
//! JSON 1.1 for ECS, ECR, Secrets Manager, SSM, Logs,
//! CodeBuild and CodeCommit; query and XML for RDS, ELBv2 and STS; CBOR
//! (or JSON) for CloudWatch. One file an AWS service, each with the operations that Sluice calls and no
//! others: whatever else is asked for is refused by its name. Nothing here is remembered between
//! requests: the model has the state, and session tokens say whose they are. Signatures are not
//! checked; what they say of region and key is believed.

mod caller;
mod cbor;
mod cloudformation;
mod cloudwatch;
mod codebuild;
mod codecommit;
mod deliver;
mod dispatch;
mod ecr;
mod ecs;
mod elb;
mod form;
mod front;
mod json;
mod logs;
mod rds;
mod refusal;
mod secrets_manager;
mod server;
mod slack;
mod ssm;
mod sts;
mod xml;

pub use deliver::{Account, DeliveryError};
pub use front::{Served, SharedSlackWeb};
pub use server::serve;
