//! What `sluice.toml` says, parsed once into types that need no further checking.
//!
//! A deployment pins the [`Settings`] it was planned with: a later change of the file is for later
//! deployments.

mod check;
mod metrics;
mod migration;
mod monitor;
mod nesting;
mod parity;
mod people;
mod problem;
mod raw;
mod reader;
mod report;
mod roles;
mod scan;
mod schema;
mod signatures;
mod source;
mod stack;
mod text;
mod together;
mod values;
mod version;

use std::collections::BTreeMap;
use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::id::{
    AccountId, AlarmName, AppName, ChannelName, ClusterName, ContainerName, EcsServiceName,
    EnvironmentName, GroupId, Region, RepositoryName, RoleArn, ServiceName, TaskFamily, UserId,
};
use crate::migration::Risk;
use crate::registry::Registry;
use crate::tag::TagPattern;

pub use check::{holds_password, names_secret, words_of};
pub use metrics::Metrics;
pub use migration::{Inspect, Migration, RiskRule, WaivedFinding, is_alembic};
pub use monitor::Monitor;
pub use parity::{AllowedDifference, ParityTopic, Ratio};
pub use people::People;
pub use problem::{Problem, Problems};
pub use report::did_you_mean;
pub use roles::Roles;
pub use scan::{Day, ScanException};
pub use schema::schema;
pub use signatures::Signatures;
pub use source::{BranchModel, Branches, GitHubAccess, Source};
pub use stack::{NoCommit, Stack, WaivedChange};
pub use together::{Shared, shared};
pub use version::{ConfigVersion, LONGEST_FILE, StackParameter, to_follow};

/// The whole of `sluice.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The application.
    pub app: AppName,
    /// The ECR repository whose pushes are deployed.
    pub repository: RepositoryName,
    /// The registry it is in, and the only one from which anything is deployed. `None` until
    /// [`Config::installed_in`] says which one Sluice's own is; nothing is deployed before.
    pub registry: Option<Registry>,
    /// Hosts whose pages may be linked to, beside the well-known ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_hosts: Vec<String>,
    /// Who may change this file while Sluice runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configure: Vec<Member>,
    /// The application's services, in the order of the file.
    pub services: Vec<Service>,
    /// How the database schema is brought up to date; `None` for an application without one.
    pub migration: Option<Migration>,
    /// What is asked of the new version before traffic reaches it.
    pub smoke_tests: Vec<SmokeTest>,
    /// Whose signatures images need; `None` where none are verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Signatures>,
    /// Where the source code is, and which branch may be merged where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Who is who, for those who ask from a terminal.
    #[serde(default, skip_serializing_if = "People::is_empty")]
    pub people: People,
    /// Differences between environments that someone answers for; `None` where plans say nothing of
    /// the environment before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parity: Option<Vec<AllowedDifference>>,
    /// The environments, in the order of the file.
    pub environments: Vec<Environment>,
}

impl Config {
    /// Reads the text of a `sluice.toml`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with its place and what to write instead.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        check::parse(text)
    }

    /// The same where Sluice is installed: what names no registry takes its images from Sluice's own,
    /// and source code that names no place is beside it.
    #[must_use]
    pub fn installed_in(mut self, own: &Registry) -> Self {
        if let Some(source) = &mut self.source
            && source.github.is_none()
        {
            source.place.get_or_insert_with(|| own.clone());
        }
        self.registry.get_or_insert_with(|| own.clone());
        self
    }

    /// The source code, if it is in CodeCommit: only that sends events.
    pub fn in_codecommit(&self) -> Option<&Source> {
        let source = self.source.as_ref();
        source.filter(|source| source.github.is_none())
    }

    /// Differences between environments that someone answers for.
    pub fn allowed_differences(&self) -> &[AllowedDifference] {
        self.parity.as_deref().unwrap_or_default()
    }

    /// The environment of that name.
    pub fn environment(&self, name: &EnvironmentName) -> Option<&Environment> {
        self.environments
            .iter()
            .find(|environment| environment.name == *name)
    }

    /// What a deployment to `environment` pins.
    pub fn settings(&self, environment: &Environment) -> Settings {
        Settings {
            app: self.app.clone(),
            repository: self.repository.clone(),
            registry: self.registry.clone(),
            source_hosts: self.source_hosts.clone(),
            signatures: self.signatures.clone(),
            source: self.source.clone(),
            services: self.services.clone(),
            migration: self.migration.clone(),
            smoke_tests: self.smoke_tests.clone(),
            compares: self.parity.is_some() && environment.after.is_some(),
            environment: environment.clone(),
        }
    }
}

