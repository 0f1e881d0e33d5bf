//! How traffic moves to a new version today, and at which addresses it is asked.

use sluice_words::draft::Note;
use sluice_words::draft::traffic as words;

use crate::application::{Application, Environment, Running};
use crate::facts::{Balancer, Entrance, Seen};
use crate::page::Page;

/// How tasks are replaced.
struct Way {
    strategy: &'static str,
    note: Note,
}

/// The place of a web service in an environment.
pub(crate) fn write(
    found: &Application<'_>,
    environment: &Environment<'_>,
    unit: &str,
    page: &mut Page,
) {
    let key = format!("{}.{unit}", environment.name);
    page.table(&format!(
        "environments.{}.services.{unit}",
        environment.name
    ));
    let running = environment.services.get(unit);
    ecs_service(found, unit, running, page);
    let Some(running) = running else {
        // Nothing of it was seen there: the strategy that needs least.
        page.text("strategy", "rolling");
        let (url, notes) = page.asked(
            format!("{key}.url"),
            words::asks_url(&key),
            words::EXAMPLE_URL,
        );
        page.notes(&notes);
        return page.text("url", &url);
    };
    let balancers = &running.service.balancers;
    let with_rule = balancers.iter().find(|one| one.production.is_some());
    let Some(balancer) = with_rule.or_else(|| balancers.first()) else {
        return;
    };
    let way = way(running, balancer);
    page.note(&way.note);
    page.text("strategy", way.strategy);
    steps(running, way.strategy, page);
    let url = url(&key, balancer, page);
    if way.strategy == "rolling" {
        return;
    }
    test_url(&key, &url, balancer, page);
}

/// The name in ECS, where it is not the usual one.
pub(crate) fn ecs_service(
    found: &Application<'_>,
    unit: &str,
    running: Option<&Running<'_>>,
    page: &mut Page,
) {
    let usual = format!("{}-{unit}", found.name);
    if let Some(one) = running.filter(|one| one.service.name != usual) {
        page.text("ecs_service", &one.service.name);
    }
}

fn way(running: &Running<'_>, balancer: &Balancer) -> Way {
    let service = running.service;
    let lacks = lacks(running, balancer);
    if !lacks.is_empty() {
        let note = words::rolling(&service.name, &lacks);
        return Way {
            strategy: "rolling",
            note,
        };
    }
    let strategy = match service.strategy.as_str() {
        "CANARY" => "canary",
        "LINEAR" => "linear",
        _ => "blue-green",
    };
    let note = match service.strategy.as_str() {
        "ROLLING" => words::could_shift(&service.name),
        seen => words::shifts(&service.name, seen),
    };
    Way { strategy, note }
}

/// What a shift of traffic needs and the service does not have, with the step of
/// docs/existing-service.md that adds it.
fn lacks(running: &Running<'_>, balancer: &Balancer) -> Vec<&'static str> {
    let needed = [
        (running.service.controller == "ECS", words::CONTROLLER),
        (balancer.groups.len() >= 2, words::SECOND_GROUP),
        (balancer.production.is_some(), words::PRODUCTION_RULE),
        (balancer.test.is_some(), words::TEST_RULE),
        (balancer.has_role, words::ROLE),
    ];
    let missing = needed.into_iter().filter(|(there, _)| !there);
    missing.map(|(_, what)| what).collect()
}

/// Per cent and minutes of a step, as far as the file takes them.
fn steps(running: &Running<'_>, strategy: &str, page: &mut Page) {
    let Some((percent, minutes)) = running.service.steps else {
        return;
    };
    let least = match strategy {
        "canary" => 1,
        "linear" => 3,
        _ => return,
    };
    let whole = (least..=99).find(|whole| (f64::from(*whole) - percent).abs() < 0.5);
    match whole {
        Some(whole) => page.key("step_percent", &whole.to_string()),
        None => page.note(&words::odd_step(percent)),
    }
    if (0..=24 * 60).contains(&minutes) {
        page.text("step_bake", &format!("{minutes}m"));
    }
}

/// The address that users use, from the listener rule; asked where the rule is for every host.
fn url(key: &str, balancer: &Balancer, page: &mut Page) -> String {
    let entrances: Seen<Vec<Entrance>> = match &balancer.production {
        Some(one) => one.clone().map(|one| vec![one]),
        None => balancer.found.clone(),
    };
    let mut entrances = entrances.unwrap_or_else(|why| {
        page.note(&Note::Unknown(why));
        Vec::new()
    });
    entrances.sort_by_key(|one| (!one.secure, host(one).is_none(), one.port));
    let best = entrances.first();
    let seen = best.and_then(|one| Some((address(one, host(one)?), one)));
    let url = if let Some((url, _)) = seen.filter(|(url, _)| is_url(url)) {
        page.note(&words::url_of_rule());
        url
    } else {
        let guess = best
            .map(|one| address(one, &one.balancer))
            .filter(|url| is_url(url));
        let default = guess.as_deref().unwrap_or(words::EXAMPLE_URL);
        let secure = best.is_some_and(|one| one.secure);
        let (url, notes) = page.asked(format!("{key}.url"), words::asks_url(key), default);
        if !notes.is_empty() && guess.is_some() {
            page.note(&words::url_of_balancer(secure));
        }
        page.notes(&notes);
        url
    };
    page.text("url", &url);
    if let Some(one) = best {
        if one.internal {
            page.note(&words::internal());
        }
        let takes_all =
            one.paths.is_empty() || one.paths.iter().any(|path| path == "/*" || path == "*");
        if !takes_all {
            let paths: Vec<&str> = one.paths.iter().map(String::as_str).collect();
            page.note(&words::only_paths(&paths));
        }
    }
    url
}

/// The address of green: the host of `url`, and the port of the test listener.
fn test_url(key: &str, url: &str, balancer: &Balancer, page: &mut Page) {
    let key = format!("{key}.test_url");
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or(rest);
    match &balancer.test {
        Some(Ok(test)) => {
            page.note(&words::test_listener(test.port));
            page.text("test_url", &address(test, host));
        }
        other => {
            if let Some(Err(why)) = other {
                page.note(&Note::Unknown(why.clone()));
            }
            let default = format!("https://{host}:8443");
            let (test_url, notes) = page.asked(key.clone(), words::asks_test_url(&key), &default);
            page.notes(&notes);
            page.text("test_url", &test_url);
        }
    }
}

/// A host of the rule that is one host, and not a pattern.
fn host(entrance: &Entrance) -> Option<&str> {
    let hosts = entrance.hosts.iter();
    hosts
        .map(String::as_str)
        .find(|host| !host.contains(['*', '?']))
}

fn address(entrance: &Entrance, host: &str) -> String {
    let (scheme, usual) = if entrance.secure {
        ("https", 443)
    } else {
        ("http", 80)
    };
    match entrance.port == usual {
        true => format!("{scheme}://{host}"),
        false => format!("{scheme}://{host}:{}", entrance.port),
    }
}

/// Whether a host of AWS's answer makes a URL.
fn is_url(url: &str) -> bool {
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c))
}
