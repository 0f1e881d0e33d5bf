//! The driver: load, step, save, carry out, feed back, until the deployment waits.

mod settle;

use std::sync::Arc;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use sluice_core::controls::Hold;
use sluice_core::deployment::Deployment;
use sluice_core::event::Event;
use sluice_core::failure::{ErrorClass, PortError, RejectedEvent};
use sluice_core::history::RecordedEntry;
use sluice_core::id::DeploymentId;
use sluice_core::machine::{step, wake_at};
use sluice_core::phase::Phase;
use sluice_core::release::VerifiedRelease;
use sluice_words::refusal;

use crate::App;
use crate::ports::{Save, SaveError, Stored, WakeUp};

/// A deployment passes through at most a dozen phases; more rounds than this in one go would be a
/// circle, and is left to the next wake-up.
const ROUNDS: u8 = 64;

/// How often a change is retried because someone else was faster.
const CONFLICTS: u8 = 16;

/// When a Slack update is outstanding, it is tried again after this.
pub(crate) const TELL_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// Up to as much again, different for each deployment: those that Slack turned away together do not
/// come back together.
pub(crate) fn spread(id: &DeploymentId) -> SignedDuration {
    let seed: i64 = id
        .as_str()
        .bytes()
        .map(i64::from)
        .fold(0, |seed, byte| (seed * 31 + byte) % 60_000);
    SignedDuration::from_millis(seed)
}

/// The result of a wake-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// The deployment was driven until it waits, or is over.
    Driven,
    /// There is no deployment of that id.
    Unknown,
    /// It has been seen to since the wake-up was sent, and another is on its way.
    SeenToAlready,
    /// A newer version of Sluice works on it: it is left to that, and the wake-up comes back later,
    /// when this version is replaced.
    Newer,
}

/// Functions are replaced one after the other, within minutes.
const REPLACED_AFTER: SignedDuration = SignedDuration::from_secs(60);

impl App {
    /// Looks at a deployment and drives it as far as it goes. After `stop_at` nothing new is begun
    /// and a wake-up is left instead.
    ///
    /// # Errors
    /// The store or the queue failed; the wake-up must be delivered again.
    pub async fn advance(
        &self,
        wake_up: &WakeUp,
        stop_at: Timestamp,
    ) -> Result<Advanced, PortError> {
        match self.advance_known(wake_up, stop_at).await {
            Err(error) if error.class == ErrorClass::Newer => {
                tracing::info!(deployment.id = %wake_up.deployment, "{error}");
                let WakeUp { deployment, due } = wake_up;
                self.wake(deployment, *due, REPLACED_AFTER).await?;
                Ok(Advanced::Newer)
            }
            advanced => advanced,
        }
    }

    async fn advance_known(
        &self,
        wake_up: &WakeUp,
        stop_at: Timestamp,
    ) -> Result<Advanced, PortError> {
        let Some(stored) = self.ports.store.load(&wake_up.deployment).await? else {
            return Ok(Advanced::Unknown);
        };
        if wake_up.due.is_some() && wake_up.due != stored.due_at {
            return Ok(Advanced::SeenToAlready);
        }
        self.drive(stored, stop_at).await?;
        Ok(Advanced::Driven)
    }

    pub(crate) async fn drive(
        &self,
        mut stored: Stored,
        stop_at: Timestamp,
    ) -> Result<(), PortError> {
        let mut out_of_time = true;
        if let Some(since) = stored.due_at {
            (stored, _) = self
                .feed_back(stored, vec![Event::WasAway { since }])
                .await?;
        }
        for _ in 0..ROUNDS {
            let now = self.ports.clock.now();
            if now >= stop_at {
                break;
            }
            let Ok(woken) = step(&stored.deployment, &Event::Wake, now) else {
                break;
            };
            if let Some(next) = woken.next {
                match self.save(&stored, vec![(Event::Wake, next)], now).await {
                    Ok(saved) => stored = saved,
                    Err(SaveError::Conflict) => {
                        stored = self.reload(&stored.deployment.id).await?;
                        continue;
                    }
                    Err(SaveError::Port(error)) => return Err(error),
                }
            }
            let commands = woken
                .commands
                .iter()
                .map(|command| self.execute(&stored.deployment, command));
            let events = join_all(commands).await.into_iter().flatten().collect();
            let (after, changed) = self.feed_back(stored, events).await?;
            stored = after;
            if !changed {
                out_of_time = false;
                break;
            }
        }
        self.settle(&stored, out_of_time).await
    }

    /// Steps the deployment with the results of its commands and saves all of it at once.
    async fn feed_back(
        &self,
        mut stored: Stored,
        events: Vec<Event>,
    ) -> Result<(Stored, bool), PortError> {
        for _ in 0..CONFLICTS {
            let now = self.ports.clock.now();
            let mut changes: Vec<(Event, Deployment)> = Vec::new();
            for event in &events {
                let current = changes
                    .last()
                    .map_or(&*stored.deployment, |(_, changed)| changed);
                match step(current, event, now) {
                    Ok(transition) => {
                        changes.extend(transition.next.map(|next| (event.clone(), next)));
                    }
                    Err(rejected) => log_rejected(current, event, &rejected),
                }
            }
            if changes.is_empty() {
                return Ok((stored, false));
            }
            match self.save(&stored, changes, now).await {
                Ok(saved) => return Ok((saved, true)),
                Err(SaveError::Conflict) => stored = self.reload(&stored.deployment.id).await?,
                Err(SaveError::Port(error)) => return Err(error),
            }
        }
        Err(too_many_conflicts(&stored.deployment.id))
    }

