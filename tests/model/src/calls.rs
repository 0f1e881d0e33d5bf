//! The calls of a function: the environment is asked for, AWS is read and changed.

use sluice_core::command::{Command, TaskCommand};
use sluice_core::event::{Claim, Event, Outcome};
use sluice_core::failure::PortError;
use sluice_core::id::TaskDefinitionArn;
use sluice_core::observation::{RolloutObservation, RolloutStatus, SnapshotObservation};

use crate::answer::{carry_out, id_of, read};
use crate::book::Number;
use crate::cloud::{Cloud, Task, Who};
use crate::state::{At, Function, State};
use crate::time::NOW;
use crate::{Bug, Model};

/// How a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Well.
    Well,
    /// It is a read, and shows the cloud as it was before its last change.
    Late,
    /// It is done, and its answer is lost.
    Lost,
    /// It is refused for now.
    Throttled,
    /// It is the smoke tests, and they fail from now on.
    Ill,
}

impl Model {
    pub(crate) fn carry(&self, state: &mut State, function: &mut Function, how: How) {
        let Some(command) = self.next_command(function) else {
            return;
        };
        let event = if command == Command::ClaimEnvironment && how != How::Throttled {
            let Some(claim) = self.claim(state, function) else {
                return;
            };
            Some(match (how, claim) {
                (How::Lost, _) => failed(&command, PortError::retryable("the answer was lost")),
                (_, Ok(claim)) => done(&command, Outcome::Claim(claim)),
                (_, Err(error)) => failed(&command, error),
            })
        } else if self.is_too_late(function, &command) {
            None
        } else {
            Some(self.call(state, function.of, &command, how))
        };
        if let At::Carrying {
            next,
            events,
            claiming,
            ..
        } = &mut function.at
        {
            *next += 1;
            *claiming = 0;
            if let Some(event) = event {
                *events = self.add(*events, event);
            }
        }
        self.go_on(function);
    }

    /// Whether the time is over in which it may act on what it stored.
    fn is_too_late(&self, function: &Function, command: &Command) -> bool {
        let d = self.book.deployment(function.has);
        let intent = d.intents.get(&command.key());
        command.has_effect() && !intent.is_some_and(|intent| intent.is_held(NOW))
    }

    /// Claims the environment; the deployment that holds it is asked to give way, then it is claimed again.
    fn claim(
        &self,
        state: &mut State,
        function: &mut Function,
    ) -> Option<Result<Claim, PortError>> {
        let who = function.of;
        let At::Carrying { claiming, .. } = &mut function.at else {
            return None;
        };
        if *claiming == 1 {
            let holder = state.active;
            *claiming = 2;
            if let Some(holder) = holder
                && let Some(after) = self.superseded(state.number(holder), who)
            {
                self.store(state, holder, after);
                state.mail[holder] = true;
                return None;
            }
            let holder = holder.unwrap_or(who);
            return Some(Ok(Claim::HeldBy(id_of(holder))));
        }
        let claim = self.claim_once(state, who);
        match claim {
            Ok(Claim::HeldBy(_)) if *claiming == 0 => {
                *claiming = 1;
                None
            }
            other => Some(other),
        }
    }

    pub(crate) fn superseded(&self, holder: Number, by: Who) -> Option<Number> {
        let deployment = id_of(by);
        let event = Event::SupersededBy { deployment };
        let events = self.book.enter_events(vec![event]);
        self.book.feed(holder, events)
    }

    fn claim_once(&self, state: &mut State, who: Who) -> Result<Claim, PortError> {
        let is_taken = self.bug == Some(Bug::ClaimsWhatIsTaken);
        let is_over = self.book.facts(state.number(who)).is_over;
        if is_over && self.bug != Some(Bug::ClaimsForWhatIsOver) {
            return Err(PortError::permanent("it is over"));
        }
        Ok(match state.active {
            Some(holder) if holder == who => Claim::Granted,
            _ if who == 0 && state.stored[1].is_some() && !is_taken => {
                Claim::SupersededBy(id_of(1))
            }
            Some(holder) if !is_taken => Claim::HeldBy(id_of(holder)),
            _ => {
                state.active = Some(who);
                Claim::Granted
            }
        })
    }

