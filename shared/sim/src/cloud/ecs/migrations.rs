//! What tasks of the wrapper around Alembic do to the simulated database, and what they tell.
//!
//! An image brings one revision, named after its digest. A database stands at the revision of the
//! image that was migrated last.

use std::sync::Arc;

use jiff::SignedDuration;
use sluice_core::id::ClusterName;
use sluice_migrations::report::{Inspected, Rehearsed, Report, Trouble, encode};

use crate::cloud::behaviour::{MigrationBehaviour, MigrationEnd};
use crate::cloud::place::Place;
use crate::cloud::{Cloud, Happened};

/// What a task was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// To look.
    Inspect,
    /// To migrate a copy of the database.
    Rehearse,
    /// To migrate, under the lock or without.
    Migrate,
}

impl Errand {
    /// The wrapper's mode stands behind the script.
    pub(super) fn of(command: &[String]) -> Self {
        let script = command.iter().position(|word| word == "-c");
        let mode = script.and_then(|at| command.get(at + 2));
        match mode.map(String::as_str) {
            Some("inspect") => Self::Inspect,
            Some("rehearse") => Self::Rehearse,
            _ => Self::Migrate,
        }
    }
}

/// An environment: what else may be in the same account is another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Home {
    place: Arc<Place>,
    cluster: ClusterName,
}

/// A database that no backup is configured of, and so has no instance here: where it stands.
#[derive(Debug)]
pub(in crate::cloud) struct Schema {
    home: Home,
    heads: Vec<String>,
}

/// The revision that an image brings, from `…@sha256:0123…`.
fn revision(image: &str) -> String {
    let hex = image.rsplit(':').next().unwrap_or(image);
    hex.chars().take(12).collect()
}

impl Cloud {
    /// How long the task runs; `None` for ever.
    pub(super) fn task_takes(&self, at: usize) -> Option<SignedDuration> {
        let task = &self.ecs.tasks[at];
        let migration = &task.behaviour.as_ref()?.migration;
        match (Errand::of(&task.command), migration.ends) {
            (Errand::Inspect, _) => (!migration.look_hangs).then_some(self.tempo.look),
            (_, MigrationEnd::Exits(_)) => Some(migration.takes.unwrap_or(self.tempo.migration)),
            (_, MigrationEnd::NeverStarts | MigrationEnd::Hangs) => None,
        }
    }

    /// Does what the task does in the end, has it tell of it, and says its exit code.
    pub(super) fn carry_out(&mut self, at: usize) -> Option<i32> {
        let task = &self.ecs.tasks[at];
        let migration = task.behaviour.as_ref()?.migration.clone();
        let definition = &self.ecs.task_definitions[task.definition];
        let image = &definition.container(&task.container)?.image;
        let (head, token) = (revision(image), task.token.clone());
        let home = Home {
            place: task.place.clone(),
            cluster: task.cluster.clone(),
        };
        let MigrationEnd::Exits(code) = migration.ends else {
            return (Errand::of(&task.command) == Errand::Inspect)
                .then(|| self.look(at, &home, &head, &migration));
        };
        match Errand::of(&task.command) {
            Errand::Inspect => Some(self.look(at, &home, &head, &migration)),
            Errand::Rehearse => Some(self.rehearse(at, &head, &migration, code)),
            Errand::Migrate => {
                if code == 0 && !migration.lies {
                    self.migrate(&home, &head);
                    self.note(Happened::SchemaChanged {
                        cluster: home.cluster,
                        token,
                        heads: vec![head],
                    });
                }
                Some(code)
            }
        }
    }

    fn look(&mut self, at: usize, home: &Home, head: &str, migration: &MigrationBehaviour) -> i32 {
        let report = match &migration.trouble {
            Some((trouble, detail)) => Report::Failed {
                trouble: *trouble,
                detail: detail.clone(),
            },
            None => Report::Inspected(Box::new(self.inspected(home, head, migration))),
        };
        let code = i32::from(matches!(report, Report::Failed { .. }));
        if !migration.look_tells_nothing {
            self.ecs.tasks[at].said = encode(&report);
        }
        code
    }

    fn inspected(&self, home: &Home, head: &str, migration: &MigrationBehaviour) -> Inspected {
        let current = self.heads(home);
        let stands = migration.brings_nothing || current.iter().any(|there| there == head);
        let pending = if stands {
            Vec::new()
        } else {
            vec![(head.to_owned(), migration.message.clone())]
        };
        let from = current.first().map_or("", String::as_str);
        let sql = migration
            .sql
            .as_ref()
            .map(|sql| alembic_sql(from, head, sql));
        let head = match (migration.brings_nothing, current.first()) {
            (true, Some(there)) => there.clone(),
            _ => head.to_owned(),
        };
        Inspected {
            sql: if stands { Some(String::new()) } else { sql },
            sql_error: None,
            tables: migration.tables.clone(),
            current,
            head,
            pending,
        }
    }

    fn rehearse(
        &mut self,
        at: usize,
        head: &str,
        migration: &MigrationBehaviour,
        code: i32,
    ) -> i32 {
        let takes = migration.takes.unwrap_or(self.tempo.migration);
        let report = if code == 0 {
            Report::Rehearsed(Rehearsed {
                took_ms: takes.as_millis().try_into().unwrap_or(0),
                locks: migration.locks.clone(),
                current: vec![head.to_owned()],
            })
        } else {
            Report::Failed {
                trouble: Trouble::Other,
                detail: "the migration failed on the copy".to_owned(),
            }
        };
        self.ecs.tasks[at].said = encode(&report);
        code
    }

    /// Where the database of the environment there stands.
    fn heads(&self, home: &Home) -> Vec<String> {
        if let Some(database) = self.written_to(&home.place, &home.cluster) {
            return self.revision_of(&database);
        }
        let schema = self.ecs.schemas.iter().find(|one| one.home == *home);
        schema.map_or_else(Vec::new, |one| one.heads.clone())
    }

    fn migrate(&mut self, home: &Home, head: &str) {
        if let Some(database) = self.written_to(&home.place, &home.cluster) {
            return self.set_revision(&database, &[head]);
        }
        let heads = vec![head.to_owned()];
        match self.ecs.schemas.iter_mut().find(|one| one.home == *home) {
            Some(schema) => schema.heads = heads,
            None => self.ecs.schemas.push(Schema {
                home: home.clone(),
                heads,
            }),
        }
    }
}

/// As `alembic upgrade FROM:head --sql` prints it.
fn alembic_sql(from: &str, head: &str, sql: &str) -> String {
    format!(
        "BEGIN;\n\n-- Running upgrade {from} -> {head}\n\n{sql}\n\nUPDATE alembic_version SET \
         version_num='{head}' WHERE alembic_version.version_num = '{from}';\n\nCOMMIT;\n"
    )
}
