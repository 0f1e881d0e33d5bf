//! Small projects with migrations of their own.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Server;

/// What a project reaches PostgreSQL with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// The one of most projects, still.
    Psycopg2,
    /// Its successor, `psycopg` 3.
    Psycopg,
    /// With an `env.py` of `alembic init -t async`.
    Asyncpg,
}

impl Driver {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Psycopg2, Self::Psycopg, Self::Asyncpg];

    /// Its name in SQLAlchemy's addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Psycopg2 => "psycopg2",
            Self::Psycopg => "psycopg",
            Self::Asyncpg => "asyncpg",
        }
    }

    /// The address of a database for it.
    pub fn url(self, server: &Server, database: &str) -> String {
        let scheme = format!("postgresql+{}", self.name());
        server.url(database).replacen("postgresql", &scheme, 1)
    }

    fn env(self) -> &'static str {
        match self {
            Self::Psycopg2 | Self::Psycopg => SYNC,
            Self::Asyncpg => ASYNC,
        }
    }
}

/// A folder with `alembic.ini` and `migrations/`, gone when this is.
pub struct Project {
    /// Where it is.
    pub folder: PathBuf,
}

impl Project {
    /// One with no revisions.
    pub fn new(name: &str, driver: Driver) -> Self {
        let folder = crate::scratch(&format!("project-{}-{name}", std::process::id()));
        let project = Self { folder };
        project.write("alembic.ini", "[alembic]\nscript_location = migrations\n");
        project.write("migrations/env.py", driver.env());
        project
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).expect("a folder can be made");
        fs::write(path, text).expect("it can be written");
    }

    /// Adds a revision that executes SQL, after another one or none.
    pub fn revision(&self, id: &str, after: Option<&str>, sql: &str) {
        let after = after.map_or("None".to_owned(), |id| format!("{id:?}"));
        let text = format!(
            "\"\"\"The {id}\"\"\"\nfrom alembic import op\n\
             revision = {id:?}\ndown_revision = {after}\n\n\
             def upgrade():\n    op.execute({sql:?})\n"
        );
        self.write(&format!("migrations/versions/{id}.py"), &text);
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

const SYNC: &str = r#"
import os

from alembic import context
from sqlalchemy import create_engine, pool

url = os.environ["DATABASE_URL"]
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"#;

const ASYNC: &str = r#"
import asyncio
import os

from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

url = os.environ["DATABASE_URL"]


def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(main())
"#;
