//! What is compared of a service in two environments, as Sluice's adapter reads it.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sluice_app::ports::ServiceQuery;
use sluice_core::id::{ClusterName, ContainerName};
use sluice_core::parity::{Front, ServiceFacts, Value};

use super::{Container, TaskDefinition};
use crate::cloud::Cloud;
use crate::cloud::elb::FrontSettings;
use crate::cloud::lag::Read;
use crate::cloud::place::Place;

impl Cloud {
    /// DescribeServices, DescribeTaskDefinition, DescribeRules and DescribeTargetGroups.
    pub(in crate::cloud) fn service_facts(
        &self,
        place: &Place,
        cluster: &ClusterName,
        query: &ServiceQuery,
    ) -> Option<ServiceFacts> {
        let at = self.service_at(place, cluster, &query.ecs_service)?;
        let service = self.sight_of(at, Read::Services).service;
        let definition = &self.ecs.task_definitions[service.task_definition];
        let front = self.sight_of(at, Read::Targets).service.traffic.as_ref();
        let mut facts = ServiceFacts {
            service: query.service.clone(),
            image: String::new(),
            size: BTreeMap::new(),
            variables: named(definition, &query.container, |one| &one.variables),
            secrets: named(definition, &query.container, |one| &one.secrets),
            settings: settings(&definition.rest),
            health_checks: BTreeMap::new(),
            front: Ok(front.map(|traffic| told(&traffic.settings))),
        };
        for member in ["cpu", "memory"] {
            let size = definition.rest[member].as_str();
            let size = size.and_then(|size| size.parse().ok());
            facts
                .size
                .extend(size.map(|size| (member.to_owned(), size)));
        }
        for container in &definition.containers {
            add(&mut facts, definition, container, &query.container);
        }
        Some(facts)
    }
}

/// Of our own container by the name alone.
fn named<'a>(
    definition: &'a TaskDefinition,
    own: &ContainerName,
    of: impl Fn(&'a Container) -> &'a BTreeMap<String, String>,
) -> std::collections::BTreeSet<String> {
    let all = definition.containers.iter().flat_map(|container| {
        let names = of(container).keys();
        names.map(move |name| match container.name == *own {
            true => name.clone(),
            false => format!("{name} of {}", container.name),
        })
    });
    all.collect()
}

fn settings(rest: &Json) -> BTreeMap<String, Value> {
    let platform = &rest["runtimePlatform"];
    let settings = [
        ("network mode", &rest["networkMode"]),
        ("cpu architecture", &platform["cpuArchitecture"]),
        ("operating system", &platform["operatingSystemFamily"]),
    ];
    let there = settings.into_iter();
    let there = there.filter_map(|(name, value)| Some((name.to_owned(), value.as_str()?)));
    there
        .map(|(name, value)| (name, Value::text(value)))
        .collect()
}

fn add(
    facts: &mut ServiceFacts,
    definition: &TaskDefinition,
    container: &Container,
    own: &ContainerName,
) {
    let name = &container.name;
    let told = definition.rest["containerDefinitions"].as_array();
    let mut told = told.into_iter().flatten();
    let told = told.find(|one| one["name"].as_str() == Some(name.as_str()));
    let none = Json::Null;
    let told = told.unwrap_or(&none);
    if name == own {
        facts.image.clone_from(&container.image);
    } else {
        let image = Value::text(&container.image);
        facts.settings.insert(format!("image of {name}"), image);
    }
    let mut set = |what: &str, value: Option<Value>| {
        let value = value.map(|value| (format!("{what} of {name}"), value));
        facts.settings.extend(value);
    };
    set(
        "essential",
        Some(Value::text(container.essential.to_string())),
    );
    let seconds = container
        .stop_timeout
        .map(|time| format!("{} s", time.as_secs()));
    set("stop timeout", seconds.map(Value::text));
    let driver = told["logConfiguration"]["logDriver"].as_str();
    set("log driver", driver.map(Value::text));
    set("user", told["user"].as_str().map(Value::text));
    for (what, member) in [("command", "command"), ("entry point", "entryPoint")] {
        set(what, words(&told[member]).map(Value::Hidden));
    }
    let check = &told["healthCheck"];
    let mut check_has = |what: &str, value: Option<Value>| {
        let value = value.map(|value| (format!("{name} {what}"), value));
        facts.health_checks.extend(value);
    };
    check_has("command", words(&check["command"]).map(Value::text));
    for (what, member, unit) in [
        ("interval", "interval", " s"),
        ("timeout", "timeout", " s"),
        ("retries", "retries", ""),
        ("start period", "startPeriod", " s"),
    ] {
        let number = check[member].as_i64();
        check_has(
            what,
            number.map(|number| Value::text(format!("{number}{unit}"))),
        );
    }
}

fn words(list: &Json) -> Option<String> {
    let words: Vec<&str> = list.as_array()?.iter().filter_map(Json::as_str).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn told(settings: &FrontSettings) -> Front {
    let conditions = settings.conditions.iter();
    let conditions = conditions.map(|(field, values)| {
        let value = Value::text(values.join(", "));
        (field.clone(), value)
    });
    let actions = ("actions".to_owned(), Value::text("forward"));
    let check = [
        ("protocol", "HTTP".to_owned()),
        ("path", settings.health_path.clone()),
        ("healthy codes", settings.healthy_codes.clone()),
        ("interval", format!("{} s", settings.interval_s)),
        ("timeout", format!("{} s", settings.timeout_s)),
        ("healthy after", settings.healthy_after.to_string()),
        ("unhealthy after", settings.unhealthy_after.to_string()),
    ];
    let check = check.into_iter();
    Front {
        rule: conditions.chain([actions]).collect(),
        health_check: check
            .map(|(name, value)| (name.to_owned(), Value::text(value)))
            .collect(),
    }
}
