//! Commands and their answers, as ports give them: the cloud in the machine's words.

use std::collections::BTreeMap;

use sluice_core::command::{Command, DatabaseCommand, TaskCommand, TaskOrder};
use sluice_core::config::Config;
use sluice_core::deployment::{Deployment, Opening, Requester};
use sluice_core::event::Outcome;
use sluice_core::failure::PortError;
use sluice_core::id::{
    ContainerName, DeploymentId, Digest, EnvironmentName, ImageTag, RepositoryName,
    ServiceDeploymentArn, ServiceName, TaskArn, TaskDefinitionArn, UserId,
};
use sluice_core::observation::{
    ApproversObservation, DatabaseObservation, ImageObservation, RolloutObservation, RolloutStatus,
    ServiceObservation, SmokeResult, SnapshotObservation, Stage, TaskObservation,
};
use sluice_core::origin::Origin;
use sluice_core::release::Release;
use sluice_core::request::DeploymentKind;

use crate::cloud::{Cloud, Code, Rollout, Snapshot, Step, Task, WEB, WORKER, Who, code_of};
use crate::time::NOW;

/// Alice asks for the first deployment, Bob for the second.
pub(crate) const PEOPLE: [&str; 2] = ["U0ALICE00", "U0BOB0000"];
const SERVICES: [&str; 2] = ["web", "worker"];
const REGISTRY: &str = "222222222222.dkr.ecr.eu-central-1.amazonaws.com";

/// A deployment at its beginning.
pub(crate) fn open(who: Who) -> Deployment {
    let config = Config::parse(include_str!("../sluice.toml"));
    let config = config.expect("the configuration beside this file is good");
    let production = config.environment(&EnvironmentName::new("production"));
    let settings = config.settings(production.expect("it has a production"));
    let fill = ['a', 'b'][who].to_string();
    let digest = Digest::try_from(format!("sha256:{}", fill.repeat(64)));
    let opening = Opening {
        id: id_of(who),
        settings: settings.into(),
        release: Release {
            registry: REGISTRY.to_owned(),
            repository: RepositoryName::new("erp"),
            tag: ImageTag::new(["v1.4.0", "v1.5.0"][who]),
            digest: digest.expect("it is one"),
            pushed_at: NOW,
        },
        requested_by: Requester::Person(UserId::new(PEOPLE[who])),
        kind: DeploymentKind::Release,
        hotfix: None,
    };
    Deployment::open(&opening, NOW)
}

pub(crate) fn id_of(who: Who) -> DeploymentId {
    DeploymentId::from_outside(["dep-a", "dep-b"][who])
}

fn service_of(name: &ServiceName) -> usize {
    match name.as_str() {
        "web" => WEB,
        _ => WORKER,
    }
}

fn revision(service: usize, code: Code) -> TaskDefinitionArn {
    TaskDefinitionArn::new(format!(
        "arn:task-definition/erp-{}:{}",
        SERVICES[service],
        41 + code
    ))
}

/// Which code it is a revision of.
pub(crate) fn code_in(revision: &TaskDefinitionArn) -> Code {
    let number = revision.as_str().rsplit(':').next();
    let number = number.and_then(|number| number.parse::<u8>().ok());
    number.map_or(0, |number| number - 41)
}

pub(crate) fn arn(cloud: &Cloud, at: usize) -> ServiceDeploymentArn {
    let rollout = &cloud.rollouts[at];
    ServiceDeploymentArn::new(format!(
        "arn:aws:ecs:eu-central-1:222222222222:service-deployment/erp-production/erp-{}/{}-{}",
        SERVICES[rollout.service],
        id_of(rollout.by),
        cloud.number(at),
    ))
}

/// The answer to a read whose answer never changes here.
pub(crate) fn constant(d: &Deployment, command: &Command) -> Option<Outcome> {
    Some(match command {
        Command::ReadImage => Outcome::Image(ImageObservation {
            present: true,
            tag_points_at: Some(d.release.digest.clone()),
            origin: Origin::default(),
            pushed_by_stranger: false,
        }),
        Command::ReadDatabase(_) => Outcome::Database(Some(DatabaseObservation {
            status: "available".to_owned(),
            engine: "postgres".to_owned(),
            engine_version: "15.8".to_owned(),
            storage_gib: 100,
            encrypted: true,
            resource_id: None,
            earliest_restorable: None,
            latest_restorable: None,
            deployment: None,
        })),
        Command::ReadApprovers => Outcome::Approvers(ApproversObservation {
            users: PEOPLE.into_iter().map(UserId::new).collect(),
        }),
        Command::ReadPrevious => Outcome::Previous(None),
        Command::ReadControls => Outcome::Controls(Box::default()),
        _ => return None,
    })
}

/// The answer to a read of the cloud.
pub(crate) fn read(cloud: &Cloud, who: Who, command: &Command) -> Option<Outcome> {
    Some(match command {
        Command::ReadServices => {
            Outcome::Services((0..2).map(|service| observed(cloud, service)).collect())
        }
        Command::Database(DatabaseCommand::ReadSnapshot { snapshot, .. }) => {
            let status = match cloud.snapshots[who] {
                Snapshot::None => None,
                Snapshot::Creating => Some(("creating", 50)),
                Snapshot::Available => Some(("available", 100)),
            };
            Outcome::Snapshot(status.map(|(status, progress)| SnapshotObservation {
                id: snapshot.clone(),
                status: status.to_owned(),
                progress,
                engine: "postgres".to_owned(),
                engine_version: "15.8".to_owned(),
                storage_gib: 100,
                encrypted: true,
                created_at: Some(NOW),
            }))
        }
        Command::Task(TaskCommand::ReadMigration { task }) => {
            Outcome::Migration(observed_task(cloud, who, task))
        }
        Command::ReadRollout {
            service,
            task_definition,
            ..
        } => {
            let code = code_in(task_definition);
            let found = cloud.find(service_of(service), code, who);
            Outcome::Rollout {
                service: service.clone(),
                rollout: found.map(|at| observed_rollout(cloud, at)),
            }
        }
        _ => return None,
    })
}

