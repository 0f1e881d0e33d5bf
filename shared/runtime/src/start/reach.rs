//! What a function reaches: only that is in its program.

use std::sync::Arc;

use async_trait::async_trait;
use sluice_app::ports::{Chat, Ports};
use sluice_aws::{
    AwsSecrets, Clients, CloudFormationStacks, CloudWatchAlarms, CloudWatchMetrics,
    CodeBuildProjects, CodeCommitRepository, DynamoStore, EcrRegistry, EcsServices, EcsTasks,
    EventBridgeBus, HttpsHttp, RdsDatabases, SnsTopics, SqsWakeups, SystemClock,
};
use sluice_monitors::{GitHubRepository, Reached, WebMonitors};
use sluice_slack::{BASE_URL, SlackChat, TokenSource as _};

use super::StartError;
use super::absent::Absent;
use super::hosts::Hosts;
use super::monitors::{Bus, OwnSecrets, Sns, Stdout};
use super::no_chat::NoChat;
use super::token::TokenSecret;
use crate::settings::Settings;

/// What a function is put together with.
pub struct Parts {
    settings: Settings,
    clients: Arc<Clients>,
}

impl Parts {
    pub(super) fn new(settings: Settings, clients: Arc<Clients>) -> Self {
        Self { settings, clients }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn clients(&self) -> &Arc<Clients> {
        &self.clients
    }
}

/// What a function reaches, as its role allows it.
#[async_trait]
pub trait Reach {
    /// Its ports.
    ///
    /// # Errors
    /// The bot's token cannot be read, or is none.
    async fn ports(parts: &Parts) -> Result<Ports, StartError>;
}

/// The table and the queue: functions that take events, and have no other right.
pub enum Queue {}

/// Besides these Slack and the repositories of source code.
pub enum Branches {}

/// Besides table and queue Slack and what is looked at for people.
pub enum Looks {}

/// Everything.
pub enum Everything {}

#[async_trait]
impl Reach for Queue {
    async fn ports(parts: &Parts) -> Result<Ports, StartError> {
        Ok(parts.queue(Arc::new(NoChat)))
    }
}

#[async_trait]
impl Reach for Branches {
    async fn ports(parts: &Parts) -> Result<Ports, StartError> {
        Ok(Ports {
            repository: Arc::new(CodeCommitRepository::new(parts.clients.clone())),
            builds: Arc::new(CodeBuildProjects::new(parts.clients.clone())),
            ..parts.queue(parts.chat().await?)
        })
    }
}

#[async_trait]
impl Reach for Looks {
    async fn ports(parts: &Parts) -> Result<Ports, StartError> {
        Ok(parts.looks(parts.queue(parts.chat().await?)))
    }
}

#[async_trait]
impl Reach for Everything {
    async fn ports(parts: &Parts) -> Result<Ports, StartError> {
        let clients = || parts.clients.clone();
        Ok(Ports {
            repository: Arc::new(Hosts {
                codecommit: Arc::new(CodeCommitRepository::new(clients())),
                github: Arc::new(GitHubRepository::new(
                    Arc::new(OwnSecrets(clients())),
                    Arc::new(SystemClock),
                )),
            }),
            builds: Arc::new(CodeBuildProjects::new(clients())),
            secrets: Arc::new(AwsSecrets::new(clients())),
            tasks: Arc::new(EcsTasks::new(clients())),
            metrics: Arc::new(CloudWatchMetrics::new(clients())),
            http: Arc::new(HttpsHttp::new()),
            monitors: Arc::new(WebMonitors::new(Reached {
                tokens: Arc::new(OwnSecrets(clients())),
                bus: Arc::new(Bus(EventBridgeBus::new(clients()))),
                topics: Arc::new(Sns(SnsTopics::new(clients()))),
                log: Arc::new(Stdout),
                clock: Arc::new(SystemClock),
            })),
            ..parts.looks(parts.queue(parts.chat().await?))
        })
    }
}

impl Parts {
    fn queue(&self, chat: Arc<dyn Chat>) -> Ports {
        let store = Arc::new(DynamoStore::new(&self.clients, &self.settings.table));
        let absent = Arc::new(Absent);
        Ports {
            clock: Arc::new(SystemClock),
            store: store.clone(),
            sources: store.clone(),
            configurations: store,
            wakeups: Arc::new(SqsWakeups::new(&self.clients, &self.settings.queue_url)),
            registry: absent.clone(),
            repository: absent.clone(),
            builds: absent.clone(),
            secrets: absent.clone(),
            services: absent.clone(),
            tasks: absent.clone(),
            databases: absent.clone(),
            stacks: absent.clone(),
            alarms: absent.clone(),
            metrics: absent.clone(),
            http: absent.clone(),
            chat,
            monitors: absent,
        }
    }

    fn looks(&self, ports: Ports) -> Ports {
        Ports {
            registry: Arc::new(EcrRegistry::new(self.clients.clone())),
            services: Arc::new(EcsServices::new(self.clients.clone())),
            databases: Arc::new(RdsDatabases::new(self.clients.clone())),
            stacks: Arc::new(CloudFormationStacks::new(self.clients.clone())),
            alarms: Arc::new(CloudWatchAlarms::new(self.clients.clone())),
            ..ports
        }
    }

    /// Slack, by the bot's token.
    async fn chat(&self) -> Result<Arc<dyn Chat>, StartError> {
        let Some(arn) = &self.settings.bot_token_arn else {
            return Ok(Arc::new(NoChat));
        };
        let secret = TokenSecret {
            clients: self.clients.clone(),
            arn: arn.clone(),
        };
        let token = secret.token().await?;
        let url = self.settings.slack_url.as_deref().unwrap_or(BASE_URL);
        let chat = SlackChat::new(&token, url, Arc::new(SystemClock))?;
        Ok(Arc::new(chat.with_tokens_from(Arc::new(secret))))
    }
}