/// The configuration of one deployment: the application's, and its one environment's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The application.
    pub app: AppName,
    /// The ECR repository.
    pub repository: RepositoryName,
    /// The registry it is in. Without one nothing is deployed.
    pub registry: Option<Registry>,
    /// Hosts whose pages may be linked to, beside the well-known ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_hosts: Vec<String>,
    /// Whose signatures its images need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Signatures>,
    /// Where the source code is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The application's services.
    pub services: Vec<Service>,
    /// How the database schema is brought up to date.
    pub migration: Option<Migration>,
    /// What is asked of the new version before traffic reaches it.
    pub smoke_tests: Vec<SmokeTest>,
    /// Whether its plans say where the environment before is unlike this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compares: bool,
    /// Where it is deployed to.
    pub environment: Environment,
}

impl Settings {
    /// The web services.
    pub fn web(&self) -> impl Iterator<Item = &Service> {
        self.services
            .iter()
            .filter(|service| service.kind == ServiceKind::Web)
    }

    /// The workers and singletons.
    pub fn workers(&self) -> impl Iterator<Item = &Service> {
        self.services
            .iter()
            .filter(|service| service.kind != ServiceKind::Web)
    }

    /// The service of that name.
    pub fn service(&self, name: &ServiceName) -> Option<&Service> {
        self.services.iter().find(|service| service.name == *name)
    }

    /// Where `service` stands in the environment. Parsing made sure that every service has a place.
    pub fn placement(&self, service: &ServiceName) -> &Placement {
        &self.environment.services[service]
    }
}

/// What a service does, and so how it is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceKind {
    /// Answers HTTP behind a load balancer.
    Web,
    /// Takes work from a queue: replaced a few at a time, each given time to finish.
    Worker,
    /// Must never run twice, such as Celery beat: the old one stops before the new one starts.
    Singleton,
}

/// One service of the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name in `sluice.toml`.
    pub name: ServiceName,
    /// What it does.
    pub kind: ServiceKind,
    /// The container of its task definition that runs the image. Other containers are left alone.
    pub container: ContainerName,
    /// From SIGTERM to SIGKILL (whole seconds; ECS `stopTimeout`); `None` leaves what the task
    /// definition says.
    pub stop_timeout: Option<SignedDuration>,
    /// Paths that tell whether it is alive and ready; web services only.
    pub health: Option<HealthPaths>,
}

/// The health endpoints of a web service, as paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthPaths {
    /// The process answers, such as `/healthz/live`.
    pub live: String,
    /// Its dependencies answer too, such as `/healthz/ready`.
    pub ready: String,
}

/// One request to the new version, and what its answer must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmokeTest {
    /// What it shows, in the user's words.
    pub name: String,
    /// The web service that is asked.
    pub service: ServiceName,
    /// The HTTP method, in capitals.
    pub method: String,
    /// The path with its query, from `/`.
    pub path: String,
    /// The status it must answer with.
    pub status: u16,
    /// JSON pointers (RFC 6901) into the body, and the value each must have.
    pub json: BTreeMap<String, serde_json::Value>,
    /// The answer must be whole within this time.
    pub within: SignedDuration,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name, such as `production`.
    pub name: EnvironmentName,
    /// The AWS account it is in.
    pub account: AccountId,
    /// The AWS region it is in.
    pub region: Region,
    /// The role Sluice assumes to work there; `None` works with its own.
    pub role: Option<RoleArn>,
    /// The ECS cluster.
    pub cluster: ClusterName,
    /// The image tags it takes.
    pub tags: Vec<TagPattern>,
    /// The environment in which an image must have succeeded before it may come here.
    pub after: Option<EnvironmentName>,
    /// Whose yes is needed; `None` deploys without asking.
    pub approval: Option<Approval>,
    /// Who may do what else.
    #[serde(default, skip_serializing_if = "Roles::is_empty")]
    pub roles: Roles,
    /// When deployments may begin.
    pub calendar: Calendar,
    /// Where each service stands: a place for every service of the application.
    pub services: BTreeMap<ServiceName, Placement>,
    /// Plain environment variables, set in every service.
    pub variables: BTreeMap<String, String>,
    /// Environment variables whose values are secrets, set in every service.
    pub secrets: BTreeMap<String, SecretSource>,
    /// The database backup taken before the migration; `None` takes none.
    pub backup: Option<Backup>,
    /// What becomes of a plan whose migration has a risk that nobody answers for; what is not here
    /// is allowed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub migration_rules: BTreeMap<Risk, RiskRule>,
    /// What becomes of a task definition revision that someone else registered after the one that
    /// runs.
    #[serde(default, skip_serializing_if = "NewerRevisions::is_default")]
    pub newer_revisions: NewerRevisions,
    /// What becomes of a plan whose image may be built from a commit that is not to be released.
    #[serde(default, skip_serializing_if = "RiskRule::is_allow")]
    pub source_rule: RiskRule,
    /// The CloudFormation stack that a release changes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<Stack>,
    /// Whose yes a restore of that database needs; `None` asks nobody but who has the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Approval>,
    /// What the image scan must have found, or not.
    pub scan: ScanPolicy,
    /// How the new version is watched once it has the traffic.
    pub bake: Bake,
    /// How the requests to the new version are compared with those to the old one; `None` does not
    /// compare them.
    #[serde(
        default = "Metrics::by_default",
        skip_serializing_if = "Metrics::is_default"
    )]
    pub metrics: Option<Metrics>,
    /// Alarms that must stay quiet from the shift of traffic to the end of the bake.
    pub alarms: Vec<AlarmName>,
    /// Where people are told.
    pub channel: ChannelName,
    /// What else is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub monitors: Vec<Monitor>,
}

