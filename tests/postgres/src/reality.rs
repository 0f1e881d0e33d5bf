//! What happens when a migration really runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sluice_migrations::report::{Rehearsed, Report};
use sluice_migrations::wrapper::{self, LockSettings};

use crate::{Case, Forks, Output, Server};

const LOCK: LockSettings = LockSettings {
    wait_s: 30,
    lock_timeout_s: 10,
};

/// What a migration did.
#[derive(Debug)]
pub struct Reality {
    /// What looking at it told.
    pub report: Report,
    /// Whether it failed on the rows that are there.
    pub fails: bool,
    /// What of the running version failed after it, and how.
    pub broken: BTreeMap<String, String>,
    /// Which locks it held that others wait for: `table Mode`.
    pub locks: BTreeSet<String>,
    /// The tables that were there and were written again, whole.
    pub rewritten: BTreeSet<String>,
    /// What a failure after its last statement left.
    pub failure: Failure,
}

/// What a failure left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing: schema and rows are as before.
    Undone,
    /// Something of it.
    SomethingStays,
    /// An index that is not used and slows every write down.
    InvalidIndexStays,
}

impl Failure {
    /// The word for it in the first lines of a migration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Undone => "undone",
            Self::SomethingStays => "something stays",
            Self::InvalidIndexStays => "an invalid index stays",
        }
    }
}

/// A server with a template of the ERP's database, and Python to run things in.
pub struct Scene<'a> {
    server: &'a Server,
    forks: Forks,
    folder: PathBuf,
}

/// The database that each migration begins with.
const TEMPLATE: &str = "erp_template";

impl<'a> Scene<'a> {
    /// Migrates a template and fills it with rows.
    pub fn set(server: &'a Server) -> Self {
        server.create(TEMPLATE, "template0");
        let mut scene = Self::enter(server, "template");
        let output = scene.upgrade(TEMPLATE);
        assert_eq!(output.code, 0, "{}", output.stderr);
        server.run_file(TEMPLATE, &crate::erp().join("corpus/rows.sql"));
        scene
    }

    /// Another Python on the same template, with a folder of this name.
    pub fn enter(server: &'a Server, name: &str) -> Self {
        let folder = crate::scratch(&format!("corpus-{}-{name}", std::process::id()));
        fs::create_dir_all(folder.join("versions")).expect("a folder can be made");
        Self {
            server,
            forks: Forks::start(),
            folder,
        }
    }

    /// All that is in the template.
    pub fn before(&self) -> String {
        self.server.dump(TEMPLATE)
    }

    /// Runs a migration in each way, and looks what it did. `before` is what was in the template.
    pub fn run(&mut self, case: &Case, before: &str) -> Reality {
        let name = case.name.as_str();
        let (run, copy) = (format!("run_{name}"), format!("copy_{name}"));
        self.server.create(&run, TEMPLATE);
        self.server.create(&copy, TEMPLATE);

        self.lay(case, "");
        let report = self.inspect(&run).report();
        let rehearsed = self.rehearse(&copy);

        self.lay(case, FAILS);
        let output = self.upgrade(&run);
        assert_ne!(output.code, 0, "{name} did not fail: {}", output.stderr);
        let failure = self.left(&run, before);
        if failure != Failure::Undone {
            self.server.drop(&run);
            self.server.create(&run, TEMPLATE);
        }

        self.lay(case, "");
        let nodes = self.file_nodes(&run);
        let upgraded = self.upgrade(&run);
        let rewritten = changed(&nodes, &self.file_nodes(&run));
        let broken = self.old_code(&run);

        self.server.drop(&run);
        self.server.drop(&copy);
        Reality {
            report,
            fails: upgraded.code != 0,
            broken,
            locks: locks(&rehearsed),
            rewritten,
            failure,
        }
    }

    /// Looks at a case that Alembic cannot run.
    pub fn look(&mut self, case: &Case) -> Report {
        self.lay(case, "");
        self.inspect(TEMPLATE).report()
    }

    /// An Alembic of the ERP's own revisions and those of a case, with more at the end of the last.
    fn lay(&self, case: &Case, more: &str) {
        drop(fs::remove_dir_all(self.folder.join("versions")));
        fs::create_dir_all(self.folder.join("versions")).expect("a folder can be made");
        for file in &case.files {
            let mut text = fs::read_to_string(file).expect("it can be read");
            if Some(file) == case.files.last() {
                text.push_str(more);
            }
            let name = file.file_name().expect("a file has a name");
            fs::write(self.folder.join("versions").join(name), text).expect("it can be written");
        }
    }

