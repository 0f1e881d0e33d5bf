//! Restores of the database: every step, every refusal, every deadline.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails its test"
)]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sluice_core::command::{Command, DatabaseCommand};
use sluice_core::config::Database;
use sluice_core::controls::Hold;
use sluice_core::database::{CopyObservation, CopyStatus, RestorePoint};
use sluice_core::deployment::DeploymentKind;
use sluice_core::deployment::{Requester, Way};
use sluice_core::event::{Claim, Event, Outcome};
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::history::{replay, verify};
use sluice_core::id::{DeploymentId, ImageTag, ServiceName, SnapshotId, TaskDefinitionArn, UserId};
use sluice_core::machine::deadline;
use sluice_core::observation::{RolloutStatus, Stage};
use sluice_core::phase::Phase;
use sluice_core::restore::{Found, Restore, RestoreStep, Stands, Tasks, settings};
use sluice_words::message::Block;
use sluice_words::view;

use super::world::{APPROVER, digest, rollout, start, verified};
use crate::{Run, World};

const SOMEBODY: &str = "U0SOMEBODY";
const NAME: &str = "erp-production";
const OLD: &str = "db-OLD";
const NEW: &str = "db-NEW";

/// A production that answers a restore.
struct Place {
    world: World,
    tasks: BTreeMap<ServiceName, Tasks>,
    names: BTreeMap<String, Found>,
    copy: CopyStatus,
    /// Tasks that are told to stop do not.
    stuck: bool,
    /// RDS takes renames and does nothing about them.
    lazy: bool,
}

fn person() -> Requester {
    Requester::Person(UserId::new(SOMEBODY))
}

fn found(id: &str) -> Found {
    Found {
        resource_id: Some(id.to_owned()),
        status: "available".to_owned(),
    }
}

fn moment() -> RestorePoint {
    RestorePoint::Time(start() - SignedDuration::from_mins(57))
}

/// Production ran v1.3.0, then v1.4.0 migrated and was taken back: its database is to be as before.
fn restore(point: RestorePoint) -> (Run, Place) {
    restore_with(point, |_| {})
}

fn restore_with(point: RestorePoint, change: impl FnOnce(&mut Restore)) -> (Run, Place) {
    let (first, mut world) = Run::new(Requester::Push);
    let then = &first.d.settings;
    let revision = |name: &ServiceName| {
        let arn = TaskDefinitionArn::new(format!("arn:task-definition/erp-{name}:41"));
        (name.clone(), arn)
    };
    let mut order = Restore {
        database: Database::Instance(NAME.to_owned()),
        point,
        until: start() - SignedDuration::from_mins(57),
        before: DeploymentId::from_outside("dep-migrated"),
        undoes: ImageTag::new("v1.5.0"),
        to: verified("v1.4.0", 'a'),
        from: Some(ImageTag::new("v1.5.0")),
        reason: "the migration merged accounts that are not the same".to_owned(),
        revisions: then
            .services
            .iter()
            .map(|service| revision(&service.name))
            .collect(),
        secrets: Vec::new(),
        tasks: BTreeMap::new(),
    };
    change(&mut order);
    let database = world.database.as_mut().unwrap();
    database.resource_id = Some(OLD.to_owned());
    database.earliest_restorable = Some(start() - SignedDuration::from_hours(24 * 7));
    database.latest_restorable = Some(start() - SignedDuration::from_mins(5));
    for service in &mut world.services {
        let name = &service.service;
        service.task_definition =
            TaskDefinitionArn::new(format!("arn:task-definition/erp-{name}:42"));
        service.image = format!("registry/erp@{}", digest('5'));
        service.desired = if name.as_str() == "web" { 3 } else { 1 };
        service.running = service.desired;
    }
    world.revision = 41;
    for name in ["web", "worker", "beat"] {
        let up = rollout(name, RolloutStatus::Successful, Stage::CleanUp);
        world.rollouts.insert(ServiceName::new(name), Some(up));
    }
    let kind = DeploymentKind::Restore(Box::new(order));
    let run = Run::of(person(), kind, settings(then, then));
    let place = Place {
        tasks: world
            .services
            .iter()
            .map(|service| {
                let tasks = Tasks {
                    desired: service.desired,
                    running: service.running,
                };
                (service.service.clone(), tasks)
            })
            .collect(),
        names: BTreeMap::from([(NAME.to_owned(), found(OLD))]),
        copy: CopyStatus::Available {
            endpoint: "restored.rds.example.com".to_owned(),
            port: 5432,
            resource_id: NEW.to_owned(),
        },
        stuck: false,
        lazy: false,
        world,
    };
    (run, place)
}

