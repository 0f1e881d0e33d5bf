//! Environments: who holds one, who comes next, what was verified there.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;
use sluice_app::ports::{EnvironmentKey, EnvironmentState, Newest};
use sluice_core::controls::{Controls, Hold};
use sluice_core::deployment::Deployment;
use sluice_core::event::Claim;
use sluice_core::failure::PortError;
use sluice_core::id::{DeploymentId, Digest};
use sluice_core::release::VerifiedRelease;

use super::deployments::{OVER, PUSHED_AT};
use super::expression::{Change, VERSION, put};
use super::item::{BODY, Read, SCHEMA_ATTRIBUTE, body, item};
use super::key::{self, Item, SCHEMA, number, text};
use super::{DynamoStore, nothing_of};

const ACTIVE: &str = "active";
const NEWEST: &str = "newest";
const PROVEN: &str = "verified";
const ROLLBACK: &str = "rollback";
const FREEZE: &str = "freeze";
const HOLD: &str = "hold";
const CONTROLS_ASKED_AT: &str = "controls_asked_at";

/// How often a claim is retried because the environment changed in between. Each time someone else
/// got further.
const CLAIMS: u8 = 8;

/// The pause between two claims.
const CLAIM_PAUSE: Duration = Duration::from_millis(15);

/// What happens to the environment when a deployment is saved.
pub(super) struct Leaving<'a> {
    pub(super) key: &'a EnvironmentKey,
    pub(super) deployment: &'a Deployment,
    pub(super) frees: bool,
    pub(super) holds: Option<&'a Hold>,
    pub(super) proves: Option<&'a VerifiedRelease>,
}

impl DynamoStore {
    pub(super) async fn read_environment(
        &self,
        key: &EnvironmentKey,
    ) -> Result<EnvironmentState, PortError> {
        let item = self.get(environment_item(key)).await?;
        item.map_or(Ok(EnvironmentState::default()), |item| state_of(&item))
    }

    pub(super) async fn read_verified(
        &self,
        key: &EnvironmentKey,
        digest: &Digest,
    ) -> Result<Option<VerifiedRelease>, PortError> {
        let item = self
            .get(key::key(key::environment(key), key::verified(digest)))
            .await?;
        item.map(|item| Read::new(&item)?.json(BODY)).transpose()
    }

    pub(super) async fn claim_environment(
        &self,
        key: &EnvironmentKey,
        id: &DeploymentId,
    ) -> Result<Claim, PortError> {
        for _ in 0..CLAIMS {
            let state = self.read_environment(key).await?;
            // Read after the environment, which changes with every end: a deployment that ends
            // later makes the write fail.
            let pushed_at = self.waits_since(id).await?;
            if state.active.as_ref() == Some(id) {
                return Ok(Claim::Granted);
            }
            if state.rollback.as_ref() != Some(id) {
                if let Some(newest) = state.newest
                    && (newest.pushed_at, &newest.deployment) > (pushed_at, id)
                {
                    return Ok(Claim::SupersededBy(newest.deployment));
                }
                if let Some(rollback) = state.rollback {
                    return Ok(Claim::HeldBy(rollback));
                }
            }
            if let Some(holder) = state.active {
                return Ok(Claim::HeldBy(holder));
            }
            if self.hold(key, id, state.version).await? {
                return Ok(Claim::Granted);
            }
            tokio::time::sleep(CLAIM_PAUSE).await;
        }
        Err(PortError::retryable(format!(
            "{} kept being changed by others; {id} claims it again later",
            key.environment
        )))
    }

    /// Takes the environment if it is still as it was read; otherwise `false`.
    async fn hold(
        &self,
        key: &EnvironmentKey,
        id: &DeploymentId,
        version: u64,
    ) -> Result<bool, PortError> {
        let change = changed(version)
            .set(ACTIVE, text(id.as_str()))
            .if_version(version);
        self.change_environment(key, change).await
    }

    /// Sets the controls if the environment is still as it was read; otherwise `false`.
    pub(super) async fn write_controls(
        &self,
        key: &EnvironmentKey,
        version: u64,
        controls: &Controls,
    ) -> Result<bool, PortError> {
        let Controls {
            freeze,
            hold,
            asked_at,
        } = controls;
        let what = |part| format!("the {part} of {}", key.environment);
        let freeze = freeze.as_ref().map(|freeze| body(what(FREEZE), freeze));
        let hold = hold.as_ref().map(|hold| body(what(HOLD), hold));
        let change = changed(version)
            .put(FREEZE, freeze.transpose()?)
            .put(HOLD, hold.transpose()?)
            .put(CONTROLS_ASKED_AT, asked_at.map(|at| text(key::time(at))))
            .if_version(version);
        self.change_environment(key, change).await
    }

