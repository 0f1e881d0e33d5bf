//! One-off tasks: RunTask, their life, and how soon ECS forgets them.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{LOG_BYTES_MAX, LOG_LINES_MAX, TaskOrder};
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, ContainerName, TaskArn};
use sluice_core::observation::TaskObservation;

use super::migrations::Errand;
use super::services::NO_LOGIN;
use crate::cloud::Cloud;
use crate::cloud::agenda::Due;
use crate::cloud::behaviour::{ImageBehaviour, MigrationEnd};
use crate::cloud::emitted::{Emitted, TaskStateChange};
use crate::cloud::lag::Read;
use crate::cloud::ledger::Happened;
use crate::cloud::place::Place;

/// DescribeTasks knows a stopped task for about an hour.
pub(in crate::cloud) const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);
/// What PostgreSQL says to a password that was.
const PASSWORD_REFUSED: &str =
    "psycopg.OperationalError: FATAL:  password authentication failed for user \"erp\"";
/// `startedBy` holds no more.
const STARTED_BY_MAX: usize = 36;

/// A one-off task.
#[derive(Clone, Debug)]
pub(in crate::cloud) struct Task {
    pub(in crate::cloud) arn: TaskArn,
    pub(in crate::cloud) place: Arc<Place>,
    pub(in crate::cloud) cluster: ClusterName,
    pub(in crate::cloud) token: String,
    pub(in crate::cloud) definition: usize,
    pub(in crate::cloud) container: ContainerName,
    pub(in crate::cloud) command: Vec<String>,
    /// None if the image cannot be pulled.
    pub(super) behaviour: Option<Arc<ImageBehaviour>>,
    pub(in crate::cloud) created_at: Timestamp,
    pub(in crate::cloud) started_at: Option<Timestamp>,
    pub(in crate::cloud) stopped_at: Option<Timestamp>,
    pub(in crate::cloud) exit_code: Option<i32>,
    pub(in crate::cloud) stopped_reason: Option<&'static str>,
    /// What it wrote beside what its image's behaviour says: worked out when it ends.
    pub(in crate::cloud) said: Vec<String>,
}

impl Task {
    /// What was to be seen of it then, or now; `None` if it was not there.
    pub(in crate::cloud) fn as_of(&self, then: Option<Timestamp>) -> Option<Cow<'_, Self>> {
        let Some(then) = then else {
            return Some(Cow::Borrowed(self));
        };
        if self.created_at > then {
            return None;
        }
        let has_been = |at: &Timestamp| *at <= then;
        let mut seen = Self {
            started_at: self.started_at.filter(has_been),
            stopped_at: self.stopped_at.filter(has_been),
            ..self.clone()
        };
        if seen.stopped_at.is_none() {
            (seen.exit_code, seen.stopped_reason) = (None, None);
            seen.said.clear();
        }
        Some(Cow::Owned(seen))
    }

    pub(in crate::cloud) fn log(&self) -> Vec<String> {
        let Some(behaviour) = self
            .behaviour
            .as_ref()
            .filter(|_| self.started_at.is_some())
        else {
            return Vec::new();
        };
        let mut log = behaviour.migration.log.clone();
        if log.is_empty() {
            log = [
                "INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.",
                "INFO  [alembic.runtime.migration] Will assume transactional DDL.",
            ]
            .map(str::to_owned)
            .to_vec();
        }
        log.extend(self.said.iter().cloned());
        log
    }
}

impl Cloud {
    /// RunTask: of one token, in one cluster, there is one task.
    pub(in crate::cloud) fn run_task(
        &mut self,
        place: &Arc<Place>,
        cluster: &ClusterName,
        order: &TaskOrder,
    ) -> Result<TaskArn, PortError> {
        if order.token.len() > STARTED_BY_MAX {
            return Err(PortError::permanent(format!(
                "InvalidParameterException: startedBy is longer than {STARTED_BY_MAX} characters"
            )));
        }
        self.service_or_refuse(place, cluster, &order.ecs_service)?;
        self.run_anywhere(place, cluster, order)
    }

