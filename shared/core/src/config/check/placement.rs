//! Where each service stands in an environment, and how it is replaced there.

use std::collections::BTreeMap;

use super::{Known, given, minutes, or};
use crate::config::raw::{self, StrategyWord};
use crate::config::reader::{At, Field};
use crate::config::report::{Place, Report, list};
use crate::config::text::Url;
use crate::config::{Placement, ServiceKind, Steps, Strategy};
use crate::id::{EcsServiceName, EnvironmentName, ServiceName};

/// A place for every service of the application.
pub(super) fn all(
    environment: &At<EnvironmentName>,
    raw: &raw::Environment,
    known: &Known<'_>,
    report: &mut Report,
) -> Option<BTreeMap<ServiceName, Placement>> {
    let none = Vec::new();
    let tables = match &raw.services {
        None => &none,
        Some(tables) => &tables.get()?.entries,
    };
    for (name, _) in tables {
        known.kind(name, report);
    }
    let mut placements = Some(BTreeMap::new());
    for (service, kind) in known.services() {
        let table = tables.iter().find(|(name, _)| name.value == *service);
        let default_name = known
            .app
            .map(|app| EcsServiceName::new(format!("{app}-{service}")));
        let placement = match (table, kind) {
            (Some((name, table)), kind) => table.get().and_then(|table| {
                let ecs_service = or(&table.ecs_service, default_name, Some)?;
                let task_definition = given(&table.task_definition, |at| Some(at.value.clone()));
                let (strategy, url, test_url) = replacement(&name.place, table, kind?, report)?;
                Some(Placement {
                    ecs_service: ecs_service?,
                    task_definition: task_definition?,
                    strategy,
                    url,
                    test_url,
                })
            }),
            (None, Some(ServiceKind::Web)) => {
                missing(environment, service, report);
                None
            }
            (None, kind) => default_name.zip(kind).map(|(ecs_service, kind)| Placement {
                ecs_service,
                task_definition: None,
                strategy: fixed(kind),
                url: None,
                test_url: None,
            }),
        };
        match (&mut placements, placement) {
            (Some(placements), Some(placement)) => {
                drop(placements.insert(service.clone(), placement));
            }
            (placements, _) => *placements = None,
        }
    }
    placements
}

fn missing(environment: &At<EnvironmentName>, service: &ServiceName, report: &mut Report) {
    let message = format!("no place for the web service `{service}`: where does it answer?");
    let key = &environment.place.key;
    let advice =
        format!("add [{key}.services.{service}] url = \"https://…\" and test_url = \"https://…\"");
    report.advise(&environment.place, message, advice);
}

fn fixed(kind: ServiceKind) -> Strategy {
    match kind {
        ServiceKind::Web => Strategy::BlueGreen,
        ServiceKind::Worker => Strategy::Rolling,
        ServiceKind::Singleton => Strategy::Singleton,
    }
}

type Replacement = (Strategy, Option<String>, Option<String>);

fn replacement(
    place: &Place,
    raw: &raw::Placement,
    kind: ServiceKind,
    report: &mut Report,
) -> Option<Replacement> {
    if kind != ServiceKind::Web {
        return off_the_web(place, raw, kind, report);
    }
    let strategy = strategy(place, raw, report);
    let url = |field| {
        given(field, |at: &At<Url>| {
            Some(at.value.as_str().trim_end_matches('/').to_owned())
        })
    };
    if raw.url.is_none() {
        let add = format!("add to {}: url = \"https://erp.example.com\"", place.key);
        report.advise(place, "a web service needs the `url` where it answers", add);
    }
    let word = raw
        .strategy
        .as_ref()
        .map_or(Some(StrategyWord::BlueGreen), |s| s.get().copied());
    if raw.test_url.is_none() && word.is_some_and(|word| word != StrategyWord::Rolling) {
        let message = "`test_url` is missing: green is tested there before it has traffic";
        let add = format!(
            "add to {}: test_url = \"https://erp.example.com:8443\", or strategy = \"rolling\"",
            place.key
        );
        report.advise(place, message, add);
    }
    let (url, test_url) = (url(&raw.url), url(&raw.test_url));
    Some((strategy?, url?, test_url?))
}

/// Workers and singletons: how they are replaced follows from what they are.
fn off_the_web(
    place: &Place,
    raw: &raw::Placement,
    kind: ServiceKind,
    report: &mut Report,
) -> Option<Replacement> {
    let word = raw.strategy.as_ref().map(Field::get);
    let rolling = matches!(word, Some(Some(StrategyWord::Rolling)));
    let mut useless = Vec::new();
    if word.is_some() && !(rolling && kind == ServiceKind::Worker) {
        useless.push("strategy");
    }
    for (key, there) in [
        ("step_percent", raw.step_percent.is_some()),
        ("step_bake", raw.step_bake.is_some()),
        ("url", raw.url.is_some()),
        ("test_url", raw.test_url.is_some()),
    ] {
        if there {
            useless.push(key);
        }
    }
    if !useless.is_empty() {
        let message = match kind {
            ServiceKind::Singleton => {
                "a singleton has no traffic: the old one stops, the new starts"
            }
            _ => "a worker has no traffic to shift: its tasks are replaced a few at a time",
        };
        let keys = list(useless, "and");
        report.advise(place, message, format!("remove {keys}"));
    }
    Some((fixed(kind), None, None))
}

fn strategy(place: &Place, raw: &raw::Placement, report: &mut Report) -> Option<Strategy> {
    let word = or(&raw.strategy, StrategyWord::BlueGreen, |word| word)?;
    let steps = |percent, bake| {
        Some(Steps {
            percent: or(&raw.step_percent, percent, |number| number.small())?,
            bake: or(&raw.step_bake, minutes(bake), |time| time.get())?,
        })
    };
    let in_steps = matches!(word, StrategyWord::Canary | StrategyWord::Linear);
    if !in_steps && (raw.step_percent.is_some() || raw.step_bake.is_some()) {
        let advice = "remove `step_percent` and `step_bake`, or write strategy = \"canary\"";
        report.advise(place, "only canary and linear go in steps", advice);
    }
    // ECS's own defaults and bounds.
    match word {
        StrategyWord::Rolling => Some(Strategy::Rolling),
        StrategyWord::BlueGreen => Some(Strategy::BlueGreen),
        StrategyWord::Canary => {
            bounds(raw, "canary", 1, 99, report);
            steps(5, 10).map(Strategy::Canary)
        }
        StrategyWord::Linear => {
            bounds(raw, "linear", 3, 100, report);
            steps(10, 6).map(Strategy::Linear)
        }
    }
}

fn bounds(raw: &raw::Placement, word: &str, min: u8, max: u8, report: &mut Report) {
    let Some(at) = raw.step_percent.as_ref().and_then(Field::at) else {
        return;
    };
    let percent = at.value.small();
    if !(min..=max).contains(&percent) {
        let message =
            format!("{percent} is out of bounds for {word}: from {min} to {max} per cent");
        let nearest = percent.clamp(min, max);
        report.instead(&at.place, message, format!("step_percent = {nearest}"));
    }
}
