//! People's decisions: approve, reject, call off.

use jiff::SignedDuration;
use sluice_core::deployment::Deployment;
use sluice_core::event::Event;
use sluice_core::failure::{ErrorClass, PortError, RejectedEvent};
use sluice_core::id::{DeploymentId, Hash, UserId};
use sluice_core::phase::Phase;
use sluice_core::roles::Action;
use sluice_words::message::ButtonAction;
use sluice_words::refusal;
use sluice_words::slash::Reason;

use crate::App;
use crate::unsure::unsure;

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

/// A decision was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// There is no such deployment.
    #[error("there is no deployment {0}: the button is too old, or not from this Sluice")]
    Unknown(DeploymentId),
    /// The button carries no plan, and this action needs one.
    #[error("this button has no plan: use the newest message of {0}")]
    NoPlan(DeploymentId),
    /// It is no decision on a plan.
    #[error("`{}` is not a decision on a plan: use the button of the newest message", .0.label())]
    NoDecision(ButtonAction),
    /// The deployment does not take it.
    #[error("{}", refusal::rejected(.0))]
    Rejected(RejectedEvent),
    /// Something did not answer.
    #[error("{}", unsure(.0, "Click again in a moment; repeating it is safe"))]
    Port(#[from] PortError),
}

impl From<RejectedEvent> for DecideError {
    fn from(why: RejectedEvent) -> Self {
        Self::Rejected(why)
    }
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
    let (release, environment) = (&after.release.tag, after.environment());
    let (goes, does_not) = match after.restore() {
        None => (
            format!("{release} will be deployed to {environment}"),
            format!("{release} will not be deployed to {environment}"),
        ),
        Some(restore) => {
            let database = restore.database.identifier();
            (
                format!("{database} of {environment} will be restored"),
                format!("{database} of {environment} stays as it is"),
            )
        }
    };
    match verdict {
        Verdict::Approve if after.phase.name() == "AwaitingApproval" => match after.restore() {
            None => format!(
                "Noted. {release} needs at least one more approval before it is deployed to \
                 {environment}."
            ),
            Some(_) => format!("Noted. At least one more approval is needed before {goes}."),
        },
        Verdict::Approve => format!("Approved: {goes}."),
        Verdict::Reject => format!("Rejected: {does_not}."),
        Verdict::Cancel => format!("Cancelled: {does_not}."),
    }
}
