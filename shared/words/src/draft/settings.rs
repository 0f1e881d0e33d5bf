//! Variables and secrets.

use super::{Note, names};

/// Plain variables that are copied.
pub fn variables() -> Note {
    Note::Seen(
        "in the task definition of every service. Sluice sets what is here in every service; a variable \
         that is not here stays as it is."
            .into(),
    )
}

/// Variables that are not copied.
pub fn stay(variables: &[&str]) -> Note {
    Note::Seen(format!(
        "left in the task definitions, and not in this file: {}. Not the same in every service, or the \
         value could be private.",
        names(variables)
    ))
}

/// A plain variable that looks like a credential.
pub fn credential(variable: &str, services: &[&str], environment: &str) -> String {
    format!(
        "{variable} looks like a credential, and stands as plain text in the task definition of {}. Its \
         value is not in this file. Put it into Secrets Manager, and name its place under {}",
        names(services),
        of_environment(environment)
    )
}

/// With what [`credential`] ends.
pub fn of_environment(environment: &str) -> String {
    format!("[environments.{environment}.secrets].")
}

/// Where secrets are.
pub fn secrets(services: &[&str]) -> Note {
    Note::Seen(format!(
        "in the task definitions of {}. Only where each value is; no value was read.",
        names(services)
    ))
}

/// A secret that not all services have.
pub fn not_in_all(variable: &str, services: &[&str]) -> Note {
    Note::Seen(format!(
        "{variable} of {} stays in the task definition: what is here is set in every service, from one \
         place.",
        names(services)
    ))
}

/// A secret that does not exist.
pub fn no_secret(arn: &str) -> Note {
    Note::ToDo(format!(
        "the task definition names a secret that does not exist: {arn}."
    ))
}

/// A version that the task definition pins.
pub fn pinned() -> Note {
    Note::Seen(
        "the task definition names a version of the next secret. Sluice takes the current one, and pins \
         it for each deployment."
            .into(),
    )
}
