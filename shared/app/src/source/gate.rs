//! Says of each pull request what a look has ordered. Whatever is done twice has the effect of
//! once, so a function that stops in between is followed by one that does the same.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{CommentId, PullRequestId};
use sluice_core::source::{Gate, GateOrder, LOOK_EVERY, Watch};
use sluice_words::source::pull_comment;

use super::Repo;
use crate::App;
use crate::driver::TELL_AGAIN_AFTER;

/// What was done.
#[derive(Default)]
pub(super) struct Answered {
    done: BTreeMap<PullRequestId, (GateOrder, Option<CommentId>)>,
    /// When to try again what could not be done.
    pub(super) again_at: Option<Timestamp>,
}

impl Answered {
    /// Notes what was done.
    pub(super) fn note_in(&self, watch: &mut Watch) {
        for (id, (order, comment)) in &self.done {
            if let Some(gate) = watch.gates.get_mut(id) {
                gate.done = Some(order.clone());
                gate.comment.clone_from(comment);
                if gate.comment.is_some() {
                    gate.first = None;
                }
            }
        }
    }

    pub(super) fn join(&mut self, later: Self) {
        self.done.extend(later.done);
        self.again_at = later.again_at.or(self.again_at);
    }
}

impl App {
    pub(super) async fn answer_pulls(
        &self,
        repo: &Repo<'_>,
        gates: &BTreeMap<PullRequestId, Gate>,
    ) -> Answered {
        let mut answered = Answered::default();
        for (id, gate) in gates {
            let Some(order) = gate.open_order() else {
                continue;
            };
            // In GitHub two pull requests of one commit share its status: one of them may be merged.
            let is_shared = repo.source.github.is_some()
                && gates.values().any(|other| other.approves(&order.revision));
            let is_approved = order.approve || is_shared;
            match self.answer_pull(repo, id, (gate, is_approved), order).await {
                Ok(comment) => {
                    answered.done.insert(id.clone(), (order.clone(), comment));
                }
                Err(error) => {
                    tracing::error!(app = %repo.config.app, pull = %id, %error, "pull request {id} \
                        cannot be answered: {error}");
                    let pause = match error.class {
                        ErrorClass::Retryable => TELL_AGAIN_AFTER,
                        _ => LOOK_EVERY,
                    };
                    answered.again_at = self.ports.clock.now().saturating_add(pause).ok();
                }
            }
        }
        answered
    }

    /// Approves it, or does not, and says why and how it was built: Sluice's comment on it, if it has
    /// one.
    async fn answer_pull(
        &self,
        repo: &Repo<'_>,
        id: &PullRequestId,
        (gate, is_approved): (&Gate, bool),
        order: &GateOrder,
    ) -> Result<Option<CommentId>, PortError> {
        let (port, at) = (&self.ports.repository, &repo.at);
        let was_approved = gate.done.as_ref().is_some_and(|done| done.approve);
        // What has no approval in CodeCommit is not approved; in GitHub a check says that it failed.
        let has_check = repo.source.github.is_some();
        if order.approve || was_approved || has_check {
            port.ensure_approval(at, id, &order.revision, is_approved)
                .await?;
        }
        let is_said = |done: &GateOrder| done.says_the_same(order);
        let text = pull_comment(repo.source, order);
        if let Some(comment) = &gate.comment {
            if !gate.done.as_ref().is_some_and(is_said) {
                port.ensure_comment_says(at, comment, &text).await?;
            }
            return Ok(Some(comment.clone()));
        }
        if gate.first.is_none() && !order.needs_comment() {
            return Ok(None);
        }
        let first = gate.first.as_ref().unwrap_or(order);
        let token = format!("sluice-{}-{id}", repo.config.app);
        let posted = pull_comment(repo.source, first);
        let comment = port
            .ensure_comment(at, id, &first.between, &token, &posted)
            .await?;
        if posted != text {
            port.ensure_comment_says(at, &comment, &text).await?;
        }
        tracing::info!(app = %repo.config.app, pull = %id, "pull request {id} has a comment");
        Ok(Some(comment))
    }
}
