//! Services and their containers.

use super::{Note, names};

/// The title above them.
pub const CHAPTER: &str = "Services: one image, started in several ways";

/// A web service.
pub fn web(services: &[&str], port: i32) -> Note {
    Note::Seen(format!(
        "a load balancer sends requests to port {port} of {}.",
        names(services)
    ))
}

/// A scheduler, by its command.
pub fn scheduler(services: &[&str], command: &str) -> Note {
    Note::Seen(format!(
        "{} runs `{command}`. Two of them would do everything twice: the old one stops before the new \
         one starts.",
        names(services)
    ))
}

/// A service of which ECS stops the old task first.
pub fn stops_first(services: &[&str]) -> Note {
    Note::Guessed(format!(
        "ECS stops the only task of {} before it starts a new one (maximumPercent 100), as for something \
         that must not run twice. If two may run, make it a `worker`: it then has no gap.",
        names(services)
    ))
}

/// A scheduler, by its name.
pub fn once_by_name(services: &[&str], word: &str) -> Note {
    Note::Guessed(format!(
        "only from the word `{word}` in the name of {}; its command is inside the image. If two may run, \
         make it a `worker`: it then has no gap.",
        names(services)
    ))
}

/// A worker, by its command.
pub fn worker(services: &[&str], command: &str) -> Note {
    Note::Seen(format!("{} runs `{command}`.", names(services)))
}

/// A service that listens and has no load balancer.
pub fn without_balancer(services: &[&str], port: i32) -> Note {
    Note::Guessed(format!(
        "{} listens on port {port} and has no load balancer. As a worker its tasks are replaced, and \
         counted in the bake. If Sluice's functions can reach it by HTTP, make it `web`, with \
         strategy = \"rolling\" and its `url`: then it has health checks and smoke tests too.",
        names(services)
    ))
}

/// Nothing is known of it.
pub fn other(services: &[&str]) -> Note {
    Note::Guessed(format!(
        "{} has no load balancer, and its command is inside the image or says nothing. Make it a \
         `singleton` if it must never run twice, such as a scheduler.",
        names(services)
    ))
}

/// An environment lacks a service.
pub fn missing(service: &str, environment: &str) -> Note {
    Note::ToDo(format!(
        "{environment} has no such service, and every environment must have every service. Create it \
         there, or remove {service} from this file."
    ))
}

/// Its tasks may be killed before they have finished.
pub fn no_stop_timeout() -> Note {
    Note::ToDo(
        "the task definition has no stop timeout, so that ECS kills a task 30 s after it asked it to \
         stop. If a job may take longer, say how long (Fargate allows 120s):"
            .into(),
    )
}

/// ECS does not deploy it.
pub fn other_controller(service: &str, controller: &str) -> Note {
    Note::ToDo(format!(
        "{service} has the deployment controller {controller}. Sluice can only deploy it with ECS's own: \
         docs/existing-service.md says how to change it."
    ))
}

/// Another container elsewhere.
pub fn other_container(environment: &str, there: &str, here: &str) -> Note {
    Note::ToDo(format!(
        "in {environment} the container is called {there}. The file has one name for all environments: \
         rename it to {here} in the task definition there."
    ))
}

/// Several containers of the same image.
pub fn several_containers(container: &str, count: usize) -> Note {
    Note::ToDo(format!(
        "{count} containers of the task have this image, and Sluice changes one. Is {container} the \
         right one? The others keep the image they have."
    ))
}

/// Containers that are left alone.
pub fn sidecars(containers: &[&str]) -> Note {
    Note::Seen(format!(
        "beside it in the task: {}. Sluice leaves that as it is.",
        names(containers)
    ))
}

/// Requests reach another container.
pub fn in_front(container: &str) -> Note {
    Note::Seen(format!(
        "the load balancer sends its requests to {container}, which passes them on."
    ))
}

/// The name in ECS is not the usual one.
pub fn name_in_ecs() -> Note {
    Note::Seen("its name in ECS.".into())
}
