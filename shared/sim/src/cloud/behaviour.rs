//! How an image behaves: data that stories change, read wherever the image runs.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_core::scan::Findings;
use sluice_migrations::Tables;
use sluice_migrations::report::Trouble;

/// How an image behaves, from its scan to its life under traffic. The default behaves well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageBehaviour {
    /// What the scanner makes of it.
    pub scan: ScanBehaviour,
    /// What its migration does.
    pub migration: MigrationBehaviour,
    /// How its web service starts.
    pub web: Start,
    /// How its workers and singletons start.
    pub workers: Start,
    /// Status of the liveness path, where not 200. The load balancer looks there too, so such a
    /// web service never becomes healthy.
    pub live: Option<u16>,
    /// Status of the readiness path, where not 200.
    pub ready: Option<u16>,
    /// Answers to paths (query included) that differ from what the smoke tests expect.
    pub answers: BTreeMap<String, Answer>,
    /// What goes wrong only once users come.
    pub under_traffic: Option<UnderTraffic>,
    /// How much worse it answers its users than the first release does.
    pub under_load: Option<UnderLoad>,
    /// How tasks of its web service die after they have started well.
    pub web_dies: Option<Dies>,
    /// How tasks of its workers and singletons do.
    pub workers_die: Option<Dies>,
}

/// What the scanner makes of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanBehaviour {
    /// No scan is configured.
    Never,
    /// It ends with these findings.
    Finds(Findings),
    /// It gives up, with this reason.
    Fails(String),
    /// It never ends.
    Hangs,
}

impl Default for ScanBehaviour {
    fn default() -> Self {
        Self::Finds(Findings::default())
    }
}

/// What a migration does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationBehaviour {
    /// How it ends.
    pub ends: MigrationEnd,
    /// How long it runs; `None` takes the tempo's time.
    pub takes: Option<SignedDuration>,
    /// What it writes to its log; empty writes what Alembic would.
    pub log: Vec<String>,
    /// Whether the image brings no revision: the database stands at its head wherever it stands.
    pub brings_nothing: bool,
    /// What the author calls the revision that it brings.
    pub message: String,
    /// The SQL of it; `None` where it cannot be written down without running it.
    pub sql: Option<String>,
    /// The tables that the SQL names, as they are.
    pub tables: Tables,
    /// Why it cannot be looked at.
    pub trouble: Option<(Trouble, String)>,
    /// Whether looking at it never ends.
    pub look_hangs: bool,
    /// Whether whoever looks tells nothing in the log.
    pub look_tells_nothing: bool,
    /// Whether it ends well and has done nothing.
    pub lies: bool,
    /// The locks that it holds on a copy: table, mode, milliseconds.
    pub locks: Vec<(String, String, u64)>,
}

impl Default for MigrationBehaviour {
    fn default() -> Self {
        Self {
            ends: MigrationEnd::default(),
            takes: None,
            log: Vec::new(),
            brings_nothing: false,
            message: "add a note to orders".to_owned(),
            sql: Some("BEGIN;\n\nALTER TABLE orders ADD COLUMN note TEXT;\n\nCOMMIT;\n".to_owned()),
            tables: Tables::new(),
            trouble: None,
            look_hangs: false,
            look_tells_nothing: false,
            lies: false,
            locks: Vec::new(),
        }
    }
}

/// How a migration ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationEnd {
    /// With this exit code.
    Exits(i32),
    /// Its task never starts: no containers, no exit code.
    NeverStarts,
    /// It never ends.
    Hangs,
}

impl Default for MigrationEnd {
    fn default() -> Self {
        Self::Exits(0)
    }
}

/// How a task of a service starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// It comes up.
    #[default]
    Well,
    /// Its container exits with this code as soon as it runs.
    Crashes(i32),
}

/// How tasks die that have started well. ECS starts them again, and they die again: its circuit
/// breaker looks at starts only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dies {
    /// This long after a task has come up; in a web service that shifts, after it has traffic.
    pub after: SignedDuration,
    /// So many tasks at a time.
    pub tasks: u32,
    /// With this exit code.
    pub exit_code: i32,
}

/// What a path answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// In milliseconds.
    pub latency_ms: u32,
}

/// What goes wrong only once users come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderTraffic {
    /// This long after the first production traffic.
    pub after: SignedDuration,
    /// Every path answers with this.
    pub status: u16,
    /// Whether the alarms the service deployment watches fire too.
    pub fires_alarms: bool,
}

/// How much worse an image answers its users. Health paths and smoke tests show nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnderLoad {
    /// Of 1,000 requests so many more fail.
    pub more_errors: u16,
    /// They take so many per cent longer.
    pub slower_percent: u16,
}

impl ImageBehaviour {
    /// A migration that fails with this exit code and these last lines.
    pub fn with_failing_migration(mut self, exit_code: i32, log: &[&str]) -> Self {
        self.migration.ends = MigrationEnd::Exits(exit_code);
        self.migration.log = log.iter().map(|line| (*line).to_owned()).collect();
        self
    }

    /// A migration with this SQL.
    pub fn with_migration(mut self, message: &str, sql: &str) -> Self {
        self.migration.message = message.to_owned();
        self.migration.sql = Some(sql.to_owned());
        self
    }

    /// A path that answers otherwise than its smoke test expects.
    pub fn with_answer(mut self, path: &str, status: u16, body: &str) -> Self {
        let answer = Answer {
            status,
            body: body.to_owned(),
            latency_ms: 35,
        };
        self.answers.insert(path.to_owned(), answer);
        self
    }

    /// Workers and singletons whose tasks die one after the other, each after so long.
    pub fn with_dying_workers(mut self, after: SignedDuration, exit_code: i32) -> Self {
        self.workers_die = Some(Dies {
            after,
            tasks: 1,
            exit_code,
        });
        self
    }

    /// A web service whose tasks all die so long after they have traffic.
    pub fn with_dying_web(mut self, after: SignedDuration, exit_code: i32) -> Self {
        self.web_dies = Some(Dies {
            after,
            tasks: u32::MAX,
            exit_code,
        });
        self
    }

    /// So many more of 1,000 requests fail, and they take so many per cent longer.
    pub fn with_worse_answers(mut self, more_errors: u16, slower_percent: u16) -> Self {
        self.under_load = Some(UnderLoad {
            more_errors,
            slower_percent,
        });
        self
    }

    /// A fault that shows only under traffic.
    pub fn with_trouble_under_traffic(mut self, after: SignedDuration, status: u16) -> Self {
        self.under_traffic = Some(UnderTraffic {
            after,
            status,
            fires_alarms: false,
        });
        self
    }
}
