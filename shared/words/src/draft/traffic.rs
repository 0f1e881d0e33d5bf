//! How traffic moves, and addresses.

use super::{Note, names};

/// What a shift of traffic needs, as [`rolling`] names it.
pub const CONTROLLER: &str = "ECS as its deployment controller";
/// See [`CONTROLLER`].
pub const SECOND_GROUP: &str = "a second target group (step 1)";
/// See [`CONTROLLER`].
pub const PRODUCTION_RULE: &str = "a production listener rule (step 2)";
/// See [`CONTROLLER`].
pub const TEST_RULE: &str = "a test listener (step 3)";
/// See [`CONTROLLER`].
pub const ROLE: &str = "a role for ECS to shift with (step 4)";

/// An address for a file without an answer.
pub const EXAMPLE_URL: &str = "https://example.com";

/// Only rolling is possible.
pub fn rolling(service: &str, lacks: &[&str]) -> Note {
    Note::Seen(format!(
        "{service} lacks {} for blue-green, so users meet a new version before it is tested. \
         docs/existing-service.md adds what is missing, while users are on it; then write \
         strategy = \"blue-green\" and its test_url.",
        names(lacks)
    ))
}

/// Everything for a shift is there.
pub fn shifts(service: &str, strategy: &str) -> Note {
    Note::Seen(format!(
        "ECS deploys {service} with the strategy {strategy}."
    ))
}

/// Everything for a shift is there, and is not used.
pub fn could_shift(service: &str) -> Note {
    Note::Guessed(format!(
        "ECS replaces the tasks of {service} in place today, although it has two target groups, both \
         rules and the role: green can come up beside blue."
    ))
}

/// A step that the file does not take.
pub fn odd_step(percent: f64) -> Note {
    Note::ToDo(format!(
        "ECS moves {percent} per cent in a step today; step_percent takes whole numbers."
    ))
}

/// The address is that of the rule.
pub fn url_of_rule() -> Note {
    Note::Seen("the listener rule is for this host.".into())
}

/// The address is that of the load balancer.
pub fn url_of_balancer(secure: bool) -> Note {
    let certificate = match secure {
        true => " Its certificate is not for this name, so that health checks fail with it.",
        false => "",
    };
    Note::Guessed(format!(
        "the load balancer's own address, since its rule is for every host.{certificate}"
    ))
}

/// Which address.
pub fn asks_url(service: &str) -> String {
    format!("at which address do users reach {service}?")
}

/// Which address for tests.
pub fn asks_test_url(service: &str) -> String {
    format!("at which address does the test listener answer ({service})?")
}

/// The address for tests.
pub fn test_listener(port: i32) -> Note {
    Note::Seen(format!(
        "the test listener is on port {port}. Sluice's functions must reach it; no one else should."
    ))
}

/// Not reachable from outside.
pub fn internal() -> Note {
    Note::Seen(
        "the load balancer is internal. Give Sluice's stack Subnets and SecurityGroups from which it is \
         reached (docs/install.md, \"An application inside a VPC\")."
            .into(),
    )
}

/// The rule takes only some paths.
pub fn only_paths(paths: &[&str]) -> Note {
    Note::ToDo(format!(
        "its listener rule takes only {}. Sluice asks health and smoke paths at this url: see that they \
         are among them.",
        names(paths)
    ))
}
