//! A world of a few fields that answers commands, and a deployment that is driven through it.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails its test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_core::command::{
    Command, CommandKey, DatabaseCommand, StackCommand, TaskCommand, TaskOrder,
};
use sluice_core::config::{Config, Environment, Settings};
use sluice_core::controls::{Controls, ControlsObservation, Lapse};
use sluice_core::database::{CopyObservation, CopyStatus};
use sluice_core::deployment::DeploymentKind;
use sluice_core::deployment::{Deployment, Hotfix, Opening, Requester};
use sluice_core::event::{Claim, Event, Outcome};
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::health::{Sample, TaskCount};
use sluice_core::history::{ChainEnd, Record, RecordedEntry};
use sluice_core::id::{
    AlarmName, ContainerName, DeploymentId, Digest, EnvironmentName, GroupId, Hash, ImageTag,
    RepositoryName, SecretVersion, ServiceDeploymentArn, ServiceName, TaskArn, TaskDefinitionArn,
    UserId,
};
use sluice_core::machine::{step, wake_at};
use sluice_core::metrics::Measured;
use sluice_core::migration::{
    Finding, Inspection, InspectionReading, Judgement, RehearsalReading, Revision, Risk,
};
use sluice_core::observation::*;
use sluice_core::origin::Origin;
use sluice_core::parity::Unlike;
use sluice_core::phase::Phase;
use sluice_core::release::{Release, VerifiedRelease};
use sluice_core::scan::Findings;
use sluice_core::signature::SignatureObservation;
use sluice_core::source::SourceObservation;
use sluice_core::stack::{ChangeSetReading, Execution, StackEnd, StackUpdate};

pub(crate) const ERP: &str = include_str!("../../../../tests/erp/sluice.toml");
pub(crate) const APPROVER: &str = "U024BE7LH";

/// How the world answers. Every field can be changed by a story.
pub(crate) struct World {
    pub(crate) image: ImageObservation,
    pub(crate) scan: ScanObservation,
    pub(crate) source: SourceObservation,
    pub(crate) proof: ProofObservation,
    pub(crate) missing_secret: bool,
    pub(crate) secret_version: &'static str,
    pub(crate) secret_rotates: bool,
    pub(crate) services: Vec<ServiceObservation>,
    pub(crate) database: Option<DatabaseObservation>,
    pub(crate) alarms: BTreeMap<AlarmName, AlarmState>,
    pub(crate) approvers: Vec<UserId>,
    pub(crate) environment: Environment,
    pub(crate) controls: Controls,
    /// Approvals that do not count any more once the gate opens.
    pub(crate) lapsed: BTreeMap<UserId, Lapse>,
    pub(crate) snapshot: Option<SnapshotObservation>,
    /// What the look before the migration shows.
    pub(crate) inspection: InspectionReading,
    /// What the run on a copy shows.
    pub(crate) rehearsal: RehearsalReading,
    /// How RDS is with a copy.
    pub(crate) copy: CopyStatus,
    /// What the look after it shows.
    pub(crate) confirmation: InspectionReading,
    pub(crate) migration: Option<TaskObservation>,
    /// What ECS says of each service deployment.
    pub(crate) rollouts: BTreeMap<ServiceName, Option<RolloutObservation>>,
    pub(crate) smoke_failure: Option<String>,
    pub(crate) health: Vec<String>,
    pub(crate) probes: u16,
    /// Probes that do not get through, in words.
    pub(crate) unreachable: Vec<String>,
    /// The tasks of services, as each look finds them.
    pub(crate) tasks: Vec<TaskCount>,
    /// The requests to both versions, as CloudWatch has them now.
    pub(crate) measured: Box<dyn Fn(Timestamp) -> Measured>,
    /// The release verified last here.
    pub(crate) previous: VerifiedRelease,
    /// The revision that registering comes to.
    pub(crate) revision: u32,
    /// What the change set of the stack would do.
    pub(crate) change_set: ChangeSetReading,
    /// What comes of executing it.
    pub(crate) execution: Execution,
    /// How far the update of the stack is.
    pub(crate) update: StackUpdate,
    /// Commands that fail, by key.
    pub(crate) failing: BTreeMap<String, PortError>,
}

