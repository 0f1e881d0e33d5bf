//! Task definitions: what is seen of the one that a service runs and of others beside it, and what
//! is asked for when a new revision is registered.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::id::{ContainerName, DeploymentId, ServiceName, TaskDefinitionArn, TaskFamily};
use crate::redact::redacted;

/// Differences that are told of two revisions.
const DIFFERENCES: usize = 40;
/// Characters that are told of a value: a command may be long.
const VALUE_CHARS: usize = 120;
/// ECS takes no longer name of a family.
const FAMILY_CHARS: usize = 255;
/// At the end of the name of the family in which a service's inspections are registered.
const INSPECTION: &str = "-inspection";

impl TaskDefinitionArn {
    /// `…:task-definition/erp-web:41` → `erp-web`.
    pub fn family(&self) -> TaskFamily {
        let name = self.as_str();
        let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
        TaskFamily::new(name.split_once(':').map_or(name, |(family, _)| family))
    }
}

impl TaskFamily {
    /// The family that Sluice registers in for a service that was created with a revision of this one:
    /// `erp-web-base` and `web` make `erp-web`.
    #[must_use]
    pub fn of_service(&self, service: &ServiceName) -> Self {
        let end = format!("-{service}");
        match self.as_str().strip_suffix("-base") {
            Some(stem) if stem.ends_with(&end) => Self::new(stem),
            Some(stem) => Self::new(stem).ending(&end),
            None => self.ending(&end),
        }
    }

    /// The family for one-off tasks that only look: what they run was approved by no one yet, and
    /// must not be found in the family of the service.
    #[must_use]
    pub fn of_inspections(&self) -> Self {
        self.ending(INSPECTION)
    }

    fn ending(&self, end: &str) -> Self {
        let kept = self.as_str().chars();
        let kept = kept.take(FAMILY_CHARS.saturating_sub(end.len()));
        Self::new(kept.chain(end.chars()).collect::<String>())
    }
}

/// A revision to be registered with the release's image, variables and secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionOrder {
    /// The revision it is made from.
    pub from: TaskDefinitionArn,
    /// The family it gets into; `None` is the family of `from`.
    pub family: Option<TaskFamily>,
    /// The container that is changed.
    pub container: ContainerName,
    /// Variables and secrets that are taken out of that container.
    pub removes: Vec<String>,
    /// From SIGTERM to SIGKILL; `None` leaves it.
    pub stop_timeout: Option<SignedDuration>,
}

/// The task definition that a service runs, with what a plan has to know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionObservation {
    /// The deployment that its tag `sluice:deployment` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentId>,
    /// Names of variables and secrets of our container that the configuration does not set.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub others: BTreeSet<String>,
    /// Which of them Sluice set: its own record of the deployment that registered the revision has
    /// them. A tag alone proves nothing, since anyone can write one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ours: BTreeSet<String>,
    /// What the service needs of a task definition.
    #[serde(default)]
    pub needs: Needs,
    /// The newest active revision of its family that was registered after it, and not by Sluice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<FamilyRevision>,
    /// What there is of the base family, where one is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseReading>,
}

/// The newest revision of a family that infrastructure code owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BaseReading {
    /// The family has no active revision, or only Sluice's.
    NotThere,
    /// The newest active one that Sluice did not register.
    Newest(FamilyRevision),
}

/// A revision of a task definition family beside the one that a service runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyRevision {
    /// It.
    pub task_definition: TaskDefinitionArn,
    /// What is different in it, such as `cpu 512 → 1024`, apart from what Sluice sets. No value of a
    /// variable is among it.
    pub differs: Vec<String>,
    /// What it can be used for.
    #[serde(default)]
    pub outline: Outline,
}

/// What a task definition can be used for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// ECS's `networkMode`, such as `awsvpc`.
    pub network_mode: String,
    /// The launch types that ECS says it is compatible with; empty where ECS does not say.
    pub launch_types: BTreeSet<String>,
    /// Its containers, and the ports that each of them maps.
    pub ports: BTreeMap<ContainerName, BTreeSet<u16>>,
}

/// What a service needs of a task definition, as far as what it runs now fulfils it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// The network mode of what it runs: the service's own network settings are made for it.
    pub network_mode: String,
    /// The launch type of the service; `None` of one with capacity providers of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<String>,
    /// Where its load balancers send requests: a container, and its port.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub balanced: BTreeSet<(ContainerName, u16)>,
}

