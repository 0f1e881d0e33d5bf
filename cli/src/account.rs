//! What is left when all is over, as JSON: the deployments and everything that happened to them.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use sluice_app::ports::Stored;
use sluice_core::deployment::{Deployment, SCHEMA};
use sluice_core::history::{ChainEnd, Record};
use sluice_sim::world::World;
use sluice_words::report::told;

use crate::play::Verdict;
use crate::terminal::as_text;

/// The account of a world.
#[derive(Debug, Serialize)]
pub struct Account {
    /// The version of the stored form in which the states and the records are.
    pub schema: u16,
    /// Every deployment, in the order they were requested.
    pub deployments: Vec<DeploymentAccount>,
    /// Everything that happened to them, in the order of time. Each record carries its hash and
    /// that of the one before of its deployment.
    pub history: Vec<Record>,
}

/// A deployment at the end.
#[derive(Debug, Serialize)]
pub struct DeploymentAccount {
    id: String,
    app: String,
    environment: String,
    tag: String,
    digest: String,
    requested_at: Timestamp,
    phase: &'static str,
    entered_at: Timestamp,
    plan: Option<String>,
    report: Option<ReportAccount>,
    /// What the last record is held against.
    chain: ChainEnd,
    /// The whole of it, as it is stored.
    state: Arc<Deployment>,
}

/// What people last saw.
#[derive(Debug, Serialize)]
struct ReportAccount {
    happened: String,
    world: Vec<String>,
    todo: Vec<String>,
}

/// The account of a scenario.
#[derive(Debug, Serialize)]
pub struct ScenarioAccount {
    scenario: &'static str,
    seed: u64,
    ended: String,
    as_it_should: bool,
    checks: Vec<CheckAccount>,
    #[serde(flatten)]
    account: Account,
}

#[derive(Debug, Serialize)]
struct CheckAccount {
    check: String,
    holds: bool,
}

impl Account {
    /// The account of everything in the world.
    pub fn of(world: &World) -> Self {
        let stored = stored(world);
        let mut history: Vec<Record> = world
            .store()
            .histories()
            .into_iter()
            .flat_map(|(_, records)| records)
            .collect();
        let asked = |record: &Record| {
            let mut all = stored.iter();
            all.position(|stored| stored.deployment.id == record.deployment)
        };
        history.sort_by_key(|record| (record.at, asked(record), record.seq));
        Self {
            schema: SCHEMA,
            deployments: stored.iter().map(DeploymentAccount::of).collect(),
            history,
        }
    }
}

impl ScenarioAccount {
    /// The account of a scenario that was played.
    pub fn new(scenario: &'static str, seed: u64, verdict: &Verdict, world: &World) -> Self {
        let checks = verdict.checked.iter();
        Self {
            scenario,
            seed,
            ended: verdict.ended.clone(),
            as_it_should: verdict.as_it_should,
            checks: checks
                .map(|checked| CheckAccount {
                    check: checked.words.clone(),
                    holds: checked.holds,
                })
                .collect(),
            account: Account::of(world),
        }
    }
}

impl DeploymentAccount {
    fn of(stored: &Stored) -> Self {
        let d = &stored.deployment;
        let plain = |lines: Vec<String>| lines.iter().map(|line| as_text(line)).collect();
        Self {
            id: d.id.to_string(),
            app: d.app().to_string(),
            environment: d.environment().to_string(),
            tag: d.release.tag.to_string(),
            digest: d.release.digest.to_string(),
            requested_at: d.requested_at,
            phase: d.phase.name(),
            entered_at: d.entered_at,
            plan: d.plan.as_ref().map(|sealed| sealed.hash.to_string()),
            report: told(d).map(|report| ReportAccount {
                happened: as_text(&report.happened),
                world: plain(report.world),
                todo: plain(report.todo),
            }),
            chain: stored.chain.clone(),
            state: stored.deployment.clone(),
        }
    }
}

/// Every deployment, in the order they were requested.
pub fn deployments(world: &World) -> Vec<Deployment> {
    let stored = stored(world).into_iter();
    let deployments = stored.map(|stored| Arc::unwrap_or_clone(stored.deployment));
    deployments.collect()
}

fn stored(world: &World) -> Vec<Stored> {
    let mut all = world.store().deployments();
    all.sort_by(|a, b| {
        let order = |stored: &Stored| {
            let d = &stored.deployment;
            (d.requested_at, d.release.pushed_at, d.id.clone())
        };
        order(a).cmp(&order(b))
    });
    all
}
