//! The application, put together on AWS and Slack.

mod absent;
mod hosts;
mod monitors;
mod no_chat;
mod reach;
mod token;

use std::env;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use sluice_app::{App, Package};
use sluice_aws::{Clients, RolloutHook, own_secret};
use sluice_core::config::{Config, shared};
use sluice_core::failure::PortError;
use sluice_slack::{InvalidBaseUrl, Rendered, Responder, SigningSecrets, UnusableSecrets};

use crate::function::Function;
use crate::logging::init_tracing;
use crate::settings::{InvalidSettings, Settings};
use reach::Parts;

pub use reach::{Branches, Everything, Looks, Queue, Reach};

/// A function that is ready.
pub struct Started {
    /// The application.
    pub app: App,
    /// The Slack workspace or organisation it works for, if it is to refuse all others.
    pub slack_team: Option<String>,
    signing_secrets: Option<SigningSecrets>,
    responder: Responder,
}

impl Started {
    /// The secrets with which Slack signs its requests.
    ///
    /// # Errors
    /// The function is not called by Slack.
    pub fn signing_secrets(&self) -> Result<&SigningSecrets, StartError> {
        self.signing_secrets
            .as_ref()
            .ok_or(StartError::NoSigningSecret)
    }

    /// Shows a message to the person who clicked in Slack. The decision is valid without it, so a
    /// failure is logged and no more.
    pub async fn reply(&self, response_url: &str, message: &Rendered) {
        if let Err(error) = self.responder.reply(response_url, message).await {
            tracing::warn!(%error, "the person who clicked could not be answered: {error}");
        }
    }
}

/// Why a function does not start. Lambda logs it and starts it again for the next event.
#[derive(thiserror::Error)]
pub enum StartError {
    /// Its environment variables are not right.
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    /// A `sluice.toml` is not there.
    #[error("{path} cannot be read: {error}; put it into the function's package, or correct \
        SLUICE_CONFIG", path = path.display())]
    NoConfig {
        /// Where it should be.
        path: PathBuf,
        /// Why it cannot be read.
        error: std::io::Error,
    },
    /// A `sluice.toml` is wrong.
    #[error("{path} is invalid:\n{problems}", path = path.display())]
    Config {
        /// Which.
        path: PathBuf,
        /// All that is wrong.
        problems: String,
    },
    /// A `sluice.toml` names no registry, and neither does the function.
    #[error(
        "{path} names no registry: write `registry = {{ account = \"…\", region = \"…\" }}` in \
         [app], or set SLUICE_REGISTRY to the host of Sluice's own",
        path = path.display()
    )]
    NoRegistry {
        /// Which.
        path: PathBuf,
    },
    /// Two of the files share what they must not.
    #[error("{0}")]
    Shared(String),
    /// One of Sluice's own secrets cannot be read.
    #[error("a secret that the function needs to start: {0}")]
    Secret(#[from] PortError),
    /// The secret of `SLUICE_SLACK_SIGNING_SECRET_ARN` holds no signing secret.
    #[error("SLUICE_SLACK_SIGNING_SECRET_ARN: {0}")]
    SigningSecrets(#[from] UnusableSecrets),
    /// `SLUICE_SLACK_URL` is no address for a token.
    #[error("SLUICE_SLACK_URL: {0}")]
    SlackUrl(#[from] InvalidBaseUrl),
    /// The function asks for a signing secret that it was not given.
    #[error("this function is not called by Slack: it has no signing secret")]
    NoSigningSecret,
}

/// What `main` returns is printed in this form, and read by people.
impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Starts logging and puts the application together for a function, with what it reaches.
///
/// # Errors
/// See [`StartError`].
pub async fn start<R: Reach>(function: Function) -> Result<Started, StartError> {
    init_tracing();
    let settings = Settings::from_env(function, |name| env::var(name).ok())?;
    let (configs, package) = configs(&settings)?;
    let hook = settings.rollout_hook.as_ref().map(|hook| RolloutHook {
        function_arn: hook.function.clone(),
        role_arn: hook.role.clone(),
    });
    let clients = Clients::from_env(hook).await;
    let clients = clients.with_role_suffix(settings.role_suffix.as_deref().unwrap_or(""));
    let parts = Parts::new(settings, Arc::new(clients));
    let ports = R::ports(&parts).await?;
    let signing_secrets = match &parts.settings().signing_secret_arn {
        Some(arn) => {
            let secret = own_secret(parts.clients(), arn).await?;
            Some(SigningSecrets::read(&secret)?)
        }
        None => None,
    };
    Ok(Started {
        app: App::installed(ports, configs, package),
        slack_team: parts.settings().slack_team.clone(),
        signing_secrets,
        responder: Responder::new(),
    })
}

fn configs(settings: &Settings) -> Result<(Vec<Arc<Config>>, Package), StartError> {
    let mut read = Vec::with_capacity(settings.configs.len());
    let mut package = Package {
        registry: settings.registry.clone(),
        ..Package::default()
    };
    for path in &settings.configs {
        let text = fs::read_to_string(path).map_err(|error| StartError::NoConfig {
            path: path.clone(),
            error,
        })?;
        let mut config = Config::parse(&text).map_err(|problems| StartError::Config {
            path: path.clone(),
            problems: problems.to_string(),
        })?;
        if let Some(own) = &settings.registry {
            config = config.installed_in(own);
        }
        if config.registry.is_none() {
            return Err(StartError::NoRegistry { path: path.clone() });
        }
        package.files.insert(config.app.clone(), text);
        read.push((path.display().to_string(), config));
    }
    let files: Vec<(String, &Config)> =
        read.iter().map(|(file, one)| (file.clone(), one)).collect();
    let shared = shared(&files);
    if !shared.is_empty() {
        let said: Vec<String> = shared.iter().map(ToString::to_string).collect();
        return Err(StartError::Shared(said.join("\n")));
    }
    let configs = read.into_iter().map(|(_, config)| Arc::new(config));
    Ok((configs.collect(), package))
}