impl Needs {
    /// What a service needs that runs a task definition.
    pub fn of(
        runs: &Outline,
        launch_type: Option<String>,
        balanced: BTreeSet<(ContainerName, u16)>,
    ) -> Self {
        let maps = |(container, port): &(ContainerName, u16)| {
            let ports = runs.ports.get(container);
            ports.is_some_and(|ports| ports.contains(port))
        };
        let launch_type = launch_type.filter(|one| runs.launch_types.contains(one));
        Self {
            network_mode: runs.network_mode.clone(),
            launch_type,
            balanced: balanced.into_iter().filter(maps).collect(),
        }
    }

    /// Why a task definition does not fit the service; nothing of one that does.
    pub fn unmet(&self, container: &ContainerName, by: &Outline) -> Vec<String> {
        let mut unmet = Vec::new();
        if !by.ports.contains_key(container) {
            let there: Vec<&str> = by.ports.keys().map(ContainerName::as_str).collect();
            unmet.push(format!(
                "it has no container `{container}`, only {}",
                there.join(", ")
            ));
        }
        for (balanced, port) in &self.balanced {
            let ports = by.ports.get(balanced);
            if !ports.is_some_and(|ports| ports.contains(port)) {
                unmet.push(format!(
                    "the load balancer sends requests to port {port} of the container \
                     `{balanced}`, which it does not have"
                ));
            }
        }
        if by.network_mode != self.network_mode {
            let (has, wants) = (&by.network_mode, &self.network_mode);
            unmet.push(format!(
                "its network mode is {has}, and the service's is {wants}"
            ));
        }
        if let Some(launch_type) = &self.launch_type
            && !by.launch_types.is_empty()
            && !by.launch_types.contains(launch_type)
        {
            unmet.push(format!(
                "it is not compatible with the launch type {launch_type}"
            ));
        }
        unmet
    }
}

/// A task definition, member by member, to be held against another one. What Sluice sets is left
/// out by the adapter that reads it.
#[derive(Clone, Debug, Default)]
pub struct Members(BTreeMap<String, Member>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    Shown(String),
    /// A text in which a password may stand.
    Text(String),
    /// A value that people are not shown: it may be a secret, or too much to read.
    Hidden(String),
}

impl Members {
    /// A member whose value people see.
    pub fn show(&mut self, name: impl Into<String>, value: Option<impl Into<String>>) {
        let value = value.map(|value| Member::Shown(value.into()));
        self.0.extend(value.map(|value| (name.into(), value)));
    }

    /// A member whose value people see, but for what looks like a secret in it.
    pub fn show_text(&mut self, name: impl Into<String>, value: Option<impl Into<String>>) {
        let value = value.map(|value| Member::Text(value.into()));
        self.0.extend(value.map(|value| (name.into(), value)));
    }

    /// A member of which people only see that it is another.
    pub fn hide(&mut self, name: impl Into<String>, value: Option<impl Into<String>>) {
        let value = value.map(|value| Member::Hidden(value.into()));
        self.0.extend(value.map(|value| (name.into(), value)));
    }

    /// What is different in another one, in words: `cpu 512 → 1024`.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let pairs = names
            .into_iter()
            .map(|name| (name, self.0.get(name), other.0.get(name)));
        let differ = pairs.filter(|(_, one, other)| one != other);
        let mut said: Vec<String> = differ
            .map(|(name, one, other)| said(name, one, other))
            .collect();
        let more = said.len().saturating_sub(DIFFERENCES);
        if more > 0 {
            said.truncate(DIFFERENCES);
            said.push(format!("and {more} more"));
        }
        said
    }
}

fn said(name: &str, one: Option<&Member>, other: Option<&Member>) -> String {
    match (one, other) {
        (Some(Member::Hidden(_)), None) => format!("{name} removed"),
        (None, Some(Member::Hidden(_))) => format!("{name} added"),
        (Some(Member::Hidden(_)), _) | (_, Some(Member::Hidden(_))) => format!("{name} changed"),
        (one, other) => format!("{name} {} → {}", shown(one), shown(other)),
    }
}