impl Place {
    fn answer(&mut self, command: &Command, now: Timestamp) -> Outcome {
        match command {
            Command::ReadServices => {
                let mut services = self.world.services.clone();
                for service in &mut services {
                    let tasks = self.tasks[&service.service];
                    (service.desired, service.running) = (tasks.desired, tasks.running);
                }
                Outcome::Services(services)
            }
            Command::ScaleService { service, tasks, .. } => {
                let running = if self.stuck {
                    self.tasks[service].running
                } else {
                    *tasks
                };
                let after = Tasks {
                    desired: *tasks,
                    running,
                };
                self.tasks.insert(service.clone(), after);
                Outcome::ServiceScaled {
                    service: service.clone(),
                }
            }
            Command::StartRollout(order) => {
                let tasks = order.desired.unwrap_or(0);
                let after = Tasks {
                    desired: tasks,
                    running: tasks,
                };
                self.tasks.insert(order.service.clone(), after);
                self.world.answer(command, now)
            }
            Command::Database(DatabaseCommand::StartCopy(order)) => {
                let name = order.copy.identifier().to_owned();
                self.names.entry(name).or_insert_with(|| found(NEW));
                Outcome::CopyStarted
            }
            Command::Database(DatabaseCommand::ReadCopy(_)) => Outcome::Copy(CopyObservation {
                status: self.copy.clone(),
            }),
            Command::Database(DatabaseCommand::FindDatabases(names)) => {
                let known = |name: &Database| {
                    let name = name.identifier();
                    Some((name.to_owned(), self.names.get(name)?.clone()))
                };
                Outcome::DatabasesFound(names.iter().filter_map(known).collect())
            }
            Command::Database(DatabaseCommand::RenameDatabase {
                from,
                resource_id,
                to,
            }) => {
                let is_done = self
                    .names
                    .get(to)
                    .is_some_and(|there| there.is(resource_id));
                if !is_done {
                    let here = self.names.get(from.identifier());
                    assert!(
                        here.is_some_and(|here| here.is(resource_id)),
                        "{from:?} is not {resource_id}"
                    );
                }
                if !is_done && !self.lazy && !self.names.contains_key(to) {
                    let moved = self.names.remove(from.identifier()).unwrap();
                    self.names.insert(to.clone(), moved);
                }
                Outcome::DatabaseRenaming { to: to.clone() }
            }
            other => self.world.answer(other, now),
        }
    }

    fn running(&self) -> Vec<(&str, u32)> {
        let tasks = self.tasks.iter();
        tasks
            .map(|(name, tasks)| (name.as_str(), tasks.running))
            .collect()
    }
}

/// The message, as people read it.
fn shown(run: &Run) -> String {
    let message = view::message(&run.d, None);
    let blocks: Vec<String> = message
        .blocks
        .iter()
        .map(|block| match block {
            Block::Header(text) => format!("# {text}"),
            Block::Text(text) | Block::Code(text) | Block::Context(text) => text.clone(),
            Block::Links(links) => {
                let words: Vec<&str> = links.iter().map(|link| link.text.as_str()).collect();
                words.join(" · ")
            }
            Block::Fields(fields) => {
                let fields: Vec<String> = fields.iter().map(|(k, v)| format!("{k}: {v}")).collect();
                fields.join("\n")
            }
            Block::Buttons(buttons) => {
                let said: Vec<String> = buttons
                    .iter()
                    .map(|one| match &one.confirm {
                        Some(confirm) => format!("[{}] asks: {confirm}", one.action.label()),
                        None => format!("[{}]", one.action.label()),
                    })
                    .collect();
                said.join("\n")
            }
        })
        .collect();
    format!("{}\n\n{}", message.summary, blocks.join("\n\n"))
}

/// One look, as [`Run::look`] has it.
fn look(run: &mut Run, place: &mut Place) {
    for command in run.event(&Event::Wake).unwrap() {
        let key = command.key();
        run.given.push(key.to_string());
        let event = match place.world.failing.get(&key.to_string()).cloned() {
            Some(error) => Event::CommandFailed {
                command: key,
                error,
            },
            None => Event::Done {
                command: key,
                outcome: place.answer(&command, run.now),
            },
        };
        let _ = run.event(&event);
    }
}

