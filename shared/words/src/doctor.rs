//! What `sluice doctor` looks at in a real installation, and what it says of it.
//!
//! Each [`Check`] that was made is in the [`Report`] with its outcome: a check whose facts could not
//! be read is unknown, and never fine.

use serde::Serialize;
use serde_json::{Value, json};

pub mod database;
pub mod environment;
pub mod events;
pub mod installation;
pub mod registry;
pub mod rights;
pub mod secrets;
pub mod slack;
pub mod traffic;

/// The form of [`Report::to_json`]. It is raised when a field changes its meaning or goes.
pub const VERSION: u32 = 1;

macro_rules! checks {
    ($($variant:ident $name:literal $looks_at:literal)*) => {
        /// Something that is looked at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Check {
            $(#[doc = $looks_at] $variant,)*
        }

        impl Check {
            /// All of them, in the order in which they are made.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in JSON and in docs/doctor.md.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What is looked at, in words.
            pub fn looks_at(self) -> &'static str {
                match self { $(Self::$variant => $looks_at,)* }
            }
        }
    };
}

checks! {
    Function "function" "the function exists and its last update succeeded"
    FunctionSettings "function-settings" "the functions use the same table and queue"
    WakeUps "wake-ups" "the queue calls advance"
    BatchFailures "batch-failures" "a wake-up that fails does not repeat the others of its batch"
    Recursion "recursion" "Lambda lets advance send its own next wake-up"
    HookConcurrency "hook-concurrency" "ECS can call rollout-hook"
    SlackUrl "slack-url" "slack has a URL that Slack can call"
    SlackAnswers "slack-answers" "the URL answers an unsigned request as Sluice does"
    OperateUrl "operate-url" "operate has a URL, and only for IAM"
    Queue "queue" "the queue of wake-ups exists"
    QueueVisibility "queue-visibility" "a wake-up is not delivered again while advance works on it"
    QueueRedrive "queue-redrive" "a wake-up that always fails ends in the dead-letter queue"
    DeadLetters "dead-letters" "the dead-letter queue is empty"
    Table "table" "the table exists with its keys"
    TableIndex "table-index" "the index of what is due exists"
    TableProtection "table-protection" "the table is protected against deletion"
    TableRecovery "table-recovery" "the table has point-in-time recovery"
    OwnSecret "own-secret" "Slack's secret has a value"
    EventRule "event-rule" "the event reaches Sluice"
    EventDeadLetters "event-dead-letters" "an event that cannot be delivered is kept"
    EventPermission "event-permission" "EventBridge may deliver it"
    Forwarding "event-forwarding" "the account's events are forwarded to Sluice's bus"
    BusPolicy "bus-policy" "Sluice's bus takes the account's events"
    Minute "minute" "health-check is called every minute"
    FunctionRights "function-rights" "the function's role allows what it does"
    EnvironmentRole "environment-role" "the environment's role exists and trusts Sluice"
    EnvironmentRights "environment-rights" "the environment's role allows what Sluice does there"
    Hook "rollout-hook" "the function that holds green exists in the environment's account"
    HookRole "hook-role" "the role with which ECS calls it exists"
    Service "service" "the service exists and is active"
    Controller "controller" "ECS deploys the service"
    Spot "spot" "AWS does not stop the service's tasks on short notice"
    Container "container" "the task definition has the container"
    StopTimeout "stop-timeout" "the container has the time to finish its work"
    LogDriver "log-driver" "Sluice can read the log of migrations"
    TargetGroups "target-groups" "the service has what a shift of traffic needs"
    ListenerRule "listener-rule" "the production rule forwards to both target groups"
    Weights "traffic-weights" "all traffic goes to one target group"
    TestListener "test-listener" "the test rule forwards to the service's target groups"
    HealthPath "health-path" "the load balancer asks for a health path of sluice.toml"
    Alarm "alarm" "the alarm exists"
    Secret "secret" "the secret exists and has a value"
    SecretRotation "secret-rotation" "the pinned version stays valid"
    Parameter "parameter" "the parameter exists"
    ExecutionRole "execution-role" "the execution role may read the secret"
    Database "database" "the database exists and is available"
    DatabaseRetention "database-retention" "the database has automatic backups"
    SnapshotQuota "snapshot-quota" "there is room for another snapshot"
    Repository "repository" "the repository exists"
    ImageScan "image-scan" "images are scanned when they are pushed"
    TagMutability "tag-mutability" "a tag stays with its image"
    SlackToken "slack-token" "Slack accepts the bot token"
    SlackWorkspace "slack-workspace" "the token is of the workspace that Sluice works for"
    SlackScopes "slack-scopes" "the token has every scope"
    SlackChannel "slack-channel" "the bot can post in the channel"
    SlackGroup "slack-group" "the group of people has members"
    SlackPerson "slack-person" "the person can act"
}

