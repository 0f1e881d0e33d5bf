//! Texts that people and programs write: commands, tags, windows, lines of a log.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use sluice_core::calendar::{Moment, Window};
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{AppName, EnvironmentName, ImageTag};
use sluice_core::origin::{Commit, Source};
use sluice_core::redact::redacted;
use sluice_core::tag::{self, TagPattern};
use sluice_events::Arn;
use sluice_hostile_tests::{holds, parts, text};
use sluice_words::slash::{self, Known, Reason};

use crate::stage::{is_told, now};

/// The environments that a command may name.
pub(crate) fn known() -> Vec<Known> {
    let zones = [
        ("staging", None),
        ("production", TimeZone::get("Europe/Berlin").ok()),
    ];
    let known = zones.map(|(environment, zone)| Known {
        key: EnvironmentKey {
            app: AppName::new("erp"),
            environment: EnvironmentName::new(environment),
        },
        zone,
    });
    known.to_vec()
}

const WORDS: &[&str] = &[
    "deploy",
    "to",
    "production",
    "until",
    "hotfix:",
    "tomorrow",
    "<@U024BE7LH>",
    "<!channel>",
    "<!subteam^S0604QSJC>",
    "<http://v1.2|v1.2>",
    "&amp;lt;",
    "“",
    "”",
    "—",
    "18:00",
    "+14:59",
    "1h30m",
    "99999999999999999999d",
];

/// What is read of a command is written so that it is read again.
#[test]
fn a_command_is_read_or_refused_in_words() {
    let corpus = parts(include_str!("../../corpus/slash.txt"));
    let name = "a_command_is_read_or_refused_in_words";
    holds(
        name,
        2_000,
        &text(corpus, WORDS),
        |line| match slash::parse(&line, &known(), now()) {
            Err(error) => is_told(&error.to_string()),
            Ok(command) => {
                let written = command.to_string();
                let again = slash::parse(&written, &known(), now());
                prop_assert_eq!(again, Ok(command), "{}", written);
                Ok(())
            }
        },
    );
}

#[test]
fn a_reason_is_short_and_wakes_nobody() {
    let corpus = parts(include_str!("../../corpus/slash.txt"));
    let name = "a_reason_is_short_and_wakes_nobody";
    holds(name, 2_000, &text(corpus, WORDS), |line| {
        for reason in [Reason::new(&line), Reason::typed(&line)] {
            match reason {
                Err(error) => is_told(&error.to_string())?,
                Ok(reason) => {
                    let reason = reason.as_str();
                    prop_assert!(reason.chars().count() <= 500 && !reason.contains('\n'));
                    for mention in ["<@U024BE7LH>", "<!subteam^S0604QSJC>"] {
                        prop_assert!(!reason.contains(mention), "{reason}");
                    }
                }
            }
        }
        Ok(())
    });
}

#[test]
fn a_tag_is_one_of_ecrs_or_none() {
    let corpus = parts(include_str!("../../corpus/tags.txt"));
    holds(
        "a_tag_is_one_of_ecrs_or_none",
        2_000,
        &text(corpus, &["*", "?"]),
        |text| {
            let tag = tag::read(&text);
            if let Some(tag) = &tag {
                prop_assert_eq!(tag.as_str(), &text);
                prop_assert!(text.len() <= 128 && text.is_ascii());
            }
            match TagPattern::parse(&text) {
                Err(error) => prop_assert!(!error.to_string().is_empty()),
                Ok(pattern) => {
                    prop_assert_eq!(pattern.to_string(), text.as_str());
                    let tag = tag.unwrap_or_else(|| ImageTag::new("v1.4.0"));
                    let _matches = pattern.matches(&tag);
                    prop_assert!(
                        pattern.as_str().contains(['*', '?'])
                            || tag.as_str() != text
                            || pattern.matches(&tag)
                    );
                }
            }
            let _commit = Commit::parse(&text).map(|commit| commit.short().len());
            let _source = Source::parse(&text);
            Ok(())
        },
    );
}

#[test]
fn a_window_is_read_or_refused_in_words() {
    let corpus = parts(include_str!("../../corpus/windows.txt"));
    let words = [
        "Mon",
        "-",
        ",",
        "24:00",
        "Europe/Berlin",
        "UTC",
        "2026-02-30",
    ];
    holds(
        "a_window_is_read_or_refused_in_words",
        1_000,
        &text(corpus, &words),
        |text| {
            if let Ok(window) = Window::parse(&text) {
                let written = window.to_string();
                let again = Window::parse(&written)
                    .map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(again.to_string(), written);
                let _opens = window.opens_at(now());
            }
            let _moment = Moment::parse(&text);
            Ok(())
        },
    );
}

#[test]
fn an_arn_is_taken_apart_or_refused_in_words() {
    let corpus = vec![
        "arn:aws:ecs:eu-central-1:111111111111:service/erp-production/erp-web".to_owned(),
        "arn:aws:rds:eu-central-1:111111111111:snapshot:sluice-dep-1".to_owned(),
    ];
    holds(
        "an_arn_is_taken_apart_or_refused_in_words",
        1_000,
        &text(corpus, &["arn:"]),
        |text| {
            if let Err(error) = Arn::parse(&text) {
                is_told(&error.to_string())?;
            }
            Ok(())
        },
    );
}

/// A value that stood in a line of the corpus stays out however the line is cut: the marker is never
/// told whole where its surroundings say what it is.
#[test]
fn a_line_of_a_log_stays_short_and_is_redacted_only_once() {
    let corpus = parts(include_str!("../../corpus/lines.txt"));
    for line in &corpus {
        assert!(!redacted(line).contains("zq7xsecret"), "{line}");
    }
    let words = [
        "password=",
        "://",
        "Bearer ",
        "DETAIL:",
        "secret",
        "eyJ",
        "arn:",
    ];
    let name = "a_line_of_a_log_stays_short_and_is_redacted_only_once";
    holds(name, 1_000, &text(corpus, &words), |line| {
        let once = redacted(&line);
        prop_assert!(once.chars().count() <= 20_000, "{}", once.len());
        Ok(())
    });
}

/// A log's line is cut before anybody looks at it, wherever that may be.
#[test]
fn a_cut_line_tells_no_more_than_a_whole_one() {
    for line in parts(include_str!("../../corpus/lines.txt")) {
        let Some(begins) = line.find("zq7xsecret") else {
            continue;
        };
        for end in begins + 3..line.len() {
            let cut = &line[..end];
            assert!(!redacted(cut).contains("zq7"), "{cut} → {}", redacted(cut));
        }
    }
}