/// Where it is, with the step of a restore.
fn at(run: &Run) -> String {
    match &run.d.phase {
        Phase::Restoring { step } => {
            let step = serde_json::to_value(step).unwrap();
            step["at"].as_str().unwrap().to_owned()
        }
        phase => phase.name().to_owned(),
    }
}

fn until(run: &mut Run, place: &mut Place, wanted: &str) {
    for _ in 0..20_000 {
        if at(run) == wanted {
            return;
        }
        assert!(
            !run.d.phase.is_terminal(),
            "{wanted} was not reached: {:?}",
            run.d.phase
        );
        look(run, place);
        if at(run) != wanted {
            run.now += SignedDuration::from_secs(10);
        }
    }
    panic!("{wanted} was not reached: still {:?}", run.d.phase);
}

fn approved(run: &mut Run, place: &mut Place, wanted: &str) {
    until(run, place, "AwaitingApproval");
    run.approve(APPROVER).unwrap();
    until(run, place, wanted);
}

fn fails(place: &mut Place, key: &str, error: PortError) {
    place.world.failing.insert(key.to_owned(), error);
}

fn no() -> PortError {
    PortError::permanent("it says no")
}

fn copy_name(run: &Run) -> String {
    let plan = &run.d.sealed_plan().plan;
    let restore = plan.restore.as_ref().unwrap();
    restore.copy.identifier().to_owned()
}

fn stands(run: &Run) -> &Stands {
    match &run.d.phase {
        Phase::RestoreFailed { stands, .. } => stands,
        phase => panic!("{phase:?}"),
    }
}

#[test]
fn a_database_is_brought_back_and_the_code_with_it() {
    let (mut run, mut place) = restore(moment());
    approved(&mut run, &mut place, "Restored");
    insta::assert_snapshot!(
        "restored",
        format!("{}\n\n{}", run.story().join("\n"), run.report())
    );
    insta::assert_snapshot!("restored_commands", run.given.join("\n"));
    assert_eq!(place.running(), [("beat", 1), ("web", 3), ("worker", 1)]);
    assert!(place.names[NAME].is(NEW));
    assert_eq!(place.names.len(), 2);
    assert!(Hold::after(&run.d).is_some());
    verify(&run.history).unwrap();
    assert_eq!(replay(&run.history).unwrap(), run.d);
}

#[test]
fn what_people_see_of_a_restore() {
    let (mut run, mut place) = restore(RestorePoint::Snapshot(SnapshotId::new(
        "sluice-production-dep-migrated",
    )));
    until(&mut run, &mut place, "AwaitingApproval");
    insta::assert_snapshot!("message_asked", shown(&run));
    run.approve(APPROVER).unwrap();
    until(&mut run, &mut place, "copying");
    insta::assert_snapshot!("message_copying", shown(&run));
    until(&mut run, &mut place, "Restored");
    insta::assert_snapshot!("message_restored", shown(&run));
}

#[test]
fn nobody_approves_their_own_restore() {
    let (mut run, mut place) = restore(moment());
    until(&mut run, &mut place, "AwaitingApproval");
    let own = run.approve_in(SOMEBODY, &["S0604QSJC"]);
    assert_eq!(own, Err(RejectedEvent::FourEyes));
    assert_eq!(run.phase(), "AwaitingApproval");
    run.approve(APPROVER).unwrap();
}

#[test]
fn where_nobody_is_to_be_asked_it_begins_by_itself() {
    let (mut run, mut place) = restore(moment());
    let mut settings = (*run.d.settings).clone();
    settings.environment.approval = None;
    let again = Run::of(person(), run.d.kind.clone(), settings);
    run = again;
    until(&mut run, &mut place, "Restored");
    assert!(!run.given.contains(&"read-approvers".to_owned()));
}

#[test]
fn a_yes_is_not_void_because_autoscaling_did_its_work() {
    let (mut run, mut place) = restore(moment());
    until(&mut run, &mut place, "AwaitingApproval");
    let plan = run.d.sealed_plan().hash.clone();
    place.tasks.insert(
        ServiceName::new("web"),
        Tasks {
            desired: 5,
            running: 5,
        },
    );
    run.approve(APPROVER).unwrap();
    until(&mut run, &mut place, "Restored");
    assert_eq!(run.d.sealed_plan().hash, plan);
    assert_eq!(place.running(), [("beat", 1), ("web", 3), ("worker", 1)]);
}

