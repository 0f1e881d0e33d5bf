//! The model of AWS and of the application that runs there: a plain value, moved by virtual time.
//!
//! One file a service. What AWS does of itself stands in the agenda; what it tells stands in
//! [`Emitted`]; what really happened stands in the [`ledger`](LedgerEntry). The ports in `ports`
//! are the only way Sluice sees it; the setters in `stories` are what other people do to it.

mod agenda;
mod alarms;
mod api;
mod app_http;
mod behaviour;
mod builds;
mod changed;
mod ecr;
mod ecs;
mod elb;
mod emitted;
mod faults;
mod furnish;
mod git;
mod ids;
mod lag;
mod ledger;
mod load;
mod outages;
mod place;
mod ports;
mod rds;
mod rotation;
mod secrets;
mod stacks;
mod stories;
mod tempo;
#[cfg(test)]
mod test_config;
#[cfg(test)]
mod tests;
mod users;
mod views;

use std::sync::Arc;

use jiff::Timestamp;

use agenda::{Agenda, Due};
use alarms::Alarm;
use app_http::Application;
use builds::CodeBuild;
use changed::Changing;
use ecr::ImageRegistry;
use ecs::{Ecs, Starts};
use git::Git;
use ids::Ids;
use outages::Outages;
use rds::{Instance, Writers};
use secrets::Vault;
use stacks::Stack;
use users::Users;

pub use api::{
    ChangeSetDescription, ConfigurationDescription, DatabaseDescription, HookDescription,
    ImageDescription, ParameterDescription, RevisionDescription, RolloutDescription, RunOrder,
    SecretDescription, ServiceDescription, ServiceOrder, ServiceTask, SnapshotDescription,
    StackDescription, TaskDefinitionDescription, TaskDescription,
};
pub use behaviour::{
    Answer, Dies, ImageBehaviour, MigrationBehaviour, MigrationEnd, ScanBehaviour, Start,
    UnderLoad, UnderTraffic,
};
pub use builds::{BuildFate, SimulatedBuild};
pub use ecr::{FIRST_RELEASE_TAG, Media, Push, digest_of};
pub use elb::FrontSettings;
pub use emitted::{
    BuildChange, DeploymentEventName, DeploymentStateChange, EcsHookCall, Emitted, Envelope,
    ImageAction, ImageActionType, ImageScan, PullRequestChange, ReferenceChange, SnapshotEvent,
    SnapshotEventKind, TaskStateChange, status_word,
};
pub use faults::{Delivery, Fault, FaultRates, Faults, Operation};
pub use furnish::REGISTRY_ACCOUNT;
pub use git::{CommentRefused, GitCommit, GitMerge, GitPullRequest, MergeOption, address_of};
pub use lag::{Lag, Read};
pub use ledger::{Happened, LedgerEntry};
pub use load::{Load, Part};
pub use outages::Dependency;
pub use place::Place;
pub use ports::{CloudPorts, SharedCloud};
pub use rds::{
    CopyFate, DatabaseMember, DatabaseRestore, DatabaseSettings, MemberOrder, SnapshotFate,
};
pub use rotation::ROTATES_EVERY;
pub use stacks::{StackFate, StackRow};
pub use tempo::Tempo;
pub use views::{RevisionView, RolloutView, ServiceView, SnapshotView, TaskView};

/// The simulated AWS, with the application in it.
#[derive(Debug)]
pub struct Cloud {
    now: Timestamp,
    tempo: Tempo,
    lag: Lag,
    lag_seed: u64,
    agenda: Agenda,
    ids: Ids,
    faults: Faults,
    outages: Outages,
    emitted: Vec<Emitted>,
    ledger: Vec<LedgerEntry>,
    places: Vec<Arc<Place>>,
    registry: ImageRegistry,
    git: Git,
    code_build: CodeBuild,
    vault: Vault,
    /// The secrets that RDS manages.
    rotations: Vec<String>,
    databases: Changing<Instance>,
    stacks: Vec<Stack>,
    writers: Vec<Writers>,
    alarms: Vec<Alarm>,
    users: Vec<Users>,
    ecs: Ecs,
    starts: Starts,
    app: Application,
}

