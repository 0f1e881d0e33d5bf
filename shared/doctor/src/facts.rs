//! What was read of an installation. No secret's value is among it.

use std::collections::BTreeMap;

use sluice_core::id::{AccountId, AppName, EnvironmentName, Region};
use sluice_core::registry::Registry;
use sluice_words::doctor::NotSeen;

/// A fact, or why it could not be read.
pub type Seen<T> = Result<T, NotSeen>;

/// An installation.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The name of Sluice's stack.
    pub stack: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its functions, by their names without the stack's; those that it should have.
    pub functions: BTreeMap<String, Seen<Option<Function>>>,
    /// The mappings that call `advance`.
    pub mappings: Seen<Vec<Mapping>>,
    /// What Lambda does with recursive loops of `advance`; Lambda has a default.
    pub recursion: Seen<String>,
    /// The reserved concurrency of `rollout-hook`.
    pub hook_concurrency: Seen<Option<i32>>,
    /// The URL of `slack`.
    pub slack_url: Seen<Option<FunctionUrl>>,
    /// The HTTP status with which it answers an unsigned request.
    pub slack_answers: Seen<u16>,
    /// The URL of `operate`.
    pub operate_url: Seen<Option<FunctionUrl>>,
    /// The queue of wake-ups.
    pub queue: Seen<Option<Queue>>,
    /// What its dead-letter queue holds, with the queue's ARN.
    pub dead_letters: Seen<Option<DeadLetters>>,
    /// The table.
    pub table: Seen<Option<Table>>,
    /// Whether it has point-in-time recovery.
    pub table_recovery: Seen<bool>,
    /// Slack's secrets, by what they are.
    pub own_secrets: Vec<OwnSecret>,
    /// What should reach Sluice, and the rules that were found for it.
    pub deliveries: Vec<Delivered>,
    /// By account: whether Sluice's bus takes its events. Only accounts other than Sluice's own.
    pub bus_takes: Seen<BTreeMap<String, bool>>,
    /// Whether an enabled rule calls `health-check` every minute.
    pub minute: Seen<bool>,
    /// What roles allow.
    pub rights: Vec<RoleRights>,
    /// The environments.
    pub environments: Vec<Environment>,
    /// The repositories, by name, each with the account of its registry.
    pub repositories: Vec<Repository>,
    /// Slack, if it was asked.
    pub slack: Option<Slack>,
}

impl Facts {
    /// The partition of its ARNs: `aws`, or another cloud of AWS's.
    pub fn partition(&self) -> &str {
        let is_prefix = |prefix: &&str| self.region.starts_with(*prefix);
        match ["cn-", "us-gov-"].iter().find(|prefix| is_prefix(prefix)) {
            Some(&"cn-") => "aws-cn",
            Some(_) => "aws-us-gov",
            None => "aws",
        }
    }

    /// Sluice's own registry.
    pub fn registry(&self) -> Registry {
        Registry {
            account: AccountId::new(&self.account),
            region: Region::new(&self.region),
        }
    }

    /// A setting of a function, if it was read.
    pub fn setting(&self, function: &str, name: &str) -> Option<String> {
        let function = self.functions.get(function)?.as_ref().ok()?.as_ref()?;
        function.settings.get(name).cloned()
    }

    /// What was read of an environment.
    pub fn environment(&self, app: &AppName, name: &EnvironmentName) -> Option<&Environment> {
        let is_it = |one: &&Environment| one.app == *app && one.name == *name;
        self.environments.iter().find(is_it)
    }
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its ARN.
    pub arn: String,
    /// The ARN of its role.
    pub role: String,
    /// `Active`, `Inactive` (not called for long), `Pending` or `Failed`.
    pub state: String,
    /// Of the last update: `Successful`, `InProgress` or `Failed`.
    pub last_update: String,
    /// Why the state or the last update is what it is.
    pub reason: String,
    /// Its time limit.
    pub timeout_s: i64,
    /// Its own settings: those that begin with `SLUICE_`. None of them is secret.
    pub settings: BTreeMap<String, String>,
    /// The ARNs of the rules that its policy lets call it.
    pub called_by: Seen<Vec<String>>,
}

/// From a queue to a function.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Its id.
    pub uuid: String,
    /// The ARN of the queue.
    pub source: String,
    /// `Enabled`, or something else.
    pub state: String,
    /// Whether a function can say which messages of a batch failed.
    pub reports_failures: bool,
}

