//! What people request: a deployment, the promotion of a release that is verified elsewhere, a
//! rollback.
//!
//! A request has an id of its own, and the deployment it opens is named after it. So a request that
//! is delivered twice opens one deployment, no matter what has changed in between.

mod deploy;
mod form;
mod restore;
mod roll_back;

use std::sync::Arc;

use jiff::SignedDuration;
use sluice_core::config::{Config, Environment};
use sluice_core::deployment::{Deployment, Opening};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{DeploymentId, UserId};
use sluice_core::roles::{Action, may};
use sluice_core::rollback::ImageReference;
use sluice_words::refusal::AskError;
use sluice_words::reply;

use crate::App;
use crate::ports::{EnvironmentKey, EnvironmentState, Opened, Target};

pub use restore::RestoreDatabase;
pub use roll_back::RollBack;

/// Someone waits at the screen: what passes by itself is tried again at once. The pause between is
/// the SDK's.
const TRIES: u8 = 4;

/// Someone asks for something in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The request's own id, such as Slack's `trigger_id`: the same when it is delivered again.
    pub id: String,
    /// Who asks.
    pub by: UserId,
    /// Where.
    pub environment: EnvironmentKey,
}

impl Request {
    /// The deployment that it opens, if it opens one.
    pub(crate) fn deployment(&self) -> DeploymentId {
        let EnvironmentKey { app, environment } = &self.environment;
        DeploymentId::of_request(app, environment, &self.id)
    }
}

/// The result of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The deployment that does what was requested.
    pub deployment: DeploymentId,
    /// How it comes to.
    pub how: AskedHow,
    /// The same in words, for the requester.
    pub reply: String,
}

/// How a deployment came to do what someone requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedHow {
    /// It was opened for it.
    Opened,
    /// This very request had been taken before.
    Again,
    /// It does so already, for someone else's request or for a push.
    OnItsWay,
    /// It was in progress and is rolled back.
    GoesBack,
}

