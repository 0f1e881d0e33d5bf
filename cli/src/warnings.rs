//! What is valid in a `sluice.toml`, and risky: one function for each rule.

use std::ops::Range;

use sluice_core::config::{Config, Environment, Member, Problem, RiskRule, ServiceKind};
use sluice_core::id::ImageTag;
use sluice_core::roles::Role;
use sluice_core::tag::TagPattern;
use toml::de::{DeTable, DeValue};

/// A tag as releases have it.
const VERSION: &str = "v1.2.3";

/// AWS's regions: botocore 1.44.5, `partitions.json`.
#[rustfmt::skip]
const REGIONS: [&str; 48] = [
    "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
    "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
    "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1",
    "ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-isoe-west-1",
    "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3",
    "eusc-de-east-1", "il-central-1", "me-central-1", "me-south-1", "me-west-1", "mx-central-1",
    "sa-east-1", "sa-west-1", "us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1",
    "us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "us-isob-west-1", "us-isof-east-1",
    "us-isof-south-1", "us-west-1", "us-west-2",
];

/// A key, what is risky about it, and what to write.
struct Warning {
    path: Vec<String>,
    message: String,
    help: String,
}

impl Warning {
    fn new(path: &[&str], message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            path: path.iter().map(|key| (*key).to_owned()).collect(),
            message: message.into(),
            help: help.into(),
        }
    }
}

/// The warnings of a configuration and the text that it was read from, in the order of the file.
pub fn warnings(config: &Config, text: &str) -> Vec<Problem> {
    let mut found: Vec<Warning> = no_smoke_tests(config).into_iter().collect();
    found.extend(not_inspected(config, text));
    for environment in &config.environments {
        let rules = [
            takes_every_tag(environment),
            no_approval(environment),
            no_backup(config, environment),
            no_roll_back(environment),
            no_roll_back_without_slack(config, environment),
            unknown_region(environment),
            claimed_commits(config, environment),
        ];
        found.extend(rules.into_iter().flatten());
        found.extend(plain_http(environment));
        found.extend(without_effect(config, environment, text));
    }
    found.extend(shared_channels(config));
    let mut problems: Vec<Problem> = found
        .into_iter()
        .map(|warning| {
            let at = start(text, &warning.path);
            let (line, column) = line_and_column(text, at);
            Problem {
                line,
                column,
                key: warning.path.join("."),
                message: warning.message,
                help: warning.help,
            }
        })
        .collect();
    problems.sort_by_key(|problem| (problem.line, problem.column));
    problems
}

/// Whether users are there, as far as the file tells: it comes after another environment, takes
/// versions, or is named so.
fn is_production(environment: &Environment) -> bool {
    let version = ImageTag::new(VERSION);
    let takes_versions = |tags: &TagPattern| !is_every(tags) && tags.matches(&version);
    environment.after.is_some()
        || environment.tags.iter().any(takes_versions)
        || environment.name.as_str().starts_with("prod")
}

fn is_every(tags: &TagPattern) -> bool {
    tags.to_string().chars().all(|c| c == '*')
}

fn takes_every_tag(environment: &Environment) -> Option<Warning> {
    let risky = is_production(environment) && environment.tags.iter().any(is_every);
    risky.then(|| {
        Warning::new(
            &["environments", environment.name.as_str(), "tags"],
            format!(
                "{} takes every tag, so every image that is pushed is a release",
                environment.name
            ),
            "write instead: tags = [\"v*\"]",
        )
    })
}

fn no_approval(environment: &Environment) -> Option<Warning> {
    let risky = is_production(environment) && environment.approval.is_none();
    risky.then(|| {
        let name = environment.name.as_str();
        Warning::new(
            &["environments", name],
            format!("{name} has no approval: what is pushed is deployed without asking"),
            format!("write too: [environments.{name}.approval] with approvers = [\"S…\"]"),
        )
    })
}