/// A function's URL.
#[derive(Clone, Debug)]
pub struct FunctionUrl {
    /// The URL.
    pub url: String,
    /// `NONE` or `AWS_IAM`.
    pub auth_type: String,
}

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its URL.
    pub url: String,
    /// Its ARN.
    pub arn: String,
    /// Its visibility timeout.
    pub visibility_s: i64,
    /// How often a message is received before it goes to the dead letters; `None` without such a
    /// queue.
    pub receives: Option<i64>,
    /// The ARNs of the rules that its policy lets write to it.
    pub written_by: Vec<String>,
}

/// A dead-letter queue.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    /// Its ARN.
    pub arn: String,
    /// How many messages it has.
    pub count: i64,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// `ACTIVE`, or something else.
    pub status: String,
    /// Its key, as attribute names.
    pub key: Vec<String>,
    /// The keys of its indexes that are active, by name.
    pub indexes: BTreeMap<String, Vec<String>>,
    /// Whether it is protected against deletion.
    pub protected: bool,
}

/// A secret of Sluice's own.
#[derive(Clone, Debug)]
pub struct OwnSecret {
    /// What it is, such as `bot token`.
    pub what: &'static str,
    /// Its ARN.
    pub arn: String,
    /// The secret.
    pub seen: Seen<Option<Secret>>,
}

/// A secret. Its value was not read.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Its ARN.
    pub arn: String,
    /// Whether it has a current value.
    pub has_value: bool,
    /// Whether it is scheduled for deletion.
    pub deleted: bool,
    /// Whether it rotates automatically.
    pub rotates: bool,
    /// The ARN or id of its KMS key, if it is not AWS's own.
    pub key: Option<String>,
}

/// An event that should reach Sluice.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// Which.
    pub delivery: crate::Delivery,
    /// The rules of its bus that have the target.
    pub rules: Seen<Vec<Rule>>,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether its pattern takes the event: EventBridge's own answer.
    pub takes: bool,
    /// Whether its target has a dead-letter queue.
    pub dead_letters: bool,
}

/// What a role allows of what it needs.
#[derive(Clone, Debug)]
pub struct RoleRights {
    /// What the role is for, such as `function advance` or `erp/production`.
    pub holder: String,
    /// The role, by ARN.
    pub role: String,
    /// Of a function, and not of an environment.
    pub of_function: bool,
    /// Each decision, as IAM simulated it.
    pub decisions: Seen<Vec<Decision>>,
    /// Why IAM was not asked about everything, if it was not.
    pub unasked: Option<NotSeen>,
}

/// What IAM says of an action on a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The action.
    pub action: String,
    /// The ARN of the resource.
    pub resource: String,
    /// What is decided.
    pub decision: Decided,
}

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decided {
    /// It is allowed.
    Allowed,
    /// Nothing allows it.
    NotAllowed,
    /// Something denies it.
    Denied,
}

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Its trust policy, as JSON.
    pub trust: String,
}

/// An environment of an application.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The application.
    pub app: AppName,
    /// Its name in `sluice.toml`.
    pub name: EnvironmentName,
    /// Its role and the one with `-read` behind its name.
    pub roles: Vec<(String, Seen<Option<Role>>)>,
    /// The function that holds green, by name.
    pub hook: Seen<bool>,
    /// The role with which ECS calls it.
    pub hook_role: (String, Seen<Option<Role>>),
    /// The services, by their names in ECS.
    pub services: BTreeMap<String, Seen<Option<Service>>>,
    /// Which of its alarms exist.
    pub alarms: Seen<Vec<String>>,
    /// Secrets, by the name in `sluice.toml`.
    pub secrets: BTreeMap<String, Seen<Option<Secret>>>,
    /// Which of its parameters exist.
    pub parameters: Seen<Vec<String>>,
    /// The database, if it has one.
    pub database: Option<Seen<Option<Database>>>,
    /// How many manual snapshots the account has, and may have.
    pub snapshots: Seen<Quota>,
}

/// A service in ECS.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its ARN.
    pub arn: String,
    /// Its deployment controller.
    pub controller: String,
    /// Capacity providers that its tasks are placed with, by name.
    pub capacity_providers: Vec<String>,
    /// Whether a service deployment is in progress.
    pub deploying: Seen<bool>,
    /// Its task definition.
    pub task_definition: Seen<TaskDefinition>,
    /// Its load balancers.
    pub balancers: Vec<Balancer>,
    /// What its execution role may read of the environment's secrets.
    pub readable: Seen<Vec<Decision>>,
}

