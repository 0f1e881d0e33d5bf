//! Deployments: opened once, saved under their version.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;
use sluice_app::ports::{EnvironmentKey, Opened, Save, SaveError, Stored};
use sluice_core::deployment::Deployment;
use sluice_core::failure::PortError;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::id::{DeploymentId, Hash};

use super::due::due_at as due_of;
use super::environments::Leaving;
use super::expression::{Change, VERSION, put};
use super::item::{BODY, Parts, Read, SCHEMA_ATTRIBUTE, item};
use super::key::{self, Item, SCHEMA, number, text};
use super::transaction::Refused;
use super::{DynamoStore, nothing_of};

/// When the release was pushed, or requested by a person: the order of claims, without reading the
/// whole deployment.
pub(super) const PUSHED_AT: &str = "pushed_at";
/// The hash of the sealed plan, and so where it is.
const PLAN: &str = "plan";
/// For people who look at the table.
pub(super) const PHASE: &str = "phase";
/// Only of a deployment that is over.
pub(super) const OVER: &str = "over";
const NEXT_SEQ: &str = "next_seq";
const CHAIN_HASH: &str = "chain_hash";

/// How often a change is sent: once with the plan that was there, once with a new one, and again
/// whenever the environment changed in between.
const SAVES: u8 = 8;

/// How often a deployment is read whose head names a part that is not there yet, and the pause
/// between.
const READS: u8 = 4;
const READ_PAUSE: Duration = Duration::from_millis(25);

/// The positions of the writes in the transaction that opens a deployment.
const OPENED_HEAD: usize = 0;
const OPENED_ENVIRONMENT: usize = 1;

/// The positions of the writes in the transaction that saves one.
const SAVED_HEAD: usize = 0;
const SAVED_ENVIRONMENT: usize = 1;

impl DynamoStore {
    pub(super) async fn open_deployment(
        &self,
        deployment: &Deployment,
        first: &Record,
        chain: &ChainEnd,
        due_at: Timestamp,
        environment_version: u64,
    ) -> Result<Opened, PortError> {
        let id = &deployment.id;
        let environment = EnvironmentKey::of(deployment);
        let state = self.read_environment(&environment).await?;
        if state.version != environment_version {
            let there = self.get(head_key(id)).await?.is_some();
            return Ok(if there {
                Opened::AlreadyThere
            } else {
                Opened::Conflict
            });
        }
        let parts = Parts::of(deployment)?;
        let mut writes = vec![
            self.head_opened(deployment, &parts, chain, due_at)?,
            self.entered(&environment, deployment, &state)?,
            self.part_written(id, key::SETTINGS, &parts.settings)?,
            self.summary_written(deployment)?,
        ];
        if let Some((hash, plan)) = &parts.plan {
            writes.push(self.part_written(id, &key::plan(hash), plan)?);
        }
        writes.extend(self.appended(std::slice::from_ref(first))?);
        match self.transact(&writes).await? {
            Ok(()) => Ok(Opened::New),
            Err(refused) if refused.at(OPENED_HEAD) => Ok(Opened::AlreadyThere),
            Err(refused) if refused.at(OPENED_ENVIRONMENT) => Ok(Opened::Conflict),
            Err(_) => Err(PortError::permanent(format!(
                "the history of {id} is in table {} without its deployment: someone removed it",
                self.table
            ))),
        }
    }

    pub(super) async fn load_deployment(
        &self,
        id: &DeploymentId,
    ) -> Result<Option<Stored>, PortError> {
        for _ in 0..READS {
            let items = self.query(&key::deployment(id), key::STATE).await?;
            let Some(head) = items.first() else {
                return Ok(None);
            };
            let head = Read::new(head)?;
            if let Some(parts) = parts_of(&head, &items)? {
                return Ok(Some(Stored {
                    deployment: Arc::new(parts.join(id)?),
                    version: head.number(VERSION)?,
                    chain: chain_of(&head)?,
                    due_at: items.first().and_then(due_of),
                }));
            }
            // A query may show one write of a transaction a moment before another.
            tokio::time::sleep(READ_PAUSE).await;
        }
        Err(PortError::retryable(format!(
            "{id} is stored without its settings or its plan: if this persists, restore it from \
             the \
             backup of table {}",
            self.table
        )))
    }

    pub(super) async fn save_deployment(&self, save: &Save) -> Result<(), SaveError> {
        let id = &save.deployment.id;
        let parts = Parts::of(&save.deployment)?;
        let environment = EnvironmentKey::of(&save.deployment);
        let leaving = Leaving {
            key: &environment,
            deployment: &save.deployment,
            frees: save.frees_environment,
            holds: save.holds_environment.as_ref(),
            proves: save.proves.as_ref(),
        };
        let leaves = leaving.frees || leaving.holds.is_some() || leaving.proves.is_some();
        let mut plan_is_new = false;
        for _ in 0..SAVES {
            let mut writes = vec![self.head_saved(save, &parts, plan_is_new)?];
            if leaves {
                let state = self.read_environment(&environment).await?;
                writes.extend(self.left(&leaving, &state)?);
            }
            if let Some((hash, plan)) = parts.plan.as_ref().filter(|_| plan_is_new) {
                writes.push(self.part_written(id, &key::plan(hash), plan)?);
            }
            writes.extend(self.appended(&save.records)?);
            let Err(refused) = self.transact(&writes).await? else {
                return Ok(());
            };
            if refused.at(SAVED_HEAD) {
                self.only_the_plan_differs(&refused, save, &parts)?;
                plan_is_new = true;
            } else if !(leaves && refused.at(SAVED_ENVIRONMENT)) {
                // A record of that number is there already.
                return Err(SaveError::Conflict);
            }
        }
        Err(SaveError::Port(PortError::retryable(format!(
            "{} kept being changed by others; {id} is saved again later",
            environment.environment
        ))))
    }

