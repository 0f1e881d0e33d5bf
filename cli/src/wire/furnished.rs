//! A cloud for others to work in: in real time, with Slack next to it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use jiff::Timestamp;
use sluice_core::config::{Config, Member};
use sluice_core::id::{AccountId, UserId};
use sluice_sim::cloud::{Cloud, Emitted, REGISTRY_ACCOUNT};
use sluice_sim::slack_web::SlackWeb;
use sluice_wire::Served;

/// The token of the app in the simulated Slack.
const BOT_TOKEN: &str = "xoxb-simulated";
/// With which the simulated Slack's requests are signed.
const SIGNING_SECRET: &str = "simulated-signing-secret";
/// The one person in every user group that the configuration names.
const SOMEBODY: &str = "U0000000001";

/// A cloud and a Slack as a configuration wants them.
pub struct Furnished {
    /// What is served.
    pub served: Served,
    /// When it begins: now.
    pub start: Timestamp,
    /// The account of the registry, in which Sluice's own secrets are too.
    pub registry: AccountId,
    /// The secret with Slack's bot token.
    pub bot_token_arn: String,
    /// The secret with Slack's signing secret.
    pub signing_secret_arn: String,
}

impl Furnished {
    /// Furnishes them.
    pub fn new(config: &Config, seed: u64) -> Self {
        let start = real_time();
        let registry = AccountId::new(REGISTRY_ACCOUNT);
        let mut cloud = Cloud::new(start, seed);
        cloud.furnish(config);
        let mut own_secret = |name: &str, value: &str| match config.environments.first() {
            Some(first) => cloud.put_secret(&registry, &first.region, name, value),
            None => String::new(),
        };
        let bot_token_arn = own_secret("sluice/slack-bot-token", BOT_TOKEN);
        let signing_secret_arn = own_secret("sluice/slack-signing-secret", SIGNING_SECRET);
        Self {
            served: Served {
                cloud: Arc::new(Mutex::new(cloud)),
                slack: Some(Arc::new(Mutex::new(slack(config)))),
            },
            start,
            registry,
            bot_token_arn,
            signing_secret_arn,
        }
    }

    /// Moves time; returns what the cloud has sent since.
    pub fn advance_to(&self, now: Timestamp) -> Vec<Emitted> {
        let mut cloud = self
            .served
            .cloud
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        cloud.advance_to(now);
        cloud.take_emitted()
    }
}

/// The channels, and a group of one for every group that approves.
fn slack(config: &Config) -> SlackWeb {
    let mut slack = SlackWeb::new(BOT_TOKEN);
    for environment in &config.environments {
        slack.add_channel(&environment.channel);
        let approval = environment.approval.iter();
        for approver in approval.flat_map(|approval| &approval.approvers) {
            if let Member::Group(group) = approver {
                slack.set_group(group, [UserId::new(SOMEBODY)]);
            }
        }
    }
    slack
}

fn real_time() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since_1970.map_or(0, |since| since.as_secs());
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}