    /// Makes the change if its condition holds; otherwise `false`.
    async fn change_environment(
        &self,
        key: &EnvironmentKey,
        change: Change,
    ) -> Result<bool, PortError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(environment_item(key)))
            .update_expression(change.update())
            .condition_expression(change.condition())
            .set_expression_attribute_names(Some(change.names()))
            .set_expression_attribute_values(Some(change.values()));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if lost_a_race(&error) => Ok(false),
            Err(error) => Err(self.failed("dynamodb:UpdateItem", error)),
        }
    }

    /// Since when a deployment waits for its turn. What is over does not: nobody would ever take the
    /// environment back from it.
    async fn waits_since(&self, id: &DeploymentId) -> Result<Timestamp, PortError> {
        let head = self.get(key::key(key::deployment(id), key::STATE)).await?;
        let head = head.ok_or_else(|| nothing_of(id))?;
        let read = Read::new(&head)?;
        if read.text(OVER).is_some() {
            return Err(PortError::permanent(format!(
                "{id} is over, so it is given no environment any more"
            )));
        }
        let pushed_at = read.needed(PUSHED_AT)?;
        pushed_at
            .parse()
            .map_err(|_| read.broken(PUSHED_AT, "is not a time"))
    }

    /// The write that takes note of a deployment that is opened.
    pub(super) fn entered(
        &self,
        key: &EnvironmentKey,
        deployment: &Deployment,
        state: &EnvironmentState,
    ) -> Result<TransactWriteItem, PortError> {
        let id = &deployment.id;
        let turn = deployment.turn();
        let newest = state.newest.as_ref();
        let is_newest = newest.is_none_or(|newest| turn > (newest.pushed_at, &newest.deployment));
        // Even one that is not the newest counts as a change: two that open at once must not both
        // believe they saw the environment as it is.
        let mut change = changed(state.version).if_version(state.version);
        if is_newest {
            let newest = Newest {
                deployment: id.clone(),
                digest: deployment.release.digest.clone(),
                pushed_at: turn.0,
            };
            change = change.set(
                NEWEST,
                body(format_args!("the newest release {id}"), &newest)?,
            );
        }
        if deployment.kind.goes_first() {
            change = change.set(ROLLBACK, text(id.as_str()));
        }
        change
            .in_transaction(&self.table, environment_item(key))
            .map_err(|why| self.incomplete(&why))
    }

    /// The writes that free the environment, if the deployment has it, pause automatic
    /// deployments, and remember what was verified. The first is that of the environment, under the condition
    /// that it is as read.
    pub(super) fn left(
        &self,
        leaving: &Leaving<'_>,
        state: &EnvironmentState,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut change = changed(state.version).if_version(state.version);
        let id = &leaving.deployment.id;
        if leaving.frees && state.active.as_ref() == Some(id) {
            change = change.remove(ACTIVE);
        }
        if leaving.frees && state.rollback.as_ref() == Some(id) {
            change = change.remove(ROLLBACK);
        }
        if let Some(hold) = leaving.holds.filter(|_| state.hold.is_none()) {
            let what = format!("the {HOLD} of {}", leaving.key.environment);
            change = change.set(HOLD, body(what, hold)?);
        }
        let mut writes = Vec::new();
        if leaving.frees {
            writes.push(self.summary_written(leaving.deployment)?);
        }
        if let Some(verified) = leaving.proves {
            let digest = &verified.release.digest;
            let what = format!("the proof of {digest}");
            change = change.set(PROVEN, body(&what, verified)?);
            let key = key::key(key::environment(leaving.key), key::verified(digest));
            let proof = item(key, body(&what, verified)?);
            writes.push(put(&self.table, proof).map_err(|why| self.incomplete(&why))?);
            writes.push(self.success_written(leaving.key, verified)?);
        }
        let environment = change
            .in_transaction(&self.table, environment_item(leaving.key))
            .map_err(|why| self.incomplete(&why))?;
        writes.insert(0, environment);
        Ok(writes)
    }
}

fn environment_item(key: &EnvironmentKey) -> Item {
    key::key(key::environment(key), key::ENVIRONMENT)
}

fn changed(version: u64) -> Change {
    Change::new()
        .set(VERSION, number(version + 1))
        .set(SCHEMA_ATTRIBUTE, number(SCHEMA))
}

fn state_of(item: &Item) -> Result<EnvironmentState, PortError> {
    let read = Read::new(item)?;
    Ok(EnvironmentState {
        version: read.number(VERSION)?,
        active: read.text(ACTIVE).map(DeploymentId::from_outside),
        newest: read.text(NEWEST).map(|_| read.json(NEWEST)).transpose()?,
        rollback: read.text(ROLLBACK).map(DeploymentId::from_outside),
        verified: read.text(PROVEN).map(|_| read.json(PROVEN)).transpose()?,
        freeze: read.text(FREEZE).map(|_| read.json(FREEZE)).transpose()?,
        hold: read.text(HOLD).map(|_| read.json(HOLD)).transpose()?,
        controls_asked_at: read
            .text(CONTROLS_ASKED_AT)
            .map(|at| {
                let at = at.parse();
                at.map_err(|_| read.broken(CONTROLS_ASKED_AT, "is not a time"))
            })
            .transpose()?,
    })
}

/// Whether someone else changed the item since it was read, or is just about to.
pub(super) fn lost_a_race<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    error.as_service_error().is_some_and(|error| {
        error.is_conditional_check_failed_exception() || error.is_transaction_conflict_exception()
    })
}