#[test]
fn another_database_of_that_name_makes_the_yes_void() {
    let (mut run, mut place) = restore(moment());
    until(&mut run, &mut place, "AwaitingApproval");
    place.world.database.as_mut().unwrap().resource_id = Some("db-OTHER".to_owned());
    run.approve(APPROVER).unwrap();
    look(&mut run, &mut place);
    until(&mut run, &mut place, "AwaitingApproval");
    assert!(run.d.approvals.is_empty());
}

#[test]
fn everything_in_the_way_is_told_and_nothing_is_touched() {
    let (mut run, mut place) = restore(moment());
    let database = place.world.database.as_mut().unwrap();
    database.status = "storage-full".to_owned();
    database.resource_id = None;
    database.latest_restorable = Some(start() - SignedDuration::from_mins(58));
    place.world.image.present = false;
    until(&mut run, &mut place, "Failed");
    insta::assert_snapshot!("not_plannable", run.report());
    assert!(!run.world_touched());
}

#[test]
fn a_database_that_is_backed_up_at_the_moment_is_no_obstacle() {
    for (status, is_told) in [("backing-up", false), ("modifying", true)] {
        let (mut run, mut place) = restore(moment());
        place.world.database.as_mut().unwrap().status = status.to_owned();
        if !is_told {
            // It still is when the names change.
            for found in place.names.values_mut() {
                found.status = status.to_owned();
            }
        }
        approved(&mut run, &mut place, "Restored");
        let plan = sluice_words::plan::text(run.d.sealed_plan());
        let told = format!("! the database erp-production is {status}");
        assert_eq!(plan.contains(&told), is_told, "{plan}");
    }
}

#[test]
fn a_deployment_by_hand_that_hangs_does_not_hold_a_restore_up() {
    let (mut run, mut place) = restore(moment());
    place.world.services[0].in_progress =
        Some(sluice_core::id::ServiceDeploymentArn::new("arn:by-hand"));
    approved(&mut run, &mut place, "Restored");
    let remarks = sluice_words::plan::remarks(run.d.sealed_plan()).join("\n");
    assert!(remarks.contains("this deployment replaces it"), "{remarks}");
}

#[test]
fn a_point_that_is_gone_is_no_point() {
    let snapshot = || RestorePoint::Snapshot(SnapshotId::new("sluice-production-dep-migrated"));
    let (mut run, mut place) = restore(snapshot());
    place.world.snapshot = None;
    until(&mut run, &mut place, "Failed");
    assert!(
        run.report().contains("is not there any more"),
        "{}",
        run.report()
    );

    let (mut run, mut place) = restore(moment());
    place.world.database.as_mut().unwrap().latest_restorable = None;
    until(&mut run, &mut place, "Failed");
    assert!(
        run.report().contains("no automated backups"),
        "{}",
        run.report()
    );

    let (mut run, mut place) = restore(moment());
    place.world.database.as_mut().unwrap().earliest_restorable = Some(start());
    until(&mut run, &mut place, "Failed");
    assert!(run.report().contains("reaches back to"), "{}", run.report());

    let (mut run, mut place) = restore(moment());
    place.world.database = None;
    until(&mut run, &mut place, "Failed");
    assert!(
        run.report().contains("RDS has no database"),
        "{}",
        run.report()
    );
}

#[test]
fn what_an_earlier_restore_has_stopped_comes_up_with_as_many_tasks_as_before() {
    let web = ServiceName::new("web");
    let (mut run, mut place) = restore_with(moment(), |order| {
        order.tasks = BTreeMap::from([(web.clone(), 4), (ServiceName::new("beat"), 1)]);
    });
    for tasks in place.tasks.values_mut() {
        *tasks = Tasks {
            desired: 0,
            running: 0,
        };
    }
    approved(&mut run, &mut place, "Restored");
    // Of the worker nothing is known: it stays at zero, and the plan has said so.
    assert_eq!(place.running(), [("beat", 1), ("web", 4), ("worker", 0)]);
    let plan = sluice_words::plan::text(run.d.sealed_plan());
    assert!(
        plan.contains("! worker is scaled to zero and stays at zero"),
        "{plan}"
    );
}

