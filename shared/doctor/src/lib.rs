//! What an installation should be like: facts in, a report out.
//!
//! `shared/aws` and `shared/slack` read the [`Facts`]; the sentences are in `words::doctor`. Nothing
//! here reads anything, and a fact that could not be read makes its checks unknown.

mod database;
mod environment;
mod events;
pub mod facts;
mod functions;
mod own;
mod registry;
pub mod rights;
mod secrets;
mod sheet;
mod slack;
mod traffic;

pub use events::{Delivery, EventKind, deliveries, sample};
pub use facts::Facts;
pub use slack::{Wanted, wanted};

use sheet::Sheet;
use sluice_core::config::Config;
use sluice_words::doctor::{Report, Subject};

/// Everything that is wrong, fine, or unknown.
pub fn examine(configs: &[Config], facts: &Facts) -> Report {
    let mut sheet = Sheet::default();
    functions::examine(facts, &mut sheet);
    own::examine(facts, &mut sheet);
    events::examine(facts, &mut sheet);
    rights::examine(&facts.rights, &mut sheet);
    for config in configs {
        for environment in &config.environments {
            let seen = facts.environment(&config.app, &environment.name);
            environment::examine(config, environment, &facts.stack, seen, &mut sheet);
        }
    }
    registry::examine(configs, facts, &mut sheet);
    slack::examine(facts, &mut sheet);
    Report {
        installation: Subject {
            stack: facts.stack.clone(),
            account: facts.account.clone(),
            region: facts.region.clone(),
        },
        looked: sheet.looked,
    }
}
