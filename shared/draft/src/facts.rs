//! What was read of a cluster. No secret's value is among it.

use std::collections::BTreeMap;
use std::fmt;

use sluice_words::doctor::NotSeen;

/// A fact, or why it could not be read.
pub type Seen<T> = Result<T, NotSeen>;

/// A cluster, and what belongs to the services in it.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// The environment that it is said to be, if it was said.
    pub environment: Option<String>,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Its services that are active.
    pub services: Seen<Vec<Service>>,
    /// The alarms of account and region.
    pub alarms: Seen<Vec<Alarm>>,
    /// The databases of account and region.
    pub databases: Seen<Vec<Database>>,
    /// Task definitions of the account whose family names a migration.
    pub migrations: Seen<Vec<TaskDefinition>>,
    /// The names of the secrets that the task definitions name by ARN, by that ARN. `None` where there
    /// is no such secret.
    pub secrets: BTreeMap<String, Seen<Option<String>>>,
}

impl Cluster {
    /// The partition of its ARNs: `aws`, or another cloud of AWS's.
    pub fn partition(&self) -> &'static str {
        match self.region.split('-').next() {
            Some("cn") => "aws-cn",
            Some("us") if self.region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

/// A service in ECS.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its deployment controller.
    pub controller: String,
    /// Whether ECS puts one task on each instance (`DAEMON`).
    pub is_daemon: bool,
    /// How ECS replaces its tasks: `ROLLING`, `BLUE_GREEN`, `CANARY` or `LINEAR`.
    pub strategy: String,
    /// Per cent of a step, and how many minutes ECS waits after it.
    pub steps: Option<(f64, i32)>,
    /// How many of its tasks may run at most during a deployment, in per cent.
    pub maximum_percent: Option<i32>,
    /// How many tasks it has.
    pub desired: i32,
    /// The alarms of its deployments.
    pub alarms: Vec<String>,
    /// Its task definition.
    pub definition: Seen<TaskDefinition>,
    /// Its load balancers.
    pub balancers: Vec<Balancer>,
}

/// A task definition.
#[derive(Clone, Debug)]
pub struct TaskDefinition {
    /// Its family.
    pub family: String,
    /// Its roles: that of the tasks, and that which starts them.
    pub roles: Vec<String>,
    /// Its containers, in their order.
    pub containers: Vec<Container>,
}

/// A container of a task definition.
#[derive(Clone, Debug, Default)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image, with the registry's host.
    pub image: String,
    /// Whether the task ends with it.
    pub essential: bool,
    /// Its entry point and command, where they are not the image's own.
    pub command: Vec<Hidden>,
    /// The command of its health check.
    pub health_check: Vec<Hidden>,
    /// The ports that it listens on.
    pub ports: Vec<i32>,
    /// Its stop timeout.
    pub stop_timeout_s: Option<i32>,
    /// Its log group.
    pub log_group: Option<String>,
    /// Its plain variables.
    pub variables: BTreeMap<String, Hidden>,
    /// Where the values of its other variables are.
    pub secrets: BTreeMap<String, String>,
}

/// A text in which someone may have written a password. It is compared and never shown whole.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text. The caller decides what of it may be shown.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// A load balancer of a service.
#[derive(Clone, Debug)]
pub struct Balancer {
    /// The container that it sends requests to.
    pub container: String,
    /// And its port.
    pub port: i32,
    /// Its target groups: the one, and the alternate one.
    pub groups: Vec<TargetGroup>,
    /// Whether ECS has a role to shift traffic with.
    pub has_role: bool,
    /// The production listener rule that ECS shifts.
    pub production: Option<Seen<Entrance>>,
    /// The test listener rule.
    pub test: Option<Seen<Entrance>>,
    /// Where no rule is named: every listener and rule that forwards to its first target group.
    pub found: Seen<Vec<Entrance>>,
}

/// A target group.
#[derive(Clone, Debug)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// What is known of it.
    pub about: Seen<GroupFacts>,
}

/// What is known of a target group.
#[derive(Clone, Debug, Default)]
pub struct GroupFacts {
    /// The path of its health check; `None` where it does not use HTTP.
    pub health_path: Option<String>,
    /// The status codes that the check takes as healthy, such as `200-399`.
    pub healthy_codes: Option<String>,
    /// Its VPC.
    pub vpc: Option<String>,
    /// The load balancers that send it requests, by ARN.
    pub balancers: Vec<String>,
}

/// Where requests come in: a rule of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entrance {
    /// Whether it is encrypted.
    pub secure: bool,
    /// The port.
    pub port: i32,
    /// The hosts that its rule is for.
    pub hosts: Vec<String>,
    /// The paths that its rule is for.
    pub paths: Vec<String>,
    /// The DNS name of the load balancer.
    pub balancer: String,
    /// Whether the load balancer can be reached only inside its VPC.
    pub internal: bool,
}

/// An alarm.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Whether it is firing.
    pub firing: bool,
    /// Whether autoscaling acts on it.
    pub of_autoscaling: bool,
    /// The dimensions of its metrics.
    pub dimensions: Vec<(String, String)>,
}

/// A database.
#[derive(Clone, Debug)]
pub struct Database {
    /// The identifier.
    pub identifier: String,
    /// Of an Aurora cluster, and not of an instance.
    pub is_cluster: bool,
    /// The host names at which it answers.
    pub hosts: Vec<String>,
    /// Its VPC, as far as RDS says it.
    pub vpc: Option<String>,
    /// The secret that RDS keeps its password in.
    pub secret: Option<String>,
}
