//! Commands that decide on a deployment: the same as its buttons.

use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::UserId;
use sluice_core::phase::Phase;
use sluice_words::message::{ButtonAction, Message};
use sluice_words::refusal::SlashFailed;
use sluice_words::slash::Decision;

use crate::App;
use crate::decide::Decide;

impl App {
    pub(super) async fn decision(
        &self,
        decision: &Decision,
        by: &UserId,
    ) -> Result<Message, SlashFailed> {
        let (action, deployment, reason) = match decision {
            Decision::Approve(at) => (ButtonAction::Approve, self.waits(at.as_ref()).await?, None),
            Decision::Reject { at, reason } => (
                ButtonAction::Reject,
                self.waits(at.as_ref()).await?,
                Some(reason.clone()),
            ),
            Decision::Cancel(at) => (ButtonAction::Cancel, self.under_way(at).await?, None),
        };
        let decide = Decide {
            action,
            plan: deployment.plan.as_ref().map(|sealed| sealed.hash.clone()),
            deployment: deployment.id.clone(),
            by: by.clone(),
            reason,
        };
        let decided = self.decide(&decide).await?;
        let which = match (action, &decide.plan) {
            (ButtonAction::Cancel, _) | (_, None) => deployment.id.to_string(),
            (_, Some(plan)) => format!("{}, plan {}", deployment.id, plan.short()),
        };
        Ok(Message::line(format!("{} ({which})", decided.reply)))
    }

    /// The deployment that waits for an approval there; without a place, the only one anywhere.
    pub(crate) async fn waits(
        &self,
        at: Option<&EnvironmentKey>,
    ) -> Result<Deployment, SlashFailed> {
        let glances = self.glances(at).await?;
        if let Some(glance) = glances.iter().find(|glance| glance.unreadable.is_some()) {
            return Err(SlashFailed::MayWaitToo(glance.key.clone()));
        }
        let waiting: Vec<Deployment> = glances
            .into_iter()
            .filter_map(|glance| glance.active)
            .filter(|d| matches!(d.phase, Phase::AwaitingApproval))
            .collect();
        let places: Vec<String> = waiting
            .iter()
            .map(|d| format!("`{}`", EnvironmentKey::of(d)))
            .collect();
        let mut waiting = waiting.into_iter();
        match (waiting.next(), waiting.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(SlashFailed::SeveralWait(places.join(", "))),
            (None, _) => Err(SlashFailed::NothingWaits(
                at.map_or_else(|| "any environment".to_owned(), ToString::to_string),
            )),
        }
    }

    /// The deployment to call off: the one that has the environment; once that is past calling off,
    /// the one that waits behind it.
    async fn under_way(&self, at: &EnvironmentKey) -> Result<Deployment, SlashFailed> {
        let glances = self.glances(Some(at)).await?;
        let found = glances.into_iter().find_map(|glance| match glance.active {
            Some(active) if active.phase.can_cancel() => Some(active),
            active => glance.next.or(active),
        });
        found.ok_or_else(|| SlashFailed::NothingUnderWay(at.clone()))
    }
}
