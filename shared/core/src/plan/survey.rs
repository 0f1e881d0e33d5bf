//! What planning needs to know of the world, gathered answer by answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::database::RestorePoint;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::id::AlarmName;
use crate::observation::{
    AlarmState, ApproversObservation, DatabaseObservation, ImageObservation, PinnedSecret,
    ProofObservation, ScanObservation, SecretProblem, ServiceObservation, SnapshotObservation,
};
use crate::release::ProvenRelease;

/// The answers so far. A field is `None` until it has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is the outcome of that name")]
pub struct Survey {
    pub image: Option<ImageObservation>,
    pub scan: Option<ScanObservation>,
    pub proof: Option<ProofObservation>,
    pub secrets: Option<Result<Vec<PinnedSecret>, Vec<SecretProblem>>>,
    pub services: Option<Vec<ServiceObservation>>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "read"
    )]
    pub database: Option<Option<DatabaseObservation>>,
    pub alarms: Option<BTreeMap<AlarmName, AlarmState>>,
    pub approvers: Option<ApproversObservation>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "read"
    )]
    pub previous: Option<Option<ProvenRelease>>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "read"
    )]
    pub snapshot: Option<Option<SnapshotObservation>>,
}

/// Without this, JSON's `null` for "read, and there is none" would come back as "not read yet".
fn read<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

impl Survey {
    /// What is still to be read, or read again since it was not settled. All of it can be read at
    /// once.
    pub fn missing(&self, d: &Deployment) -> Vec<Command> {
        let environment = &d.settings.environment;
        let mut missing = Vec::new();
        let mut need = |is_missing: bool, command: Command| {
            if is_missing {
                missing.push(command);
            }
        };
        need(self.image.is_none(), Command::ReadImage);
        need(self.services.is_none(), Command::ReadServices);
        need(self.previous.is_none(), Command::ReadPrevious);
        if environment.scan.block.is_some() {
            need(!self.scan_is_settled(), Command::ReadScan);
        }
        if let Some(after) = &environment.after {
            need(
                !self.proof_is_settled(),
                Command::ReadProof {
                    environment: after.clone(),
                },
            );
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
                Command::ReadSnapshot {
                    snapshot: snapshot.clone(),
                    database: restore.database.clone(),
                },
            );
        }
        missing
    }

    fn scan_is_settled(&self) -> bool {
        matches!(
            self.scan,
            Some(ScanObservation::Complete(_) | ScanObservation::Failed(_))
        )
    }

    fn proof_is_settled(&self) -> bool {
        // Not proven is no answer yet either: the push that proves it may be on its way.
        matches!(self.proof, Some(ProofObservation::Proven(_)))
    }

    /// Takes an answer; `false` if it is not one of planning's.
    pub fn take(&mut self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Image(image) => self.image = Some(image.clone()),
            Outcome::Scan(scan) => self.scan = Some(scan.clone()),
            Outcome::Proof(proof) => self.proof = Some(proof.clone()),
            Outcome::Secrets(secrets) => self.secrets = Some(secrets.clone()),
            Outcome::Services(services) => self.services = Some(services.clone()),
            Outcome::Database(database) => self.database = Some(database.clone()),
            Outcome::Alarms(alarms) => self.alarms = Some(alarms.clone()),
            Outcome::Approvers(approvers) => self.approvers = Some(approvers.clone()),
            Outcome::Previous(previous) => self.previous = Some(previous.clone()),
            Outcome::Snapshot(snapshot) => self.snapshot = Some(snapshot.clone()),
            Outcome::Claim(_)
            | Outcome::Controls(_)
            | Outcome::SnapshotStarted(_)
            | Outcome::ServiceScaled { .. }
            | Outcome::CopyStarted
            | Outcome::Copy(_)
            | Outcome::DatabasesFound(_)
            | Outcome::DatabaseRenaming { .. }
            | Outcome::TaskDefinition { .. }
            | Outcome::MigrationStarted(_)
            | Outcome::Migration(_)
            | Outcome::RolloutStarted { .. }
            | Outcome::Rollout { .. }
            | Outcome::RolloutStopping { .. }
            | Outcome::SmokeTests(_)
            | Outcome::Health(_)
            | Outcome::SnapshotsPruned(_) => return false,
        }
        true
    }
}
