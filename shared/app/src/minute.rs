//! Every minute: health samples of what is baking, deadlines, and whatever was forgotten.

use jiff::{SignedDuration, Timestamp};
use sluice_core::failure::PortError;
use sluice_core::phase::Phase;

use crate::App;

/// A wake-up later than this was lost. SQS itself may take some seconds.
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// Looked at in one minute; the rest, longest due first, in the next.
const AT_ONCE: usize = 200;

/// What a minute brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// Baking deployments that were sampled.
    pub sampled: usize,
    /// Deployments whose wake-up was lost.
    pub woken: usize,
}

impl App {
    /// Sees to everything that is due.
    ///
    /// # Errors
    /// The store or the queue failed; the next minute sees to it.
    pub async fn minute(&self, stop_at: Timestamp) -> Result<Minute, PortError> {
        let now = self.ports.clock.now();
        let mut minute = Minute::default();
        for (id, due_at) in self.ports.store.due(now, AT_ONCE).await? {
            let Some(stored) = self.ports.store.load(&id).await? else {
                continue;
            };
            if matches!(stored.deployment.phase, Phase::Baking { .. }) {
                self.drive(stored, stop_at).await?;
                minute.sampled += 1;
            } else if now.duration_since(due_at) >= GRACE {
                self.wake(&id, None, SignedDuration::ZERO).await?;
                minute.woken += 1;
            }
        }
        Ok(minute)
    }
}