pub(crate) fn digest(fill: char) -> Digest {
    format!("sha256:{}", String::from(fill).repeat(64))
        .try_into()
        .unwrap()
}

pub(crate) fn start() -> Timestamp {
    "2026-01-05T09:00:00Z".parse().unwrap()
}

pub(crate) fn release() -> Release {
    Release {
        registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
        repository: RepositoryName::new("erp"),
        tag: ImageTag::new("v1.4.0"),
        digest: digest('a'),
        pushed_at: start(),
    }
}

/// The service deployment of that number, of a service in production.
pub(crate) fn deployment_arn(service: &str, number: u32) -> ServiceDeploymentArn {
    ServiceDeploymentArn::new(format!(
        "arn:aws:ecs:eu-central-1:222222222222:service-deployment/erp-production/erp-{service}/{number}"
    ))
}

pub(crate) fn rollout(service: &str, status: RolloutStatus, stage: Stage) -> RolloutObservation {
    RolloutObservation {
        arn: deployment_arn(service, 1),
        status,
        stage: Some(stage),
        traffic_percent: Some(if stage >= Stage::ProductionTrafficShift {
            100
        } else {
            0
        }),
        reason: None,
    }
}

/// Whether the task looks where the database stands after the migration, whichever try it is.
fn looks_after(task: &TaskArn) -> bool {
    let tries = task.as_str().rsplit('-').next();
    tries.is_some_and(|tries| tries.starts_with('c'))
}

impl World {
    pub(crate) fn good(config: &Config, environment: &Environment) -> Self {
        let service = |name: &ServiceName, web: bool| ServiceObservation {
            service: name.clone(),
            task_definition: TaskDefinitionArn::new(format!("arn:task-definition/erp-{name}:41")),
            image: format!("registry/erp@{}", digest('0')),
            desired: 1,
            running: 1,
            in_progress: None,
            traffic: web.then(|| TrafficObservation {
                weights: BTreeMap::from([("blue".to_owned(), 100), ("green".to_owned(), 0)]),
                healthy: 1,
                unhealthy: 0,
            }),
            newest: None,
            definition: None,
        };
        Self {
            image: ImageObservation {
                present: true,
                tag_points_at: Some(digest('a')),
                origin: Origin::default(),
                pushed_by_stranger: false,
            },
            scan: ScanObservation::Complete(Findings::default()),
            source: SourceObservation::default(),
            proof: ProofObservation::Verified(verified("release-1.4.0", 'a')),
            missing_secret: false,
            secret_version: "v1",
            secret_rotates: false,
            services: config
                .services
                .iter()
                .map(|found| service(&found.name, found.health.is_some()))
                .collect(),
            database: Some(DatabaseObservation {
                status: "available".to_owned(),
                engine: "postgres".to_owned(),
                engine_version: "15.8".to_owned(),
                storage_gib: 100,
                encrypted: true,
                resource_id: None,
                earliest_restorable: None,
                latest_restorable: None,
                deployment: None,
            }),
            alarms: config
                .environments
                .iter()
                .flat_map(|environment| environment.alarms.iter().cloned())
                .map(|alarm| (alarm, AlarmState::Ok))
                .collect(),
            approvers: vec![UserId::new(APPROVER)],
            environment: environment.clone(),
            controls: Controls::default(),
            lapsed: BTreeMap::new(),
            snapshot: Some(SnapshotObservation {
                id: sluice_core::id::SnapshotId::new("sluice-production"),
                status: "available".to_owned(),
                progress: 100,
                engine: "postgres".to_owned(),
                engine_version: "15.8".to_owned(),
                storage_gib: 100,
                encrypted: true,
                created_at: Some(start() + SignedDuration::from_mins(5)),
            }),
            inspection: inspection(Vec::new()),
            rehearsal: RehearsalReading::Done {
                took_ms: 800,
                locks: Vec::new(),
            },
            copy: CopyStatus::Available {
                endpoint: "copy.example.com".to_owned(),
                port: 5432,
                resource_id: "db-COPY".to_owned(),
            },
            confirmation: at_head(),
            migration: Some(TaskObservation {
                task: TaskArn::new("arn:task/erp/m1"),
                started: true,
                stopped: true,
                exit_codes: BTreeMap::from([(ContainerName::new("app"), Some(0))]),
                stopped_reason: Some("Essential container in task exited".to_owned()),
                log_tail: vec!["INFO  [alembic] Running upgrade".to_owned()],
            }),
            rollouts: config
                .services
                .iter()
                .map(|found| {
                    let (status, stage) = if found.health.is_some() {
                        (RolloutStatus::InProgress, Stage::PostTestTrafficShift)
                    } else {
                        (RolloutStatus::Successful, Stage::CleanUp)
                    };
                    (
                        found.name.clone(),
                        Some(rollout(found.name.as_str(), status, stage)),
                    )
                })
                .collect(),
            smoke_failure: None,
            health: Vec::new(),
            probes: 2,
            unreachable: Vec::new(),
            tasks: Vec::new(),
            measured: Box::new(|_| Measured::default()),
            previous: verified("v1.3.0", '0'),
            revision: 42,
            change_set: ChangeSetReading::Unchanged,
            execution: Execution::Taken,
            update: StackUpdate {
                end: Some(StackEnd::Updated),
                ..StackUpdate::default()
            },
            failing: BTreeMap::new(),
        }
    }

