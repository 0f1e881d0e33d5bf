//! Lambda, as far as it matters here: a payload goes to a function, and its answer comes back.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use sluice_app::App;
use sluice_slack::SigningSecrets;
use sluice_slack_function::{Door, Endless};

use super::payload::SIGNING_SECRET;

/// What a function may take, as its timeout in Lambda says.
const FUNCTION_TIMEOUT: SignedDuration = SignedDuration::from_secs(60);

/// A function of Sluice's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the crate of that name in functions/")]
pub enum Function {
    RegistryPush,
    Advance,
    RolloutHook,
    HealthCheck,
    Slack,
    Operate,
    SourcePush,
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RegistryPush => "registry-push",
            Self::Advance => "advance",
            Self::RolloutHook => "rollout-hook",
            Self::HealthCheck => "health-check",
            Self::Slack => "slack",
            Self::Operate => "operate",
            Self::SourcePush => "source-push",
        })
    }
}

/// The deployed functions.
#[derive(Clone)]
pub struct Lambda {
    app: App,
    door: Door,
}

impl Lambda {
    /// Deploys the functions.
    pub fn new(app: App) -> Self {
        Self {
            app,
            door: Door {
                secrets: SigningSecrets::read(&SecretString::from(SIGNING_SECRET))
                    .expect("the simulated secret is one"),
                team: None,
            },
        }
    }

    /// What is deployed.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.app.ports().clock.now()
    }

    /// Invokes a function: what it answers, as JSON.
    ///
    /// # Errors
    /// The function failed; in its words.
    pub async fn invoke(&self, function: Function, payload: &Value) -> Result<Value, String> {
        let app = &self.app;
        let stop_at = self.now() + FUNCTION_TIMEOUT;
        match function {
            Function::RegistryPush => told(sluice_registry_push::handler(app, payload).await),
            Function::SourcePush => told(sluice_source_push::handler(app, payload).await),
            Function::Advance => told(sluice_advance::handler(app, payload, stop_at).await),
            Function::RolloutHook => json(&sluice_rollout_hook::handler(app, payload).await),
            Function::HealthCheck => told(sluice_health_check::handler(app, stop_at).await),
            Function::Operate => json(&sluice_operate::handler(app, payload).await),
            Function::Slack => {
                let (door, now) = (&self.door, self.now());
                json(&sluice_slack_function::handler(app, payload, door, &Endless, now).await)
            }
        }
    }
}

fn told<T: Serialize>(answer: Result<T, impl fmt::Display>) -> Result<Value, String> {
    json(&answer.map_err(|error| error.to_string())?)
}

fn json(answer: &impl Serialize) -> Result<Value, String> {
    serde_json::to_value(answer)
        .map_err(|error| format!("the answer cannot be written as JSON: {error}"))
}
