//! From what was read of an environment to what is compared.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::Value as Json;

use super::{Facts, Front, NotKnown, Reading, ServiceFacts, Value, neutral};
use crate::config::{Environment, ParityTopic, Settings, names_secret, words_of};
use crate::id::{AlarmName, ServiceName};
use crate::observation::{AlarmState, DatabaseObservation};
use crate::quantity;
use crate::release::VerifiedRelease;
use crate::stack::StackReading;

type Values = BTreeMap<String, Value>;

/// Everything that was read of an environment, each part with the reason where it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readings {
    /// What ECS and the load balancer say of the services that ECS has.
    pub services: Result<Vec<ServiceFacts>, NotKnown>,
    /// The configured alarms, with the state of each that there is.
    pub alarms: Result<Vec<(AlarmName, Option<AlarmState>)>, NotKnown>,
    /// The configured database, if there is one of that name. Unread without a configured one.
    pub database: Result<Option<DatabaseObservation>, NotKnown>,
    /// The configured stack. Unread without one.
    pub stack: Result<Option<StackReading>, NotKnown>,
    /// The revision of the schema. Unread without an inspected migration.
    pub schema: Result<Option<String>, NotKnown>,
    /// The release that was verified last.
    pub verified: Result<Option<VerifiedRelease>, NotKnown>,
}

/// What is compared of an environment.
pub fn facts(settings: &Settings, seen: &Readings) -> Facts {
    let environment = &settings.environment;
    let mut facts = Facts::default();
    let mut whole = |what: ParityTopic, reading: Result<Option<Values>, NotKnown>| {
        facts.add(what, None, of_environment(environment, reading));
    };
    whole(ParityTopic::Image, seen.verified.clone().map(verified));
    whole(ParityTopic::Schema, schema(settings, seen));
    whole(ParityTopic::Alarm, alarms(environment, seen));
    whole(ParityTopic::Database, database(environment, seen));
    let stack = stack(environment, seen);
    let part = |which: fn(&StackReading) -> Values| {
        let stack = stack.as_ref().map_err(Clone::clone);
        stack.map(|stack| stack.map(which))
    };
    whole(ParityTopic::StackTemplate, part(template));
    whole(ParityTopic::StackParameter, part(parameters));
    whole(
        ParityTopic::Configuration,
        Ok(Some(configuration(environment))),
    );
    for service in &settings.services {
        of_service(&mut facts, environment, &service.name, seen);
    }
    facts
}

/// Without what is the environment's own in names and values.
fn of_environment(environment: &Environment, reading: Result<Option<Values>, NotKnown>) -> Reading {
    match reading {
        Err(why) => Reading::Unknown(why),
        Ok(None) => Reading::NotApplicable,
        Ok(Some(values)) => {
            let values = values.iter();
            let own = |(name, value): (&String, &Value)| {
                (neutral(name, environment), value.neutral(environment))
            };
            Reading::Known(values.map(own).collect())
        }
    }
}

/// By its digest: the same image has a tag of its own in each environment.
fn verified(verified: Option<VerifiedRelease>) -> Option<Values> {
    let digest = Value::Text(verified?.release.digest.to_string());
    Some(BTreeMap::from([("verified release".to_owned(), digest)]))
}

/// Nothing of the kind where Sluice does not look at migrations.
fn schema(settings: &Settings, seen: &Readings) -> Result<Option<Values>, NotKnown> {
    let migration = settings.migration.as_ref();
    if migration.is_none_or(|migration| migration.inspect.is_none()) {
        return Ok(None);
    }
    let revision = seen.schema.clone()?.ok_or(NotKnown::NeverInspected)?;
    Ok(Some(BTreeMap::from([(
        "revision".to_owned(),
        Value::Text(revision),
    )])))
}

fn alarms(environment: &Environment, seen: &Readings) -> Result<Option<Values>, NotKnown> {
    if environment.alarms.is_empty() {
        return Ok(None);
    }
    let alarms = seen.alarms.as_ref().map_err(Clone::clone)?.iter();
    let there = |(name, state): &(AlarmName, Option<AlarmState>)| {
        let is_there = match state {
            Some(_) => "exists",
            None => "does not exist",
        };
        (name.to_string(), Value::Text(is_there.to_owned()))
    };
    Ok(Some(alarms.map(there).collect()))
}

fn database(environment: &Environment, seen: &Readings) -> Result<Option<Values>, NotKnown> {
    if environment.backup.is_none() {
        return Ok(None);
    }
    let text = |text: &str| Value::Text(text.to_owned());
    let database = seen.database.as_ref().map_err(Clone::clone)?;
    let values = match database {
        None => vec![("database", text("does not exist"))],
        Some(database) => vec![
            ("engine", text(&database.engine)),
            ("engine version", text(&database.engine_version)),
            (
                "encrypted",
                text(if database.encrypted { "yes" } else { "no" }),
            ),
        ],
    };
    let named = |(name, value): (&str, Value)| (name.to_owned(), value);
    Ok(Some(values.into_iter().map(named).collect()))
}

fn stack<'a>(
    environment: &Environment,
    seen: &'a Readings,
) -> Result<Option<&'a StackReading>, NotKnown> {
    match environment.stack {
        None => Ok(None),
        Some(_) => Ok(seen.stack.as_ref().map_err(Clone::clone)?.as_ref()),
    }
}

