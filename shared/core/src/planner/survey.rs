//! What is looked at before a plan is drawn, and what is still missing.

use jiff::Timestamp;

use crate::command::{Command, DatabaseCommand, TaskCommand, TaskOrder};
use crate::config::RiskRule;
use crate::database::RestorePoint;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::id::ServiceName;
use crate::intent::LAG;
use crate::migration::InspectionReading;
use crate::observation::{ProofObservation, ScanObservation, ServiceObservation};
use crate::plan::survey::{Inspecting, Survey};
use crate::signature::SignatureObservation;

use super::definitions::{definitions_fit, inspector};
use super::vouched::is_vouched_for;

/// Another task is asked for in the place of one that never started: see [`machine`](crate::machine).
const NEVER_STARTED: u8 = 3;

impl Survey {
    /// What is still to be read, or read again since it was not settled. All of it can be read at
    /// once. Migration and stack come last: looking at the one takes a task
    /// of the new image, at the other a change set.
    pub fn missing(&self, d: &Deployment) -> Vec<Command> {
        let missing = self.missing_facts(d);
        if missing.is_empty() {
            let of_migration = self.missing_of_migration(d);
            let of_stack = self.missing_of_stack(d);
            of_migration.into_iter().chain(of_stack).collect()
        } else {
            missing
        }
    }

    /// The same without migration and stack: what leaves nothing in the world to be read.
    pub fn missing_facts(&self, d: &Deployment) -> Vec<Command> {
        let environment = &d.settings.environment;
        let mut missing = Vec::new();
        let mut need = |is_missing: bool, command: Command| {
            if is_missing {
                missing.push(command);
            }
        };
        need(self.image.is_none(), Command::ReadImage);
        let waits = self.others(d).next().is_some();
        need(self.services.is_none() || waits, Command::ReadServices);
        need(self.previous.is_none(), Command::ReadPrevious);
        if environment.scan.block.is_some() {
            need(!self.scan_is_settled(), Command::ReadScan);
        }
        if let Some(signatures) = d.needs_signature() {
            let is_settled = match &self.signature {
                Some(SignatureObservation::SignedBy(_)) => true,
                Some(SignatureObservation::Unsigned { .. }) => {
                    signatures.unsigned != RiskRule::Refuse
                }
                None => false,
            };
            need(!is_settled, Command::ReadSignature);
        }
        if let Some(command) = self.look_at_source(d) {
            need(!self.source_is_settled(d), command);
        }
        if let Some(after) = &environment.after {
            need(
                !self.proof_is_settled(),
                Command::ReadProof {
                    environment: after.clone(),
                },
            );
        }
        if let (Some(after), true, true) =
            (&environment.after, d.settings.compares, d.kind.is_release())
        {
            let environment = after.clone();
            need(self.parity.is_none(), Command::ReadParity { environment });
        }
        if !environment.secrets.is_empty() {
            need(self.secrets.is_none(), Command::PinSecrets);
        }
        if let Some(backup) = &environment.backup {
            need(
                self.database.is_none(),
                Command::ReadDatabase(backup.database.clone()),
            );
        }
        if !environment.alarms.is_empty() {
            need(self.alarms.is_none(), Command::ReadAlarms);
        }
        if environment.approval.is_some() {
            need(self.approvers.is_none(), Command::ReadApprovers);
        }
        if let Some(restore) = d.restore()
            && let RestorePoint::Snapshot(snapshot) = &restore.point
        {
            need(
                self.snapshot.is_none(),
                Command::Database(DatabaseCommand::ReadSnapshot {
                    snapshot: snapshot.clone(),
                    database: restore.database.clone(),
                }),
            );
        }
        missing
    }

    /// The next thing to be done to look at the migration, which runs the image. Nothing, where it is
    /// not vouched for.
    fn missing_of_migration(&self, d: &Deployment) -> Option<Command> {
        let migration = d.settings.migration.as_ref()?;
        migration.inspect.as_ref()?;
        if self.inspection.is_some() || !is_vouched_for(d, self) || !definitions_fit(d, self) {
            return None;
        }
        let secrets = match &self.secrets {
            None => Vec::new(),
            Some(Ok(secrets)) => secrets.clone(),
            Some(Err(_)) => return None,
        };
        let running = self.service(&migration.service)?;
        let service = d.settings.service(&migration.service)?;
        if let Some(inspecting) = &self.inspecting {
            let task = inspecting.task.clone();
            return Some(Command::Task(TaskCommand::ReadInspection { task }));
        }
        Some(match &self.inspector {
            None => Command::Task(TaskCommand::RegisterInspector {
                revision: inspector(d, service, running),
                secrets,
            }),
            Some(task_definition) => Command::Task(TaskCommand::StartInspection(TaskOrder {
                token: match self.never_started {
                    0 => format!("{}-i{}", d.id, d.looks),
                    tries => format!("{}-i{}-{tries}", d.id, d.looks),
                },
                ecs_service: d.settings.placement(&service.name).ecs_service.clone(),
                task_definition: task_definition.clone(),
                container: service.container.clone(),
                command: migration.command.clone(),
            })),
        })
    }

    /// What was seen of a service.
    pub fn service(&self, name: &ServiceName) -> Option<&ServiceObservation> {
        self.services
            .iter()
            .flatten()
            .find(|seen| seen.service == *name)
    }

