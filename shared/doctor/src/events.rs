//! What should reach Sluice by EventBridge, and by which rules it does.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluice_core::config::Config;
use sluice_core::registry::Registry;
use sluice_words::doctor::{Check, NotSeen, events as words};

use crate::facts::{Delivered, Facts, Rule, Seen};
use crate::functions::full;
use crate::sheet::Sheet;

/// Something that happens in AWS and that Sluice must learn of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// An image was pushed to the repository.
    ImagePushed(String),
    /// An image in it was scanned.
    ImageScanned(String),
    /// A branch of the repository changed.
    SourceChanged(String),
    /// A build of the project ended.
    BuildEnded(String),
    /// A deployment of a service ended.
    ServiceDeployed,
    /// A task stopped.
    TaskStopped,
    /// A snapshot was made.
    SnapshotMade,
}

impl EventKind {
    /// What happens, in words.
    pub fn in_words(&self) -> String {
        match self {
            Self::ImagePushed(repository) => format!("an image was pushed to {repository}"),
            Self::ImageScanned(repository) => format!("an image in {repository} was scanned"),
            Self::SourceChanged(repository) => format!("a branch of {repository} changed"),
            Self::BuildEnded(project) => format!("a build of {project} ended"),
            Self::ServiceDeployed => "a deployment of a service ended".to_owned(),
            Self::TaskStopped => "a task stopped".to_owned(),
            Self::SnapshotMade => "a snapshot was made".to_owned(),
        }
    }

    /// The function that it goes to; `None` for the queue.
    pub fn function(&self) -> Option<&'static str> {
        match self {
            Self::ImagePushed(_) | Self::ImageScanned(_) => Some("registry-push"),
            Self::SourceChanged(_) | Self::BuildEnded(_) => Some("source-push"),
            Self::ServiceDeployed | Self::TaskStopped | Self::SnapshotMade => None,
        }
    }
}

/// One leg of an event's way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delivery {
    /// What happens.
    pub event: EventKind,
    /// The account in which it happens.
    pub account: String,
    /// From that account's default bus to Sluice's; or else from Sluice's bus to its target.
    pub forwarded: bool,
}

/// Both legs of everything that should reach Sluice.
pub fn deliveries(configs: &[Config], own: &Registry) -> Vec<Delivery> {
    let mut events = BTreeSet::new();
    for config in configs {
        let repository = config.repository.to_string();
        let registry = config.registry.as_ref().unwrap_or(own).account.to_string();
        if config
            .environments
            .iter()
            .any(|one| one.scan.block.is_some())
        {
            let scanned = EventKind::ImageScanned(repository.clone());
            events.insert((scanned, registry.clone()));
        }
        events.insert((EventKind::ImagePushed(repository), registry));
        if let Some(source) = config.in_codecommit() {
            let changed = EventKind::SourceChanged(source.repository.to_string());
            events.insert((changed, own.account.to_string()));
            let ended = source.build.as_ref();
            let ended = ended.map(|build| EventKind::BuildEnded(build.to_string()));
            events.extend(ended.map(|ended| (ended, own.account.to_string())));
        }
        for environment in &config.environments {
            let account = environment.account.to_string();
            events.insert((EventKind::ServiceDeployed, account.clone()));
            events.insert((EventKind::TaskStopped, account.clone()));
            if environment.backup.is_some() {
                events.insert((EventKind::SnapshotMade, account));
            }
        }
    }
    let legs = events.into_iter().flat_map(|(event, account)| {
        [true, false].map(|forwarded| Delivery {
            event: event.clone(),
            account: account.clone(),
            forwarded,
        })
    });
    legs.collect()
}

/// The event as AWS sends it, for EventBridge to compare patterns with.
pub fn sample(event: &EventKind, account: &str, region: &str) -> Value {
    let (source, detail_type, detail) = match event {
        EventKind::ImagePushed(repository) => (
            "aws.ecr",
            "ECR Image Action",
            json!({
                "action-type": "PUSH", "result": "SUCCESS", "repository-name": repository,
                "image-digest": format!("sha256:{}", "0".repeat(64)), "image-tag": "v0.0.0",
            }),
        ),
        EventKind::ImageScanned(repository) => (
            "aws.ecr",
            "ECR Image Scan",
            json!({
                "scan-status": "COMPLETE", "repository-name": repository,
                "image-digest": format!("sha256:{}", "0".repeat(64)), "image-tags": ["v0.0.0"],
            }),
        ),
        EventKind::SourceChanged(repository) => (
            "aws.codecommit",
            "CodeCommit Repository State Change",
            json!({
                "event": "referenceUpdated", "repositoryName": repository,
                "referenceType": "branch", "referenceName": "main",
            }),
        ),
        EventKind::BuildEnded(project) => (
            "aws.codebuild",
            "CodeBuild Build State Change",
            json!({ "build-status": "SUCCEEDED", "project-name": project }),
        ),
        EventKind::ServiceDeployed => (
            "aws.ecs",
            "ECS Deployment State Change",
            json!({ "eventType": "INFO", "eventName": "SERVICE_DEPLOYMENT_COMPLETED" }),
        ),
        EventKind::TaskStopped => (
            "aws.ecs",
            "ECS Task State Change",
            json!({ "lastStatus": "STOPPED", "desiredStatus": "STOPPED" }),
        ),
        EventKind::SnapshotMade => (
            "aws.rds",
            "RDS DB Snapshot Event",
            json!({ "SourceType": "SNAPSHOT", "EventID": "RDS-EVENT-0042" }),
        ),
    };
    json!({
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": "2026-01-05T09:00:00Z",
        "region": region,
        "resources": [],
        "detail": detail,
    })
}

