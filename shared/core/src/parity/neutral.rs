//! Names and values without what is an environment's own in them.

use crate::config::Environment;
use crate::redact::redacted;

use super::Value;

/// The text with `{host}`, `{env}`, `{account}` and `{region}` in the place of the hosts of its services,
/// the environment's name, its account and its region, where these are whole words:
/// `erp-staging-web` → `erp-{env}-web`.
pub fn neutral(text: &str, environment: &Environment) -> String {
    let addresses = environment.services.values();
    let addresses = addresses.flat_map(|service| [&service.url, &service.test_url]);
    let mut text = text.to_owned();
    for host in addresses.flatten().filter_map(|url| host(url)) {
        text = replaced(&text, host, "{host}");
    }
    let text = replaced(&text, environment.name.as_str(), "{env}");
    let text = replaced(&text, environment.account.as_str(), "{account}");
    replaced(&text, environment.region.as_str(), "{region}")
}

/// `https://erp.example.com:8443` → `erp.example.com`.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', ':']).next()
}

impl Value {
    /// A text of which only what looks like no secret is shown.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        match redacted(&text) == text {
            true => Self::Text(text),
            false => Self::Hidden(text),
        }
    }

    /// The same without what is the environment's own in it.
    pub(super) fn neutral(&self, environment: &Environment) -> Self {
        match self {
            Self::Text(text) => Self::Text(neutral(text, environment)),
            Self::Hidden(text) => Self::Hidden(neutral(text, environment)),
            Self::There | Self::Size(_) => self.clone(),
        }
    }
}

fn replaced(text: &str, word: &str, by: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices(word) {
        let end = at + word.len();
        let stands_alone = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
            && !text[end..].starts_with(|c: char| c.is_ascii_alphanumeric());
        if stands_alone {
            done.push_str(&text[from..at]);
            done.push_str(by);
            from = end;
        }
    }
    done.push_str(&text[from..]);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_replaced() {
        for (text, expected) in [
            ("staging", "{env}"),
            ("erp-staging-web-staging", "erp-{env}-web-{env}"),
            ("staging.example.com", "{env}.example.com"),
            ("prestaging staging2", "prestaging staging2"),
            ("", ""),
        ] {
            assert_eq!(replaced(text, "staging", "{env}"), expected);
        }
    }

    #[test]
    fn a_text_with_a_password_in_it_is_not_shown() {
        let url = "postgresql://erp:hunter2@db/erp";
        assert_eq!(Value::text(url), Value::Hidden(url.to_owned()));
        assert_eq!(Value::text("/healthz"), Value::Text("/healthz".to_owned()));
    }
}
