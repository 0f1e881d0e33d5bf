//! The queue of wake-ups, in SQS.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use jiff::SignedDuration;
use sluice_app::ports::{WakeUp, Wakeups};
use sluice_core::failure::PortError;

use crate::clients::Clients;
use crate::error::port_error;

/// SQS holds a message back no longer than this (`DelaySeconds`, 0-900).
const LONGEST_DELAY_S: i64 = 900;

/// The queue of wake-ups: a standard queue. What is received five times and never deleted goes to
/// its dead-letter queue, as the infrastructure template says.
#[derive(Clone, Debug)]
pub struct SqsWakeups {
    client: Client,
    queue_url: String,
}

impl SqsWakeups {
    /// The queue at that address, in Sluice's own account and region.
    pub fn new(clients: &Clients, queue_url: impl Into<String>) -> Self {
        Self {
            client: clients.own().sqs().clone(),
            queue_url: queue_url.into(),
        }
    }
}

#[async_trait]
impl Wakeups for SqsWakeups {
    async fn send(&self, wake_up: WakeUp, delay: SignedDuration) -> Result<(), PortError> {
        let body = serde_json::to_string(&wake_up).map_err(|why| {
            let id = &wake_up.deployment;
            PortError::permanent(format!(
                "a wake-up of {id} could not be written as JSON: {why}"
            ))
        })?;
        let request = self
            .client
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(body);
        let sent = request.delay_seconds(delay_s(delay)).send().await;
        sent.map(drop)
            .map_err(|error| port_error("sqs:SendMessage", &self.queue_url, error))
    }
}

/// The delay in whole seconds, rounded up: a wake-up that comes a moment early finds nothing to do.
fn delay_s(delay: SignedDuration) -> i32 {
    let whole = delay
        .as_secs()
        .saturating_add(i64::from(delay.subsec_nanos() > 0));
    i32::try_from(whole.clamp(0, LONGEST_DELAY_S)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_whole_seconds_within_what_sqs_takes() {
        let cases = [
            (SignedDuration::from_secs(-5), 0),
            (SignedDuration::from_millis(-5), 0),
            (SignedDuration::ZERO, 0),
            (SignedDuration::from_millis(1), 1),
            (SignedDuration::from_secs(899), 899),
            (SignedDuration::from_hours(2), 900),
            (SignedDuration::MAX, 900),
        ];
        for (delay, expected) in cases {
            assert_eq!(delay_s(delay), expected, "{delay:?}");
        }
    }
}
