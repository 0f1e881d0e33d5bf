//! The port to monitors: what each is sent, and what its answers mean.
//!
//! Each monitor has a file that says which calls of its API are made, and where they are described.
//! Bodies are rendered by pure functions; [`WebMonitors`] sends them, within a few seconds or not at
//! all. Amazon EventBridge and SNS are behind [`EventBus`] and [`Topics`], since only `sluice-aws` names
//! the AWS SDK.

mod answer;
mod cloudwatch;
mod datadog;
mod github;
mod grafana;
mod http;
mod loki;
mod opsgenie;
mod pagerduty;
mod repository;
mod rest;
mod sentry;
mod sns;
#[cfg(test)]
mod tests;
mod tokens;
mod web;
mod webhook;

pub use cloudwatch::LogLines;
pub use repository::GitHubRepository;
pub use sns::{Fifo, TopicMessage, Topics};
pub use tokens::Tokens;
pub use web::{DETAIL_TYPE, EventBus, Reached, SOURCE, WebMonitors};