    /// The service deployments of others that a release waits for; what leads back waits for none.
    pub fn others(&self, d: &Deployment) -> impl Iterator<Item = &ServiceObservation> {
        let waits = d.kind.is_release();
        let services = self.services.iter().flatten();
        services.filter(move |seen| waits && seen.in_progress.is_some())
    }

    fn scan_is_settled(&self) -> bool {
        matches!(
            self.scan,
            Some(ScanObservation::Complete(_) | ScanObservation::Failed(_))
        )
    }

    /// What is asked of the source repository, once the commits are known.
    fn look_at_source(&self, d: &Deployment) -> Option<Command> {
        d.needs_source()?;
        let previous = self.previous.as_ref()?;
        Some(Command::ReadSource {
            commit: self.image.as_ref()?.origin.commit.as_ref()?.id()?,
            runs: previous
                .as_ref()
                .map(|verified| verified.deployment.clone()),
        })
    }

    fn source_is_settled(&self, d: &Deployment) -> bool {
        let refuses = d.settings.environment.source_rule == RiskRule::Refuse;
        let seen = self.source.as_ref();
        seen.is_some_and(|seen| !(refuses && seen.may_settle()))
    }

    fn proof_is_settled(&self) -> bool {
        // Not verified is no answer yet either: the push that proves it may be on its way.
        matches!(self.proof, Some(ProofObservation::Verified(_)))
    }

    /// The task that was to look has told nothing. It changes nothing, so another one may look.
    fn look_again(&mut self, why: String) {
        self.never_started += 1;
        if self.never_started < NEVER_STARTED {
            self.inspecting = None;
        } else {
            self.inspection = Some(Err(why));
        }
    }

    /// Takes an answer; `false` if it is not one of planning's.
    pub fn take(&mut self, outcome: &Outcome, now: Timestamp) -> bool {
        match outcome {
            Outcome::Image(image) => self.image = Some(image.clone()),
            Outcome::Scan(scan) => self.scan = Some(scan.clone()),
            Outcome::Signature(signature) => self.signature = Some(signature.clone()),
            Outcome::Source(source) => self.source = Some(source.clone()),
            Outcome::Proof(proof) => self.proof = Some(proof.clone()),
            Outcome::Parity(parity) => self.parity = Some(parity.clone()),
            Outcome::Secrets(secrets) => self.secrets = Some(secrets.clone()),
            Outcome::Services(services) => self.services = Some(services.clone()),
            Outcome::Database(database) => self.database = Some(database.clone()),
            Outcome::Alarms(alarms) => self.alarms = Some(alarms.clone()),
            Outcome::Approvers(approvers) => self.approvers = Some(approvers.clone()),
            Outcome::Previous(previous) => self.previous = Some(previous.clone()),
            Outcome::InspectorRegistered(revision) => self.inspector = Some(revision.clone()),
            Outcome::InspectionStarted(task) if self.inspecting.is_none() => {
                self.inspecting = Some(Inspecting {
                    task: task.clone(),
                    since: now,
                });
            }
            Outcome::Inspection(InspectionReading::UnderWay) => {}
            Outcome::Inspection(InspectionReading::NotShown) => {
                let since = self.inspecting.as_ref().map(|inspecting| inspecting.since);
                if since.is_some_and(|since| now.duration_since(since) >= LAG) {
                    let why = "ECS does not show its task any more, so what it saw is not known";
                    self.look_again(why.to_owned());
                }
            }
            Outcome::Inspection(InspectionReading::NeverStarted(why)) => {
                self.look_again(format!("its task never started: {why}"));
            }
            Outcome::Inspection(InspectionReading::Seen(inspection)) => {
                self.inspection = Some(Ok(inspection.clone()));
            }
            Outcome::Inspection(InspectionReading::Failed(why)) => {
                self.inspection = Some(Err(why.clone()));
            }
            Outcome::Snapshot(snapshot) => self.snapshot = Some(snapshot.clone()),
            Outcome::ChangeSet(reading) => self.stack = Some(reading.clone()),
            // What it means, the machine knows.
            Outcome::ChangeSetStarted | Outcome::ChangeSetRemoved => {}
            Outcome::InspectionStarted(_)
            | Outcome::Claim(_)
            | Outcome::Controls(_)
            | Outcome::SnapshotStarted(_)
            | Outcome::ServiceScaled { .. }
            | Outcome::CopyStarted
            | Outcome::Copy(_)
            | Outcome::DatabasesFound(_)
            | Outcome::DatabaseRenaming { .. }
            | Outcome::TaskDefinition { .. }
            | Outcome::RehearsalStarted(_)
            | Outcome::Rehearsal(_)
            | Outcome::CopyRemoved(_)
            | Outcome::SnapshotRemoved
            | Outcome::ChangeSetExecuted(_)
            | Outcome::StackUpdate(_)
            | Outcome::MigrationStarted(_)
            | Outcome::Migration(_)
            | Outcome::MigrationStopping
            | Outcome::RolloutStarted { .. }
            | Outcome::Rollout { .. }
            | Outcome::RolloutStopping { .. }
            | Outcome::SmokeTests(_)
            | Outcome::Health(_)
            | Outcome::Metrics { .. }
            | Outcome::SnapshotsPruned(_) => return false,
        }
        true
    }
}