#[test]
fn a_service_that_came_later_stops_and_stays_so() {
    let (mut run, mut place) = restore_with(moment(), |order| {
        order.revisions.remove(&ServiceName::new("worker"));
    });
    approved(&mut run, &mut place, "Restored");
    assert_eq!(place.running(), [("beat", 1), ("web", 3), ("worker", 0)]);
    insta::assert_snapshot!("came_later", run.report());
}

#[test]
fn it_is_called_off_until_services_stop_and_never_after() {
    let cancel = Event::Cancel {
        by: UserId::new(APPROVER),
        groups: Default::default(),
    };
    let (mut run, mut place) = restore(moment());
    until(&mut run, &mut place, "AwaitingApproval");
    run.event(&cancel).unwrap();
    assert_eq!(run.phase(), "Cancelled");
    assert!(!run.world_touched());

    let steps = [
        "stopping",
        "copying",
        "setting-aside",
        "taking-its-place",
        "starting",
    ];
    for step in steps {
        let (mut run, mut place) = restore(moment());
        approved(&mut run, &mut place, step);
        let pause = Event::Pause {
            by: UserId::new(APPROVER),
            groups: Default::default(),
            reason: "wait".to_owned(),
        };
        let back = Event::GoBack {
            by: UserId::new(APPROVER),
            reason: "no".to_owned(),
            request: "r".to_owned(),
            way: Way::Back,
        };
        let give_way = Event::SupersededBy {
            deployment: DeploymentId::from_outside("dep-newer"),
        };
        let phase = run.d.phase.in_words();
        let too_late = RejectedEvent::TooLateToCancel { phase };
        assert_eq!(run.event(&cancel), Err(too_late), "{step}");
        let cannot_pause = RejectedEvent::CannotPause { phase };
        assert_eq!(run.event(&pause), Err(cannot_pause), "{step}");
        assert_eq!(run.event(&back), Err(RejectedEvent::IsRestore), "{step}");
        assert!(run.event(&give_way).is_err(), "{step}");
    }
}

#[test]
fn a_pause_before_it_begins_holds_it() {
    let (mut run, mut place) = restore(moment());
    until(&mut run, &mut place, "AwaitingApproval");
    let pause = Event::Pause {
        by: UserId::new(APPROVER),
        groups: Default::default(),
        reason: "one more look".to_owned(),
    };
    run.event(&pause).unwrap();
    run.approve(APPROVER).unwrap();
    until(&mut run, &mut place, "AwaitingWindow");
    for _ in 0..10 {
        look(&mut run, &mut place);
    }
    assert!(!run.world_touched());
    let resume = Event::Resume {
        by: UserId::new(APPROVER),
        groups: Default::default(),
    };
    run.event(&resume).unwrap();
    until(&mut run, &mut place, "Restored");
}

#[test]
fn it_gives_way_to_nobody() {
    let (mut run, _) = restore(moment());
    let claim = |claim| Event::Done {
        command: Command::ClaimEnvironment.key(),
        outcome: Outcome::Claim(claim),
    };
    let newer = DeploymentId::from_outside("dep-newer");
    assert!(run.event(&claim(Claim::SupersededBy(newer))).is_err());
    assert_eq!(run.phase(), "Queued");
}

#[test]
fn until_the_names_change_whatever_is_refused_leaves_everything_as_it_was() {
    let keys = [
        ("register-task-definition/web", "stopping"),
        ("scale-service/worker", "stopping"),
        ("start-copy", "copying"),
        ("read-copy", "copying"),
        ("rename-database", "setting-aside"),
    ];
    for (key, step) in keys {
        let (mut run, mut place) = restore(moment());
        approved(&mut run, &mut place, step);
        let key = match key {
            "rename-database" => format!("{key}/{}", copy_name(&run).replace("restored", "before")),
            key => key.to_owned(),
        };
        fails(&mut place, &key, no());
        until(&mut run, &mut place, "starting-again");
        place.world.failing.clear();
        until(&mut run, &mut place, "RestoreFailed");
        assert_eq!(stands(&run), &Stands::AsBefore, "{key}");
        assert_eq!(
            place.running(),
            [("beat", 1), ("web", 3), ("worker", 1)],
            "{key}"
        );
        assert!(place.names[NAME].is(OLD), "{key}");
        assert!(!run.given.iter().any(|key| key.starts_with("start-rollout")));
        if step == "copying" {
            insta::assert_snapshot!(format!("as_before_{key}"), run.report());
        }
    }
}