fn observed(cloud: &Cloud, service: usize) -> ServiceObservation {
    let under_way = |rollout: &Rollout| rollout.service == service && !rollout.step.is_over();
    let in_progress = cloud.rollouts.iter().rposition(under_way);
    ServiceObservation {
        service: ServiceName::new(SERVICES[service]),
        task_definition: revision(service, cloud.services[service].told),
        image: format!("{REGISTRY}/erp:{}", cloud.services[service].told),
        desired: 1,
        running: 1,
        in_progress: in_progress.map(|at| arn(cloud, at)),
        traffic: None,
        newest: None,
        definition: None,
    }
}

fn observed_task(cloud: &Cloud, who: Who, task: &TaskArn) -> Option<TaskObservation> {
    let exit_code = match cloud.tasks[who] {
        Task::None => return None,
        Task::Running => None,
        Task::Done => Some(0),
        Task::Failed => Some(1),
    };
    Some(TaskObservation {
        task: task.clone(),
        started: true,
        stopped: exit_code.is_some(),
        exit_codes: BTreeMap::from([(ContainerName::new("web"), exit_code)]),
        stopped_reason: None,
        log_tail: Vec::new(),
    })
}

fn observed_rollout(cloud: &Cloud, at: usize) -> RolloutObservation {
    use RolloutStatus::{InProgress, RollbackInProgress, RollbackSuccessful, Stopped, Successful};
    let rollout = &cloud.rollouts[at];
    let (status, stage, percent) = match rollout.step {
        Step::Coming | Step::Stuck => (InProgress, Stage::ScaleUp, 0),
        Step::Held { .. } | Step::Answered { .. } => (InProgress, Stage::PostTestTrafficShift, 0),
        Step::Shifted => (InProgress, Stage::PostProductionTrafficShift, 100),
        Step::Done => (Successful, Stage::CleanUp, 100),
        Step::GoingBack => (RollbackInProgress, Stage::ScaleUp, 0),
        Step::Back => (RollbackSuccessful, Stage::ScaleUp, 0),
        Step::Replaced => (Stopped, Stage::ScaleUp, 0),
    };
    let is_web = rollout.service == WEB;
    RolloutObservation {
        arn: arn(cloud, at),
        status,
        stage: is_web.then_some(stage),
        traffic_percent: is_web.then_some(percent),
        reason: None,
    }
}

/// Carries out what changes the cloud; what came of it, and whom AWS tells. `seen` is the cloud as the
/// look before it shows it.
pub(crate) fn carry_out(
    cloud: &mut Cloud,
    seen: &Cloud,
    who: Who,
    command: &Command,
) -> (Result<Outcome, PortError>, Option<Who>) {
    let mut told = None;
    let outcome = match command {
        Command::Database(DatabaseCommand::StartSnapshot { snapshot, .. }) => {
            if cloud.snapshots[who] == Snapshot::None {
                cloud.snapshots[who] = Snapshot::Creating;
            }
            Outcome::SnapshotStarted(snapshot.clone())
        }
        Command::RegisterTaskDefinition { service, .. } => Outcome::TaskDefinition {
            service: service.clone(),
            revision: revision(service_of(service), code_of(who)),
        },
        Command::Task(TaskCommand::StartMigration(TaskOrder { token, .. })) => {
            if cloud.tasks[who] == Task::None {
                cloud.tasks[who] = Task::Running;
                cloud.ran[who] += 1;
            }
            Outcome::MigrationStarted(TaskArn::new(format!("arn:task/erp/{token}")))
        }
        Command::Task(TaskCommand::StopMigration { .. }) => {
            if cloud.tasks[who] == Task::Running {
                cloud.tasks[who] = Task::Failed;
            }
            Outcome::MigrationStopping
        }
        Command::StartRollout(order) => {
            let (service, code) = (service_of(&order.service), code_in(&order.task_definition));
            if seen.find(service, code, who).is_none() {
                told = cloud.update(service, code, who);
            }
            Outcome::RolloutStarted {
                service: order.service.clone(),
            }
        }
        Command::StopRollout { service, arn: ours } => {
            match (0..cloud.rollouts.len()).find(|at| arn(cloud, *at) == *ours) {
                Some(at) => cloud.stop(at),
                None => {
                    let error = PortError::permanent("there is no such service deployment");
                    return (Err(error), None);
                }
            }
            Outcome::RolloutStopping {
                service: service.clone(),
            }
        }
        Command::RunSmokeTests => {
            let is_up = |rollout: &Rollout| {
                let is_green = rollout.service == WEB && rollout.code == code_of(who);
                is_green && matches!(rollout.step, Step::Held { .. } | Step::Answered { .. })
            };
            let passes = !cloud.is_ill;
            cloud.tested[who] |= passes && cloud.rollouts.iter().any(is_up);
            Outcome::SmokeTests(vec![SmokeResult {
                name: "the process is alive".to_owned(),
                failure: (!passes).then(|| "it answered 500".to_owned()),
            }])
        }
        Command::Database(DatabaseCommand::PruneSnapshots { .. }) => {
            Outcome::SnapshotsPruned(Vec::new())
        }
        other => {
            let error = format!("the model knows no {}", other.kind().name());
            return (Err(PortError::permanent(error)), None);
        }
    };
    (Ok(outcome), told)
}
