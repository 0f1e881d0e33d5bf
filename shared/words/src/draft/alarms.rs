//! Alarms.

use super::{Note, names};

/// Those that ECS watches already.
pub fn of_deployments(alarms: &[&str]) -> Note {
    Note::Seen(format!(
        "ECS watches {} in deployments today.",
        names(alarms)
    ))
}

/// Those whose metric is of the load balancer or of a service.
pub fn of_metrics(alarms: &[&str]) -> Note {
    Note::Seen(format!(
        "the metric of {} is of these services or of their load balancer.",
        names(alarms)
    ))
}

/// Those whose name fits.
pub fn by_name(alarms: &[&str]) -> Note {
    Note::Guessed(format!(
        "{} by the name alone. Remove what can fire without the release being bad.",
        names(alarms)
    ))
}

/// Those of something else.
pub fn beside(alarms: &[&str]) -> Note {
    Note::Guessed(format!(
        "{} by the name belongs to this environment, and its metric is of something else. It is left \
         out; add it if a bad release makes it fire.",
        names(alarms)
    ))
}

/// Those that would stop every deployment.
pub fn firing(alarms: &[&str]) -> Note {
    Note::ToDo(format!(
        "{} is firing now. It is left out, because no deployment would start; add it once it is quiet.",
        names(alarms)
    ))
}

/// There are none.
pub fn none() -> Note {
    Note::ToDo(
        "no alarm was seen that tells of a bad release. Without one, only health checks and the \
         comparison of requests roll it back. Create one on the load balancer's 5xx, and name it in \
         `alarms`."
            .into(),
    )
}
