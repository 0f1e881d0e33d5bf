//! What is left to do when a deployment waits or is over: people are told, the next check is set, and
//! the monitors are told.

use jiff::{SignedDuration, Timestamp};
use sluice_core::deployment::Deployment;
use sluice_core::failure::PortError;
use sluice_core::machine::{confirms_at, wake_at};

use super::{TELL_AGAIN_AFTER, only_cleans_up, spread};
use crate::App;
use crate::ports::{EnvironmentKey, LONGEST_DELAY, Stored};

impl App {
    /// Posts the current status and schedules the next check of the deployment. Then, when nothing
    /// else is left to do, the monitors are told.
    pub(super) async fn settle(&self, stored: &Stored, out_of_time: bool) -> Result<(), PortError> {
        let now = self.ports.clock.now();
        let deployment = &stored.deployment;
        let tell_again = self.tell(stored).await.unwrap_or_else(|error| {
            tracing::warn!(deployment.id = %deployment.id, %error, "{} could not be reported to \
                people", deployment.id);
            let pause = TELL_AGAIN_AFTER + spread(&deployment.id);
            now.saturating_add(pause).ok()
        });
        if deployment.phase.is_terminal() || only_cleans_up(deployment) {
            self.wake_next(deployment).await?;
        }
        let confirms_at = confirms_at(deployment).filter(|at| *at > now);
        let mut due_at = [wake_at(deployment, now), tell_again, confirms_at]
            .into_iter()
            .flatten()
            .min();
        if out_of_time && !deployment.phase.is_terminal() {
            due_at = Some(now);
        }
        let behind = self.behind(deployment).await;
        // Stay due until they are told; if this function crashes, the next one tells them.
        let is_behind = !matches!(&behind, Ok(behind) if behind.is_empty());
        let told_by = now.saturating_add(TELL_AGAIN_AFTER).ok();
        let for_now = earlier(due_at, told_by.filter(|_| is_behind));
        self.set_due(stored, stored.due_at, for_now).await?;
        if for_now == due_at {
            self.wake_when_due(deployment, due_at, now).await?;
        }
        let monitors_due = match behind {
            Ok(behind) if behind.is_empty() => return Ok(()),
            Ok(behind) => self.tell_monitors(stored, behind).await,
            Err(error) => {
                tracing::warn!(deployment.id = %deployment.id, %error, "{} could not be reported \
                    to monitors", deployment.id);
                told_by
            }
        };
        let due_at = earlier(due_at, monitors_due);
        if due_at != for_now {
            self.set_due(stored, for_now, due_at).await?;
            let now = self.ports.clock.now();
            self.wake_when_due(deployment, due_at, now).await?;
        }
        Ok(())
    }

    async fn set_due(
        &self,
        stored: &Stored,
        from: Option<Timestamp>,
        due_at: Option<Timestamp>,
    ) -> Result<(), PortError> {
        if due_at == from {
            return Ok(());
        }
        let (id, store) = (&stored.deployment.id, &self.ports.store);
        store.set_due(id, stored.version, due_at).await
    }

    /// What is further off the minute finds. A message that the queue brings early would be sent on
    /// again and again, and one that it brings twice would be two from then on.
    async fn wake_when_due(
        &self,
        deployment: &Deployment,
        due_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), PortError> {
        match due_at.filter(|at| at.duration_since(now) <= LONGEST_DELAY) {
            Some(due_at) => {
                let delay = due_at.duration_since(now).max(SignedDuration::ZERO);
                self.wake(&deployment.id, Some(due_at), delay).await
            }
            None => Ok(()),
        }
    }

    /// Its environment is free: wakes the deployment that waits for it.
    async fn wake_next(&self, ended: &Deployment) -> Result<(), PortError> {
        let state = self
            .ports
            .store
            .environment(&EnvironmentKey::of(ended))
            .await?;
        let next = state
            .rollback
            .or_else(|| state.newest.map(|newest| newest.deployment));
        match next {
            Some(next) if next != ended.id && state.active.is_none() => {
                self.wake(&next, None, SignedDuration::ZERO).await
            }
            _ => Ok(()),
        }
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}