impl Cloud {
    /// An empty cloud. Everything that is left to chance comes from `seed`.
    pub fn new(start: Timestamp, seed: u64) -> Self {
        Self {
            now: start,
            tempo: Tempo::default(),
            lag: Lag::none(),
            lag_seed: seed,
            agenda: Agenda::default(),
            ids: Ids::new(seed),
            faults: Faults::new(seed),
            outages: Outages::default(),
            emitted: Vec::new(),
            ledger: Vec::new(),
            places: Vec::new(),
            registry: ImageRegistry::default(),
            git: Git::default(),
            code_build: CodeBuild::default(),
            vault: Vault::default(),
            rotations: Vec::new(),
            databases: Changing::default(),
            stacks: Vec::new(),
            writers: Vec::new(),
            alarms: Vec::new(),
            users: Vec::new(),
            ecs: Ecs::default(),
            starts: Starts::new(seed),
            app: Application::default(),
        }
    }

    /// The virtual time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When something will change by itself next: a task starts, a snapshot gets on, a stage ends.
    pub fn next_change(&self) -> Option<Timestamp> {
        self.agenda.next()
    }

    /// Moves time. Everything due until `to` happens, in order. Time never goes back.
    pub fn advance_to(&mut self, to: Timestamp) {
        while let Some((at, due)) = self.agenda.take_due(to) {
            self.move_time(at);
            self.happen(due);
        }
        self.move_time(to);
    }

    fn move_time(&mut self, to: Timestamp) {
        if to > self.now {
            self.observe();
            self.users_go_on();
            self.write_until(to);
            self.now = to;
        }
    }

    /// What the cloud has to tell since the last call, in the order it happened.
    pub fn take_emitted(&mut self) -> Vec<Emitted> {
        std::mem::take(&mut self.emitted)
    }

    /// How long things take. Change it before anything is under way.
    pub fn set_tempo(&mut self, tempo: Tempo) {
        self.tempo = tempo;
    }

    /// The fault plan, to add to.
    pub fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// Everything that really happened, oldest first.
    pub fn ledger(&self) -> &[LedgerEntry] {
        &self.ledger
    }

    fn note(&mut self, what: Happened) {
        self.ledger.push(LedgerEntry { at: self.now, what });
    }

    fn envelope(&mut self, place: &Arc<Place>) -> Envelope {
        Envelope {
            id: self.ids.uuid(),
            at: self.now,
            place: place.clone(),
        }
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::ScanEnds { image } => self.scan_ends(image),
            Due::SnapshotMoves { instance, snapshot } => self.snapshot_moves(instance, snapshot),
            Due::RestoreEnds { database } => self.restore_ends(database),
            Due::BaselineEnds { database } => self.baseline_ends(database),
            Due::ModificationEnds { database } => self.modification_ends(database),
            Due::RenameMoves { database } => self.rename_moves(database),
            Due::DatabaseGoes { database } => self.database_goes(database),
            Due::MemberMoves { database, member } => self.member_moves(database, member),
            Due::ChangeSetMade { stack, change_set } => self.change_set_made(stack, change_set),
            Due::StackMoves { stack } => self.stack_moves(stack),
            Due::TaskStarts { task } => self.task_starts(task),
            Due::TaskEnds { task } => self.task_ends(task),
            Due::TaskKilled { task } => self.task_killed(task),
            Due::RolloutMoves { rollout } => self.rollout_moves(rollout),
            Due::CountReached { service } => self.count_reached(service),
            Due::HookOverdue { rollout } => self.hook_overdue(rollout),
            Due::TrafficTells { service, revision } => self.traffic_tells(service, revision),
            Due::TasksDie { service, revision } => self.tasks_die(service, revision),
            Due::TasksReturn {
                service,
                revision,
                tasks,
            } => self.tasks_return(service, revision, tasks),
            Due::SecretRotates { rotation } => self.secret_rotates(rotation),
            Due::BuildEnds { build } => self.build_ends(build),
            Due::AlarmChanges { alarm, state } => self.alarm_changes(alarm, state),
        }
    }
}
