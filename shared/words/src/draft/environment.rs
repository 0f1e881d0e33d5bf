//! An environment.

use super::{Note, names};

/// What comes before it.
pub fn after(environment: &str) -> Note {
    Note::Guessed(format!(
        "an image must have succeeded in {environment} before it may come here."
    ))
}

/// The stack with the role, and its parameters below.
pub fn parameters() -> Note {
    Note::ToDo(
        "the stack infra/environment.yaml creates this role. docs/install.md, step 3, with SluiceAccount \
         and these parameters: rights on these names and no others."
            .into(),
    )
}

/// Names that no pattern fits.
pub fn no_pattern(all: &[&str]) -> String {
    format!("… (one pattern for {})", names(all))
}

/// Tags like the one that runs.
pub fn tags_like(tag: &str) -> Note {
    Note::Guessed(format!(
        "{tag} is running. Every push of a tag like this is deployed here."
    ))
}

/// Tags as they are usual.
pub fn tags_usual(running: Option<&str>) -> Note {
    Note::Guessed(match running {
        Some(tag) => format!(
            "as is usual with GitFlow; {tag}, which is running, tells no pattern. Every push of such a \
             tag is deployed here, so each build needs a tag of its own."
        ),
        None => {
            "as is usual with GitFlow: the task definitions name no tag. Every push of such a tag \
                 is deployed here."
                .into()
        }
    })
}

/// Which channel.
pub fn asks_channel(environment: &str) -> String {
    format!("in which Slack channel does Sluice post about {environment}?")
}

/// Who approves.
pub fn asks_approvers() -> String {
    "who may approve, deploy and roll back? Ids of Slack user groups (S…) or people (U…), separated by \
     commas. Slack shows them under \"Copy group ID\" and \"Copy member ID\"."
        .into()
}

/// Once more.
pub fn same_ids() -> Note {
    Note::ToDo("the same ids as above.".into())
}

/// Who may do what.
pub fn roles() -> Note {
    Note::Guessed("the people who approve in production. No one may do what is left out.".into())
}
