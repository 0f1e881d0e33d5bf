//! Environment variables: a secret is never written down in the file.

use std::collections::BTreeMap;

use crate::config::SecretSource;
use crate::config::raw::{self, Environment};
use crate::config::reader::{At, Field};
use crate::config::report::Report;

/// Words of a variable's name that say its value is a secret.
const SECRET_WORDS: [&str; 9] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "CREDENTIALS",
    "APIKEY",
    "KEY",
];

/// Last words of names that speak about a secret without holding it, such as
/// `ACCESS_TOKEN_EXPIRE_MINUTES` or `JWT_PUBLIC_KEY`'s `PUBLIC`.
const TAME_WORDS: [&str; 27] = [
    "ALGORITHM",
    "ARN",
    "AUDIENCE",
    "DAYS",
    "ENABLED",
    "ENDPOINT",
    "EXPIRE",
    "EXPIRES",
    "EXPIRY",
    "FILE",
    "HASHER",
    "HEADER",
    "HOURS",
    "ID",
    "ISSUER",
    "LENGTH",
    "LIFETIME",
    "MINUTES",
    "NAME",
    "PATH",
    "PREFIX",
    "SECONDS",
    "TTL",
    "TYPE",
    "URI",
    "URL",
    "VERSION",
];

/// Plain variables, with a problem for each that looks like a secret.
pub(super) fn plain(raw: &Environment, report: &mut Report) -> Option<BTreeMap<String, String>> {
    let Some(variables) = &raw.variables else {
        return Some(BTreeMap::new());
    };
    let mut read = Some(BTreeMap::new());
    for (name, value) in &variables.get()?.entries {
        let word = name.value.as_str();
        let value = value.get().map(|value| value.0.as_str());
        let reason = if value.is_some_and(holds_password) {
            Some("this URL holds a password")
        } else if names_secret(word) {
            Some("this looks like a secret, and secrets do not belong in a file")
        } else {
            None
        };
        if let Some(reason) = reason {
            let table = name.place.key.replacen(".variables.", ".secrets] ", 1);
            let table = table.split(' ').next().unwrap_or_default();
            let text = format!("under [{table} {word} = {{ secret = \"NAME\", key = \"KEY\" }}");
            report.instead(&name.place, reason, text);
        }
        match (&mut read, value) {
            (Some(read), Some(value)) => drop(read.insert(word.to_owned(), value.to_owned())),
            (read, _) => *read = None,
        }
    }
    read
}

/// Secrets by reference, with a problem for each that is a plain variable too.
pub(super) fn secret(
    raw: &Environment,
    report: &mut Report,
) -> Option<BTreeMap<String, SecretSource>> {
    let Some(secrets) = &raw.secrets else {
        return Some(BTreeMap::new());
    };
    let plain = raw.variables.as_ref().and_then(Field::get);
    let mut read = Some(BTreeMap::new());
    for (name, secret) in &secrets.get()?.entries {
        if plain.is_some_and(|plain| plain.entries.iter().any(|(p, _)| p.value == name.value)) {
            let message = "this variable is there both plain and as a secret";
            report.advise(
                &name.place,
                message,
                "remove it from `variables`, and keep it here",
            );
        }
        match (
            &mut read,
            secret.at().and_then(|secret| source(secret, report)),
        ) {
            (Some(read), Some(source)) => drop(read.insert(name.value.as_str().to_owned(), source)),
            (read, _) => *read = None,
        }
    }
    read
}

