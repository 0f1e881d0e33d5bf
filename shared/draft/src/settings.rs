//! Variables and secrets. Sluice sets what the file names in every service, and leaves the rest of a task
//! definition as it is: so only what all services have alike is written, and the rest is named.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::config::{holds_password, names_secret};
use sluice_words::draft::Note;
use sluice_words::draft::settings as words;

use crate::application::Environment;
use crate::facts::Cluster;
use crate::page::{Page, inline};

/// Words of a name that are no secret to the file's own check, and could be one.
const DOUBTFUL: [&str; 13] = [
    "AUTH",
    "CERT",
    "DSN",
    "HASH",
    "KEY",
    "LICENSE",
    "PASS",
    "PIN",
    "PRIVATE",
    "PWD",
    "SALT",
    "SIGNATURE",
    "WEBHOOK",
];
/// The longest value that is copied.
const LONGEST_VALUE: usize = 24;

/// What a variable is in each service, by the service's name in ECS.
type ByService<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>;

pub(crate) fn write(environment: &Environment<'_>, page: &mut Page) {
    let services = environment.services.len();
    if services == 0 {
        return;
    }
    let mut plain = ByService::new();
    let mut secret = ByService::new();
    for one in environment.services.values() {
        let name = one.service.name.as_str();
        for (variable, value) in &one.container.variables {
            plain
                .entry(variable)
                .or_default()
                .insert(name, value.expose());
        }
        for (variable, from) in &one.container.secrets {
            secret.entry(variable).or_default().insert(name, from);
        }
    }
    variables(environment, &plain, &secret, page);
    secrets(environment, &secret, page);
}

/// The one value that all services have.
fn common<'a>(by_service: &BTreeMap<&str, &'a str>, services: usize) -> Option<&'a str> {
    let values: BTreeSet<&str> = by_service.values().copied().collect();
    let is_common = by_service.len() == services && values.len() == 1;
    values.into_iter().next().filter(|_| is_common)
}

fn variables(
    environment: &Environment<'_>,
    plain: &ByService<'_>,
    secret: &ByService<'_>,
    page: &mut Page,
) {
    let mut copied = Vec::new();
    let mut stay = Vec::new();
    for (name, by_service) in plain {
        let services: Vec<&str> = by_service.keys().copied().collect();
        if by_service.values().any(|value| is_credential(name, value)) {
            let words = words::credential(name, &services, &environment.name);
            page.credentials.push(words);
            continue;
        }
        let value = common(by_service, environment.services.len());
        let value = value.filter(|value| is_harmless(name, value) && !secret.contains_key(name));
        match value {
            Some(value) => copied.push((*name, value)),
            None => stay.push(*name),
        }
    }
    if plain.is_empty() {
        return;
    }
    match copied.is_empty() {
        true => page.blank(),
        false => {
            page.table(&format!("environments.{}.variables", environment.name));
            page.note(&words::variables());
        }
    }
    for (name, value) in copied {
        page.text(name, value);
    }
    if !stay.is_empty() {
        page.note(&words::stay(&stay));
    }
    let credentials: Vec<String> = page.credentials.clone();
    let ending = words::of_environment(&environment.name);
    for one in credentials.into_iter().filter(|one| one.ends_with(&ending)) {
        page.note(&Note::ToDo(one));
    }
}

/// Whether someone wrote a secret where everyone can read it.
fn is_credential(name: &str, value: &str) -> bool {
    const PREFIXES: [&str; 9] = [
        "-----BEGIN",
        "AKIA",
        "ASIA",
        "eyJ",
        "ghp_",
        "glpat-",
        "sk_live_",
        "xoxb-",
        "whsec_",
    ];
    !value.is_empty()
        && (names_secret(name)
            || is_doubtful(name) && value.len() >= 8
            || holds_password(value)
            || PREFIXES.iter().any(|prefix| value.starts_with(prefix)))
}

fn is_doubtful(name: &str) -> bool {
    let upper = name.to_uppercase();
    upper
        .split(['_', '-', '.'])
        .any(|word| DOUBTFUL.contains(&word))
}

/// Whether a value can stand in a repository: a number, a switch, or one plain word.
fn is_harmless(name: &str, value: &str) -> bool {
    let is_word = value.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        || value.chars().all(|c| c.is_ascii_uppercase())
        || matches!(value, "True" | "False");
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let is_number = digits <= 6 && value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_region = value.split('-').count() == 3
        && value.ends_with(|c: char| c.is_ascii_digit())
        && digits == 1;
    (1..=LONGEST_VALUE).contains(&value.len())
        && is_name(name)
        && !names_secret(name)
        && !is_doubtful(name)
        && (is_word || is_number || is_region)
}

/// Whether the file takes a variable of that name.
fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

fn secrets(environment: &Environment<'_>, secret: &ByService<'_>, page: &mut Page) {
    if secret.is_empty() {
        return;
    }
    let services = environment.services.len();
    let in_all = |name: &&str, by_service: &BTreeMap<&str, &str>| {
        let from = common(by_service, services).filter(|_| is_name(name));
        from.is_some_and(is_writable)
    };
    let (written, stay): (Vec<_>, Vec<_>) = secret
        .iter()
        .partition(|(name, by_service)| in_all(name, by_service));
    match written.is_empty() {
        true => page.blank(),
        false => {
            page.table(&format!("environments.{}.secrets", environment.name));
            let all = environment
                .services
                .values()
                .map(|one| one.service.name.as_str());
            page.note(&words::secrets(&all.collect::<Vec<_>>()));
        }
    }
    for (name, by_service) in written {
        let from = common(by_service, services);
        if let Some(place) = from.and_then(|from| place(from, environment.cluster, page)) {
            page.key(name, &place);
        }
    }
    for (name, by_service) in stay {
        let services: Vec<&str> = by_service.keys().copied().collect();
        page.note(&words::not_in_all(name, &services));
    }
}