#[test]
fn nobody_comes_up_while_the_copy_is_made() {
    let (mut run, mut place) = restore(moment());
    place.copy = CopyStatus::Creating("backing-up".to_owned());
    approved(&mut run, &mut place, "copying");
    look(&mut run, &mut place);
    // A schedule of autoscaling.
    let up = Tasks {
        desired: 2,
        running: 2,
    };
    place.tasks.insert(ServiceName::new("web"), up);
    look(&mut run, &mut place);
    place.copy = CopyStatus::Available {
        endpoint: "e".to_owned(),
        port: 5432,
        resource_id: NEW.to_owned(),
    };
    place.stuck = true;
    for _ in 0..5 {
        look(&mut run, &mut place);
        assert_eq!(at(&run), "copying");
    }
    place.stuck = false;
    place.tasks.insert(ServiceName::new("web"), up);
    until(&mut run, &mut place, "Restored");
}

#[test]
fn a_copy_that_fails_or_does_not_come_leaves_everything_as_it_was() {
    for copy in [
        CopyStatus::Failed("incompatible-restore".to_owned()),
        CopyStatus::Creating("creating".to_owned()),
        CopyStatus::Settling("its backups are not yet kept for 7 days".to_owned()),
        CopyStatus::Absent,
    ] {
        let (mut run, mut place) = restore(moment());
        place.copy = copy.clone();
        approved(&mut run, &mut place, "RestoreFailed");
        assert_eq!(stands(&run), &Stands::AsBefore, "{copy:?}");
        assert_eq!(place.running(), [("beat", 1), ("web", 3), ("worker", 1)]);
        if let CopyStatus::Failed(_) = copy {
            insta::assert_snapshot!("copy_failed", run.report());
        }
    }
}

#[test]
fn a_copy_that_rds_may_not_make_does_not_let_production_stand_still_for_hours() {
    let (mut run, mut place) = restore(moment());
    let may_not = PortError::needs_person("rds:RestoreDBInstanceToPointInTime is not allowed");
    fails(&mut place, "start-copy", may_not);
    place.copy = CopyStatus::Absent;
    fails(&mut place, "read-copy", PortError::retryable("busy"));
    approved(&mut run, &mut place, "copying");
    let since = run.now;
    until(&mut run, &mut place, "RestoreFailed");
    assert_eq!(stands(&run), &Stands::AsBefore);
    assert!(run.now.duration_since(since) < SignedDuration::from_mins(30));
}

#[test]
fn services_that_do_not_stop_are_left_as_they_were() {
    let (mut run, mut place) = restore(moment());
    place.stuck = true;
    approved(&mut run, &mut place, "starting-again");
    assert!(run.report_of_step().contains("stopping the services"));
    place.stuck = false;
    for tasks in place.tasks.values_mut() {
        tasks.running = 0;
    }
    until(&mut run, &mut place, "RestoreFailed");
    assert_eq!(stands(&run), &Stands::AsBefore);
}

#[test]
fn beat_is_started_again_only_once_the_old_one_is_gone() {
    let (mut run, mut place) = restore(moment());
    approved(&mut run, &mut place, "stopping");
    let beat = ServiceName::new("beat");
    fails(&mut place, "scale-service/worker", no());
    // Told to stop, and not gone yet.
    let stopping = Tasks {
        desired: 0,
        running: 1,
    };
    look(&mut run, &mut place);
    place.tasks.insert(beat.clone(), stopping);
    until(&mut run, &mut place, "starting-again");
    place.world.failing.clear();
    place.tasks.insert(beat.clone(), stopping);
    run.given.clear();
    for _ in 0..5 {
        look(&mut run, &mut place);
    }
    assert!(!run.given.contains(&"scale-service/beat".to_owned()));
    place.tasks.insert(
        beat,
        Tasks {
            desired: 0,
            running: 0,
        },
    );
    until(&mut run, &mut place, "RestoreFailed");
    assert_eq!(place.running(), [("beat", 1), ("web", 3), ("worker", 1)]);
}

#[test]
fn a_service_that_does_not_start_again_is_named_with_the_command_that_helps() {
    let (mut run, mut place) = restore(moment());
    place.copy = CopyStatus::Failed("incompatible-restore".to_owned());
    approved(&mut run, &mut place, "starting-again");
    fails(&mut place, "scale-service/worker", no());
    until(&mut run, &mut place, "RestoreFailed");
    assert!(matches!(stands(&run), Stands::NotStarted(stuck) if stuck.len() == 1));
    insta::assert_snapshot!("not_started", run.report());
    // Beat is not held up by it.
    assert_eq!(place.running(), [("beat", 1), ("web", 3), ("worker", 0)]);
}