/// Who may push an image writes into it what is then checked.
fn claimed_commits(config: &Config, environment: &Environment) -> Option<Warning> {
    let risky = environment.source_rule != RiskRule::Allow && config.signatures.is_none();
    risky.then(|| {
        Warning::new(
            &["environments", environment.name.as_str(), "source", "rule"],
            "without [signatures] the commit of an image is only what the image says: this rule finds \
             mistakes, and keeps no one out",
            "write too: [signatures] with the public key of your CI (docs/signatures.md)",
        )
    })
}

fn no_backup(config: &Config, environment: &Environment) -> Option<Warning> {
    let risky =
        config.migration.is_some() && is_production(environment) && environment.backup.is_none();
    risky.then(|| {
        let name = environment.name.as_str();
        Warning::new(
            &["environments", name],
            format!("{name} has no backup: a migration that destroys data cannot be undone"),
            format!("write too: [environments.{name}.backup] with instance = \"…\""),
        )
    })
}

/// Not where the file says `inspect = false`, or promises something: then people know it.
fn not_inspected(config: &Config, text: &str) -> Option<Warning> {
    let migration = config.migration.as_ref()?;
    let risky = migration.inspect.is_none()
        && !migration.additive
        && !is_written(text, &["migration", "inspect"])
        && config.environments.iter().any(is_production);
    risky.then(|| {
        Warning::new(
            &["migration", "command"],
            "Sluice cannot inspect this migration: no one sees before the approval whether the \
             release can be rolled back, and if one fails after it, a person must decide",
            "write each migration so that the running code survives it, and then: additive = true",
        )
    })
}

/// Keys that need an inspection, where there is none.
fn without_effect(config: &Config, environment: &Environment, text: &str) -> Vec<Warning> {
    let inspects = config
        .migration
        .as_ref()
        .map(|migration| migration.inspect.is_some());
    if inspects != Some(false) {
        return Vec::new();
    }
    let name = environment.name.as_str();
    let mut keys: Vec<Vec<&str>> = vec![vec!["environments", name, "migration_rules"]];
    if environment
        .backup
        .as_ref()
        .is_some_and(|backup| backup.rehearse)
    {
        keys.push(vec!["environments", name, "backup", "rehearse"]);
    }
    let written = keys.into_iter().filter(|path| is_written(text, path));
    let found = written.map(|path| {
        let message = "this has no effect: the migration is not inspected";
        Warning::new(
            &path,
            message,
            "remove it, or let the migration be inspected",
        )
    });
    found.collect()
}

fn unknown_region(environment: &Environment) -> Option<Warning> {
    let region = environment.region.as_str();
    (!REGIONS.contains(&region)).then(|| {
        let name = environment.name.as_str();
        Warning::new(
            &["environments", name, "region"],
            format!("this version of Sluice knows no region `{region}`"),
            "correct it; if AWS has added it since, ignore this",
        )
    })
}

fn no_roll_back(environment: &Environment) -> Option<Warning> {
    let risky = is_production(environment) && environment.who_may(Role::RollBack).is_empty();
    risky.then(|| {
        let name = environment.name.as_str();
        Warning::new(
            &["environments", name],
            format!("no one may roll {name} back"),
            format!("write too: [environments.{name}.roles] with roll_back = [\"S…\"]"),
        )
    })
}

/// Slack alone knows who is in a group: with Slack down, only people who are named can act, and only
/// from a terminal.
fn no_roll_back_without_slack(config: &Config, environment: &Environment) -> Option<Warning> {
    let members = environment.who_may(Role::RollBack);
    let is_known = |member: &Member| match member {
        Member::User(person) => config.people.contains(person),
        Member::Group(_) => false,
    };
    let risky = is_production(environment)
        && !config.people.is_empty()
        && !members.is_empty()
        && !members.iter().any(is_known);
    risky.then(|| {
        let name = environment.name.as_str();
        Warning::new(
            &["environments", name, "roles", "roll_back"],
            format!("no one could roll {name} back while Slack is down: it says who is in a group"),
            "name someone of [people] by their own id too",
        )
    })
}