    /// RunTask with a network of its own, whatever service it was taken from.
    pub(in crate::cloud) fn run_anywhere(
        &mut self,
        place: &Arc<Place>,
        cluster: &ClusterName,
        order: &TaskOrder,
    ) -> Result<TaskArn, PortError> {
        let tasks = self.ecs.tasks.iter();
        if let Some(task) = tasks
            .rev()
            .find(|t| t.token == order.token && t.cluster == *cluster && *t.place == **place)
        {
            return Ok(task.arn.clone());
        }
        let Some(definition) = self.task_definition(&order.task_definition) else {
            return Err(PortError::permanent(format!(
                "ClientException: there is no task definition `{}`",
                order.task_definition
            )));
        };
        let container = self.ecs.task_definitions[definition].container(&order.container);
        let Some(container) = container else {
            return Err(PortError::permanent(format!(
                "InvalidParameterException: the override names the container `{}`, which `{}` does \
                 not have",
                order.container, order.task_definition
            )));
        };
        let behaviour = self.registry.behaviour(&container.image);
        let arn = TaskArn::new(place.arn("ecs", format!("task/{cluster}/{}", self.ids.hex())));
        let task = self.ecs.add_task(Task {
            arn: arn.clone(),
            place: place.clone(),
            cluster: cluster.clone(),
            token: order.token.clone(),
            definition,
            container: order.container.clone(),
            command: order.command.clone(),
            behaviour,
            created_at: self.now,
            started_at: None,
            stopped_at: None,
            exit_code: None,
            stopped_reason: None,
            said: Vec::new(),
        });
        self.agenda
            .plan(self.now + self.tempo.task_start, Due::TaskStarts { task });
        let (cluster, token) = (cluster.clone(), order.token.clone());
        self.note(Happened::TaskRun {
            cluster,
            task: arn.clone(),
            token,
        });
        Ok(arn)
    }

    pub(in crate::cloud) fn task_starts(&mut self, at: usize) {
        if self.ecs.tasks[at].stopped_at.is_some() {
            return;
        }
        if let Some(reason) = self.starts.refused() {
            return self.task_stops(at, None, reason);
        }
        let task = &mut self.ecs.tasks[at];
        let Some(behaviour) = &task.behaviour else {
            return self.task_stops(at, None, "CannotPullContainerError: the image is not there");
        };
        let only_looks = Errand::of(&task.command) == Errand::Inspect;
        if !only_looks && behaviour.migration.ends == MigrationEnd::NeverStarts {
            let reason = "ResourceInitializationError: unable to pull secrets or registry auth";
            return self.task_stops(at, None, reason);
        }
        task.started_at = Some(self.now);
        if let Some(takes) = self.task_takes(at) {
            let due = Due::TaskEnds { task: at };
            self.agenda.plan(self.now + takes, due);
        }
        self.tell_of_task(at, "RUNNING", 2);
    }

    pub(in crate::cloud) fn task_ends(&mut self, at: usize) {
        if self.ecs.tasks[at].stopped_at.is_some() {
            return;
        }
        if self.has_dead_password(self.ecs.tasks[at].definition) {
            self.ecs.tasks[at].said = vec![PASSWORD_REFUSED.to_owned()];
            return self.task_stops(at, Some(NO_LOGIN), "Essential container in task exited");
        }
        if let Some(code) = self.carry_out(at) {
            self.task_stops(at, Some(code), "Essential container in task exited");
        }
    }

    /// StopTask: SIGTERM, and SIGKILL after the stop timeout. PostgreSQL undoes what was not
    /// committed.
    pub fn stop_task(&mut self, cluster: &ClusterName, arn: &TaskArn) {
        let found = self.ecs.task(cluster, arn);
        if let Some(at) = found.filter(|at| self.ecs.tasks[*at].stopped_at.is_none()) {
            self.agenda.plan(
                self.now + self.tempo.task_stop,
                Due::TaskKilled { task: at },
            );
        }
    }

    pub(in crate::cloud) fn task_killed(&mut self, at: usize) {
        if self.ecs.tasks[at].stopped_at.is_none() {
            let code = self.ecs.tasks[at].started_at.map(|_| 137);
            self.task_stops(at, code, "Task stopped by user");
        }
    }

