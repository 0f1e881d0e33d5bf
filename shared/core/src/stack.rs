//! A CloudFormation stack: what a change set would do to it, and how far an update of it is.
//!
//! What stands here was read by the adapter; the machine only decides by it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{DeploymentId, Hash};
use crate::migration::Waiver;
use crate::quantity;

/// Changes that are kept of a change set, the worst first: nobody reads more, and state stays small.
pub const CHANGES: usize = 60;

/// Properties that are kept of a change.
const CAUSES: usize = 12;

/// Events that are kept of an update, the newest first.
pub const EVENTS: usize = 5;

/// In a template's address it stands for the commit of the release.
pub const COMMIT: &str = "{commit}";

/// Properties whose values people are shown: sizes, classes and versions. Others may hold a secret.
const SHOWN: [&str; 22] = [
    "AllocatedStorage",
    "AutoMinorVersionUpgrade",
    "BackupRetentionPeriod",
    "CacheNodeType",
    "Cpu",
    "DBInstanceClass",
    "DeletionProtection",
    "DesiredCount",
    "Engine",
    "EngineVersion",
    "InstanceCount",
    "InstanceType",
    "MaxCapacity",
    "Memory",
    "MinCapacity",
    "MultiAZ",
    "NumCacheClusters",
    "Port",
    "RetentionInDays",
    "StorageEncrypted",
    "StorageType",
    "VolumeSize",
];

/// Types of resources whose loss is a loss of data, or of what data cannot be read without.
const HOLD_DATA: [&str; 32] = [
    "AWS::AmazonMQ::Broker",
    "AWS::Backup::BackupVault",
    "AWS::Cassandra::Table",
    "AWS::CloudFormation::Stack",
    "AWS::Cognito::UserPool",
    "AWS::DocDB::DBCluster",
    "AWS::DocDB::DBInstance",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Instance",
    "AWS::EC2::Volume",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::Elasticsearch::Domain",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Logs::LogGroup",
    "AWS::MSK::Cluster",
    "AWS::MemoryDB::Cluster",
    "AWS::Neptune::DBCluster",
    "AWS::Neptune::DBInstance",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::GlobalCluster",
    "AWS::Redshift::Cluster",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
];

/// Types of resources that users' requests go through, or that run the application.
const SERVE_TRAFFIC: [&str; 12] = [
    "AWS::CloudFront::Distribution",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ECS::TaskSet",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Route53::HostedZone",
    "AWS::Route53::RecordSet",
    "AWS::Route53::RecordSetGroup",
    "AWS::ServiceDiscovery::Service",
];

/// Types of resources that CloudFormation sends whole when any part of them changes: the service with
/// the revision of the template, an old release; the rule with its weights of the first day.
const SENT_WHOLE: [&str; 3] = [
    "AWS::ECS::Service",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
];

/// A stack within a stack. What becomes of what it has, its change does not show.
const NESTED: &str = "AWS::CloudFormation::Stack";

/// What is at stake when a resource is replaced or removed, or sent whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StackRisk {
    /// Neither data nor traffic.
    Other,
    /// Users' requests go through it, or it runs the application.
    ServesTraffic,
    /// It holds data, or what data cannot be read without.
    HoldsData,
}

impl StackRisk {
    /// All of them, the mildest first.
    pub const ALL: [Self; 3] = [Self::Other, Self::ServesTraffic, Self::HoldsData];

    /// What such a resource is, as in `Database holds data`.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Other => "holds no data and serves no traffic",
            Self::ServesTraffic => "serves traffic",
            Self::HoldsData => "holds data",
        }
    }
}

/// What becomes of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StackAction {
    /// It is made.
    Add,
    /// It stays, and is changed.
    Modify,
    /// It stays or is replaced: CloudFormation finds out while it updates.
    MayReplace,
    /// A new one takes its place.
    Replace,
    /// It goes.
    Remove,
}

/// One property whose change causes the change of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StackCause {
    /// Its name, such as `CacheNodeType`; `Tags`, `Metadata` and the like where it is none.
    pub property: String,
    /// Whether the resource is replaced for it, or may be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaces: bool,
    /// The value before, where it may be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The value after, where it may be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl StackCause {
    /// A property that changes. Its values are kept only where they are of a kind that people are
    /// shown.
    pub fn new(property: &str, replaces: bool, from: Option<&str>, to: Option<&str>) -> Self {
        let shown = |value: Option<&str>| {
            let value = value.filter(|value| value.len() <= 60)?;
            SHOWN.contains(&property).then(|| value.to_owned())
        };
        Self {
            property: property.to_owned(),
            replaces,
            from: shown(from),
            to: shown(to),
        }
    }
}