fn no_smoke_tests(config: &Config) -> Option<Warning> {
    let has_web = config
        .services
        .iter()
        .any(|service| service.kind == ServiceKind::Web);
    (has_web && config.smoke_tests.is_empty()).then(|| {
        Warning::new(
            &["smoke_tests"],
            "there are no smoke tests: a new version gets traffic as soon as it is healthy",
            "write too: [[smoke_tests]] with name = \"the login page is served\" and path = \"/login\"",
        )
    })
}

fn plain_http(environment: &Environment) -> Vec<Warning> {
    let plain = environment.services.iter().filter_map(|(name, placement)| {
        let rest = placement.url.as_ref()?.strip_prefix("http://")?;
        Some((name, rest))
    });
    plain
        .map(|(service, rest)| {
            let name = environment.name.as_str();
            Warning::new(
                &["environments", name, "services", service.as_str(), "url"],
                format!("users reach {service} without encryption"),
                format!("write instead: url = \"https://{rest}\""),
            )
        })
        .collect()
}

fn shared_channels(config: &Config) -> Vec<Warning> {
    let mut found = Vec::new();
    for (at, environment) in config.environments.iter().enumerate() {
        let before = &config.environments[..at];
        let Some(first) = before
            .iter()
            .find(|first| first.channel == environment.channel)
        else {
            continue;
        };
        let name = environment.name.as_str();
        found.push(Warning::new(
            &["environments", name, "channel"],
            format!(
                "{} and {name} share a channel: approvals of one are hard to find among the other's",
                first.name
            ),
            format!("write instead: channel = \"#{}-{name}\"", config.app),
        ));
    }
    found
}

/// Whether the file has this key.
fn is_written(text: &str, path: &[&str]) -> bool {
    let Ok(document) = DeTable::parse(text) else {
        return false;
    };
    let mut table = Some(document.get_ref());
    path.iter().all(|name| {
        let found = table.and_then(|table| table.iter().find(|(key, _)| key.get_ref() == name));
        table = found.and_then(|(_, value)| match value.get_ref() {
            DeValue::Table(inner) => Some(inner),
            _ => None,
        });
        found.is_some()
    })
}

/// Where the deepest key of the path that the file has begins; the start of the file without one.
fn start(text: &str, path: &[String]) -> usize {
    let Ok(document) = DeTable::parse(text) else {
        return 0;
    };
    let mut table = document.get_ref();
    let mut span: Range<usize> = 0..0;
    for name in path {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == name) else {
            break;
        };
        span = key.span();
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    span.start
}

