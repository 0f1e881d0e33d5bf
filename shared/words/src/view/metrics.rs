//! The figures of DORA, for people.

use sluice_core::delivery::Delivery;
use sluice_core::quantity;

use crate::message::{Block, Message};
use crate::operate::Metrics;

/// The figures of some environments.
pub fn metrics_message(all: &[Metrics]) -> Message {
    let mut blocks = Vec::new();
    for metrics in all {
        let title = format!("{} in the last {} days", metrics.environment, metrics.days);
        let text = match metrics.delivery.releases {
            0 => format!("{title}\nNo release began to serve users."),
            _ => format!("{title}\n{}", lines(metrics).join("\n")),
        };
        blocks.push(Block::Text(text));
    }
    blocks.push(Block::Context(
        "Medians. A release counts once it serves users and has ended; it has failed if it was taken \
         back, by itself or by people, or left for the next one to fix."
            .to_owned(),
    ));
    Message {
        summary: "How often, how fast and how safely was deployed".to_owned(),
        blocks,
    }
}

fn lines(metrics: &Metrics) -> Vec<String> {
    let Metrics { days, delivery, .. } = metrics;
    let lead_time = delivery.lead_time.map(quantity::duration);
    let mut lines = vec![
        format!(
            "• Deployment frequency: {}",
            often(delivery.releases, *days)
        ),
        format!(
            "• Lead time for changes: {} {}",
            lead_time.unwrap_or_else(|| "unknown".to_owned()),
            since(delivery)
        ),
        format!(
            "• Change failure rate: {} % ({} of {})",
            (u64::from(delivery.failed) * 100 + u64::from(delivery.releases) / 2)
                / u64::from(delivery.releases.max(1)),
            delivery.failed,
            delivery.releases
        ),
    ];
    if let Some(time) = delivery.time_to_restore {
        lines.push(format!("• Time to restore: {}", quantity::duration(time)));
    }
    if delivery.not_restored > 0 {
        let failed = quantity::count(delivery.not_restored as usize, "failed release");
        lines.push(format!("• Not restored yet, as far as is known: {failed}"));
    }
    lines
}

fn often(releases: u32, days: u16) -> String {
    let count = quantity::count(releases as usize, "release");
    // In tenths: what is rare must not be nothing.
    let a_week = u64::from(releases) * 70 / u64::from(days.max(1));
    format!("{count}, {}.{} a week", a_week / 10, a_week % 10)
}

/// From when it counts.
fn since(delivery: &Delivery) -> String {
    match delivery.known_commits {
        0 => "from the push of the image (no image says when its commit was made)".to_owned(),
        all if all == delivery.releases => "from the commit".to_owned(),
        some => format!(
            "from the commit, for {some} of {}; from the push of the image for the others",
            delivery.releases
        ),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use sluice_core::environment_key::EnvironmentKey;
    use sluice_core::id::{AppName, EnvironmentName};

    use super::*;

    fn metrics(days: u16, delivery: Delivery) -> Metrics {
        let environment = EnvironmentKey {
            app: AppName::new("erp"),
            environment: EnvironmentName::new("production"),
        };
        Metrics {
            environment,
            days,
            delivery,
        }
    }

    #[test]
    fn the_figures_are_told_with_what_they_rest_on() {
        let hours = SignedDuration::from_hours;
        let month = Delivery {
            releases: 13,
            lead_time: Some(hours(27)),
            known_commits: 12,
            failed: 2,
            time_to_restore: Some(SignedDuration::from_secs(9 * 60 + 30)),
            not_restored: 1,
        };
        let none = Delivery::default();
        let message = metrics_message(&[metrics(30, month), metrics(90, none)]);
        let text: Vec<String> = message
            .blocks
            .iter()
            .map(|block| format!("{block:?}"))
            .collect();
        insta::assert_snapshot!(text.join("\n").replace("\\n", "\n"));
    }
}
