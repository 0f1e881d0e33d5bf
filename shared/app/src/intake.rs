//! From a push to a deployment, exactly once however often the push is delivered.

use std::borrow::Cow;

use jiff::SignedDuration;
use sluice_core::deployment::{Deployment, Opening};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::history::{ChainEnd, RecordedEntry};
use sluice_core::id::{DeploymentId, EnvironmentName};
use sluice_core::intake::{Ignored, ImagePush, openings};
use sluice_core::machine::wake_at;
use sluice_core::phase::Phase;

use crate::App;
use crate::ports::{EnvironmentKey, EnvironmentState, Opened};

/// Two pushes at once may each find the environment changed by the other. More often than this it
/// is no coincidence, and the event's next delivery tries again.
const TRIES: u8 = 8;

/// The result of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intake {
    /// It deploys nothing, and why.
    Ignored(Ignored),
    /// What it came to in each environment that takes its tag.
    Taken(Vec<Taken>),
}

/// What a push came to in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The environment.
    pub environment: EnvironmentName,
    /// The deployment that carries the image there.
    pub deployment: DeploymentId,
    /// How it came to be.
    pub how: TakenHow,
}

/// How a push was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenHow {
    /// A deployment was opened.
    Opened,
    /// This very event had opened it before.
    Again,
    /// The same digest is on its way there already, or was deployed there last.
    SameImage,
}

/// How far the clock of an event's sender may be ahead of ours.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

impl App {
    /// Takes a push.
    ///
    /// # Errors
    /// The store or the queue did not take it for one environment at least; the others have it.
    /// Told
    /// again, the push is taken then.
    pub async fn image_pushed(&self, push: &ImagePush) -> Result<Intake, PortError> {
        let push = self.in_time(push);
        let openings = match openings(self.configs.of_repository(&push.repository), &push) {
            Ok(openings) => openings,
            Err(ignored) => return Ok(Intake::Ignored(ignored)),
        };
        let mut taken = Vec::with_capacity(openings.len());
        let mut failed = None;
        for opening in openings {
            let environment = opening.settings.environment.name.clone();
            match self.open(opening).await {
                Ok(one) => taken.push(one),
                Err(error) => {
                    tracing::warn!(%environment, %error, "{environment} cannot accept a push: \
                        {error}");
                    failed = failed.or(Some(error));
                }
            }
        }
        failed.map_or(Ok(Intake::Taken(taken)), Err)
    }

    /// The push, with no time that is still to come: it would go before every later one until then.
    fn in_time<'a>(&self, push: &'a ImagePush) -> Cow<'a, ImagePush> {
        let now = self.ports.clock.now();
        if push.pushed_at.duration_since(now) <= CLOCKS_DIFFER {
            return Cow::Borrowed(push);
        }
        tracing::warn!(
            event.id = push.event,
            pushed_at = %push.pushed_at,
            "event {} has the time {}, which is in the future: the current time is used",
            push.event,
            push.pushed_at
        );
        Cow::Owned(ImagePush {
            pushed_at: now,
            ..push.clone()
        })
    }

    async fn open(&self, opening: Opening) -> Result<Taken, PortError> {
        let environment = opening.settings.environment.name.clone();
        let key = EnvironmentKey {
            app: opening.settings.app.clone(),
            environment: environment.clone(),
        };
        let taken = |deployment: DeploymentId, how| Taken {
            environment: environment.clone(),
            deployment,
            how,
        };
        for _ in 0..TRIES {
            let state = self.ports.store.environment(&key).await?;
            if let Some(other) = self.same_image(&state, &opening).await? {
                // The push may be what that deployment waits to hear.
                self.wake(&other, None, SignedDuration::ZERO).await?;
                return Ok(taken(other, TakenHow::SameImage));
            }
            let how = match self.store_new(&opening, state.version).await? {
                Opened::New => TakenHow::Opened,
                Opened::AlreadyThere => TakenHow::Again,
                Opened::Conflict => continue,
            };
            // Told again, it is woken again: the first wake-up may have been lost.
            self.wake(&opening.id, None, SignedDuration::ZERO).await?;
            return Ok(taken(opening.id.clone(), how));
        }
        Err(PortError::retryable(format!(
            "{environment} kept being changed by others; the push is accepted when the event is \
             delivered again"
        )))
    }

    pub(crate) async fn store_new(
        &self,
        opening: &Opening,
        version: u64,
    ) -> Result<Opened, PortError> {
        let now = self.ports.clock.now();
        let deployment = Deployment::open(opening, now);
        let mut chain = ChainEnd::start();
        let entry = RecordedEntry::Opened(Box::new(opening.clone()));
        let first = sluice_words::note::append(&mut chain, entry, now, None, &deployment);
        let due_at = wake_at(&deployment, now).unwrap_or(now);
        self.ports
            .store
            .open(&deployment, &first, &chain, due_at, version)
            .await
    }

    /// The deployment that brings the same image to the environment, if the newest one does.
    async fn same_image(
        &self,
        state: &EnvironmentState,
        opening: &Opening,
    ) -> Result<Option<DeploymentId>, PortError> {
        let Some(newest) = &state.newest else {
            return Ok(None);
        };
        if newest.digest != opening.release.digest || newest.deployment == opening.id {
            return Ok(None);
        }
        let stored = match self.ports.store.load(&newest.deployment).await {
            // One that cannot be read must not keep every later push out: the same image twice does
            // no harm.
            Err(error) if error.class == ErrorClass::Permanent => {
                tracing::error!(deployment.id = %newest.deployment, %error, "{} cannot be read: \
                    {error}", newest.deployment);
                None
            }
            read => read?,
        };
        let stands = stored.is_some_and(|stored| {
            let phase = &stored.deployment.phase;
            !phase.is_terminal() || matches!(phase, Phase::Succeeded)
        });
        Ok(stands.then(|| newest.deployment.clone()))
    }
}
