//! The SDK's clients: one HTTP client for all, and credentials for each target.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use sluice_app::ports::Target;
use sluice_core::failure::PortError;
use sluice_core::id::{AccountId, DeploymentId, Region, RoleArn};

use crate::error::{incomplete, port_error};

/// Environments are visited one deployment at a time; a function that has seen more than this
/// many forgets the oldest session rather than grow for as long as it lives.
const SESSIONS_KEPT: usize = 32;
/// STS takes no longer session names.
const SESSION_NAME_MAX: usize = 64;

/// How long one request to AWS takes at most, with its retries and the credentials that it needs
/// first. Shorter than the functions' own time limit, so that a deployment learns of the failure
/// instead of losing the function.
pub const REQUEST_WITHIN: Duration = Duration::from_secs(20);
/// How long a change of the world takes at most: the looks before it, and the request that makes
/// it.
///
/// After that nothing more of it is sent. The core counts on it: a change that was requested before
/// a lease ended has arrived at AWS [`CHANGE_WITHIN`] later, or never will. That is within a
/// minute, however slowly AWS answers.
pub const CHANGE_WITHIN: Duration = Duration::from_secs(45);
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
const ATTEMPT_WITHIN: Duration = Duration::from_secs(8);
/// The first and two more, with the SDK's exponential backoff and jitter.
const ATTEMPTS: u32 = 3;

/// The lifecycle hook that holds a rollout: our function, and the role with which ECS calls it.
///
/// `{account}` and `{region}` stand for the target's, so that one setting serves environments in
/// several accounts and regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutHook {
    /// The ARN of the function.
    pub function_arn: String,
    /// The ARN of the role. ECS wants one of the service's own account.
    pub role_arn: String,
}

impl RolloutHook {
    pub(crate) fn of(&self, target: &Target) -> Self {
        let fill = |arn: &str| {
            arn.replace("{account}", target.account.as_str())
                .replace("{region}", target.region.as_str())
        };
        Self {
            function_arn: fill(&self.function_arn),
            role_arn: fill(&self.role_arn),
        }
    }
}

/// The way to AWS: Sluice's own credentials, and those of each target's role.
#[derive(Debug)]
pub struct Clients {
    config: SdkConfig,
    hook: Option<RolloutHook>,
    role_suffix: String,
    own: ClientSet,
    own_account: OnceLock<AccountId>,
    sessions: Mutex<VecDeque<(SessionKey, Arc<ClientSet>)>>,
}

/// A session is named after the deployment, so one deployment never works in another's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SessionKey {
    account: AccountId,
    region: Region,
    role: Option<(RoleArn, DeploymentId)>,
}

impl SessionKey {
    fn of(target: &Target) -> Self {
        let role = target
            .role
            .clone()
            .map(|role| (role, target.deployment.clone()));
        Self {
            account: target.account.clone(),
            region: target.region.clone(),
            role,
        }
    }
}