    /// One call of AWS.
    fn call(&self, state: &mut State, who: Who, command: &Command, how: How) -> Event {
        if how == How::Throttled {
            return failed(command, PortError::retryable("throttled"));
        }
        let seen: Cloud = match (&state.before, how) {
            (Some(before), How::Late) => before.0.clone(),
            _ => state.cloud.clone(),
        };
        if how == How::Late {
            state.lags -= 1;
            state.before = None;
        }
        let answer = match read(&seen, who, command) {
            Some(outcome) => Ok(self.believed(outcome)),
            None => self.act(state, who, command, &seen, how),
        };
        match answer {
            Ok(_) if how == How::Lost => {
                failed(command, PortError::retryable("the answer was lost"))
            }
            Ok(outcome) => done(command, outcome),
            Err(error) => failed(command, error),
        }
    }

    fn act(
        &self,
        state: &mut State,
        who: Who,
        command: &Command,
        seen: &Cloud,
        how: How,
    ) -> Result<Outcome, PortError> {
        if command.changes_the_world() {
            self.judge_effect(state, who, &command.key());
        }
        let before = state.cloud.clone();
        if how == How::Ill {
            state.cloud.is_ill = true;
        }
        let starts = matches!(command, Command::Task(TaskCommand::StartMigration(_)));
        if starts && self.bug == Some(Bug::MigratesAgain) {
            state.cloud.tasks[who] = Task::None;
        }
        let (outcome, told) = carry_out(&mut state.cloud, seen, who, command);
        if state.cloud.ran[who] > before.ran[who] {
            self.judge_migration(state, who);
        }
        self.changed(state, before, told);
        outcome
    }

    /// The cloud is another one: reads may show the one before for a while, and AWS tells of it.
    pub(crate) fn changed(&self, state: &mut State, before: Cloud, told: Option<Who>) {
        if state.lags > 0 && before != state.cloud {
            state.before = Some(Box::new((before, 0)));
        }
        if let Some(who) = told
            && self.bounds.hints
        {
            state.mail[who] = true;
        }
    }

    /// The answer as a driver with a bug takes it.
    fn believed(&self, outcome: Outcome) -> Outcome {
        match (self.bug, outcome) {
            (Some(Bug::BelievesEverySnapshot), Outcome::Snapshot(Some(seen))) => {
                Outcome::Snapshot(Some(SnapshotObservation {
                    status: "available".to_owned(),
                    progress: 100,
                    ..seen
                }))
            }
            (
                Some(bug @ (Bug::BelievesEveryRollout | Bug::SaysItIsBack)),
                Outcome::Rollout {
                    service,
                    rollout: Some(seen),
                },
            ) => Outcome::Rollout {
                service,
                rollout: Some(RolloutObservation {
                    status: match (bug, seen.status) {
                        (Bug::BelievesEveryRollout, RolloutStatus::InProgress)
                            if seen.stage.is_none() =>
                        {
                            RolloutStatus::Successful
                        }
                        (Bug::SaysItIsBack, RolloutStatus::RollbackInProgress) => {
                            RolloutStatus::RollbackSuccessful
                        }
                        (_, status) => status,
                    },
                    ..seen
                }),
            },
            (Some(Bug::SaysItIsBack), Outcome::Services(mut seen)) => {
                for service in &mut seen {
                    let name = format!("arn:task-definition/erp-{}:41", service.service);
                    service.task_definition = TaskDefinitionArn::new(name);
                }
                Outcome::Services(seen)
            }
            (_, outcome) => outcome,
        }
    }
}

pub(crate) fn done(command: &Command, outcome: Outcome) -> Event {
    Event::Done {
        command: command.key(),
        outcome,
    }
}

fn failed(command: &Command, error: PortError) -> Event {
    Event::CommandFailed {
        command: command.key(),
        error,
    }
}
