//! Everything that people see in Slack, gathered from stories in a simulated cloud: held against
//! Slack's own Python SDK, and shown in `docs/slack.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod gather;
mod manifest;
mod page;
mod phone;
mod slack_sdk;