    pub(crate) fn web(&mut self, status: RolloutStatus, stage: Stage) {
        self.rollouts
            .insert(ServiceName::new("web"), Some(rollout("web", status, stage)));
    }

    pub(crate) fn answer(&self, command: &Command, now: Timestamp) -> Outcome {
        let rollout_of = |service: &ServiceName, revision: &TaskDefinitionArn| {
            let mut rollout = self.rollouts[service].clone();
            // Bringing the revision from before back is a service deployment of its own.
            if let Some(seen) = rollout
                .as_mut()
                .filter(|_| revision.as_str().ends_with(":41"))
            {
                seen.arn = deployment_arn(service.as_str(), 2);
            }
            Outcome::Rollout {
                service: service.clone(),
                rollout,
            }
        };
        match command {
            Command::ClaimEnvironment => Outcome::Claim(Claim::Granted),
            Command::ReadImage => Outcome::Image(self.image.clone()),
            Command::ReadScan => Outcome::Scan(self.scan.clone()),
            Command::ReadSignature => {
                Outcome::Signature(SignatureObservation::Unsigned { others: 0 })
            }
            Command::ReadSource { .. } => Outcome::Source(self.source.clone()),
            Command::ReadProof { .. } => Outcome::Proof(self.proof.clone()),
            Command::ReadParity { environment } => Outcome::Parity(Box::new(Unlike::unread(
                environment,
                "nothing is compared here",
            ))),
            Command::PinSecrets if self.missing_secret => {
                Outcome::Secrets(Err(vec![SecretProblem {
                    variable: "DATABASE_URL".to_owned(),
                    problem: "there is no secret erp/production/database".to_owned(),
                }]))
            }
            Command::PinSecrets => Outcome::Secrets(Ok(vec![PinnedSecret {
                variable: "DATABASE_URL".to_owned(),
                value_from: match self.secret_rotates {
                    true => "arn:secret:url::".to_owned(),
                    false => format!("arn:secret:url::{}", self.secret_version),
                },
                version: SecretVersion::new(self.secret_version),
                pinned: !self.secret_rotates,
                rotates: self.secret_rotates,
            }])),
            Command::ReadServices => Outcome::Services(self.services.clone()),
            Command::ReadDatabase(_) => Outcome::Database(self.database.clone()),
            Command::ReadAlarms => Outcome::Alarms(self.alarms.clone()),
            Command::ReadApprovers => Outcome::Approvers(ApproversObservation {
                users: self.approvers.clone(),
            }),
            Command::ReadPrevious => Outcome::Previous(Some(self.previous.clone())),
            Command::ReadControls => Outcome::Controls(Box::new(ControlsObservation {
                lapsed: self.lapsed.clone(),
                ..ControlsObservation::read(&self.environment, &self.controls, now)
            })),
            Command::Database(DatabaseCommand::StartSnapshot { snapshot, .. }) => {
                Outcome::SnapshotStarted(snapshot.clone())
            }
            Command::Database(DatabaseCommand::ReadSnapshot { .. }) => {
                Outcome::Snapshot(self.snapshot.clone())
            }
            Command::RegisterTaskDefinition { service, .. } => Outcome::TaskDefinition {
                service: service.clone(),
                revision: TaskDefinitionArn::new(format!(
                    "arn:task-definition/erp-{service}:{}",
                    self.revision
                )),
            },
            Command::Task(TaskCommand::RegisterInspector { revision, .. }) => {
                let family = revision.family.as_ref().expect("it has one of its own");
                let name = format!("arn:task-definition/{family}:{}", self.revision);
                Outcome::InspectorRegistered(TaskDefinitionArn::new(name))
            }
            Command::Task(TaskCommand::StartInspection(TaskOrder { token, .. })) => {
                Outcome::InspectionStarted(TaskArn::new(format!("arn:task/erp/{token}")))
            }
            Command::Task(TaskCommand::ReadInspection { task }) if looks_after(task) => {
                Outcome::Inspection(self.confirmation.clone())
            }
            Command::Task(TaskCommand::ReadInspection { .. }) => {
                Outcome::Inspection(self.inspection.clone())
            }
            Command::Task(TaskCommand::StartRehearsal { task, .. }) => {
                Outcome::RehearsalStarted(TaskArn::new(format!("arn:task/erp/{}", task.token)))
            }
            Command::Task(TaskCommand::ReadRehearsal { .. }) => {
                Outcome::Rehearsal(self.rehearsal.clone())
            }
            Command::Database(DatabaseCommand::RemoveCopy(_)) => Outcome::CopyRemoved(true),
            Command::Database(DatabaseCommand::RemoveSnapshot { .. }) => Outcome::SnapshotRemoved,
            Command::Stack(StackCommand::StartChangeSet(_)) => Outcome::ChangeSetStarted,
            Command::Stack(StackCommand::ReadChangeSet { .. }) => {
                Outcome::ChangeSet(self.change_set.clone())
            }
            Command::Stack(StackCommand::RemoveChangeSet { .. }) => Outcome::ChangeSetRemoved,
            Command::Stack(StackCommand::ExecuteChangeSet { .. }) => {
                Outcome::ChangeSetExecuted(self.execution.clone())
            }
            Command::Stack(StackCommand::ReadStackUpdate { .. }) => {
                Outcome::StackUpdate(self.update.clone())
            }
            Command::Task(TaskCommand::StartMigration(_)) => {
                Outcome::MigrationStarted(TaskArn::new("arn:task/erp/m1"))
            }
            Command::Task(TaskCommand::ReadMigration { .. }) => {
                Outcome::Migration(self.migration.clone())
            }
            Command::Task(TaskCommand::StopMigration { .. }) => Outcome::MigrationStopping,
            Command::StartRollout(order) => Outcome::RolloutStarted {
                service: order.service.clone(),
            },
            Command::ReadRollout {
                service,
                task_definition,
                ..
            } => rollout_of(service, task_definition),
            Command::StopRollout { service, .. } => Outcome::RolloutStopping {
                service: service.clone(),
            },
            Command::RunSmokeTests => Outcome::SmokeTests(vec![SmokeResult {
                name: "ready".to_owned(),
                failure: self.smoke_failure.clone(),
            }]),
            Command::SampleHealth { .. } => Outcome::Health(Sample {
                at: now,
                checks: self.probes,
                bad: self.health.clone(),
                unknown: Vec::new(),
                unreachable: self.unreachable.clone(),
                tasks: self.tasks.clone(),
            }),
            Command::ReadMetrics { service, .. } => Outcome::Metrics {
                service: service.clone(),
                measured: (self.measured)(now),
            },
            Command::Database(DatabaseCommand::PruneSnapshots { .. }) => {
                Outcome::SnapshotsPruned(Vec::new())
            }
            Command::Database(DatabaseCommand::StartCopy(_)) => Outcome::CopyStarted,
            Command::Database(DatabaseCommand::ReadCopy(_)) => Outcome::Copy(CopyObservation {
                status: self.copy.clone(),
            }),
            Command::ScaleService { .. }
            | Command::Database(DatabaseCommand::FindDatabases(_))
            | Command::Database(DatabaseCommand::RenameDatabase { .. }) => {
                unreachable!("only restores ask this, and their stories answer it")
            }
        }
    }
}

