//! Deployments, shown and exported.

use std::sync::Arc;

use sluice_core::deployment::Deployment;
use sluice_core::failure::PortError;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::id::DeploymentId;
use sluice_core::phase::Phase;
use sluice_words::message::{Block, Message};
use sluice_words::operate::{Answer, Export, Glimpse, Outcome, said};
use sluice_words::view;

use super::{Failed, Subject};
use crate::App;

/// Lines of the story that are shown: `export` has all of it.
const LINES: usize = 15;

/// How often a history is read again that its deployment has outrun.
const TRIES: u8 = 3;

impl App {
    pub(super) async fn show(&self, subject: &Subject) -> Result<Answer, Failed> {
        let d = self.meant(subject).await?;
        Ok(self.shown(&d, Outcome::Done).await?)
    }

    /// A deployment as its message in Slack shows it, with the end of its thread.
    pub(super) async fn shown(
        &self,
        d: &Deployment,
        outcome: Outcome,
    ) -> Result<Answer, PortError> {
        let before = self.plan_before(d).await?;
        let mut message = view::message(d, before.as_deref());
        // In Slack the plan stands in the thread, below a card that fits a phone.
        let has_plan = |block: &Block| matches!(block, Block::Code(_));
        if let (Phase::AwaitingApproval, Some(sealed)) = (&d.phase, &d.plan)
            && !message.blocks.iter().any(has_plan)
        {
            let plan = sluice_words::plan::text(sealed);
            message.blocks.push(Block::Code(plan));
        }
        let glimpse = Glimpse::of(d);
        let last = glimpse.story.len().saturating_sub(LINES);
        let lines = glimpse.story[last..].join("\n");
        message.blocks.push(Block::Code(lines));
        Ok(Answer {
            deployment: Some(Box::new(glimpse)),
            ..Answer::new(outcome, message)
        })
    }

    pub(super) async fn export(&self, subject: &Subject) -> Result<Answer, Failed> {
        let id = self.meant(subject).await?.id;
        let (state, chain, history) = self.whole(&id).await?;
        let message = Message::line(said::history(&id, history.len()));
        Ok(Answer {
            deployment: Some(Box::new(Glimpse::of(&state))),
            export: Some(Box::new(Export::new(state, chain, history))),
            ..Answer::new(Outcome::Done, message)
        })
    }

    /// A deployment with its history to the end that its state knows.
    pub(super) async fn whole(
        &self,
        id: &DeploymentId,
    ) -> Result<(Deployment, ChainEnd, Vec<Record>), Failed> {
        for _ in 0..TRIES {
            let Some(stored) = self.ports.store.load(id).await? else {
                return Err(Failed::NoDeployment(id.clone()));
            };
            let mut history = self.ports.store.history(id).await?;
            let known = usize::try_from(stored.chain.next_seq).unwrap_or(usize::MAX);
            if history.len() < known {
                continue;
            }
            // It may have moved on since its state was read.
            history.truncate(known);
            let state = Arc::unwrap_or_clone(stored.deployment);
            return Ok((state, stored.chain, history));
        }
        let error = format!("the history of {id} cannot be read to its end");
        Err(PortError::retryable(error).into())
    }

    /// The deployment that is meant.
    pub(super) async fn meant(&self, subject: &Subject) -> Result<Deployment, Failed> {
        match subject {
            Subject::Deployment(id) => {
                let d = self.loaded(Some(id)).await?;
                d.ok_or_else(|| Failed::NoDeployment(id.clone()))
            }
            Subject::In(key) => {
                let state = self.ports.store.environment(key).await?;
                let newest = state.newest.map(|newest| newest.deployment);
                let id = state.active.or(state.rollback).or(newest);
                let d = self.loaded(id.as_ref()).await?;
                d.ok_or_else(|| Failed::NothingThere(key.clone()))
            }
        }
    }
}
