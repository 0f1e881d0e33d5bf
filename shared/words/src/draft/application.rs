//! The head of the file, and what is not in it.

use super::{Note, names};

/// The first lines.
pub const HEAD: [&str; 6] = [
    "sluice.toml, drafted by `sluice init` from what is running. docs/configuration.md has every key.",
    "",
    "Seen: read from AWS. Guessed: check it; the reason stands beside it. To do: only you know it.",
    "Unknown: could not be read, and nothing was guessed from it.",
    "",
    "After every change: sluice config check. Not drafted: windows, freezes, scan, signatures, bake and more.",
];

/// The name of the application.
pub fn app_name(said: bool, repository: &str) -> Note {
    match said {
        true => Note::Seen("given with --app.".into()),
        false => Note::Guessed(format!(
            "from the repository {repository}. ECS services called NAME-SERVICE need no key of their own."
        )),
    }
}

/// The repository.
pub fn repository(services: &[&str], said: bool) -> Note {
    let given = if said {
        ", and given with --repository"
    } else {
        ""
    };
    Note::Seen(format!(
        "the image of {} is from there{given}.",
        names(services)
    ))
}

/// Images of the same name in several registries.
pub fn several_registries(hosts: &[&str]) -> Note {
    Note::ToDo(format!(
        "the environments take their images from several registries ({}). Sluice deploys one image to \
         all of them: push to this one only, and let the other accounts pull from it.",
        names(hosts)
    ))
}

/// A service that is not in the file: its task definition could not be read.
pub fn left_out_unread(service: &str) -> Note {
    Note::ToDo(format!(
        "{service} is not in this file, because its task definition could not be read."
    ))
}

/// A service that is not in the file: a daemon.
pub fn left_out_daemon(service: &str) -> Note {
    Note::ToDo(format!(
        "{service} is not in this file: ECS runs it once on each instance (DAEMON), and Sluice has not \
         been tried with that. Deploy it as before."
    ))
}

/// Services that are not in the file: they run another image.
pub fn left_out_other(services: &[&str], repository: &str) -> Note {
    Note::Seen(match repository {
        "" => format!(
            "{} runs no image of a private ECR registry, and is not in this file.",
            names(services)
        ),
        _ => format!(
            "{} runs the image of another repository, {repository}, and is not in this file. One file is \
             one image: --repository {repository} drafts that one.",
            names(services)
        ),
    })
}

/// The name of an environment was given.
pub fn environment_given() -> Note {
    Note::Seen("the name was given with --cluster.".into())
}

/// The cluster's name says the environment.
pub fn environment_of_cluster(cluster: &str) -> Note {
    Note::Guessed(format!("called so after the cluster {cluster}."))
}

/// The names of services say the environment.
pub fn environment_of_services(cluster: &str, name: &str) -> Note {
    Note::Guessed(format!(
        "in the cluster {cluster} the names of the services say the environment. These are those of {name}."
    ))
}

/// Nothing says the environment.
pub fn environment_unknown(cluster: &str) -> Note {
    Note::Guessed(format!(
        "nothing in the name {cluster} says which environment it is. --cluster NAME={cluster} names it."
    ))
}

/// Some names of services say an environment, and others none.
pub fn environment_mixed<'a>(stages: impl Iterator<Item = &'a str>) -> Note {
    let stages: Vec<&str> = stages.collect();
    Note::ToDo(format!(
        "some names of services in this cluster speak of {}, others of nothing, so all of them are in \
         one environment here. If they are not one, move those of the others into tables of their own: \
         Sluice deploys everything in an environment at once.",
        names(&stages)
    ))
}