/// One pending revision in which this was found.
pub(crate) fn inspection(findings: Vec<Finding>) -> InspectionReading {
    InspectionReading::Seen(Box::new(Inspection {
        current: vec!["2c91e0".to_owned()],
        head: "3f2a9c".to_owned(),
        pending: vec![Revision {
            id: "3f2a9c".to_owned(),
            message: "add a note to orders".to_owned(),
        }],
        judgement: Judgement {
            sql: Hash::of_json(&"ALTER TABLE orders ADD COLUMN note TEXT;"),
            statements: 1,
            findings,
            left_out: 0,
            left_out_risks: BTreeSet::new(),
        },
    }))
}

/// The database stands where the image wants it.
pub(crate) fn at_head() -> InspectionReading {
    let InspectionReading::Seen(mut seen) = inspection(Vec::new()) else {
        unreachable!("it was seen")
    };
    seen.current = vec![seen.head.clone()];
    seen.pending.clear();
    InspectionReading::Seen(seen)
}

pub(crate) fn finding(rule: &str, risk: Risk) -> Finding {
    Finding {
        rule: rule.to_owned(),
        risk,
        revision: Some("3f2a9c".to_owned()),
        statement: "ALTER TABLE orders DROP COLUMN note".to_owned(),
        means: "the code that runs now still uses orders.note".to_owned(),
        waiver: None,
    }
}

