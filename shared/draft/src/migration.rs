//! `[migration]`: the command that brings the schema up to date, where it can be seen.

use sluice_core::config::ServiceKind;
use sluice_words::draft::Note;
use sluice_words::draft::migration as words;

use crate::application::Application;
use crate::facts::{Container, Hidden};
use crate::image::Image;
use crate::page::{Page, list};
use crate::role;

/// Commands that migrate: the program, the word that must come after it, and the whole command.
const KNOWN: [(&str, &str, &[&str]); 9] = [
    ("alembic", "upgrade", &["alembic", "upgrade", "head"]),
    (
        "manage.py",
        "migrate",
        &["python", "manage.py", "migrate", "--no-input"],
    ),
    ("flask", "upgrade", &["flask", "db", "upgrade"]),
    (
        "rails",
        "db:migrate",
        &["bundle", "exec", "rails", "db:migrate"],
    ),
    (
        "rake",
        "db:migrate",
        &["bundle", "exec", "rake", "db:migrate"],
    ),
    (
        "artisan",
        "migrate",
        &["php", "artisan", "migrate", "--force"],
    ),
    ("prisma", "migrate", &["npx", "prisma", "migrate", "deploy"]),
    ("knex", "migrate:latest", &["npx", "knex", "migrate:latest"]),
    ("dbmate", "up", &["dbmate", "up"]),
];
/// What an application is made with, by a word of its commands or the name of a variable, and the
/// command that is usual there.
const USUAL: [(&str, &str, usize); 12] = [
    ("manage.py", "DJANGO_SETTINGS_MODULE", 1),
    ("flask", "FLASK_APP", 2),
    ("rails", "RAILS_ENV", 3),
    ("puma", "RACK_ENV", 3),
    ("sidekiq", "RAILS_MASTER_KEY", 3),
    ("artisan", "APP_KEY", 5),
    ("node", "NODE_ENV", 6),
    ("npm", "NODE_OPTIONS", 6),
    ("gunicorn", "GUNICORN_CMD_ARGS", 0),
    ("uvicorn", "UVICORN_PORT", 0),
    ("celery", "CELERY_BROKER_URL", 0),
    ("alembic", "ALEMBIC_CONFIG", 0),
];

/// Where the command was seen.
enum Place {
    /// A task definition that is run once.
    Family(String),
    /// A service that migrates whenever a task starts.
    Service(String),
}

pub(crate) fn write(found: &Application<'_>, page: &mut Page) {
    let web = found
        .units
        .iter()
        .find(|unit| unit.kind == ServiceKind::Web);
    let Some(service) = web
        .or_else(|| found.units.first())
        .map(|unit| unit.name.clone())
    else {
        return;
    };
    page.chapter(words::CHAPTER);
    for environment in &found.environments {
        if let Err(why) = &environment.cluster.migrations {
            page.note(&Note::Unknown(why.clone()));
        }
    }
    match seen(found) {
        Some((command, place)) => {
            page.note(&match &place {
                Place::Family(family) => words::of_family(family),
                Place::Service(name) => words::of_service(name),
            });
            page.table("migration");
            page.key("command", &list(&command));
            page.note(&words::service());
            page.text("service", &service);
            if let Place::Service(name) = place {
                page.note(&words::migrates_at_start(&name));
            }
        }
        None => {
            let (why, command) = usual(found);
            page.note(&words::not_seen(why));
            page.off("[migration]");
            page.off_key("command", &list(command));
            page.off_text("service", &service);
        }
    }
}

fn seen(found: &Application<'_>) -> Option<(Vec<String>, Place)> {
    for environment in found.environments.iter().rev() {
        let definitions = environment.cluster.migrations.iter().flatten();
        for definition in definitions {
            let ours = definition.containers.iter().filter(|one| {
                Image::read(&one.image)
                    .is_some_and(|image| image.repository == found.image.repository)
            });
            if let Some(command) = ours.filter_map(of_container).next() {
                return Some((command, Place::Family(definition.family.clone())));
            }
        }
        for running in environment.services.values() {
            if let Some(command) = of_container(running.container) {
                return Some((command, Place::Service(running.service.name.clone())));
            }
        }
    }
    None
}

/// The command of a container, if it migrates: as it is written where it is nothing else and holds
/// nothing that could be a password, and else as it is usual.
fn of_container(container: &Container) -> Option<Vec<String>> {
    let words = role::words(container);
    let is = |word: &str, name: &str| word.rsplit('/').next() == Some(name);
    let (_, _, usual) = KNOWN.iter().find(|(program, after, _)| {
        let at = words.iter().position(|word| is(word, program));
        at.is_some_and(|at| words[at..].contains(after))
    })?;
    let whole: Vec<&str> = container.command.iter().map(Hidden::expose).collect();
    let is_plain = |word: &&str| {
        let tame = word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._/:-".contains(c));
        tame && !word.is_empty() && !word.starts_with("-p") && !word.to_lowercase().contains("pass")
    };
    let command = match whole == words && whole.len() <= 8 && whole.iter().all(is_plain) {
        true => whole,
        false => usual.to_vec(),
    };
    Some(command.into_iter().map(str::to_owned).collect())
}

/// What migrates applications of this kind, as far as the kind can be seen.
fn usual(found: &Application<'_>) -> (Option<&'static str>, &'static [&'static str]) {
    let running = found
        .environments
        .iter()
        .flat_map(|one| one.services.values());
    let containers: Vec<&Container> = running.map(|one| one.container).collect();
    let is_used = |(program, variable, _): &&(&'static str, &str, usize)| {
        containers.iter().any(|one| {
            let mut words = role::words(one).into_iter();
            words.any(|word| word.rsplit('/').next() == Some(program))
                || one.variables.contains_key(*variable)
                || one.secrets.contains_key(*variable)
        })
    };
    match USUAL.iter().find(is_used) {
        Some((program, _, at)) => (Some(program), KNOWN[*at].2),
        None => (None, &["…"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> Option<String> {
        let container = Container {
            command: words.iter().map(|word| Hidden::new(*word)).collect(),
            ..Container::default()
        };
        of_container(&container).map(|words| words.join(" "))
    }

    #[test]
    fn a_command_is_copied_only_where_no_password_can_be_in_it() {
        for (words, copied) in [
            (
                &["alembic", "-c", "db/alembic.ini", "upgrade", "head"][..],
                "alembic -c db/alembic.ini upgrade head",
            ),
            (
                &["sh", "-c", "alembic upgrade head && gunicorn app"],
                "alembic upgrade head",
            ),
            (
                &[
                    "alembic",
                    "-x",
                    "url=postgres://a:hunter2@db/erp",
                    "upgrade",
                    "head",
                ],
                "alembic upgrade head",
            ),
            (
                &["dbmate", "--url", "postgres://a:hunter2@db/erp", "up"],
                "dbmate up",
            ),
            (
                &["php", "artisan", "migrate", "--password", "hunter2"],
                "php artisan migrate --force",
            ),
            (
                &["python", "manage.py", "migrate"],
                "python manage.py migrate",
            ),
        ] {
            assert_eq!(command(words).as_deref(), Some(copied), "{words:?}");
        }
        assert_eq!(command(&["gunicorn", "app"]), None);
        assert_eq!(command(&["python", "manage.py", "runserver"]), None);
    }
}
