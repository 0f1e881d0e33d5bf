//! People's decisions: approve, reject, call off.

use jiff::SignedDuration;
use sluice_core::deployment::Deployment;
use sluice_core::event::Event;
use sluice_core::failure::{ErrorClass, RejectedEvent};
use sluice_core::id::{DeploymentId, Hash, UserId};
use sluice_core::phase::Phase;
use sluice_core::roles::Action;
use sluice_words::message::ButtonAction;
use sluice_words::refusal::DecideError;
use sluice_words::reply;
use sluice_words::slash::Reason;

use crate::App;

/// Someone waits at the screen, for 3 seconds at most: what passes by itself is tried again at
/// once. The pause between is the SDK's.
const TRIES: u8 = 3;

/// A decision, as a verified button carried it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decide {
    /// What was clicked.
    pub action: ButtonAction,
    /// On which deployment's message.
    pub deployment: DeploymentId,
    /// Showing which plan.
    pub plan: Option<Hash>,
    /// By whom.
    pub by: UserId,
    /// Why, in their words: of a rejection.
    pub reason: Option<Reason>,
}

/// A decision was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What it means, for the person who clicked.
    pub reply: String,
}

impl App {
    /// Takes a decision.
    ///
    /// # Errors
    /// It is not allowed, comes too late, or did not take effect; each says so to the person who
    /// clicked.
    pub async fn decide(&self, decide: &Decide) -> Result<Decided, DecideError> {
        for _ in 1..TRIES {
            match self.decide_once(decide).await {
                Err(DecideError::Port(error)) if error.class == ErrorClass::Retryable => {
                    tracing::info!(deployment.id = %decide.deployment, %error, "a click is \
                        retried");
                }
                decided => return decided,
            }
        }
        self.decide_once(decide).await
    }

    async fn decide_once(&self, decide: &Decide) -> Result<Decided, DecideError> {
        let Some(verdict) = Verdict::of(decide.action) else {
            return Err(DecideError::NoDecision(decide.action));
        };
        let unknown = || DecideError::Unknown(decide.deployment.clone());
        let stored = self
            .ports
            .store
            .load(&decide.deployment)
            .await?
            .ok_or_else(unknown)?;
        if is_decided(verdict, decide, &stored.deployment) {
            return Ok(Decided {
                reply: reply(verdict, &stored.deployment),
            });
        }
        let plan = || {
            let plan = decide.plan.clone();
            plan.ok_or_else(|| DecideError::NoPlan(decide.deployment.clone()))
        };
        let action = match verdict {
            Verdict::Cancel => Action::Cancel,
            Verdict::Approve | Verdict::Reject => Action::Approve,
        };
        let by = decide.by.clone();
        let groups = self.authority(&stored.deployment, action, &by).await??;
        let same = self.same_person(&stored.deployment, &by).await?;
        let event = match verdict {
            Verdict::Cancel => Event::Cancel { by, groups },
            Verdict::Approve => Event::Approve {
                by,
                groups,
                plan: plan()?,
                same,
            },
            Verdict::Reject => Event::Reject {
                by,
                groups,
                plan: plan()?,
                reason: decide.reason.as_ref().map(ToString::to_string),
            },
        };
        let after = self.apply(&decide.deployment, event).await?;
        let after = after.ok_or_else(unknown)?;
        if let Err(RejectedEvent::DecisionExpired { .. }) = after {
            // No one has noticed: now someone does.
            self.wake(&decide.deployment, None, SignedDuration::ZERO)
                .await?;
        }
        let after = after?;
        self.wake(&decide.deployment, None, SignedDuration::ZERO)
            .await?;
        Ok(Decided {
            reply: reply(verdict, &after.deployment),
        })
    }
}

/// The buttons that decide on a plan.
#[derive(Clone, Copy)]
enum Verdict {
    Approve,
    Reject,
    Cancel,
}

impl Verdict {
    fn of(action: ButtonAction) -> Option<Self> {
        match action {
            ButtonAction::Approve => Some(Self::Approve),
            ButtonAction::Reject => Some(Self::Reject),
            ButtonAction::Cancel => Some(Self::Cancel),
            ButtonAction::Override
            | ButtonAction::Pause
            | ButtonAction::Resume
            | ButtonAction::Keep
            | ButtonAction::RollBack
            | ButtonAction::RollForward
            | ButtonAction::RestoreDatabase => None,
        }
    }
}

/// Whether this very click was taken before: it was made twice, or the answer was lost.
fn is_decided(verdict: Verdict, decide: &Decide, deployment: &Deployment) -> bool {
    let same_plan = deployment.plan.as_ref().map(|sealed| &sealed.hash) == decide.plan.as_ref();
    match verdict {
        Verdict::Approve => {
            let waits = matches!(deployment.phase, Phase::AwaitingApproval);
            same_plan && !waits && deployment.approvals.contains_key(&decide.by)
        }
        Verdict::Reject => {
            same_plan && matches!(&deployment.phase, Phase::Rejected { by, .. } if *by == decide.by)
        }
        Verdict::Cancel => {
            matches!(&deployment.phase, Phase::Cancelled { by } if *by == decide.by)
        }
    }
}

fn reply(verdict: Verdict, after: &Deployment) -> String {
    match verdict {
        Verdict::Approve => reply::approved(after, matches!(after.phase, Phase::AwaitingApproval)),
        Verdict::Reject => reply::rejected(after),
        Verdict::Cancel => reply::cancelled(after),
    }
}