    /// The head as it was met says why it was refused.
    fn only_the_plan_differs(
        &self,
        refused: &Refused,
        save: &Save,
        parts: &Parts,
    ) -> Result<(), SaveError> {
        let id = &save.deployment.id;
        let met = Read::new(refused.met(SAVED_HEAD).ok_or_else(|| nothing_of(id))?)?;
        let plan = parts.plan.as_ref().map(|(hash, _)| hash.as_str());
        let fastened = save.records.first().is_none_or(|first| {
            chain_of(&met)
                .is_ok_and(|chain| chain.next_seq == first.seq && chain.hash == first.previous)
        });
        if met.number(VERSION)? != save.expected_version || !fastened || met.text(PLAN) == plan {
            return Err(SaveError::Conflict);
        }
        Ok(())
    }

    pub(super) async fn set_due_at(
        &self,
        id: &DeploymentId,
        version: u64,
        due_at: Option<Timestamp>,
    ) -> Result<(), PortError> {
        let change = Change::new()
            .due(id, due_at)
            .if_is(VERSION, number(version));
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(head_key(id)))
            .update_expression(change.update())
            .condition_expression(change.condition())
            .set_expression_attribute_names(Some(change.names()))
            .set_expression_attribute_values(Some(change.values()));
        match request.send().await {
            Ok(_) => Ok(()),
            // Each change says when it is due.
            Err(error) if super::environments::lost_a_race(&error) => Ok(()),
            Err(error) => Err(self.failed("dynamodb:UpdateItem", error)),
        }
    }

    fn head_saved(
        &self,
        save: &Save,
        parts: &Parts,
        plan_is_new: bool,
    ) -> Result<TransactWriteItem, PortError> {
        let d = &save.deployment;
        let write = Change::new().if_is(VERSION, number(save.expected_version));
        let write = match save.records.first() {
            Some(first) => write
                .if_is(NEXT_SEQ, number(first.seq))
                .if_is(CHAIN_HASH, text(first.previous.as_str())),
            None => write,
        };
        let write = match &parts.plan {
            Some((hash, _)) if !plan_is_new => write.if_is(PLAN, text(hash.as_str())),
            _ => write,
        };
        let write = write.set(VERSION, number(save.expected_version + 1));
        self.head(write, d, parts, &save.chain, save.due_at)
    }

    fn head_opened(
        &self,
        deployment: &Deployment,
        parts: &Parts,
        chain: &ChainEnd,
        due_at: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let write = Change::new()
            .if_missing(VERSION)
            .set(VERSION, number(1_u64));
        self.head(write, deployment, parts, chain, Some(due_at))
    }

    fn head(
        &self,
        write: Change,
        deployment: &Deployment,
        parts: &Parts,
        chain: &ChainEnd,
        due_at: Option<Timestamp>,
    ) -> Result<TransactWriteItem, PortError> {
        write
            .set(SCHEMA_ATTRIBUTE, number(SCHEMA))
            .set(BODY, text(&*parts.head))
            .put(
                PLAN,
                parts.plan.as_ref().map(|(hash, _)| text(hash.as_str())),
            )
            .set(NEXT_SEQ, number(chain.next_seq))
            .set(CHAIN_HASH, text(chain.hash.as_str()))
            .set(PUSHED_AT, text(key::time(deployment.turn().0)))
            .set(PHASE, text(deployment.phase.name()))
            .put(OVER, deployment.phase.is_terminal().then(|| text("yes")))
            .due(&deployment.id, due_at)
            .in_transaction(&self.table, head_key(&deployment.id))
            .map_err(|why| self.incomplete(&why))
    }

    /// Writes a part that never changes; the same part again is the same.
    fn part_written(
        &self,
        id: &DeploymentId,
        sk: &str,
        json: &str,
    ) -> Result<TransactWriteItem, PortError> {
        let part = item(key::key(key::deployment(id), sk), text(json));
        put(&self.table, part).map_err(|why| self.incomplete(&why))
    }
}

fn head_key(id: &DeploymentId) -> Item {
    key::key(key::deployment(id), key::STATE)
}

fn chain_of(head: &Read<'_>) -> Result<ChainEnd, PortError> {
    let next_seq = u32::try_from(head.number(NEXT_SEQ)?);
    Ok(ChainEnd {
        next_seq: next_seq.map_err(|_| head.broken(NEXT_SEQ, "is not a record number"))?,
        hash: Hash::from_outside(head.needed(CHAIN_HASH)?),
    })
}

/// The parts that the head names; `None` while one of them is not there.
fn parts_of(head: &Read<'_>, items: &[Item]) -> Result<Option<Parts>, PortError> {
    let find = |sk: &str| -> Result<Option<String>, PortError> {
        let named = |item: &&Item| item.get(key::SK) == Some(&text(sk));
        let part = items.iter().find(named);
        part.map(|part| Ok(Read::new(part)?.needed(BODY)?.to_owned()))
            .transpose()
    };
    let Some(settings) = find(key::SETTINGS)? else {
        return Ok(None);
    };
    let hash = head.text(PLAN).map(Hash::from_outside);
    let plan = match hash {
        Some(hash) => match find(&key::plan(&hash))? {
            Some(plan) => Some((hash, plan)),
            None => return Ok(None),
        },
        None => None,
    };
    let head = head.needed(BODY)?.to_owned();
    Ok(Some(Parts {
        head,
        settings,
        plan,
    }))
}
