//! The migration.

use super::Note;

/// The title above it.
pub const CHAPTER: &str = "Database schema: one task before the new version starts";

/// The command of a task that is run once.
pub fn of_family(family: &str) -> Note {
    Note::Seen(format!("the task definition {family} runs it."))
}

/// The command at the start of a service.
pub fn of_service(service: &str) -> Note {
    Note::Seen(format!("{service} runs it whenever a task starts."))
}

/// Whose task definition it has.
pub fn service() -> Note {
    Note::Guessed(
        "the migration runs with the task definition, network and secrets of this service.".into(),
    )
}

/// A service migrates by itself.
pub fn migrates_at_start(service: &str) -> Note {
    Note::ToDo(format!(
        "remove it from the command of {service}: Sluice runs it once, before any service is changed, \
         and can then say before the approval what it does."
    ))
}

/// No command was seen.
pub fn not_seen(made_with: Option<&str>) -> Note {
    Note::ToDo(match made_with {
        Some(program) => format!(
            "no migration was seen. If the application has one, this is what is usual with {program}; \
             without one, remove these lines. docs/other-applications.md has both cases."
        ),
        None => "no migration was seen. If the application has one, write its command, as you would \
                 type it; without one, remove these lines. docs/other-applications.md has both cases."
            .into(),
    })
}
