//! The commands of a terminal: those of `/sluice`, and what only buttons do in Slack.

use jiff::Timestamp;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::DeploymentId;
use sluice_words::message::ButtonAction;
use sluice_words::slash::{self, Known, Look, Slash, SlashError};

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// What people type in Slack too.
    Slash(Slash),
    /// A deployment, as its message in Slack shows it.
    Show(Subject),
    /// The complete history of a deployment.
    Export(Subject),
    /// What a button does in Slack.
    Button(ButtonAction, Subject),
}

/// The deployment that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// The one that has the environment, or the newest.
    In(EnvironmentKey),
    /// This one.
    Deployment(DeploymentId),
}

/// The words of the commands that `/sluice` does not have.
const OWN: [(&str, Option<ButtonAction>); 5] = [
    ("show", None),
    ("export", None),
    ("override", Some(ButtonAction::Override)),
    ("keep", Some(ButtonAction::Keep)),
    ("roll-forward", Some(ButtonAction::RollForward)),
];

/// Reads a command as it was typed: plain text, in which nothing is escaped.
///
/// # Errors
/// It is no command.
pub(super) fn parse(text: &str, known: &[Known], now: Timestamp) -> Result<Command, SlashError> {
    let mut words = text.split_whitespace();
    let own = words.next().and_then(|first| {
        let own = OWN.iter();
        own.copied().find(|(word, _)| *word == first)
    });
    let Some((word, button)) = own else {
        return Ok(Command::Slash(slash::parse(&escaped(text), known, now)?));
    };
    let subject = subject(text.trim_start()[word.len()..].trim(), known, now)?;
    Ok(match (word, button) {
        (_, Some(button)) => Command::Button(button, subject),
        ("export", None) => Command::Export(subject),
        (_, None) => Command::Show(subject),
    })
}

fn subject(words: &str, known: &[Known], now: Timestamp) -> Result<Subject, SlashError> {
    if words.starts_with("dep-") && !words.contains(char::is_whitespace) {
        return Ok(Subject::Deployment(DeploymentId::from_outside(words)));
    }
    // The names of environments are read, and corrected, where all others are.
    match slash::parse(&format!("who {}", escaped(words)), known, now)? {
        Slash::Look(Look::Who(key)) => Ok(Subject::In(key)),
        _ => unreachable!("`who` is read as nothing else"),
    }
}

/// The text as Slack would hand it over.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::id::{AppName, EnvironmentName};
    use sluice_words::slash::{Control, Decision};

    fn read(text: &str) -> Result<Command, SlashError> {
        let key = EnvironmentKey {
            app: AppName::new("erp"),
            environment: EnvironmentName::new("production"),
        };
        parse(text, &[Known { key, zone: None }], Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_deployment_is_named_by_its_id_or_by_where_it_goes() {
        let id = DeploymentId::from_outside("dep-0123456789abcdef");
        let by_id = Subject::Deployment(id);
        assert_eq!(
            read("show dep-0123456789abcdef").unwrap(),
            Command::Show(by_id)
        );
        let keep = read(" keep  production ").unwrap();
        assert!(matches!(
            keep,
            Command::Button(ButtonAction::Keep, Subject::In(_))
        ));
        let slip = read("export prodution").unwrap_err().to_string();
        assert!(slip.contains("Did you mean `erp/production`?"), "{slip}");
        assert!(read("show").is_err());
        assert!(read("keep production now").is_err());
    }

    #[test]
    fn what_slack_would_escape_is_read_as_it_was_typed() {
        let reason = r#"load < 5 & rising, "see" &lt;b&gt; <@U024BE7LH>"#;
        let Ok(Command::Slash(Slash::Control(Control::Hold { reason: held, .. }))) =
            read(&format!("hold production {reason}"))
        else {
            panic!("it is a hold");
        };
        let held = held.unwrap().to_string();
        assert_eq!(held, r#"load < 5 & rising, "see" &lt;b&gt; @U024BE7LH"#);
        let Ok(Command::Slash(Slash::Decision(Decision::Reject { at: None, reason }))) =
            read("reject \"production is closed\"")
        else {
            panic!("it is a rejection");
        };
        assert_eq!(reason.as_str(), "production is closed");
    }
}