#[test]
fn between_the_names_a_person_is_told_exactly_how_things_stand() {
    let (mut run, mut place) = restore(moment());
    approved(&mut run, &mut place, "taking-its-place");
    let key = format!("rename-database/{NAME}");
    fails(&mut place, &key, no());
    until(&mut run, &mut place, "RestoreFailed");
    assert!(matches!(stands(&run), Stands::BetweenNames { .. }));
    insta::assert_snapshot!("between_names", run.report());
    assert_eq!(place.running(), [("beat", 0), ("web", 0), ("worker", 0)]);
    insta::assert_snapshot!("message_between_names", shown(&run));
}

#[test]
fn a_rename_that_was_taken_and_never_comes_is_not_taken_for_none() {
    let (mut run, mut place) = restore(moment());
    place.lazy = true;
    approved(&mut run, &mut place, "RestoreFailed");
    assert!(matches!(stands(&run), Stands::BetweenNames { .. }));
    assert_eq!(place.running(), [("beat", 0), ("web", 0), ("worker", 0)]);
}

#[test]
fn a_rename_whose_answer_was_lost_is_not_taken_for_none() {
    let (mut run, mut place) = restore(moment());
    approved(&mut run, &mut place, "setting-aside");
    let key = format!(
        "rename-database/{}",
        copy_name(&run).replace("restored", "before")
    );
    fails(
        &mut place,
        &key,
        PortError::retryable("the answer was lost"),
    );
    until(&mut run, &mut place, "RestoreFailed");
    assert!(matches!(stands(&run), Stands::BetweenNames { .. }));
}

#[test]
fn a_stranger_that_has_a_name_is_left_alone() {
    // Under the name that the old one was to have.
    let (mut run, mut place) = restore(moment());
    approved(&mut run, &mut place, "setting-aside");
    let aside = copy_name(&run).replace("restored", "before");
    place.names.insert(aside, found("db-STRANGER"));
    until(&mut run, &mut place, "RestoreFailed");
    assert_eq!(stands(&run), &Stands::AsBefore);
    assert!(place.names[NAME].is(OLD));

    // Under the name itself, by somebody's hand.
    let (mut run, mut place) = restore(moment());
    approved(&mut run, &mut place, "taking-its-place");
    place.names.insert(NAME.to_owned(), found("db-STRANGER"));
    until(&mut run, &mut place, "RestoreFailed");
    assert!(place.names[NAME].is("db-STRANGER"));
    assert!(
        run.report().contains("neither of the two"),
        "{}",
        run.report()
    );
}

#[test]
fn a_look_that_shows_the_old_database_under_its_name_once_more_is_not_a_stranger() {
    let (mut run, mut place) = restore(moment());
    approved(&mut run, &mut place, "taking-its-place");
    place.names.insert(NAME.to_owned(), found(OLD));
    // What was seen last still shows the name free; RDS refuses what it is asked for then.
    look(&mut run, &mut place);
    run.given.clear();
    for _ in 0..3 {
        look(&mut run, &mut place);
        assert_eq!(run.phase(), "Restoring", "{}", run.report());
    }
    assert!(run.given.iter().all(|key| !key.starts_with("rename")));
    place.names.remove(NAME);
    until(&mut run, &mut place, "Restored");
}

#[test]
fn names_that_are_changed_already_are_not_changed_again() {
    // Crashed after both renames, with nothing of it heard.
    let (mut run, mut place) = restore(moment());
    approved(&mut run, &mut place, "setting-aside");
    let copy = copy_name(&run);
    place.names.remove(&copy);
    place
        .names
        .insert(copy.replace("restored", "before"), found(OLD));
    place.names.insert(NAME.to_owned(), found(NEW));
    run.given.clear();
    until(&mut run, &mut place, "Restored");
    let renames = run.given.iter().filter(|key| key.starts_with("rename"));
    assert_eq!(renames.count(), 0);
}