    fn task_stops(&mut self, at: usize, exit_code: Option<i32>, reason: &'static str) {
        let task = &mut self.ecs.tasks[at];
        task.stopped_at = Some(self.now);
        task.exit_code = exit_code;
        task.stopped_reason = Some(reason);
        let what = Happened::TaskStopped {
            cluster: task.cluster.clone(),
            task: task.arn.clone(),
            token: task.token.clone(),
            exit_code,
        };
        self.note(what);
        self.tell_of_task(at, "STOPPED", 4);
    }

    /// DescribeTasks, with the end of the log.
    pub(in crate::cloud) fn describe_task(
        &self,
        cluster: &ClusterName,
        arn: &TaskArn,
    ) -> Option<TaskObservation> {
        let task = &self.ecs.tasks[self.ecs.task(cluster, arn)?];
        let task = task.as_of(self.seen_as_of(Read::Tasks))?;
        if self.has_forgotten(&task) {
            return None;
        }
        // Of a task that runs there is no exit code yet, and nobody reads its log.
        let stopped = task.stopped_at.is_some();
        let ran = stopped && task.started_at.is_some();
        let containers = self.ecs.task_definitions[task.definition].containers.iter();
        let essential = containers.filter(|c| c.essential && ran);
        let exit_codes = essential.map(|c| {
            let code = task.exit_code.filter(|_| c.name == task.container);
            (c.name.clone(), code)
        });
        Some(TaskObservation {
            task: task.arn.clone(),
            started: task.started_at.is_some(),
            stopped,
            exit_codes: exit_codes.collect(),
            stopped_reason: task.stopped_reason.map(str::to_owned),
            log_tail: if stopped { task.log() } else { Vec::new() },
        })
    }

    /// Whether DescribeTasks says MISSING of a task that was once.
    pub(in crate::cloud) fn has_forgotten(&self, task: &Task) -> bool {
        task.stopped_at
            .is_some_and(|stopped| self.now > stopped + REMEMBERED)
    }

    /// DescribeTasks and GetLogEvents: the lines that begin so, whole.
    pub(in crate::cloud) fn log_lines(
        &self,
        cluster: &ClusterName,
        arn: &TaskArn,
        prefix: &str,
    ) -> Result<Vec<String>, PortError> {
        if self.describe_task(cluster, arn).is_none() {
            return Err(PortError::permanent(format!(
                "ECS has forgotten the task {arn}, as it does an hour after a task ends: its \
                 log stream is unknown"
            )));
        }
        let task = self.ecs.task(cluster, arn);
        let seen = task.and_then(|at| self.ecs.tasks[at].as_of(self.seen_as_of(Read::Logs)));
        let log = seen.map(|task| task.log()).unwrap_or_default();
        let lines: Vec<String> = log
            .into_iter()
            .filter(|line| line.starts_with(prefix))
            .collect();
        let bytes: usize = lines.iter().map(String::len).sum();
        if lines.len() > LOG_LINES_MAX || bytes > LOG_BYTES_MAX {
            return Err(PortError::permanent(format!(
                "the task {arn} logged more than {LOG_LINES_MAX} lines or {LOG_BYTES_MAX} bytes \
                 that begin with `{prefix}`"
            )));
        }
        Ok(lines)
    }

    fn tell_of_task(&mut self, at: usize, last_status: &'static str, version: u64) {
        let place = self.ecs.tasks[at].place.clone();
        let envelope = self.envelope(&place);
        let task = &self.ecs.tasks[at];
        let definition = &self.ecs.task_definitions[task.definition];
        let containers = if task.started_at.is_some() {
            let of = |c: &super::task_definitions::Container| {
                (c.name.clone(), c.image.clone(), task.exit_code)
            };
            definition.containers.iter().map(of).collect()
        } else {
            Vec::new()
        };
        self.emitted.push(Emitted::TaskStateChange(TaskStateChange {
            envelope,
            cluster: task.cluster.clone(),
            task: task.arn.clone(),
            task_definition: definition.arn.clone(),
            group: format!("family:{}", definition.family),
            started_by: Some(task.token.clone()),
            last_status,
            version,
            stopped_reason: task.stopped_reason.map(str::to_owned),
            containers,
        }));
    }
}