fn shown(member: Option<&Member>) -> String {
    let value = match member {
        Some(Member::Shown(value)) => value.clone(),
        Some(Member::Text(value)) => redacted(value),
        Some(Member::Hidden(_)) | None => return "none".to_owned(),
    };
    match value.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(arn: &str) -> String {
        TaskDefinitionArn::new(arn).family().to_string()
    }

    #[test]
    fn a_family_is_read_from_an_arn() {
        let arn = "arn:aws:ecs:eu-central-1:111111111111:task-definition/erp-web:41";
        assert_eq!(family(arn), "erp-web");
        assert_eq!(family("erp-web:41"), "erp-web");
    }

    #[test]
    fn a_service_has_a_family_of_its_own_beside_its_base() {
        for (base, service, own) in [
            ("erp-production-web-base", "web", "erp-production-web"),
            ("erp-base", "worker", "erp-worker"),
            ("erp-web", "web", "erp-web-web"),
        ] {
            let own_of = TaskFamily::new(base).of_service(&ServiceName::new(service));
            assert_eq!(own_of.as_str(), own);
        }
    }

    #[test]
    fn inspections_have_a_family_of_their_own_that_ecs_takes() {
        let long = TaskFamily::new("x".repeat(255)).of_inspections();
        assert_eq!(long.as_str().len(), 255);
        assert!(long.as_str().ends_with("x-inspection"));
        let web = TaskFamily::new("erp-web").of_inspections();
        assert_eq!(web.as_str(), "erp-web-inspection");
    }

    #[test]
    fn values_that_may_be_secret_are_told_apart_and_never_shown() {
        let (mut runs, mut other) = (Members::default(), Members::default());
        runs.show("cpu", Some("512"));
        other.show("cpu", Some("1024"));
        runs.show("memory", Some("1024"));
        other.show("memory", Some("1024"));
        other.show("task role", Some("arn:role"));
        runs.hide("variable A of app", Some("hunter2"));
        other.hide("variable A of app", Some("hunter3"));
        runs.hide("variable B of app", Some("hunter2"));
        other.hide("variable C of app", Some("hunter2"));
        let expected = [
            "cpu 512 → 1024",
            "task role none → arn:role",
            "variable A of app changed",
            "variable B of app removed",
            "variable C of app added",
        ];
        assert_eq!(runs.differences(&other), expected);
    }

    #[test]
    fn a_command_is_shown_without_its_password_and_cut() {
        let (mut runs, mut other) = (Members::default(), Members::default());
        runs.show_text("command of app", Some("serve"));
        let url = "serve --database postgresql://erp:hunter2@db:5432/erp";
        other.show_text("command of app", Some(format!("{url} {}", "x".repeat(500))));
        let said = runs.differences(&other).remove(0);
        assert!(!said.contains("hunter2"), "{said}");
        assert!(said.ends_with("x…") && said.len() < 200, "{said}");
        let many = |value: &str| {
            let mut members = Members::default();
            for number in 0..100 {
                members.show(format!("member {number:03}"), Some(value));
            }
            members
        };
        let said = many("a").differences(&many("b"));
        assert_eq!(said.len(), DIFFERENCES + 1);
        assert_eq!(said[DIFFERENCES], "and 60 more");
    }

    fn outline(network_mode: &str, launch_type: &str, ports: &[(&str, u16)]) -> Outline {
        let ports = ports.iter();
        Outline {
            network_mode: network_mode.to_owned(),
            launch_types: BTreeSet::from([launch_type.to_owned()]),
            ports: ports
                .map(|(name, port)| (ContainerName::new(*name), BTreeSet::from([*port])))
                .collect(),
        }
    }

    #[test]
    fn what_a_service_needs_is_found_missing() {
        let runs = outline("awsvpc", "FARGATE", &[("app", 8000), ("proxy", 8443)]);
        let balanced = BTreeSet::from([(ContainerName::new("proxy"), 8443)]);
        let needs = Needs::of(&runs, Some("FARGATE".to_owned()), balanced);
        let app = ContainerName::new("app");
        assert_eq!(needs.unmet(&app, &runs), Vec::<String>::new());
        let other = outline("bridge", "EC2", &[("web", 8000), ("proxy", 80)]);
        let expected = [
            "it has no container `app`, only proxy, web",
            "the load balancer sends requests to port 8443 of the container `proxy`, which it does \
             not have",
            "its network mode is bridge, and the service's is awsvpc",
            "it is not compatible with the launch type FARGATE",
        ];
        assert_eq!(needs.unmet(&app, &other), expected);
        // What the running one does not fulfil itself is asked of no other.
        let balanced = BTreeSet::from([(ContainerName::new("proxy"), 1)]);
        let needs = Needs::of(&runs, Some("EXTERNAL".to_owned()), balanced);
        assert_eq!(needs.unmet(&app, &runs), Vec::<String>::new());
    }
}