/// Where a service stands in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Its name in ECS.
    pub ecs_service: EcsServiceName,
    /// The family of task definitions that infrastructure code owns, and that its revisions are made
    /// from; `None` makes each from the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<TaskFamily>,
    /// How it is replaced. A worker is always `Rolling`, a singleton always `Singleton`.
    pub strategy: Strategy,
    /// Where it answers for its users, without a slash at the end; web services only.
    pub url: Option<String>,
    /// Where green answers before it has traffic (the test listener); needed by every strategy
    /// that shifts traffic.
    pub test_url: Option<String>,
}

/// What becomes of a newer revision of a service's own family that Sluice did not register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewerRevisions {
    /// It is shown and not used.
    #[default]
    Leave,
    /// The next release is made from it.
    Take,
    /// There is no plan as long as it is there.
    Refuse,
}

impl NewerRevisions {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How one version takes another's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Tasks are replaced a few at a time; there is no green to test first.
    Rolling,
    /// All traffic moves at once to a tested green.
    BlueGreen,
    /// A few per cent of the traffic first, then the rest.
    Canary(Steps),
    /// Equal steps of traffic.
    Linear(Steps),
    /// The old task stops before the new one starts.
    Singleton,
}

impl Strategy {
    /// Whether ECS brings up a green that can be tested before it has traffic.
    pub fn shifts_traffic(&self) -> bool {
        match self {
            Self::BlueGreen | Self::Canary(_) | Self::Linear(_) => true,
            Self::Rolling | Self::Singleton => false,
        }
    }
}

/// The steps of a canary or linear shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    /// Per cent of the traffic moved at a step: 1-99 for a canary, 3-100 for linear (ECS's bounds).
    pub percent: u8,
    /// How long ECS waits after each step, in whole minutes (0-1440).
    pub bake: SignedDuration,
}

/// Whose yes a deployment needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who may say yes.
    pub approvers: Vec<Member>,
    /// How many of them must; at least 1.
    pub quorum: u8,
    /// Whether the one who asked for the deployment may not approve it.
    pub four_eyes: bool,
    /// After this the request is void.
    pub expires: SignedDuration,
}

/// Someone who may do something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Member {
    /// One person.
    User(UserId),
    /// Everyone in a Slack user group, as it is at the moment of the click.
    Group(GroupId),
}

impl fmt::Display for Member {
    /// As a mention, which the chat adapter makes clickable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "<@{user}>"),
            Self::Group(group) => write!(f, "<!subteam^{group}>"),
        }
    }
}

/// Where a secret's value is kept. Sluice passes on the place, never the value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretSource {
    /// AWS Secrets Manager.
    SecretsManager {
        /// The secret's name or ARN.
        name: String,
        /// The key of its JSON, or `None` for the whole value.
        key: Option<String>,
    },
    /// SSM Parameter Store.
    Parameter {
        /// The parameter's name.
        name: String,
    },
}

/// The backup before a migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// What is backed up.
    pub database: Database,
    /// After this the snapshot counts as failed.
    pub timeout: SignedDuration,
    /// How many of Sluice's own snapshots of it to keep, the newest; older ones are removed after
    /// a deployment has succeeded. At least 1.
    pub keep: u16,
    /// Whether the migration first runs on a copy of the database, restored from a snapshot.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rehearse: bool,
}

/// A database that RDS keeps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Database {
    /// A DB instance, by identifier.
    Instance(String),
    /// An Aurora DB cluster, by identifier.
    Cluster(String),
}

impl Database {
    /// The identifier in RDS.
    pub fn identifier(&self) -> &str {
        match self {
            Self::Instance(identifier) | Self::Cluster(identifier) => identifier,
        }
    }
}

/// What the image scan decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanPolicy {
    /// Findings of this severity or a higher one stop the deployment; `None` does not wait for a
    /// scan at all.
    pub block: Option<Severity>,
    /// How long to wait for a scan that has not finished.
    pub wait: SignedDuration,
    /// Findings that somebody answers for: the same in every environment, and in CI.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<ScanException>,
}

/// ECR's severities, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// Not rated yet.
    Undefined,
    /// Informational.
    Informational,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// How it is said.
    pub fn word(self) -> &'static str {
        match self {
            Self::Undefined => "unrated",
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How the new version is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bake {
    /// How long, in whole minutes (ECS `bakeTimeInMinutes`, 0-1440).
    pub duration: SignedDuration,
    /// Time between two health samples.
    pub every: SignedDuration,
    /// This many bad samples in a row send the deployment back; at least 1.
    pub failures: u8,
    /// Fewer good samples than this do not prove anything; at least 1.
    pub samples: u8,
}