/// A task definition.
#[derive(Clone, Debug)]
pub struct TaskDefinition {
    /// Its family.
    pub family: String,
    /// The ARN of the execution role.
    pub execution_role: Option<String>,
    /// The ARN of the task role.
    pub task_role: Option<String>,
    /// The containers, by name.
    pub containers: BTreeMap<String, Container>,
}

/// A container of a task definition.
#[derive(Clone, Debug, Default)]
pub struct Container {
    /// Its stop timeout.
    pub stop_timeout_s: Option<i32>,
    /// Its log driver.
    pub log_driver: Option<String>,
    /// The driver's options.
    pub log_options: BTreeMap<String, String>,
}

/// A load balancer of a service.
#[derive(Clone, Debug)]
pub struct Balancer {
    /// Its target groups: the one, and the alternate one.
    pub groups: Vec<TargetGroup>,
    /// Whether ECS has a role to shift traffic with.
    pub has_role: bool,
    /// The production listener rule.
    pub production: Option<ListenerRule>,
    /// The test listener rule.
    pub test: Option<ListenerRule>,
}

/// A target group.
#[derive(Clone, Debug)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// The path of its health check; `None` where it does not use HTTP.
    pub health_path: Seen<Option<String>>,
}

/// A listener rule, or a listener in place of one.
#[derive(Clone, Debug)]
pub struct ListenerRule {
    /// Its ARN.
    pub arn: String,
    /// The weights of the target groups that it forwards to, by ARN; `None` if it does not exist.
    pub weights: Seen<Option<BTreeMap<String, u32>>>,
}

/// A database.
#[derive(Clone, Debug)]
pub struct Database {
    /// `available`, or something else.
    pub status: String,
    /// How many days automatic backups are kept.
    pub retention_days: i32,
}

/// How much is used of what there may be.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// How many there are.
    pub used: i64,
    /// How many there may be.
    pub most: i64,
}

/// A repository.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// The account of its registry.
    pub account: String,
    /// The repository.
    pub seen: Seen<Option<RepositorySettings>>,
    /// Whether the registry's own settings have it scanned.
    pub scanned_by_registry: Seen<bool>,
}

/// What a repository is set to.
#[derive(Clone, Copy, Debug)]
pub struct RepositorySettings {
    /// Whether it scans what is pushed.
    pub scan_on_push: bool,
    /// Whether tags can be moved.
    pub mutable: bool,
}

/// A workspace of Slack.
#[derive(Clone, Debug)]
pub struct Slack {
    /// The token, as Slack knows it; `Err` inside if Slack does not accept it.
    pub token: Seen<Result<Token, String>>,
    /// The workspace that Sluice works for, if it was named.
    pub wanted_team: Option<String>,
    /// The scopes that Sluice's calls need.
    pub wanted_scopes: Vec<String>,
    /// The channels that `sluice.toml` names, each with its environment.
    pub channels: Vec<SlackChannel>,
    /// The groups, each with what it is named for.
    pub groups: Vec<SlackGroup>,
    /// The people, by id.
    pub people: Vec<(String, Seen<Option<Person>>)>,
}

/// A bot token.
#[derive(Clone, Debug)]
pub struct Token {
    /// The workspace.
    pub team: String,
    /// Whether it is for a whole organisation.
    pub organisation_wide: bool,
    /// Its scopes.
    pub scopes: Seen<Vec<String>>,
}

/// A channel.
#[derive(Clone, Debug)]
pub struct SlackChannel {
    /// As `sluice.toml` has it.
    pub name: String,
    /// The environment that it is for.
    pub environment: String,
    /// The channel, if the bot is in it.
    pub seen: Seen<Option<ChannelState>>,
}

/// What a channel is.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChannelState {
    /// Nobody can post in it.
    pub archived: bool,
    /// Another company is in it.
    pub shared_outside: bool,
}

/// A user group.
#[derive(Clone, Debug)]
pub struct SlackGroup {
    /// Its id.
    pub id: String,
    /// What `sluice.toml` names it for.
    pub wanted_for: String,
    /// How many people are in it.
    pub members: Seen<usize>,
}

/// A person.
#[derive(Clone, Copy, Debug, Default)]
pub struct Person {
    /// The account was deactivated.
    pub deactivated: bool,
    /// A guest.
    pub guest: bool,
    /// A bot.
    pub bot: bool,
}