    fn inspect(&mut self, database: &str) -> Output {
        let command = wrapper::inspect(&command()).expect("it is Alembic's");
        self.python(&command, database)
    }

    fn upgrade(&mut self, database: &str) -> Output {
        let command = wrapper::upgrade(&command(), &LOCK).expect("it is Alembic's");
        self.python(&command, database)
    }

    fn rehearse(&mut self, database: &str) -> Output {
        // `localhost` is another name than the copy's: it has to be led there.
        let command = wrapper::rehearse(&command(), &LOCK, "127.0.0.1", self.server.port);
        let url = self.server.url(database).replace("127.0.0.1", "localhost");
        let folder = self.ini();
        let env = [("DATABASE_URL", url.as_str())];
        self.forks
            .run(&command.expect("it is Alembic's"), &env, &folder)
    }

    fn python(&mut self, argv: &[String], database: &str) -> Output {
        let url = self.server.url(database);
        let folder = self.ini();
        self.forks.run(argv, &[("DATABASE_URL", &url)], &folder)
    }

    /// The folder, with an `alembic.ini` in it that knows both places of revisions.
    fn ini(&self) -> PathBuf {
        let erp = crate::erp();
        let text = format!(
            "[alembic]\nscript_location = {erp}/alembic\nprepend_sys_path = {erp}\n\
             path_separator = os\nversion_locations = {erp}/alembic/versions:{here}/versions\n\
             [loggers]\nkeys = root\n[handlers]\nkeys =\n[formatters]\nkeys =\n\
             [logger_root]\nlevel = WARNING\nhandlers =\n",
            erp = erp.display(),
            here = self.folder.display(),
        );
        fs::write(self.folder.join("alembic.ini"), text).expect("it can be written");
        self.folder.clone()
    }

    fn old_code(&mut self, database: &str) -> BTreeMap<String, String> {
        let file = crate::erp().join("corpus/old_code.py");
        let argv = ["python".to_owned(), file.display().to_string()];
        let url = self.server.url(database);
        let output = self
            .forks
            .run(&argv, &[("DATABASE_URL", &url)], Path::new("/"));
        let outcomes: BTreeMap<String, Option<String>> = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|why| panic!("{why}: {}\n{}", output.stdout, output.stderr));
        let failed = outcomes.into_iter();
        failed
            .filter_map(|(piece, error)| Some((piece, error?)))
            .collect()
    }

    /// The file that each table is in, by name: a table that is written again gets another.
    fn file_nodes(&self, database: &str) -> BTreeMap<String, String> {
        let sql = "SELECT oid, pg_relation_filenode(oid), relname FROM pg_class \
                   WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        let rows = self.server.query(database, sql);
        let rows = rows.lines().filter_map(|row| row.split_once('|'));
        rows.map(|(oid, rest)| (oid.to_owned(), rest.to_owned()))
            .collect()
    }

    fn left(&self, database: &str, before: &str) -> Failure {
        let sql = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
        if self.server.query(database, sql) != "0" {
            Failure::InvalidIndexStays
        } else if self.server.dump(database) == before {
            Failure::Undone
        } else {
            Failure::SomethingStays
        }
    }
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Makes a revision fail after its last statement.
const FAILS: &str = r#"

complete = upgrade


def upgrade() -> None:
    from alembic import op

    complete()
    op.execute("SELECT 1/0")
"#;

fn command() -> Vec<String> {
    ["alembic", "upgrade", "head"].map(str::to_owned).into()
}

fn locks(rehearsed: &Output) -> BTreeSet<String> {
    match rehearsed.report() {
        Report::Rehearsed(Rehearsed { locks, .. }) => {
            let locks = locks
                .iter()
                .map(|(table, mode, _)| format!("{table} {mode}"));
            locks.collect()
        }
        // It fails there as it fails everywhere.
        Report::Failed { .. } => BTreeSet::new(),
        report @ Report::Inspected(_) => panic!("not what was asked for: {report:?}"),
    }
}

/// The tables whose file is another, by their names before.
fn changed(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let node = |row: &str| row.split('|').next().map(str::to_owned);
    let name = |row: &str| row.split('|').nth(1).map(str::to_owned);
    let rewritten = before.iter().filter(|(oid, row)| {
        let now = after.get(*oid);
        now.is_some_and(|now| node(now) != node(row))
    });
    rewritten.filter_map(|(_, row)| name(row)).collect()
}