/// Both from 1, the column in characters.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERP: &str = include_str!("../../tests/erp/sluice.toml");

    /// The warnings of the sample after these replacements, as `line: key: message`.
    fn of(changes: &[(&str, &str)]) -> Vec<String> {
        let mut text = ERP.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        let config = Config::parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
        let found = warnings(&config, &text);
        for warning in &found {
            let line = text.lines().nth(warning.line - 1).unwrap();
            let last = warning.key.split('.').next_back().unwrap();
            let there: String = line.chars().skip(warning.column - 1).collect();
            assert!(
                there.starts_with(last) || warning.line == 1,
                "{warning:?} is not at `{there}`"
            );
        }
        let said = found
            .iter()
            .map(|warning| format!("{}: {}", warning.key, warning.message));
        said.collect()
    }

    /// A table of the sample and all that is in it.
    fn table(header: &str) -> &'static str {
        let start = ERP.find(header).unwrap();
        let rest = &ERP[start..];
        let end = rest[1..].find("\n[").map_or(rest.len(), |end| end + 2);
        &rest[..end]
    }

    #[test]
    fn the_sample_has_none() {
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn a_production_that_takes_every_tag() {
        assert_eq!(
            of(&[("tags = [\"v*\"]", "tags = [\"*\"]")]),
            [
                "environments.production.tags: production takes every tag, so every image that is pushed is a release"
            ]
        );
    }

    #[test]
    fn a_production_without_an_approval() {
        assert_eq!(
            of(&[
                (table("[environments.production.approval]"), ""),
                (table("[environments.production.migration_rules]"), ""),
            ]),
            [
                "environments.production: production has no approval: what is pushed is deployed without asking"
            ]
        );
    }

    #[test]
    fn a_migration_without_a_backup() {
        let restore = table("[environments.production.restore]");
        let found = of(&[
            (table("[environments.production.backup]"), ""),
            (restore, ""),
            ("restore = [\"S0604QSJC\", \"U024BE7LH\"]", ""),
        ]);
        assert_eq!(
            found,
            [
                "environments.production: production has no backup: a migration that destroys data cannot be undone"
            ]
        );
    }

    #[test]
    fn a_migration_that_cannot_be_inspected_and_what_then_has_no_effect() {
        let command = "command = [\"alembic\", \"upgrade\", \"head\"]";
        let own = "command = [\"python\", \"-m\", \"app.migrate\"]";
        let waivers = ERP
            .lines()
            .find(|line| line.starts_with("waivers"))
            .unwrap();
        let rehearse = ("rehearse = false", "rehearse = true");
        let acknowledged = format!("{own}\ninspect = false");
        let no_effect = [
            "environments.production.backup.rehearse: this has no effect: the migration is not inspected",
            "environments.production.migration_rules: this has no effect: the migration is not inspected",
        ];
        let found = of(&[(command, &acknowledged), (waivers, ""), rehearse]);
        assert_eq!(found, no_effect);
        let found = of(&[(command, own), (waivers, ""), rehearse]);
        assert!(
            found[0].starts_with("migration.command: Sluice cannot inspect"),
            "{found:?}"
        );
        assert_eq!(found[1..], no_effect);
    }

    #[test]
    fn a_region_that_nobody_knows() {
        let found = of(&[("eu-central-1", "eu-central-11")]);
        let unknown = "this version of Sluice knows no region `eu-central-11`";
        let of_both =
            ["staging", "production"].map(|name| format!("environments.{name}.region: {unknown}"));
        assert_eq!(found, of_both);
    }

    const ROLL_BACK: &str = "roll_back = [\"S0604QSJC\", \"U024BE7LH\"]";

    #[test]
    fn a_production_that_no_one_may_roll_back_while_slack_is_down() {
        let warned = [
            "environments.production.roles.roll_back: no one could roll production back while Slack is down: it says who is in a group",
        ];
        for members in ["[\"S0604QSJC\"]", "[\"U0SOMEBODY\", \"S0604QSJC\"]"] {
            assert_eq!(
                of(&[(ROLL_BACK, &format!("roll_back = {members}"))]),
                warned
            );
        }
        let group = (ROLL_BACK, "roll_back = [\"S0604QSJC\"]");
        let nobody = (table("[people]"), "");
        assert!(of(&[group, nobody]).is_empty(), "no one uses a terminal");
    }

    #[test]
    fn a_production_that_no_one_may_roll_back() {
        assert_eq!(
            of(&[(ROLL_BACK, "")]),
            ["environments.production: no one may roll production back"]
        );
    }

    #[test]
    fn an_application_without_smoke_tests() {
        let start = ERP.find("[[smoke_tests]]").unwrap();
        let end = ERP.rfind("[[smoke_tests]]").unwrap();
        let end = end + ERP[end..].find("\n\n").unwrap();
        assert_eq!(
            of(&[(&ERP[start..end], "")]),
            [
                "smoke_tests: there are no smoke tests: a new version gets traffic as soon as it is healthy"
            ]
        );
    }

    #[test]
    fn an_address_without_encryption() {
        assert_eq!(
            of(&[("\"https://erp.example.com\"", "\"http://erp.example.com\"")]),
            ["environments.production.services.web.url: users reach web without encryption"]
        );
    }

    #[test]
    fn one_channel_for_two_environments() {
        assert_eq!(
            of(&[("#erp-staging", "#erp-production")]),
            [
                "environments.production.channel: staging and production share a channel: approvals of one are hard to find among the other's"
            ]
        );
    }
}
