//! Every minute: health samples of what is baking, deadlines, and everything that was missed.

use jiff::{SignedDuration, Timestamp};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::phase::Phase;

use crate::App;
use crate::driver::{TELL_AGAIN_AFTER, spread};
use crate::ports::{Due, Stored};

/// A wake-up later than this was lost. SQS itself may take some seconds.
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// Read at once. The pages go on until nothing is due or the time is up: those that cannot be
/// read stay the longest due, and must not keep the minute from all behind them.
const PAGE: usize = 200;

/// What was done in a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// Baking deployments that were sampled.
    pub sampled: usize,
    /// Deployments whose wake-up was lost.
    pub woken: usize,
    /// Repositories of source code that were looked at.
    pub looked: usize,
    /// Deployments that could not be read or driven, and repositories that could not be looked at.
    /// The log says which and why.
    pub failed: usize,
    /// Deployments that a newer version of Sluice sees to.
    pub newer: usize,
}

impl App {
    /// Sees to everything that is due, each deployment for itself: one that cannot be read or
    /// driven is counted and logged, and the others go on.
    ///
    /// # Errors
    /// The store did not say what is due; the next minute asks again.
    pub async fn minute(&self, stop_at: Timestamp) -> Result<Minute, PortError> {
        let deployments = self.deployments_of_the_minute(stop_at).await;
        let (looked, failed) = self.look_at_sources(stop_at).await;
        let mut minute = deployments?;
        minute.looked = looked;
        minute.failed += failed;
        Ok(minute)
    }

    async fn deployments_of_the_minute(&self, stop_at: Timestamp) -> Result<Minute, PortError> {
        let now = self.ports.clock.now();
        let mut minute = Minute::default();
        let mut last: Option<Due> = None;
        loop {
            let page = self.ports.store.due(now, last.as_ref(), PAGE).await?;
            for due in &page {
                let id = &due.0;
                match self.see_to(due, now, stop_at, &mut minute).await {
                    Ok(()) => {}
                    Err(error) if error.class == ErrorClass::Newer => minute.newer += 1,
                    Err(error) => {
                        minute.failed += 1;
                        tracing::error!(deployment.id = %id, %error, "{id} is due and could not \
                            be checked: {error}");
                    }
                }
            }
            let is_last = page.len() < PAGE;
            last = page.into_iter().next_back();
            if is_last || self.ports.clock.now() >= stop_at {
                return Ok(minute);
            }
        }
    }

    async fn see_to(
        &self,
        (id, due_at): &Due,
        now: Timestamp,
        stop_at: Timestamp,
        minute: &mut Minute,
    ) -> Result<(), PortError> {
        let Some(stored) = self.ports.store.load(id).await? else {
            return Ok(());
        };
        if matches!(stored.deployment.phase, Phase::Baking { .. }) {
            if let Err(error) = self.drive(stored.clone(), stop_at).await {
                self.put_off(&stored).await;
                return Err(error);
            }
            minute.sampled += 1;
        } else if now.duration_since(*due_at) >= GRACE {
            self.wake(id, None, SignedDuration::ZERO).await?;
            minute.woken += 1;
        }
        Ok(())
    }

    /// Puts one that could not be driven behind those that are due by then. What it came to before
    /// it failed is stored with a time of its own.
    async fn put_off(&self, stored: &Stored) {
        let id = &stored.deployment.id;
        let pause = TELL_AGAIN_AFTER + spread(id);
        let due_at = self.ports.clock.now().saturating_add(pause).ok();
        let put = self.ports.store.set_due(id, stored.version, due_at).await;
        if let Err(error) = put {
            tracing::warn!(deployment.id = %id, %error, "{id} stays the longest overdue");
        }
    }
}