/// The secret that a reference of a task definition names, by its ARN.
pub fn secret_arn(reference: &str) -> Option<String> {
    let parts: Vec<&str> = reference.split(':').collect();
    let is_secret = parts.len() >= 7 && parts[0] == "arn" && parts[2] == "secretsmanager";
    is_secret.then(|| parts[..7].join(":"))
}

/// Whether the file takes a reference as it is.
fn is_writable(from: &str) -> bool {
    let parts: Vec<&str> = from.split(':').collect();
    match parts.first() {
        Some(&"arn") => match parts.get(2) {
            Some(&"secretsmanager") => {
                parts.len() >= 7 && is_reference(parts[6], "/_+=.@!-") && is_arn(&parts)
            }
            Some(&"ssm") => parts.len() == 6 && is_parameter(parts[5]) && is_arn(&parts),
            _ => false,
        },
        _ => is_parameter(from),
    }
}

fn is_arn(parts: &[&str]) -> bool {
    let is = |text: &str, of: fn(u8) -> bool| !text.is_empty() && text.bytes().all(of);
    is(parts[1], |b| b.is_ascii_lowercase() || b == b'-')
        && parts[1].starts_with("aws")
        && is(parts[3], |b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'
        })
        && parts[4].len() == 12
        && is(parts[4], |b| b.is_ascii_digit())
}

fn is_parameter(name: &str) -> bool {
    let name = name.strip_prefix('/').unwrap_or(name);
    name.split('/').all(|part| is_reference(part, "_.-"))
}

/// A reference of a task definition as the file has it.
fn place(from: &str, cluster: &Cluster, page: &mut Page) -> Option<String> {
    let parts: Vec<&str> = from.split(':').collect();
    let is_near = parts.get(3) == Some(&cluster.region.as_str())
        && parts.get(4) == Some(&cluster.account.as_str());
    if let Some(arn) = secret_arn(from) {
        let name = match cluster.secrets.get(&arn) {
            Some(Ok(Some(name))) if is_near => name.clone(),
            Some(Ok(None)) => {
                page.note(&words::no_secret(&arn));
                arn
            }
            Some(Err(why)) => {
                page.note(&Note::Unknown(why.clone()));
                arn
            }
            _ => arn,
        };
        let part = |at: usize| parts.get(at).copied().filter(|text| !text.is_empty());
        if part(8).is_some_and(|stage| stage != "AWSCURRENT") || part(9).is_some() {
            page.note(&words::pinned());
        }
        return Some(match part(7) {
            Some(key) => inline(&[("secret", &name), ("key", key)]),
            None => inline(&[("secret", &name)]),
        });
    }
    let parameter = match (parts.first(), parts.get(5)) {
        (Some(&"arn"), Some(resource)) if parts.get(2) == Some(&"ssm") => {
            let name = resource.strip_prefix("parameter")?;
            // `parameter/a` is a parameter `a` or `/a`; with another `/` in it, it can only be `/a/b`.
            let is_path = name.matches('/').count() > 1;
            if is_near && is_path {
                name.to_owned()
            } else {
                from.to_owned()
            }
        }
        _ => from.to_owned(),
    };
    Some(inline(&[("parameter", &parameter)]))
}

fn is_reference(name: &str, others: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_that_cannot_be_a_secret_are_copied() {
        for (name, value) in [
            ("ENVIRONMENT", "production"),
            ("LOG_LEVEL", "INFO"),
            ("WORKERS", "4"),
            ("DEBUG", "false"),
            ("AWS_REGION", "eu-central-1"),
            ("ACCESS_TOKEN_EXPIRE_MINUTES", "15"),
        ] {
            assert!(is_harmless(name, value), "{name}={value}");
            assert!(!is_credential(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("DB_PASS", "letmein"),
            ("DB_PASSWORD", "production"),
            ("LOG_LEVEL", "hunter2"),
            ("SENTRY_DSN", "https://public@sentry.example.com/2"),
            ("X", "a b"),
            ("X", ""),
            ("X", "Zq8fJx0aPq"),
            ("X", "1234567"),
            ("a.b", "production"),
            ("DB_HOST", "erp.abc.eu-central-1.rds.amazonaws.com"),
        ] {
            assert!(!is_harmless(name, value), "{name}={value}");
        }
    }

    #[test]
    fn a_credential_is_known_by_its_name_or_by_its_value() {
        for (name, value) in [
            ("DB_PASSWORD", "x"),
            ("DATABASE_URL", "postgres://erp:hunter2@db/erp"),
            ("DEPLOY", "AKIAIOSFODNN7EXAMPLE"),
            ("SMTP_PASS", "correct-horse"),
        ] {
            assert!(is_credential(name, value), "{name}");
        }
        for (name, value) in [
            ("DB_PASSWORD", ""),
            ("PIN", "on"),
            ("URL", "https://erp.example.com"),
        ] {
            assert!(!is_credential(name, value), "{name}");
        }
    }
}