    /// Steps a deployment with one event from outside and saves it.
    pub(crate) async fn apply(
        &self,
        id: &DeploymentId,
        event: Event,
    ) -> Result<Option<Result<Stored, RejectedEvent>>, PortError> {
        for _ in 0..CONFLICTS {
            let Some(stored) = self.ports.store.load(id).await? else {
                return Ok(None);
            };
            let now = self.ports.clock.now();
            let next = match step(&stored.deployment, &event, now) {
                Ok(transition) => transition.next,
                Err(rejected) => {
                    log_rejected(&stored.deployment, &event, &rejected);
                    return Ok(Some(Err(rejected)));
                }
            };
            let Some(next) = next else {
                return Ok(Some(Ok(stored)));
            };
            match self.save(&stored, vec![(event.clone(), next)], now).await {
                Ok(saved) => return Ok(Some(Ok(saved))),
                Err(SaveError::Conflict) => {}
                Err(SaveError::Port(error)) => return Err(error),
            }
        }
        Err(too_many_conflicts(id))
    }

    async fn save(
        &self,
        stored: &Stored,
        changes: Vec<(Event, Deployment)>,
        now: Timestamp,
    ) -> Result<Stored, SaveError> {
        let mut chain = stored.chain.clone();
        let mut records = Vec::with_capacity(changes.len());
        let mut deployment = stored.deployment.clone();
        for (event, after) in changes {
            log_transition(&deployment, &after, &event);
            let entry = RecordedEntry::Event(event);
            records.push(sluice_words::note::append(
                &mut chain,
                entry,
                now,
                Some(&deployment),
                &after,
            ));
            deployment = Arc::new(after);
        }
        let over = deployment.phase.is_terminal();
        // Stay due until Slack is updated; if this function crashes, the next one posts it.
        let told_by = now.saturating_add(TELL_AGAIN_AFTER).ok();
        let due_at = [wake_at(&deployment, now), told_by]
            .into_iter()
            .flatten()
            .min();
        let is_verified = matches!(deployment.phase, Phase::Succeeded | Phase::Restored);
        let proves = is_verified.then(|| VerifiedRelease {
            release: deployment.release.clone(),
            deployment: deployment.id.clone(),
            at: now,
            migrated: deployment.may_have_migrated(),
            additive: deployment.is_additive(),
            restores: deployment.kind.restores().cloned(),
            database_of: deployment.restore().map(|restore| restore.until),
        });
        // Of the save that ends it: a release of the hold must not be undone by a later one.
        let ends = over && !stored.deployment.phase.is_terminal();
        let holds_environment = Hold::after(&deployment).filter(|_| ends);
        self.ports
            .store
            .save(Save {
                deployment: deployment.clone(),
                expected_version: stored.version,
                records,
                chain: chain.clone(),
                due_at,
                frees_environment: over || only_cleans_up(&deployment),
                holds_environment,
                proves,
            })
            .await?;
        Ok(Stored {
            deployment,
            version: stored.version + 1,
            chain,
            due_at,
        })
    }

    async fn reload(&self, id: &DeploymentId) -> Result<Stored, PortError> {
        self.ports.store.load(id).await?.ok_or_else(|| {
            PortError::permanent(format!(
                "{id} is missing in the store, where nothing is ever removed"
            ))
        })
    }

    pub(crate) async fn wake(
        &self,
        id: &DeploymentId,
        due: Option<Timestamp>,
        delay: SignedDuration,
    ) -> Result<(), PortError> {
        self.ports
            .wakeups
            .send(
                WakeUp {
                    deployment: id.clone(),
                    due,
                },
                delay,
            )
            .await
    }
}

/// An abandoned rehearsal blocks no one, and neither does what only removes its change set.
fn only_cleans_up(d: &Deployment) -> bool {
    match &d.phase {
        Phase::Rehearsing(rehearsing) => rehearsing.ends.is_some(),
        Phase::Withdrawing { .. } => true,
        _ => false,
    }
}

fn too_many_conflicts(id: &DeploymentId) -> PortError {
    PortError::retryable(format!(
        "{id} kept being changed by others; the next wake-up continues"
    ))
}

fn log_transition(before: &Deployment, after: &Deployment, event: &Event) {
    if before.phase.name() != after.phase.name() {
        tracing::info!(
            deployment.id = %after.id,
            environment = %after.environment(),
            phase.from = before.phase.name(),
            phase.to = after.phase.name(),
            event = event.name(),
            "{} went from {} to {}",
            after.id,
            before.phase.name(),
            after.phase.name(),
        );
    }
}

fn log_rejected(deployment: &Deployment, event: &Event, why: &RejectedEvent) {
    tracing::info!(
        deployment.id = %deployment.id,
        phase = deployment.phase.name(),
        event = event.name(),
        "{} did not accept {}: {}",
        deployment.id,
        event.name(),
        refusal::rejected(why),
    );
}