pub(crate) fn verified(tag: &str, fill: char) -> VerifiedRelease {
    let mut release = release();
    release.tag = ImageTag::new(tag);
    release.digest = digest(fill);
    VerifiedRelease {
        release,
        deployment: DeploymentId::from_outside("dep-earlier"),
        at: start(),
        migrated: false,
        additive: false,
        restores: None,
        database_of: None,
    }
}

/// A deployment to production on its way through a world.
pub(crate) struct Run {
    pub(crate) d: Deployment,
    pub(crate) now: Timestamp,
    pub(crate) history: Vec<Record>,
    /// The keys of all commands that were given, in order.
    pub(crate) given: Vec<String>,
    /// When it was to be looked at next, as the last look left it.
    due_at: Option<Timestamp>,
    chain: ChainEnd,
}

impl Run {
    pub(crate) fn new(requested_by: Requester) -> (Self, World) {
        Self::to(requested_by, |_| {})
    }

    /// The same to a production that is configured otherwise.
    pub(crate) fn to(
        requested_by: Requester,
        configure: impl FnOnce(&mut Environment),
    ) -> (Self, World) {
        let config = Config::parse(ERP).expect("the ERP's configuration is good");
        let mut environment = config
            .environment(&EnvironmentName::new("production"))
            .unwrap()
            .clone();
        configure(&mut environment);
        let settings = config.settings(&environment);
        let run = Self::of(requested_by, DeploymentKind::Release, settings);
        (run, World::good(&config, &environment))
    }

    /// A deployment of the same image for something else.
    pub(crate) fn of(requested_by: Requester, kind: DeploymentKind, settings: Settings) -> Self {
        Self::opened(requested_by, kind, settings, None)
    }

    /// One that skips the environment it should have passed, as somebody asked for it.
    pub(crate) fn hotfix(by: &str, reason: &str) -> (Self, World) {
        let config = Config::parse(ERP).expect("the ERP's configuration is good");
        let environment = config.environment(&EnvironmentName::new("production"));
        let environment = environment.unwrap().clone();
        let mut settings = config.settings(&environment);
        let by = UserId::new(by);
        let hotfix = Hotfix::of(&by, reason, &mut settings);
        let kind = DeploymentKind::Release;
        let run = Self::opened(Requester::Person(by), kind, settings, hotfix);
        (run, World::good(&config, &environment))
    }

    fn opened(
        requested_by: Requester,
        kind: DeploymentKind,
        settings: Settings,
        hotfix: Option<Hotfix>,
    ) -> Self {
        let environment = &settings.environment.name;
        let id = DeploymentId::derive(&settings.app, environment, &digest('a'), "event-1");
        let opening = Opening {
            id,
            settings: Arc::new(settings),
            release: release(),
            requested_by,
            kind,
            hotfix,
        };
        let d = Deployment::open(&opening, start());
        let mut chain = ChainEnd::start();
        let first = sluice_words::note::append(
            &mut chain,
            RecordedEntry::Opened(Box::new(opening)),
            start(),
            None,
            &d,
        );
        Self {
            d,
            now: start(),
            history: vec![first],
            given: Vec::new(),
            due_at: None,
            chain,
        }
    }

