//! How `sluice doctor` is asked, and how its report is laid out.

use std::path::PathBuf;

use clap::Args;
use sluice_words::doctor::{NotSeen, Report};

use crate::terminal::{BAD, DIM, GOOD, STRONG, WARN, paint, wrap_hanging};

/// Check an installation from outside: what is not as Sluice needs it, why, and what to type.
///
/// Reads Sluice's functions, table, queue, rules and roles, and each environment's services, load
/// balancers, secrets and database, with your AWS credentials. It changes nothing and reads no secret,
/// except the bot token with --slack. Makes some 200 requests, one after the other. Exits with 0 if
/// everything was looked at and is fine, with 1 if there are findings, with 2 if there are none but
/// something could not be looked at.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Examples:\n  \
    sluice doctor sluice.toml\n  \
    sluice doctor sluice.toml --also staging     # a profile for another account\n  \
    sluice doctor sluice.toml --slack\n  \
    sluice doctor sluice.toml --json | jq '.looked_at[] | select(.outcome != \"fine\")'\n\n\
    The rights it needs: infra/doctor-policy.json. Every check: docs/doctor.md."
)]
pub struct Doctor {
    /// The files that the functions' packages were built with.
    #[arg(value_name = "FILE", default_value = "sluice.toml")]
    pub files: Vec<PathBuf>,
    /// The name of Sluice's stack. Default: `stack` of the installation, or sluice.
    #[arg(long, value_name = "NAME")]
    pub stack: Option<String>,
    /// The installation, as ~/.config/sluice/installations.toml names it, for profile, region and stack.
    #[arg(long, value_name = "NAME")]
    pub installation: Option<String>,
    /// The region that Sluice runs in. Default: the profile's, or AWS_REGION.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The profile with credentials for Sluice's account. Default: AWS_PROFILE, or the SDK's own order.
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// A profile with credentials for another account that Sluice deploys to; may be given several times.
    #[arg(long, value_name = "PROFILE")]
    pub also: Vec<String>,
    /// Look into Slack too: token, scopes, channels, groups, people. Posts nothing.
    #[arg(long)]
    pub slack: bool,
    /// Print only JSON, as docs/doctor.md describes it.
    #[arg(long)]
    pub json: bool,
}

/// The report for people. Commands are not broken, so that they can be copied.
pub fn lines(report: &Report, width: usize) -> String {
    let mut lines = Vec::new();
    let text = |before: &str, text: &str| {
        let hang = anstream::adapter::strip_str(before.trim_start())
            .to_string()
            .len();
        wrap_hanging(&format!("{before}{text}"), width, hang).join("\n")
    };
    for (looked, finding) in report.findings() {
        let title = format!(
            "{} {}",
            paint(BAD, "FIX"),
            paint(STRONG, looked.check.name())
        );
        lines.push(format!("{title}  {}", paint(DIM, &looked.subject)));
        lines.push(text("  ", &finding.what));
        lines.push(text("  Why: ", &finding.why));
        lines.extend(finding.fix.iter().map(|fix| format!("  Fix: {fix}")));
        lines.push(String::new());
    }
    // One reason often hides many things: an account that nobody gave credentials for.
    let mut reasons: Vec<(&NotSeen, Vec<String>)> = Vec::new();
    for (looked, why) in report.unknown() {
        let name = format!("{} ({})", looked.check.name(), looked.subject);
        match reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    for (why, names) in reasons {
        let title = paint(WARN, "UNKNOWN");
        lines.push(text(&format!("{title} "), &names.join(", ")));
        lines.push(text("  ", &format!("Could not be looked at: {}", why.why)));
        if let Some(right) = &why.needs {
            lines.push(format!("  Needs the right {right}."));
        }
        lines.push(String::new());
    }
    let style = match report.exit_code() {
        0 => GOOD,
        1 => BAD,
        _ => WARN,
    };
    lines.push(paint(style, report.conclusion()));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use sluice_words::doctor::{Check, Finding, Looked, Outcome, Subject};

    use super::*;

    fn report(outcomes: Vec<Outcome>) -> Report {
        let looked = outcomes.into_iter().map(|outcome| Looked {
            check: Check::QueueVisibility,
            subject: "sluice-Queue-1".into(),
            outcome,
        });
        Report {
            installation: Subject {
                stack: "sluice".into(),
                account: "222222222222".into(),
                region: "eu-central-1".into(),
            },
            looked: looked.collect(),
        }
    }

    #[test]
    fn findings_come_first_and_commands_are_not_broken() {
        let command = format!("aws {}", "x ".repeat(80));
        let unknown = || {
            Outcome::Unknown(NotSeen {
                why: "AWS refused it.".into(),
                needs: Some("sqs:GetQueueAttributes".into()),
            })
        };
        let shown = lines(
            &report(vec![
                unknown(),
                unknown(),
                Outcome::Fine,
                Outcome::Finding(Finding::new(
                    "It is. ".repeat(20).trim(),
                    "It matters.",
                    &command,
                )),
            ]),
            60,
        );
        let shown = anstream::adapter::strip_str(&shown).to_string();
        assert!(
            shown.starts_with("FIX queue-visibility  sluice-Queue-1\n  It is."),
            "{shown}"
        );
        assert!(shown.contains(&format!("  Fix: {command}\n")), "{shown}");
        let flat = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        let unknown =
            "UNKNOWN queue-visibility (sluice-Queue-1), queue-visibility (sluice-Queue-1) Could";
        assert!(flat.contains(unknown), "{shown}");
        assert!(
            shown.contains("Needs the right sqs:GetQueueAttributes."),
            "{shown}"
        );
        assert!(
            shown.ends_with("4 checks: 1 fine, 1 to fix, 2 could not be looked at."),
            "{shown}"
        );
        let prose = shown.lines().filter(|line| !line.contains("Fix:"));
        assert!(
            prose.clone().all(|line| line.chars().count() <= 60),
            "{shown}"
        );
    }

    #[test]
    fn a_refused_read_is_no_success() {
        let refused = Outcome::Unknown(NotSeen::because("no"));
        assert_eq!(report(vec![Outcome::Fine]).exit_code(), 0);
        assert_eq!(report(vec![Outcome::Fine, refused.clone()]).exit_code(), 2);
        let finding = Outcome::Finding(Finding::new("a", "b", "c"));
        assert_eq!(report(vec![refused, finding]).exit_code(), 1);
    }
}