impl Clients {
    /// Clients configured by the environment, as every AWS SDK is: `AWS_REGION`, the credentials
    /// chain, `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`.
    ///
    /// `hook` is needed by rollouts that shift traffic, and by nothing else.
    pub async fn from_env(hook: Option<RolloutHook>) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(shared_http_client())
            .retry_config(retry())
            .timeout_config(timeouts())
            .load()
            .await;
        Self::new(config, hook)
    }

    /// Their region, if they have one.
    #[cfg(feature = "doctor")]
    pub fn region(&self) -> Option<Region> {
        self.config
            .region()
            .map(|region| Region::new(region.as_ref()))
    }

    /// With the same credentials in another region.
    pub(crate) fn looking_in(&self, region: &Region) -> ClientSet {
        let region = aws_config::Region::new(region.to_string());
        ClientSet::new(self.config.clone().into_builder().region(region).build())
    }

    /// Clients of a stand-in for AWS at `endpoint_url`, with credentials that open nothing.
    pub async fn at_endpoint(
        endpoint_url: &str,
        region: &Region,
        hook: Option<RolloutHook>,
    ) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(shared_http_client())
            .retry_config(retry())
            .timeout_config(timeouts())
            .endpoint_url(endpoint_url)
            .region(aws_config::Region::new(region.to_string()))
            .credentials_provider(Credentials::new(
                "stand-in", "stand-in", None, None, "stand-in",
            ))
            .load()
            .await;
        Self::new(config, hook)
    }

    pub(crate) fn new(config: SdkConfig, hook: Option<RolloutHook>) -> Self {
        let own = ClientSet::new(config.clone());
        Self {
            config,
            hook,
            role_suffix: String::new(),
            own,
            own_account: OnceLock::new(),
            sessions: Mutex::default(),
        }
    }

    /// The same with this behind the name of every role that is assumed: a function that only looks
    /// has roles of its own besides those that deploy.
    #[must_use]
    pub fn with_role_suffix(self, role_suffix: impl Into<String>) -> Self {
        Self {
            role_suffix: role_suffix.into(),
            ..self
        }
    }

    /// With Sluice's own credentials, in its own region: where its state and its queue are.
    pub(crate) fn own(&self) -> &ClientSet {
        &self.own
    }

    /// The rollout hook as the target's services have it.
    pub(crate) fn hook(&self, target: &Target) -> Option<RolloutHook> {
        self.hook.as_ref().map(|hook| hook.of(target))
    }

    /// In the target's region, with the target's role, which is not assumed before it is used.
    ///
    /// Without a role it has Sluice's own credentials; whose they are is asked once, here (STS
    /// GetCallerIdentity, for which no right is needed).
    ///
    /// # Errors
    ///
    /// Needs a person if the role, or Sluice where there is none, belongs to another account than
    /// the target's.
    pub(crate) async fn of(&self, target: &Target) -> Result<Arc<ClientSet>, PortError> {
        if target.role.is_none() {
            own_is(self.own_account().await?, &target.account)?;
        }
        self.session(target).await
    }

    /// With Sluice's own credentials in that region, for what another account lets Sluice see.
    pub(crate) async fn own_in(
        &self,
        region: &Region,
        target: &Target,
    ) -> Result<Arc<ClientSet>, PortError> {
        let own = Target {
            region: region.clone(),
            role: None,
            ..target.clone()
        };
        self.session(&own).await
    }

    async fn own_account(&self) -> Result<&AccountId, PortError> {
        const ACTION: &str = "sts:GetCallerIdentity";
        const ON: &str = "Sluice's own credentials";
        if let Some(known) = self.own_account.get() {
            return Ok(known);
        }
        let answer = self.own.sts().get_caller_identity().send().await;
        let answer = answer.map_err(|error| port_error(ACTION, ON, error))?;
        let account = answer
            .account
            .ok_or_else(|| incomplete(ACTION, ON, "account"))?;
        Ok(self.own_account.get_or_init(|| AccountId::new(account)))
    }

    async fn session(&self, target: &Target) -> Result<Arc<ClientSet>, PortError> {
        let key = SessionKey::of(target);
        if let Some(set) = find(&self.sessions(), &key) {
            return Ok(set);
        }
        let region = aws_config::Region::new(target.region.to_string());
        let mut config = self
            .config
            .clone()
            .into_builder()
            .region(region.clone())
            .build();
        if let Some(role) = &target.role {
            role_is_in(role, &target.account)?;
            let session: String = target
                .deployment
                .as_str()
                .chars()
                .take(SESSION_NAME_MAX)
                .collect();
            let provider = AssumeRoleProvider::builder(format!("{role}{}", self.role_suffix))
                .session_name(session)
                .region(region)
                .configure(&self.config)
                .build()
                .await;
            let provider = SharedCredentialsProvider::new(provider);
            config = config.into_builder().credentials_provider(provider).build();
        }
        let set = Arc::new(ClientSet::new(config));
        let mut sessions = self.sessions();
        if let Some(first) = find(&sessions, &key) {
            return Ok(first);
        }
        if sessions.len() >= SESSIONS_KEPT {
            sessions.pop_front();
        }
        sessions.push_back((key, set.clone()));
        Ok(set)
    }

    fn sessions(&self) -> MutexGuard<'_, VecDeque<(SessionKey, Arc<ClientSet>)>> {
        // The queue is whole at every moment the lock is held: nothing that panics is called.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find(
    sessions: &VecDeque<(SessionKey, Arc<ClientSet>)>,
    key: &SessionKey,
) -> Option<Arc<ClientSet>> {
    sessions
        .iter()
        .find(|(of, _)| of == key)
        .map(|(_, set)| set.clone())
}