    pub(crate) fn phase(&self) -> &'static str {
        self.d.phase.name()
    }

    /// Takes an event as the driver does.
    pub(crate) fn event(&mut self, event: &Event) -> Result<Vec<Command>, RejectedEvent> {
        let transition = step(&self.d, event, self.now)?;
        if let Some(next) = transition.next {
            let entry = RecordedEntry::Event(event.clone());
            self.history.push(sluice_words::note::append(
                &mut self.chain,
                entry,
                self.now,
                Some(&self.d),
                &next,
            ));
            self.d = next;
        }
        Ok(transition.commands)
    }

    /// One look: wakes the deployment and answers what it asks.
    ///
    /// # Panics
    /// Nothing came of it, and it is to be looked at again at once, and again.
    pub(crate) fn look(&mut self, world: &World) {
        if let Some(since) = self.due_at {
            self.event(&Event::WasAway { since }).unwrap();
        }
        let before = self.d.clone();
        let commands = self.event(&Event::Wake).unwrap();
        for command in commands {
            let key: CommandKey = command.key();
            self.given.push(key.to_string());
            let failing = world.failing.get(&key.to_string());
            let event = match failing.or_else(|| world.failing.get(command.kind().name())) {
                Some(error) => Event::CommandFailed {
                    command: key,
                    error: error.clone(),
                },
                None => Event::Done {
                    command: key,
                    outcome: world.answer(&command, self.now),
                },
            };
            // One of several answers may end the phase: the rest then comes too late.
            let _ = self.event(&event);
        }
        self.due_at = wake_at(&self.d, self.now);
        let goes_round = self.due_at.is_some_and(|at| at <= self.now);
        assert!(!goes_round || self.d != before, "{:?}", self.d);
    }

    /// Looks every ten seconds until the phase is reached.
    ///
    /// # Panics
    /// It never is.
    pub(crate) fn until(&mut self, world: &World, phase: &str) {
        for _ in 0..20_000 {
            if self.phase() == phase {
                return;
            }
            assert!(
                !self.d.phase.is_terminal(),
                "{phase} was not reached: {:?}",
                self.d.phase
            );
            self.look(world);
            if self.phase() != phase {
                self.now += SignedDuration::from_secs(10);
            }
        }
        panic!("{phase} was not reached: still {}", self.phase());
    }

    pub(crate) fn approve(&mut self, by: &str) -> Result<(), RejectedEvent> {
        self.approve_in(by, &[])
    }

    pub(crate) fn approve_in(&mut self, by: &str, groups: &[&str]) -> Result<(), RejectedEvent> {
        let event = Event::Approve {
            by: UserId::new(by),
            groups: groups
                .iter()
                .map(|group| GroupId::new(*group))
                .collect::<BTreeSet<_>>(),
            plan: self.d.sealed_plan().hash.clone(),
            same: BTreeSet::new(),
        };
        self.event(&event).map(drop)
    }

    /// Drives to the phase, with an approval on the way.
    pub(crate) fn approved_until(&mut self, world: &World, phase: &str) {
        self.until(world, "AwaitingApproval");
        self.approve(APPROVER).unwrap();
        self.until(world, phase);
    }

    /// The story as people were told it.
    pub(crate) fn story(&self) -> Vec<String> {
        self.d
            .story
            .iter()
            .map(|entry| sluice_words::note::words(&entry.note, &self.d))
            .collect()
    }

    pub(crate) fn world_touched(&self) -> bool {
        self.given.iter().any(|key| {
            let only_looks = key == "start-inspection"
                || key == "register-inspector"
                || key.starts_with("start-change-set");
            let changes = ["start-", "register-", "stop-", "execute-"];
            !only_looks && changes.iter().any(|prefix| key.starts_with(prefix))
        })
    }

    pub(crate) fn report(&self) -> String {
        let report = sluice_words::report::told(&self.d).expect("it is over");
        assert!(matches!(self.d.phase, ref phase if Phase::is_terminal(phase)));
        format!(
            "{}\nHow things stand: {}\nWhat you can do: {}",
            report.happened,
            report.world.join("; "),
            report.todo.join("; ")
        )
    }
}