fn source(at: &At<raw::Secret>, report: &mut Report) -> Option<SecretSource> {
    let raw = &at.value;
    match (&raw.secret, &raw.parameter) {
        (Some(secret), None) => {
            let key = super::given(&raw.key, |key| Some(key.value.as_str().to_owned()))?;
            Some(SecretSource::SecretsManager {
                name: secret.get()?.as_str().to_owned(),
                key,
            })
        }
        (None, Some(parameter)) => {
            if raw.key.is_some() {
                let advice = "remove `key`: it is for `secret`, which holds JSON";
                report.advise(&at.place, "a parameter has no keys", advice);
            }
            Some(SecretSource::Parameter {
                name: parameter.get()?.as_str().to_owned(),
            })
        }
        (secret, _) => {
            let message = if secret.is_some() {
                "this names two places, and a value is kept in one"
            } else {
                "this does not say where the value is kept"
            };
            let name = at.place.name();
            let text = format!(
                "{name} = {{ secret = \"NAME\", key = \"KEY\" }} or {name} = {{ parameter = \"NAME\" }}"
            );
            report.instead(&at.place, message, text);
            None
        }
    }
}

/// Whether a variable's name says that its value is a secret.
pub fn names_secret(name: &str) -> bool {
    let upper = name.to_uppercase();
    let words: Vec<&str> = upper.split('_').filter(|word| !word.is_empty()).collect();
    let Some(last) = words.last() else {
        return false;
    };
    let public = words
        .iter()
        .any(|word| matches!(*word, "PUBLIC" | "PUBLISHABLE"));
    let secret = words.iter().enumerate().any(|(index, word)| {
        // `KEY` alone is not enough: `KEY_PREFIX` or `KEY` name many things.
        let key = *word == "KEY" && index > 0;
        key || SECRET_WORDS
            .iter()
            .any(|secret| *secret != "KEY" && word.ends_with(secret))
    });
    secret && !public && !TAME_WORDS.contains(last)
}

/// The words of a parameter's name, as in a variable's: `DatabasePassword` → `Database_Password`.
pub fn words_of(parameter: &str) -> String {
    let mut words = String::new();
    for letter in parameter.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.push(letter);
    }
    words
}

/// Whether a URL carries `user:password@`.
pub fn holds_password(value: &str) -> bool {
    value.split("://").skip(1).any(|rest| {
        // Up to the first `@`, wherever it is: passwords often hold an unescaped `/` or `#`.
        let user = rest
            .split_once('@')
            .and_then(|(user, _)| user.split_once(':'));
        user.is_some_and(|(name, password)| {
            let port = password
                .split_once(['/', '?', '#'])
                .is_some_and(|(port, _)| port.bytes().all(|b| b.is_ascii_digit()));
            !name.contains(['/', '?', '#', ' ']) && !password.is_empty() && !port
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{holds_password, names_secret};

    #[test]
    fn names_of_secrets_are_known_from_names_about_them() {
        for name in [
            "DB_PASSWORD",
            "PGPASSWORD",
            "SECRET_KEY",
            "SECRET_KEY_BASE",
            "API_KEY",
            "AUTH_TOKEN",
            "token",
            "STRIPE_SECRET",
            "AWS_SECRET_ACCESS_KEY",
            "GOOGLE_CREDENTIALS",
        ] {
            assert!(names_secret(name), "{name}");
        }
        for name in [
            "ENVIRONMENT",
            "LOG_LEVEL",
            "ACCESS_TOKEN_EXPIRE_MINUTES",
            "JWT_PUBLIC_KEY",
            "KEY",
            "KEYCLOAK_REALM",
            "MONKEY",
            "PASSWORD_HASHER",
            "TOKEN_URL",
            "CACHE_KEY_PREFIX",
        ] {
            assert!(!names_secret(name), "{name}");
        }
    }

    #[test]
    fn passwords_in_urls_are_seen() {
        for url in [
            "postgres://erp:hunter2@db.example.com/erp",
            "redis://:hunter2@redis.example.com:6379/0",
            "postgresql+asyncpg://erp:hun/ter2@db.example.com/erp",
            "sentinel://a.example.com,redis://:hunter2@b.example.com",
        ] {
            assert!(holds_password(url), "{url}");
        }
        for text in [
            "https://erp.example.com",
            "redis://redis.example.com:6379/0",
            "mailto:a@example.com",
            "https://erp@example.com",
            "10:30@noon",
            "https://example.com:8443/a@b",
        ] {
            assert!(!holds_password(text), "{text}");
        }
    }
}
