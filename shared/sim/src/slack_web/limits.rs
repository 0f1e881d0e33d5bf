//! How often Slack's methods may be called.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// A budget of calls: so many at once, refilled one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Calls that may come at once.
    pub burst: u32,
    /// One more after this.
    pub every: SignedDuration,
}

/// The budgets by kind of method. <https://docs.slack.dev/apis/web-api/rate-limits>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `chat.postMessage`, of each channel: about one a second, short bursts are let through.
    pub posting: Limit,
    /// Tier 2 (20 and more a minute), of each method.
    pub tier_2: Limit,
    /// Tier 3 (50 and more a minute), of each method.
    pub tier_3: Limit,
    /// Tier 4 (100 and more a minute), of each method.
    pub tier_4: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            posting: Limit {
                burst: 5,
                every: SignedDuration::from_secs(1),
            },
            tier_2: Limit {
                burst: 20,
                every: SignedDuration::from_secs(3),
            },
            tier_3: Limit {
                burst: 50,
                every: SignedDuration::from_millis(1_200),
            },
            tier_4: Limit {
                burst: 100,
                every: SignedDuration::from_millis(600),
            },
        }
    }
}

impl Limits {
    fn of(&self, method: &str) -> Limit {
        match method {
            "chat.postMessage" => self.posting,
            "usergroups.users.list" => self.tier_2,
            "chat.postEphemeral" | "users.info" | "views.open" | "views.publish"
            | "views.update" => self.tier_4,
            _ => self.tier_3,
        }
    }
}

/// What is left of each budget, and since when.
#[derive(Debug, Default)]
pub(crate) struct Budgets {
    left: BTreeMap<(String, String), (u32, Timestamp)>,
}

impl Budgets {
    /// Takes one call from its budget, or says how many seconds to wait.
    pub(crate) fn spend(
        &mut self,
        limits: &Limits,
        method: &str,
        channel: &str,
        now: Timestamp,
    ) -> Result<(), u32> {
        let limit = limits.of(method);
        let channel = if method == "chat.postMessage" {
            channel
        } else {
            ""
        };
        let budget = self
            .left
            .entry((method.to_owned(), channel.to_owned()))
            .or_insert((limit.burst, now));
        refill(budget, limit, now);
        if budget.0 == 0 {
            let wait = limit.every - now.duration_since(budget.1);
            return Err(u32::try_from(wait.as_secs()).unwrap_or(0) + 1);
        }
        budget.0 -= 1;
        Ok(())
    }
}

fn refill(budget: &mut (u32, Timestamp), limit: Limit, now: Timestamp) {
    let every_ms = limit.every.as_millis().max(1);
    let earned = now.duration_since(budget.1).as_millis() / every_ms;
    let earned = u32::try_from(earned.max(0)).unwrap_or(u32::MAX);
    if earned > 0 {
        budget.0 = budget.0.saturating_add(earned).min(limit.burst);
        budget.1 += limit.every * i32::try_from(earned.min(1_000_000)).unwrap_or(0);
    }
    if budget.0 == limit.burst {
        budget.1 = now;
    }
}