impl fmt::Display for StackCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.property)?;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, " {from} → {to}"),
            (None, Some(to)) => write!(f, " {to}"),
            _ => Ok(()),
        }
    }
}

/// One change of a change set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackChange {
    /// The logical id.
    pub resource: String,
    /// Its type, such as `AWS::RDS::DBInstance`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What becomes of it.
    pub action: StackAction,
    /// Whether CloudFormation keeps what it removes or replaces: the template says `Retain`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retained: bool,
    /// The properties that cause it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<StackCause>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waiver>,
}

impl StackChange {
    /// What is at stake; `None` where nothing is lost.
    pub fn risk(&self) -> Option<StackRisk> {
        let of_kind = || match self.kind.as_str() {
            kind if HOLD_DATA.contains(&kind) => StackRisk::HoldsData,
            kind if SERVE_TRAFFIC.contains(&kind) => StackRisk::ServesTraffic,
            _ => StackRisk::Other,
        };
        match self.action {
            StackAction::Modify if self.kind == NESTED => Some(StackRisk::HoldsData),
            StackAction::Modify if SENT_WHOLE.contains(&self.kind.as_str()) => {
                Some(StackRisk::ServesTraffic)
            }
            StackAction::Add | StackAction::Modify => None,
            StackAction::Remove if self.retained => None,
            StackAction::Remove | StackAction::Replace | StackAction::MayReplace => Some(of_kind()),
        }
    }

    /// The properties for which it is replaced, or may be.
    pub fn replaced_for(&self) -> impl Iterator<Item = &str> {
        let causes = self.causes.iter().filter(|cause| cause.replaces);
        causes.map(|cause| cause.property.as_str())
    }
}

impl fmt::Display for StackChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match (self.action, self.retained) {
            (StackAction::Add, _) => "add",
            (StackAction::Modify, _) => "modify",
            (StackAction::MayReplace, _) => "may REPLACE",
            (StackAction::Replace, false) => "REPLACE",
            (StackAction::Replace, true) => "replace (the old one is kept)",
            (StackAction::Remove, false) => "REMOVE",
            (StackAction::Remove, true) => "take out of the stack, and keep,",
        };
        write!(f, "{action} {} ({})", self.resource, self.kind)?;
        let causes: Vec<String> = self.causes.iter().map(ToString::to_string).collect();
        if !causes.is_empty() {
            write!(f, ": {}", causes.join(", "))?;
        }
        Ok(())
    }
}

/// Everything that a change set would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackChanges {
    /// The changes, the worst first, [`CHANGES`] at most. Empty where there is nothing to change.
    pub changes: Vec<StackChange>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u32,
    /// What is at stake in those: nobody can answer for what is not shown.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub left_out_risks: BTreeSet<StackRisk>,
    /// The hash of the whole change set, its template, parameters and values included: another one is
    /// another plan. `None` where there is nothing to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Hash>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl StackChanges {
    /// Of a change set with these changes and this hash.
    pub fn new(mut changes: Vec<StackChange>, hash: Hash) -> Self {
        for change in &mut changes {
            change.causes.sort();
            change.causes.dedup();
            // What replaces is never left out.
            change.causes.sort_by_key(|cause| !cause.replaces);
            change.causes.truncate(CAUSES);
        }
        changes.sort_by(|one, other| {
            let worst = |change: &StackChange| (change.risk(), change.action);
            let order = worst(other).cmp(&worst(one));
            order.then_with(|| one.resource.cmp(&other.resource))
        });
        let left_out = changes.split_off(changes.len().min(CHANGES));
        Self {
            changes,
            left_out: u32::try_from(left_out.len()).unwrap_or(u32::MAX),
            left_out_risks: left_out.iter().filter_map(StackChange::risk).collect(),
            hash: Some(hash),
        }
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many changes there are.
    pub fn count(&self) -> usize {
        self.changes.len() + self.left_out as usize
    }

    /// Whether the risk is in it and nobody answers for it.
    pub fn has(&self, risk: StackRisk) -> bool {
        let open = |change: &StackChange| change.waiver.is_none() && change.risk() == Some(risk);
        self.left_out_risks.contains(&risk) || self.changes.iter().any(open)
    }

    /// In a line, such as `1 change (Redis CacheNodeType cache.t4g.micro → cache.t4g.small), nothing
    /// replaced or removed`.
    pub fn summary(&self) -> String {
        if self.is_empty() {
            return "nothing to change".to_owned();
        }
        let named = self.changes.iter().map(|change| {
            let cause = change.causes.first();
            let cause = cause.map_or_else(String::new, |cause| format!(" {cause}"));
            format!("{}{cause}", change.resource)
        });
        let mut named: Vec<String> = named.take(3).collect();
        if self.count() > named.len() {
            named.push("…".to_owned());
        }
        let of = |actions: &[StackAction]| {
            let changes = self.changes.iter();
            let found = changes.filter(|change| actions.contains(&change.action));
            found.count()
        };
        let lost = [
            (of(&[StackAction::Replace]), "replaced"),
            (of(&[StackAction::MayReplace]), "perhaps replaced"),
            (of(&[StackAction::Remove]), "removed"),
        ];
        let lost: Vec<String> = lost
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let lost = match lost.is_empty() {
            true => "nothing replaced or removed".to_owned(),
            false => lost.join(", "),
        };
        let changes = quantity::count(self.count(), "change");
        format!("{changes} ({}), {lost}", named.join(", "))
    }
}