/// What someone asks for.
enum Wanted<'a> {
    Image(&'a ImageReference),
    /// An image that skips the environment it should have passed, and why.
    Hotfix(&'a ImageReference, &'a str),
    Promotion,
    WayBack(&'a RollBack),
    Restore(&'a RestoreDatabase),
}

impl Wanted<'_> {
    fn action(&self) -> Action {
        match self {
            Self::Image(_) | Self::Promotion => Action::Deploy,
            Self::Hotfix(..) => Action::Hotfix,
            Self::WayBack(_) => Action::RollBack,
            Self::Restore(_) => Action::Restore,
        }
    }
}

impl App {
    /// Deploys an image of the application's repository.
    ///
    /// A person may name any image that the environment's `after` lets pass: `tags` says what is
    /// deployed without being asked, and binds no one. The image that runs already is rolled out
    /// again, for a secret that was rotated. An older one is taken, and its plan says so.
    ///
    /// # Errors
    /// Why it is refused, or that it may not have taken effect; each says so to the requester.
    pub async fn deploy(
        &self,
        request: &Request,
        image: &ImageReference,
    ) -> Result<Asked, AskError> {
        self.ask(request, &Wanted::Image(image)).await
    }

    /// Deploys an image without its success in the environment that comes before. Everything else
    /// that is demanded stays.
    ///
    /// # Errors
    /// Why it cannot be, or that it may not have gone through.
    pub async fn hotfix(
        &self,
        request: &Request,
        image: &ImageReference,
        reason: &str,
    ) -> Result<Asked, AskError> {
        self.ask(request, &Wanted::Hotfix(image, reason)).await
    }

    /// Deploys what was verified last in the environment that this one comes after.
    ///
    /// # Errors
    /// Why it cannot be, or that it may not have gone through.
    pub async fn promote(&self, request: &Request) -> Result<Asked, AskError> {
        self.ask(request, &Wanted::Promotion).await
    }

    /// Rolls the environment back: tells the deployment in progress to roll back, or opens a
    /// rollback to a release that was verified here before.
    ///
    /// # Errors
    /// Why it cannot be, or that it may not have gone through.
    pub async fn roll_back(&self, request: &Request, order: &RollBack) -> Result<Asked, AskError> {
        self.ask(request, &Wanted::WayBack(order)).await
    }

    /// Restores the database of the environment, and with it the code that fits: opens the restore,
    /// once the deployment in progress was told to roll back.
    ///
    /// # Errors
    /// Why it cannot be, or that it may not have gone through.
    pub async fn restore(
        &self,
        request: &Request,
        order: &RestoreDatabase,
    ) -> Result<Asked, AskError> {
        self.ask(request, &Wanted::Restore(order)).await
    }

    async fn ask(&self, request: &Request, wanted: &Wanted<'_>) -> Result<Asked, AskError> {
        let mut tries = 1;
        loop {
            match self.ask_once(request, wanted).await {
                Err(AskError::Port(error))
                    if error.class == ErrorClass::Retryable && tries < TRIES =>
                {
                    tracing::info!(
                        environment = %request.environment.environment,
                        %error,
                        "a request of {} is retried",
                        request.by
                    );
                    tries += 1;
                }
                asked => return asked,
            }
        }
    }

    async fn ask_once(&self, request: &Request, wanted: &Wanted<'_>) -> Result<Asked, AskError> {
        let place = self.place(request)?;
        self.may_ask(request, &place, wanted.action()).await?;
        let id = request.deployment();
        if let Some(stored) = self.ports.store.load(&id).await? {
            // Told again, it is woken again: the first wake-up may have been lost.
            self.wake(&id, None, SignedDuration::ZERO).await?;
            return Ok(opened(&stored.deployment, AskedHow::Again));
        }
        match wanted {
            Wanted::Image(image) => self.deploy_once(request, &place, image).await,
            Wanted::Hotfix(image, reason) => self.hotfix_once(request, &place, image, reason).await,
            Wanted::Promotion => self.promote_once(request, &place).await,
            Wanted::WayBack(order) => self.roll_back_once(request, &place, order).await,
            Wanted::Restore(order) => self.restore_once(request, &place, order).await,
        }
    }

    /// Whether they may ask for it, by the groups that they are in now.
    async fn may_ask(
        &self,
        request: &Request,
        place: &Place<'_>,
        action: Action,
    ) -> Result<(), AskError> {
        let (environment, by) = (place.environment, &request.by);
        let groups = self.groups_for(environment, action, by).await?;
        Ok(may(environment, action, by, &groups)?)
    }

    /// Where the request leads.
    fn place(&self, request: &Request) -> Result<Place<'_>, AskError> {
        let EnvironmentKey { app, environment } = &request.environment;
        let config = self.configs.app(app);
        let config = config.ok_or_else(|| AskError::UnknownApp(app.clone()))?;
        let found = config.environment(environment);
        let environment = found.ok_or_else(|| AskError::UnknownEnvironment {
            app: app.clone(),
            environment: environment.clone(),
            known: config
                .environments
                .iter()
                .map(|environment| environment.name.clone())
                .collect(),
        })?;
        Ok(Place {
            config,
            environment,
        })
    }

    /// Stores a new deployment, unless the environment has changed since it was read.
    async fn open_asked(
        &self,
        opening: &Opening,
        state: &EnvironmentState,
    ) -> Result<Asked, AskError> {
        let how = match self.store_new(opening, state.version).await? {
            Opened::New => AskedHow::Opened,
            Opened::AlreadyThere => AskedHow::Again,
            Opened::Conflict => {
                return Err(AskError::Port(PortError::retryable(format!(
                    "{} was changed by others at the same time",
                    opening.settings.environment.name
                ))));
            }
        };
        self.wake(&opening.id, None, SignedDuration::ZERO).await?;
        Ok(opened(
            &Deployment::open(opening, self.ports.clock.now()),
            how,
        ))
    }
}

/// Where a request leads.
struct Place<'a> {
    config: &'a Arc<Config>,
    environment: &'a Environment,
}

impl Place<'_> {
    /// The registry that its images come from: the configured one, no matter what was deployed
    /// before.
    fn registry(&self) -> Result<String, AskError> {
        let registry = self.config.registry.as_ref();
        let registry = registry.ok_or_else(|| AskError::NoRegistry(self.config.app.clone()))?;
        Ok(registry.host())
    }

    /// For the ports, on behalf of a deployment.
    fn target(&self, deployment: DeploymentId) -> Target {
        Target::in_environment(self.environment, deployment)
    }
}

fn opened(d: &Deployment, how: AskedHow) -> Asked {
    Asked {
        deployment: d.id.clone(),
        how,
        reply: reply::opened(d),
    }
}

fn on_its_way(d: &Deployment) -> Asked {
    Asked {
        deployment: d.id.clone(),
        how: AskedHow::OnItsWay,
        reply: reply::on_its_way(d),
    }
}
