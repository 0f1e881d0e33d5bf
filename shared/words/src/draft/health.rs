//! Health paths and smoke tests.

use super::Note;

/// The path of a target group's check.
pub fn of_group(group: &str, path: &str) -> Note {
    Note::Seen(format!(
        "the health check of the target group {group} asks {path}."
    ))
}

/// The path of a container's check.
pub fn of_container(container: &str, path: &str) -> Note {
    Note::Seen(format!(
        "the health check of the container {container} asks {path}."
    ))
}

/// A check that takes more than 2xx as healthy.
pub fn other_codes(group: &str, path: &str, codes: &str) -> Note {
    Note::Seen(format!(
        "the health check of the target group {group} asks {path} and takes {codes} as healthy. Sluice \
         takes only 200 to 299, and follows no redirection."
    ))
}

/// One path for both.
pub fn one_path() -> Note {
    Note::Guessed(
        "no other path is asked, so it is both. `live` must answer as long as the process lives, \
         `ready` only if its dependencies answer too, such as the database."
            .into(),
    )
}

/// No path.
pub fn no_path() -> Note {
    Note::ToDo(
        "no path for health checks was seen. Without one, the bake counts tasks and watches alarms, and \
         asks the new version nothing. If there are such paths:"
            .into(),
    )
}

/// The title above smoke tests.
pub const SMOKE_TESTS: &str = "Smoke tests: requests to the new version before it has any traffic";

/// What they are for.
pub const ABOUT_SMOKE_TESTS: &str = "With strategy = \"rolling\" they run after users have it. Add \
    requests that show that your application works: docs/configuration.md, smoke_tests.";

/// A first test.
pub fn smoke_test(service: &str) -> Note {
    Note::Guessed(format!(
        "what the load balancer asks {service} must be answered."
    ))
}

/// Its name.
pub fn smoke_test_name(service: &str) -> String {
    format!("{service} answers its health check")
}

/// Nothing to ask.
pub fn no_smoke_test(service: &str) -> Note {
    Note::ToDo(format!("a request that shows that {service} works:"))
}

/// A test as an example: its name and its path.
pub const EXAMPLE: (&str, &str) = ("the start page is served", "/");