/// Something that is wrong, or not as Sluice needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do about it: commands, and a line in words where there is no command.
    pub fix: Vec<String>,
}

impl Finding {
    /// A finding with one thing to do.
    pub fn new(what: impl Into<String>, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
            fix: vec![fix.into()],
        }
    }
}

/// Something that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSeen {
    /// Why, in words.
    pub why: String,
    /// The IAM action or Slack scope that is missing, if that is why.
    pub needs: Option<String>,
}

impl NotSeen {
    /// What depends on something that was not seen.
    pub fn because(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            needs: None,
        }
    }
}

/// What a look came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was looked at, and is as it should be.
    Fine,
    /// It is not.
    Finding(Finding),
    /// It could not be looked at.
    Unknown(NotSeen),
}

/// A check that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Which.
    pub check: Check,
    /// What was looked at: a name that people know.
    pub subject: String,
    /// What it came to.
    pub outcome: Outcome,
}

/// Which installation was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The name of Sluice's stack.
    pub stack: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
}

/// Everything that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Where.
    pub installation: Subject,
    /// Each check, in order.
    pub looked: Vec<Looked>,
}

impl Report {
    /// What is wrong.
    pub fn findings(&self) -> impl Iterator<Item = (&Looked, &Finding)> {
        self.looked
            .iter()
            .filter_map(|looked| match &looked.outcome {
                Outcome::Finding(finding) => Some((looked, finding)),
                Outcome::Fine | Outcome::Unknown(_) => None,
            })
    }

    /// What could not be looked at.
    pub fn unknown(&self) -> impl Iterator<Item = (&Looked, &NotSeen)> {
        self.looked
            .iter()
            .filter_map(|looked| match &looked.outcome {
                Outcome::Unknown(not_seen) => Some((looked, not_seen)),
                Outcome::Fine | Outcome::Finding(_) => None,
            })
    }

    /// The exit code: 1 if there are findings, 2 if there are none but something could not be
    /// looked at, 0 if everything was looked at and is fine.
    pub fn exit_code(&self) -> u8 {
        if self.findings().next().is_some() {
            1
        } else if self.unknown().next().is_some() {
            2
        } else {
            0
        }
    }

    /// The sentence at the end.
    pub fn conclusion(&self) -> String {
        let (all, findings) = (self.looked.len(), self.findings().count());
        let unknown = self.unknown().count();
        let fine = all - findings - unknown;
        let mut parts = vec![format!("{all} checks: {fine} fine")];
        if findings > 0 {
            parts.push(format!("{findings} to fix"));
        }
        if unknown > 0 {
            parts.push(format!("{unknown} could not be looked at"));
        }
        format!("{}.", parts.join(", "))
    }

    /// The report as JSON, as docs/doctor.md describes it.
    pub fn to_json(&self) -> Value {
        let looked_at: Vec<Value> = self.looked.iter().map(looked_json).collect();
        let outcome = match self.exit_code() {
            0 => "fine",
            1 => "findings",
            _ => "unknown",
        };
        json!({
            "version": VERSION,
            "installation": self.installation,
            "outcome": outcome,
            "looked_at": looked_at,
        })
    }
}

fn looked_json(looked: &Looked) -> Value {
    let (check, subject) = (looked.check.name(), &looked.subject);
    match &looked.outcome {
        Outcome::Fine => json!({ "check": check, "subject": subject, "outcome": "fine" }),
        Outcome::Finding(Finding { what, why, fix }) => json!({
            "check": check, "subject": subject, "outcome": "finding",
            "what": what, "why": why, "fix": fix,
        }),
        Outcome::Unknown(NotSeen { why, needs }) => json!({
            "check": check, "subject": subject, "outcome": "unknown",
            "why": why, "needs": needs,
        }),
    }
}
