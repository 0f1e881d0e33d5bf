//! What a service does: from its load balancer, and from the words of its command.

use sluice_core::config::ServiceKind;

use crate::facts::{Container, Service};
use crate::names;

/// How a service's kind is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// A load balancer sends it requests on this port.
    Balanced(i32),
    /// Its command is that of a scheduler.
    Command(&'static str),
    /// ECS stops its only task before it starts a new one.
    StopsFirst,
    /// Its name says it, and nothing else does.
    Name(String),
    /// Its command is that of workers.
    Works(&'static str),
    /// It listens on a port, and has no load balancer.
    Unbalanced(i32),
    /// Nothing speaks against it.
    Nothing,
}

/// Programs that must not run twice: the name of the program, a word that must come after it, and what
/// to call the two.
const SCHEDULERS: [(&str, &str, &str); 10] = [
    ("celery", "beat", "celery beat"),
    ("celery", "-B", "celery worker -B"),
    ("celery", "--beat", "celery worker --beat"),
    ("rqscheduler", "", "rqscheduler"),
    ("supercronic", "", "supercronic"),
    ("crond", "", "crond"),
    ("cron", "", "cron"),
    ("clockwork", "", "clockwork"),
    ("artisan", "schedule:work", "artisan schedule:work"),
    ("airflow", "scheduler", "airflow scheduler"),
];
/// Programs that take work from a queue.
const WORKERS: [(&str, &str, &str); 8] = [
    ("celery", "worker", "celery worker"),
    ("sidekiq", "", "sidekiq"),
    ("rq", "worker", "rq worker"),
    ("dramatiq", "", "dramatiq"),
    ("arq", "", "arq"),
    ("artisan", "queue:work", "artisan queue:work"),
    ("artisan", "horizon", "artisan horizon"),
    ("resque", "", "resque"),
];
/// Words of a name that say that something is to run once.
const ONCE: [&str; 5] = ["beat", "cron", "clock", "scheduler", "singleton"];

/// The words of a container's command. A shell's own command is one argument with all of them.
pub(crate) fn words(container: &Container) -> Vec<&str> {
    let arguments = container.command.iter().map(|one| one.expose());
    let is_edge = |c: char| c.is_whitespace() || "\"';&|()".contains(c);
    let words = arguments.flat_map(|text| text.split(is_edge));
    words.filter(|word| !word.is_empty()).collect()
}

/// Which of these programs is among the words.
pub(crate) fn program(
    words: &[&str],
    programs: &[(&'static str, &'static str, &'static str)],
) -> Option<&'static str> {
    let named = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    let found = programs.iter().find(|(program, after, _)| {
        let Some(at) = words.iter().position(|word| named(word) == *program) else {
            return false;
        };
        after.is_empty() || words[at..].contains(after)
    });
    found.map(|(_, _, name)| *name)
}

/// What a service is, and how that is known.
pub(crate) fn of(service: &Service, container: &Container) -> (ServiceKind, Evidence) {
    if let Some(balancer) = service.balancers.first() {
        return (ServiceKind::Web, Evidence::Balanced(balancer.port));
    }
    let words = words(container);
    if let Some(name) = program(&words, &SCHEDULERS) {
        return (ServiceKind::Singleton, Evidence::Command(name));
    }
    if let Some(name) = program(&words, &WORKERS) {
        return (ServiceKind::Worker, Evidence::Works(name));
    }
    // More than one runs already, so that two do no harm.
    let is_alone = service.desired <= 1;
    if is_alone && service.maximum_percent == Some(100) {
        return (ServiceKind::Singleton, Evidence::StopsFirst);
    }
    let name = names::words(&service.name);
    if let Some(word) = name
        .into_iter()
        .find(|word| is_alone && ONCE.contains(&word.as_str()))
    {
        return (ServiceKind::Singleton, Evidence::Name(word));
    }
    match container.ports.first() {
        Some(port) => (ServiceKind::Worker, Evidence::Unbalanced(*port)),
        None => (ServiceKind::Worker, Evidence::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Hidden;

    fn scheduler(command: &[&str]) -> Option<&'static str> {
        let container = Container {
            command: command.iter().map(|word| Hidden::new(*word)).collect(),
            ..Container::default()
        };
        program(&words(&container), &SCHEDULERS)
    }

    #[test]
    fn a_scheduler_is_known_by_its_command_however_it_is_written() {
        for command in [
            &["celery", "-A", "app.worker", "beat"][..],
            &[
                "/venv/bin/celery",
                "-A",
                "app",
                "beat",
                "--loglevel",
                "info",
            ],
            &["sh", "-c", "exec celery -A app beat"],
            &["python", "-m", "celery", "-A", "app", "beat"],
            &["celery", "-A", "app", "worker", "-B"],
            &["bash", "-c", "celery -A app worker& celery -A app beat"],
            &["php", "artisan", "schedule:work"],
        ] {
            assert!(scheduler(command).is_some(), "{command:?}");
        }
        for command in [
            &["celery", "-A", "app.worker", "worker"][..],
            &["celery", "-A", "app", "worker", "-Q", "beats"],
            &["./beat"],
            &["beat", "celery"],
            &[],
        ] {
            assert_eq!(scheduler(command), None, "{command:?}");
        }
    }
}