fn template(stack: &StackReading) -> Values {
    let hash = Value::Text(stack.template.to_string());
    BTreeMap::from([("hash".to_owned(), hash)])
}

fn parameters(stack: &StackReading) -> Values {
    let value = |name: &String, value: &Option<String>| match value {
        None => Value::There,
        Some(value) if names_secret(&words_of(name)) => Value::Hidden(value.clone()),
        Some(text) => Value::text(text),
    };
    let all = stack.parameters.iter();
    all.map(|(name, given)| (name.clone(), value(name, given)))
        .collect()
}

/// The keys of an environment that are its own by their nature, or are compared by what runs there.
const OWN: [&str; 17] = [
    "name",
    "account",
    "region",
    "role",
    "cluster",
    "tags",
    "after",
    "approval",
    "restore",
    "roles",
    "calendar",
    "variables",
    "secrets",
    "alarms",
    "channel",
    "monitors",
    "services",
];
/// Those of its stack.
const OWN_OF_STACK: [&str; 3] = ["name", "template", "parameters"];
/// Those of its services.
const OWN_OF_SERVICE: [&str; 3] = ["ecs_service", "url", "test_url"];

/// How releases are deployed and judged, key by key: whatever is not left out above.
fn configuration(environment: &Environment) -> Values {
    let mut json = serde_json::to_value(environment)
        .expect("the configuration serialises: it is stored with each deployment");
    let services = json["services"].take();
    without(&mut json, &OWN);
    without(&mut json["stack"], &OWN_OF_STACK);
    without(&mut json["scan"], &["except"]);
    let mut values = Values::new();
    flatten(String::new(), &json, &mut values);
    for (name, placement) in services.as_object().into_iter().flatten() {
        let mut placement = placement.clone();
        without(&mut placement, &OWN_OF_SERVICE);
        flatten(format!("services.{name}"), &placement, &mut values);
    }
    values
}

fn without(json: &mut Json, keys: &[&str]) {
    if let Some(members) = json.as_object_mut() {
        members.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

fn flatten(name: String, json: &Json, values: &mut Values) {
    let text = match json {
        Json::Null => return,
        Json::Object(members) => {
            for (key, value) in members {
                let dot = if name.is_empty() { "" } else { "." };
                flatten(format!("{name}{dot}{key}"), value, values);
            }
            return;
        }
        // Durations are stored in ISO 8601 and written like this in `sluice.toml`.
        Json::String(text) => match text.parse::<SignedDuration>() {
            Ok(duration) => quantity::duration(duration),
            Err(_) => text.clone(),
        },
        other => other.to_string(),
    };
    values.insert(name, Value::Text(text));
}

fn of_service(
    facts: &mut Facts,
    environment: &Environment,
    service: &ServiceName,
    seen: &Readings,
) {
    let found = seen.services.as_ref().map_err(Clone::clone);
    let found = found.map(|all| all.iter().find(|one| one.service == *service));
    let mut add = |what: ParityTopic, read: &dyn Fn(&ServiceFacts) -> Result<Values, NotKnown>| {
        let reading = match &found {
            Err(why) => Err(why.clone()),
            Ok(one) => one.map(read).transpose(),
        };
        facts.add(what, Some(service), of_environment(environment, reading));
    };
    add(ParityTopic::Image, &|one| Ok(image(one)));
    add(ParityTopic::TaskSize, &|one| {
        let sizes = one.size.iter();
        Ok(sizes
            .map(|(name, size)| (name.clone(), Value::Size(*size)))
            .collect())
    });
    add(ParityTopic::TaskDefinition, &|one| Ok(one.settings.clone()));
    add(ParityTopic::Variable, &|one| Ok(named(&one.variables)));
    add(ParityTopic::Secret, &|one| Ok(named(&one.secrets)));
    add(ParityTopic::ListenerRule, &|one| {
        let front = one.front.as_ref().map_err(Clone::clone)?;
        Ok(front
            .as_ref()
            .map(|front| front.rule.clone())
            .unwrap_or_default())
    });
    add(ParityTopic::HealthCheck, &health_checks);
}

/// By its digest, wherever it was pulled from.
fn image(one: &ServiceFacts) -> Values {
    let image = one
        .image
        .rsplit_once('@')
        .map_or(one.image.as_str(), |(_, digest)| digest);
    BTreeMap::from([("image".to_owned(), Value::Text(image.to_owned()))])
}

fn named<'a>(names: impl IntoIterator<Item = &'a String>) -> Values {
    let names = names.into_iter();
    names.map(|name| (name.clone(), Value::There)).collect()
}

/// Those of containers and of the target group.
fn health_checks(one: &ServiceFacts) -> Result<Values, NotKnown> {
    let front = one.front.as_ref().map_err(Clone::clone)?;
    let checks = front
        .as_ref()
        .map(|Front { health_check, .. }| health_check);
    let of_group = checks.into_iter().flatten();
    let of_group = of_group.map(|(name, value)| (format!("target group {name}"), value.clone()));
    Ok(one
        .health_checks
        .clone()
        .into_iter()
        .chain(of_group)
        .collect())
}