/// A role's name is easily pasted from another environment, and works.
fn role_is_in(role: &RoleArn, account: &AccountId) -> Result<(), PortError> {
    if role.as_str().split(':').nth(4) == Some(account.as_str()) {
        return Ok(());
    }
    Err(PortError::needs_person(format!(
        "the role `{role}` is not in account {account}: correct `role` or `account` of the \
         environment in sluice.toml"
    )))
}

/// Elsewhere things of the same names may be found, and changed.
fn own_is(own: &AccountId, account: &AccountId) -> Result<(), PortError> {
    if own == account {
        return Ok(());
    }
    Err(PortError::needs_person(format!(
        "the environment is in account {account} and has no `role`, and Sluice's own credentials \
         are for account {own}: give the environment a `role` in account {account}, or correct its `account`, in sluice.toml"
    )))
}

pub(crate) fn retry() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS)
}

pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_WITHIN)
        .operation_attempt_timeout(ATTEMPT_WITHIN)
        .operation_timeout(REQUEST_WITHIN)
        .build()
}

/// Makes a change in [`CHANGE_WITHIN`], or leaves off: what was not sent by then never will be.
///
/// The SDK's futures are large: one that holds another in itself would not fit a stack.
pub(crate) fn bounded<'a, T: 'a>(
    change: impl Future<Output = Result<T, PortError>> + Send + 'a,
) -> BoxFuture<'a, Result<T, PortError>> {
    let change = change.boxed();
    let in_time = async move { tokio::time::timeout(CHANGE_WITHIN, change).await };
    let in_time = in_time.map(|done| {
        done.unwrap_or_else(|_| {
            Err(PortError::retryable(format!(
                "AWS took longer than {} s: the remaining calls are not made",
                CHANGE_WITHIN.as_secs()
            )))
        })
    });
    in_time.boxed()
}

/// Without it every client of the SDK makes its own, and each loads the root certificates again.
pub(crate) fn shared_http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build_https()
}

macro_rules! client_set {
    ($($(#[$only:meta])? $name:ident: $client:ty,)*) => {
        /// The clients of one account, region and role, each made when it is first used.
        #[derive(Debug)]
        pub(crate) struct ClientSet {
            config: SdkConfig,
            $($(#[$only])? $name: OnceLock<$client>,)*
        }

        impl ClientSet {
            fn new(config: SdkConfig) -> Self {
                Self { config, $($(#[$only])? $name: OnceLock::new(),)* }
            }

            $($(#[$only])? pub(crate) fn $name(&self) -> &$client {
                self.$name.get_or_init(|| <$client>::new(&self.config))
            })*
        }
    };
}

client_set! {
    cloudformation: aws_sdk_cloudformation::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    codebuild: aws_sdk_codebuild::Client,
    codecommit: aws_sdk_codecommit::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    ecr: aws_sdk_ecr::Client,
    ecs: aws_sdk_ecs::Client,
    elb: aws_sdk_elasticloadbalancingv2::Client,
    event_bridge: aws_sdk_eventbridge::Client,
    #[cfg(feature = "doctor")]
    iam: aws_sdk_iam::Client,
    #[cfg(feature = "doctor")]
    lambda: aws_sdk_lambda::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    rds: aws_sdk_rds::Client,
    secrets_manager: aws_sdk_secretsmanager::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
    ssm: aws_sdk_ssm::Client,
    sts: aws_sdk_sts::Client,
}

#[cfg(test)]
mod tests;