pub(crate) fn examine(facts: &Facts, sheet: &mut Sheet) {
    let mut kept = BTreeSet::new();
    for delivered in &facts.deliveries {
        match delivered.delivery.forwarded {
            true => forwarded(facts, delivered, sheet),
            false => taken(facts, delivered, &mut kept, sheet),
        }
    }
    let others: BTreeSet<&str> = facts
        .deliveries
        .iter()
        .map(|one| one.delivery.account.as_str())
        .filter(|account| *account != facts.account)
        .collect();
    for account in others {
        sheet.check(Check::BusPolicy, account, &facts.bus_takes, |takes| {
            (!takes.get(account).copied().unwrap_or(false))
                .then(|| words::bus_refuses(&facts.stack, &facts.stack, account))
        });
    }
    let health_check = full(&facts.stack, "health-check");
    sheet.check(Check::Minute, &health_check, &facts.minute, |minute| {
        (!minute).then(|| words::no_minute(&facts.stack, &health_check))
    });
}

/// The rule that takes the event, an enabled one first.
fn taker(rules: &[Rule]) -> Option<&Rule> {
    let takers = || rules.iter().filter(|rule| rule.takes);
    takers()
        .find(|rule| rule.enabled)
        .or_else(|| takers().next())
}

fn forwarded(facts: &Facts, delivered: &Delivered, sheet: &mut Sheet) {
    let (event, account) = (
        delivered.delivery.event.in_words(),
        &delivered.delivery.account,
    );
    let subject = format!("{account}: {event}");
    sheet.check(
        Check::Forwarding,
        &subject,
        &delivered.rules,
        |rules| match taker(rules) {
            Some(rule) if rule.enabled => None,
            Some(rule) => Some(words::rule_disabled(&rule.name, "default", &event)),
            None => {
                let own = *account == facts.account;
                Some(words::not_forwarded(&facts.stack, &event, account, own))
            }
        },
    );
}

/// On Sluice's own bus. `kept` are the rules whose targets were looked at already.
fn taken(facts: &Facts, delivered: &Delivered, kept: &mut BTreeSet<String>, sheet: &mut Sheet) {
    let (stack, delivery) = (&facts.stack, &delivered.delivery);
    let event = delivery.event.in_words();
    let subject = format!("{}: {event}", delivery.account);
    let target = match delivery.event.function() {
        Some(function) => full(stack, function),
        None => "the queue of wake-ups".to_owned(),
    };
    sheet.check(
        Check::EventRule,
        &subject,
        &delivered.rules,
        |rules| match taker(rules) {
            Some(rule) if rule.enabled => None,
            Some(rule) => Some(words::rule_disabled(&rule.name, stack, &event)),
            None => Some(words::no_rule(stack, &event, stack, &target)),
        },
    );
    let Ok(rules) = &delivered.rules else {
        let checks = [Check::EventDeadLetters, Check::EventPermission];
        return sheet.unknown(
            &checks,
            &subject,
            delivered.rules.as_ref().expect_err("it is"),
        );
    };
    let Some(rule) = taker(rules).filter(|rule| kept.insert(rule.arn.clone())) else {
        return;
    };
    sheet.check(
        Check::EventDeadLetters,
        &rule.name,
        &Ok(rule.dead_letters),
        |has| (!has).then(|| words::no_dead_letters(stack, &rule.name, stack)),
    );
    let permitted = permitted(facts, delivery.event.function());
    sheet.check(
        Check::EventPermission,
        &rule.name,
        &permitted,
        |permitted| {
            if permitted.contains(&rule.arn) {
                return None;
            }
            Some(match delivery.event.function() {
                Some(_) => words::not_permitted(&rule.arn, &target),
                None => words::queue_not_permitted(stack, &rule.name, &target),
            })
        },
    );
}

/// The rules that may deliver to a function, or else to the queue.
fn permitted(facts: &Facts, function: Option<&str>) -> Seen<Vec<String>> {
    let Some(function) = function else {
        let queue = facts.queue.as_ref().map_err(Clone::clone)?;
        let queue = queue.as_ref();
        let queue = queue.ok_or_else(|| NotSeen::because("There is no queue to write to."))?;
        return Ok(queue.written_by.clone());
    };
    match facts.functions.get(function) {
        Some(Ok(Some(function))) => function.called_by.clone(),
        Some(Err(not_seen)) => Err(not_seen.clone()),
        Some(Ok(None)) | None => Err(NotSeen::because(format!(
            "There is no function {function} to be called."
        ))),
    }
}
