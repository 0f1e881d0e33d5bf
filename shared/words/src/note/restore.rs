//! Services that come back, and a database that is restored.

use sluice_core::failure::Cause;
use sluice_core::id::{EnvironmentName, ServiceName};
use sluice_core::quantity;

pub(super) const SERVICES_STOPPED: &str =
    "all services have stopped: they do not write to the database any more";

pub(super) fn stuck(service: &ServiceName, reason: &str) -> String {
    format!("{service} could not be rolled back: {reason}")
}

pub(super) fn began(environment: &EnvironmentName) -> String {
    format!("{environment} is DOWN from now: all services are scaled to 0")
}

pub(super) fn copy_available(copy: &str) -> String {
    format!("{copy} is available, with the same settings as the database")
}

pub(super) fn set_aside(aside: &str) -> String {
    format!("the old database is now named {aside}, with all its data")
}

pub(super) fn not_healthy_yet(failures: &[String]) -> String {
    let failures = failures.join("; ");
    format!(
        "not healthy yet, checking again for some minutes, since a restored database is slow at \
         first: {failures}"
    )
}

pub(super) fn healthy(count: usize) -> String {
    let checks = quantity::count(count, "check");
    format!("{checks} passed at the public URLs")
}

pub(super) fn given_up(cause: &Cause) -> String {
    format!("not restored: {cause}. The database is unchanged, and all services start again")
}

pub(super) fn not_started(service: &ServiceName, reason: &str) -> String {
    format!("{service} could not be started: {reason}")
}