/// The change sets that a deployment has made: each look at the stack needs one of its own, and so
/// does each that became void.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSets {
    /// How many were begun. The last of them may be there.
    pub begun: u32,
    /// The last that CloudFormation is known to have taken.
    pub taken: u32,
    /// The last that was executed or removed.
    pub settled: u32,
}

impl ChangeSets {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The name of the last one: the same every time, so that a lost answer is found again.
    pub fn name(&self, deployment: &DeploymentId) -> String {
        format!("sluice-{deployment}-{}", self.begun)
    }

    /// Whether the last one was neither executed nor removed.
    pub fn is_open(&self) -> bool {
        self.begun > self.settled
    }

    /// Whether CloudFormation has taken the last one, as far as was heard.
    pub fn is_taken(&self) -> bool {
        self.taken == self.begun
    }

    /// The last one was executed or removed.
    pub(crate) fn settle(&mut self) {
        self.settled = self.begun;
    }
}

/// A stack as CloudFormation has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackReading {
    /// The hash of its template, as it was given to CloudFormation.
    pub template: Hash,
    /// Its parameters; `None` where CloudFormation does not tell the value (`NoEcho`).
    pub parameters: BTreeMap<String, Option<String>>,
}

/// A change set to be made. Its name is the request's token too: one of that name that is there is
/// this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSetOrder {
    /// The stack.
    pub stack: String,
    /// The name of the change set, made from the deployment's id.
    pub name: String,
    /// Where the template is, in S3; `None` leaves the one that the stack has.
    pub template: Option<String>,
    /// Parameters with a new value; the others keep theirs.
    pub parameters: BTreeMap<String, String>,
}

/// A change set as CloudFormation has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeSetReading {
    /// There is none of that name: not yet, or not any more.
    Absent,
    /// CloudFormation still works it out.
    UnderWay,
    /// There is nothing to change. It cannot be executed.
    Unchanged,
    /// CloudFormation could not make it, and why.
    Failed(String),
    /// It cannot be executed any more, and why: the stack has changed since.
    Void(String),
    /// It can be executed.
    Available(Box<StackChanges>),
}

/// What came of the request to execute a change set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Execution {
    /// CloudFormation has taken it, now or before.
    Taken,
    /// It was never executed and cannot be, and why.
    Void(String),
}

/// How an update of a stack ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StackEnd {
    /// Everything is changed.
    Updated,
    /// CloudFormation has taken back what it had changed.
    RolledBack,
    /// It could not take that back: the stack is stuck (`UPDATE_ROLLBACK_FAILED`).
    Stuck,
}

impl StackEnd {
    /// What the status of a stack means for an update of it; `None` while that runs.
    pub fn of(status: &str) -> Option<Self> {
        match status {
            "UPDATE_COMPLETE" => Some(Self::Updated),
            "UPDATE_ROLLBACK_COMPLETE" => Some(Self::RolledBack),
            "UPDATE_ROLLBACK_FAILED" | "UPDATE_FAILED" => Some(Self::Stuck),
            _ => None,
        }
    }
}

/// One resource at one moment of an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackEvent {
    /// The logical id.
    pub resource: String,
    /// CloudFormation's word, such as `UPDATE_IN_PROGRESS`.
    pub status: String,
    /// And its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl fmt::Display for StackEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.resource, self.status)?;
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

/// How far our own update is, by the events that carry its token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackUpdate {
    /// How it ended; `None` while it runs, and before its first event shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<StackEnd>,
    /// Its newest events, the newest first, [`EVENTS`] at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<StackEvent>,
    /// The first resource that failed, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<StackEvent>,
}
