//! The database of an environment: by its address, or because no other can be meant.

use sluice_words::draft::Note;
use sluice_words::draft::database as words;

use crate::application::{Application, Environment};
use crate::facts::{Database, GroupFacts};
use crate::names;
use crate::page::Page;

pub(crate) fn write(found: &Application<'_>, environment: &Environment<'_>, page: &mut Page) {
    let name = &environment.name;
    let databases = match &environment.cluster.databases {
        Ok(databases) => databases,
        Err(why) => {
            page.blank();
            page.note(&Note::Unknown(why.clone()));
            return backup_off(name, "instance", None, page);
        }
    };
    if databases.is_empty() {
        page.blank();
        return page.note(&words::none(&environment.cluster.region));
    }
    let (database, note) = match of(found, environment, databases) {
        Some((database, note)) => (database, note),
        None => {
            let known: Vec<&str> = databases
                .iter()
                .map(|one| one.identifier.as_str())
                .collect();
            let asks = words::which(name, &known);
            let answer = page.ask(format!("{name}.database"), asks.clone(), "none");
            let named = |answer: String| databases.iter().find(|one| one.identifier == answer);
            match answer.as_deref() {
                Some("none") => {
                    page.blank();
                    return page.note(&words::none_said());
                }
                _ => match answer.and_then(named) {
                    Some(database) => (database, words::said()),
                    None => {
                        page.blank();
                        page.note(&Note::ToDo(asks));
                        return backup_off(name, "instance", None, page);
                    }
                },
            }
        }
    };
    let kind = if database.is_cluster {
        "cluster"
    } else {
        "instance"
    };
    if environment.is_production || note == words::said() {
        page.table(&format!("environments.{name}.backup"));
        page.note(&note);
        page.text(kind, &database.identifier);
    } else {
        page.blank();
        page.note(&note);
        page.note(&words::not_production(name));
        backup_off(name, kind, Some(&database.identifier), page);
    }
}

fn backup_off(environment: &str, kind: &str, identifier: Option<&str>, page: &mut Page) {
    page.off(&format!("[environments.{environment}.backup]"));
    page.off_text(kind, identifier.unwrap_or("…"));
}

/// The database, if it is known without an answer.
pub(crate) fn known<'a>(
    found: &Application<'_>,
    environment: &Environment<'a>,
) -> Option<&'a Database> {
    let databases = environment.cluster.databases.as_ref().ok()?;
    of(found, environment, databases).map(|(database, _)| database)
}

/// The database, and how it is known.
fn of<'a>(
    found: &Application<'_>,
    environment: &Environment<'_>,
    databases: &'a [Database],
) -> Option<(&'a Database, Note)> {
    for (running, database) in pairs(environment, databases) {
        let variable = running.container.variables.iter().find(|(_, value)| {
            let value = value.expose().to_lowercase();
            database
                .hosts
                .iter()
                .any(|host| has_host(&value, &host.to_lowercase()))
        });
        if let Some((variable, _)) = variable {
            return Some((database, words::by_address(variable, &running.service.name)));
        }
        let secret = database.secret.as_ref().and_then(|arn| {
            let mut references = running.container.secrets.iter();
            references.find(|(_, from)| from.starts_with(arn.as_str()))
        });
        if let Some((variable, _)) = secret {
            return Some((database, words::by_secret(variable, &running.service.name)));
        }
    }
    let vpcs: Vec<&String> = groups(environment)
        .filter_map(|one| one.vpc.as_ref())
        .collect();
    let in_vpc = |one: &&Database| one.vpc.as_ref().is_some_and(|vpc| vpcs.contains(&vpc));
    let near: Vec<&Database> = databases.iter().filter(in_vpc).collect();
    if let ([only], Some(vpc)) = (near.as_slice(), vpcs.first()) {
        return Some((only, words::only_in_vpc(vpc)));
    }
    let ours = names::words(&found.name);
    let is_ours = |one: &&Database| {
        let words = names::words(&one.identifier);
        let stage = names::stage(&one.identifier).map(|stage| stage.name);
        stage.as_ref() == Some(&environment.name) && ours.iter().all(|word| words.contains(word))
    };
    let named: Vec<&Database> = databases.iter().filter(is_ours).collect();
    match (named.as_slice(), databases) {
        ([only], _) => Some((only, words::by_name())),
        (_, [only]) if found.environments.len() == 1 => Some((only, words::only_one())),
        _ => None,
    }
}

fn pairs<'a, 'b>(
    environment: &'b Environment<'_>,
    databases: &'a [Database],
) -> impl Iterator<Item = (crate::application::Running<'b>, &'a Database)> {
    let running = environment.services.values();
    running.flat_map(move |one| databases.iter().map(move |database| (*one, database)))
}

/// Whether a host stands in a text as a whole.
fn has_host(text: &str, host: &str) -> bool {
    let is_edge =
        |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '-' && c != '.');
    !host.is_empty()
        && text.match_indices(host).any(|(at, _)| {
            is_edge(text[..at].chars().next_back())
                && is_edge(text[at + host.len()..].chars().next())
        })
}

/// What is known of an environment's target groups.
pub(crate) fn groups<'a>(environment: &'a Environment<'_>) -> impl Iterator<Item = &'a GroupFacts> {
    let balancers = environment
        .services
        .values()
        .flat_map(|one| &one.service.balancers);
    balancers
        .flat_map(|one| &one.groups)
        .filter_map(|group| group.about.as_ref().ok())
}

#[cfg(test)]
mod tests {
    use super::has_host;

    #[test]
    fn a_host_is_found_whole() {
        let host = "erp.abc.eu-central-1.rds.amazonaws.com";
        assert!(has_host(&format!("postgres://erp:x@{host}:5432/erp"), host));
        assert!(has_host(host, host));
        assert!(!has_host(&format!("old-{host}"), host));
        assert!(!has_host(&format!("{host}.example.com"), host));
        assert!(!has_host("anything", ""));
    }
}
