//! What CI says it found before it pushed an image, in annotations of its manifest.
//!
//! Whoever may push an image may write what they like there: it is shown as CI's word, and decides
//! nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::is_trusted_host;
use crate::config::Day;

/// The annotation that has the address of the build's page.
pub const BUILD: &str = "sluice.ci.build";

/// How many tests passed.
pub const TESTS: &str = "sluice.ci.tests";

/// How many per cent of the code they reach.
pub const COVERAGE: &str = "sluice.ci.coverage";

/// How many findings the scanners of code and dependencies had that nobody answers for, all of them too
/// mild to fail the build.
pub const FINDINGS: &str = "sluice.ci.findings";

/// How many exceptions were in force.
pub const EXCEPTIONS: &str = "sluice.ci.exceptions";

/// The last day of the one that ends first.
pub const EXCEPTIONS_UNTIL: &str = "sluice.ci.exceptions-until";

/// A longer address is no build's.
const ADDRESS_CHARS: usize = 500;

/// What CI says it found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CiReport {
    /// The build's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildPage>,
    /// How many tests passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<u32>,
    /// How many per cent of the code they reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<u32>,
    /// How many findings there were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<u32>,
    /// How many exceptions were in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exceptions: Option<u32>,
    /// The last day of the one that ends first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exceptions_until: Option<Day>,
}

impl CiReport {
    /// Reads the annotations; `None` where none of them says anything.
    pub(super) fn read(all: &BTreeMap<String, String>) -> Option<Self> {
        let text = |name: &str| all.get(name).map(|text| text.trim());
        let number = |name: &str| text(name)?.parse().ok();
        let report = Self {
            build: text(BUILD).and_then(BuildPage::parse),
            tests: number(TESTS),
            coverage: number(COVERAGE).filter(|percent| *percent <= 100),
            findings: number(FINDINGS),
            exceptions: number(EXCEPTIONS),
            exceptions_until: text(EXCEPTIONS_UNTIL).and_then(|text| Day::parse(text).ok()),
        };
        (report != Self::default()).then_some(report)
    }

    /// Without a link to a page that is not trusted.
    pub(super) fn trusting(mut self, hosts: &[String]) -> Self {
        self.build = self.build.filter(|build| build.is_trusted(hosts));
        self
    }
}

impl fmt::Display for CiReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |count: u32, what: &str| match count {
            0 => format!("no {what}s"),
            1 => format!("1 {what}"),
            many => format!("{many} {what}s"),
        };
        let exceptions = self.exceptions.filter(|count| *count > 0).map(|number| {
            let until = self.exceptions_until;
            let until = until.map_or(String::new(), |day| format!(" until {day}"));
            format!(" ({}{until})", count(number, "exception"))
        });
        let parts = [
            self.tests.map(|number| count(number, "test")),
            self.coverage.map(|percent| format!("{percent} % covered")),
            self.findings.map(|number| {
                let found = count(number, "finding");
                format!("{found}{}", exceptions.unwrap_or_default())
            }),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        match parts.is_empty() {
            true => f.write_str("CI's build"),
            false => write!(f, "CI says: {}", parts.join(", ")),
        }
    }
}

/// The address of a build's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BuildPage(String);

impl BuildPage {
    /// Takes what the annotation says; `None` unless it is an `https` address with nothing in it that
    /// could end a link early, and no user.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://")?;
        let host = rest.split(['/', '?', '#']).next()?;
        let is_host = host.contains('.')
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'));
        let is_address = rest
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"./-_~?=&#:%+".contains(&b));
        (is_host && is_address && text.len() <= ADDRESS_CHARS).then(|| Self(text.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_trusted(&self, hosts: &[String]) -> bool {
        let rest = self.0.strip_prefix("https://").unwrap_or_default();
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // AWS's own console, of any region.
        let is_console =
            host == "console.aws.amazon.com" || host.ends_with(".console.aws.amazon.com");
        is_console || is_trusted_host(host, hosts)
    }
}

impl TryFrom<String> for BuildPage {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no build's address"))
    }
}

impl From<BuildPage> for String {
    fn from(page: BuildPage) -> Self {
        page.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<const N: usize>(annotations: [(&str, &str); N]) -> Option<CiReport> {
        let owned = annotations.map(|(name, value)| (name.to_owned(), value.to_owned()));
        CiReport::read(&BTreeMap::from(owned))
    }

    #[test]
    fn what_ci_found_is_said_as_ci_says_it() {
        let all = [
            (TESTS, "214"),
            (COVERAGE, "93"),
            (FINDINGS, "0"),
            (EXCEPTIONS, "1"),
            (EXCEPTIONS_UNTIL, "2026-03-01"),
        ];
        for (annotations, said) in [
            (
                read(all),
                "CI says: 214 tests, 93 % covered, no findings (1 exception until 2026-03-01)",
            ),
            (
                read([(FINDINGS, "2"), (EXCEPTIONS, "0")]),
                "CI says: 2 findings",
            ),
            (read([(TESTS, "1"), (EXCEPTIONS, "2")]), "CI says: 1 test"),
            (read([(BUILD, "https://ci.example.com/7")]), "CI's build"),
        ] {
            assert_eq!(annotations.unwrap().to_string(), said);
        }
    }

    #[test]
    fn what_is_not_what_its_name_says_is_left_out() {
        for (name, value) in [
            (TESTS, "all of them"),
            (TESTS, "-1"),
            (COVERAGE, "101"),
            (FINDINGS, "<!channel>"),
            (EXCEPTIONS_UNTIL, "soon"),
            ("sluice.ci.other", "7"),
        ] {
            assert_eq!(read([(name, value)]), None, "{name} {value}");
        }
    }

    #[test]
    fn only_a_page_that_is_trusted_is_linked_to() {
        let own = ["ci.example.com".to_owned()];
        let codebuild = "https://console.aws.amazon.com/codebuild/home?region=eu-central-1#/builds/erp-ci:7/view/new";
        for (page, linked) in [
            (codebuild, true),
            (
                "https://eu-central-1.console.aws.amazon.com/codesuite/x",
                true,
            ),
            ("https://github.com/acme/erp/actions/runs/7", true),
            ("https://ci.example.com/builds/7", true),
            ("https://elsewhere.example.com/builds/7", false),
            ("https://console.aws.amazon.com.evil.example/7", false),
            ("https://evilconsole.aws.amazon.com/7", false),
            ("https://github.com@evil.example/7", false),
            ("https://github.com/a|evil>", false),
            ("http://github.com/acme", false),
        ] {
            let report = read([(BUILD, page), (TESTS, "1")]).unwrap().trusting(&own);
            assert_eq!(report.build.is_some(), linked, "{page}");
        }
    }
}