#[test]
fn beat_starts_last_and_a_service_that_does_not_start_is_named() {
    let (mut run, mut place) = restore(moment());
    let stopped = rollout("worker", RolloutStatus::Stopped, Stage::ScaleUp);
    let worker = ServiceName::new("worker");
    place.world.rollouts.insert(worker, Some(stopped));
    approved(&mut run, &mut place, "RestoreFailed");
    assert!(matches!(stands(&run), Stands::InPlace(stuck) if stuck.len() == 1));
    insta::assert_snapshot!("in_place", run.report());
    let position = |key: &str| run.given.iter().position(|given| given == key).unwrap();
    assert!(position("start-rollout/beat/back") > position("read-rollout/worker"));
    assert!(position("start-rollout/beat/back") > position("read-rollout/web"));
}

#[test]
fn services_that_are_not_up_in_time_are_named() {
    let (mut run, mut place) = restore(moment());
    let busy = rollout("web", RolloutStatus::InProgress, Stage::ScaleUp);
    place
        .world
        .rollouts
        .insert(ServiceName::new("web"), Some(busy));
    approved(&mut run, &mut place, "RestoreFailed");
    let Stands::InPlace(stuck) = stands(&run) else {
        panic!("{:?}", run.d.phase);
    };
    let names: Vec<&str> = stuck.keys().map(ServiceName::as_str).collect();
    assert_eq!(names, ["beat", "web"]);
}

#[test]
fn what_answers_wrongly_is_asked_for_minutes_and_then_a_person_is() {
    let (mut run, mut place) = restore(moment());
    place.world.smoke_failure = Some("GET /healthz/ready answered 503, not 200".to_owned());
    approved(&mut run, &mut place, "checking");
    let since = run.now;
    until(&mut run, &mut place, "RestoreFailed");
    let asked = run.now.duration_since(since);
    assert!(asked >= SignedDuration::from_mins(4), "{asked}");
    insta::assert_snapshot!("not_well", run.report());

    let (mut run, mut place) = restore(moment());
    place.world.smoke_failure = Some("slow".to_owned());
    approved(&mut run, &mut place, "checking");
    look(&mut run, &mut place);
    place.world.smoke_failure = None;
    until(&mut run, &mut place, "Restored");
}

#[test]
fn every_step_has_a_deadline_and_an_end() {
    let steps = [
        "stopping",
        "copying",
        "setting-aside",
        "taking-its-place",
        "starting",
        "checking",
    ];
    for step in steps {
        let (mut run, mut place) = restore(moment());
        approved(&mut run, &mut place, step);
        let end = deadline(&run.d).expect(step);
        run.now = end;
        // A last look at what there is, and what cannot be asked for, before it counts.
        let commands = run.event(&Event::Wake).unwrap();
        for command in commands {
            let failed = Event::CommandFailed {
                command: command.key(),
                error: PortError::retryable("503"),
            };
            run.event(&failed).unwrap();
        }
        run.event(&Event::Wake).unwrap();
        if at(&run) == "starting-again" {
            until(&mut run, &mut place, "RestoreFailed");
        }
        assert_eq!(run.phase(), "RestoreFailed", "{step}");
        let commands = run.event(&Event::Wake).unwrap();
        assert!(commands.is_empty(), "{step}: {commands:?}");
        assert_eq!(replay(&run.history).unwrap(), run.d);
    }
}

#[test]
fn an_event_twice_is_as_once() {
    let (mut run, mut place) = restore(moment());
    until(&mut run, &mut place, "AwaitingApproval");
    run.approve(APPROVER).unwrap();
    for _ in 0..400 {
        if run.d.phase.is_terminal() {
            break;
        }
        let commands = run.event(&Event::Wake).unwrap();
        for command in commands {
            let event = Event::Done {
                command: command.key(),
                outcome: place.answer(&command, run.now),
            };
            let _ = run.event(&event);
            let once = run.d.clone();
            let _ = run.event(&event);
            // Reading again says the same; a doubled round of tests counts once.
            assert_eq!(once.phase.name(), run.d.phase.name());
        }
        run.now += SignedDuration::from_secs(20);
    }
    assert_eq!(run.phase(), "Restored");
}

impl Run {
    /// Why the restore turned back.
    fn report_of_step(&self) -> String {
        match &self.d.phase {
            Phase::Restoring { step } => match &**step {
                RestoreStep::StartingAgain { cause, .. } => cause.to_string(),
                step => panic!("{step:?}"),
            },
            phase => panic!("{phase:?}"),
        }
    }
}
