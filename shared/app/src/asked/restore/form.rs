//! The form that asks to which point the database is restored.

use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::UserId;
use sluice_core::restore::estimate;
use sluice_core::roles::Action;
use sluice_words::refusal::AskError;
use sluice_words::view::{RestoreWay, RestoreWays, restore_modal};

use super::super::Request;
use super::super::form::{leads_back_already, makes_way};
use super::super::roll_back::RECENT;
use super::points::database_of;
use crate::App;
use crate::ports::TriggerId;

impl App {
    /// Asks to which point the database is restored, and why: with what each would lose. Whether
    /// they may is seen now, and again when they have answered.
    ///
    /// # Errors
    /// They may not, there is nothing to restore, or the form could not be shown.
    pub async fn ask_what_to_restore(
        &self,
        at: &EnvironmentKey,
        by: &UserId,
        trigger: &TriggerId,
    ) -> Result<(), AskError> {
        let request = Request {
            id: trigger.0.clone(),
            by: by.clone(),
            environment: at.clone(),
        };
        let place = self.place(&request)?;
        self.may_ask(&request, &place, Action::Restore).await?;
        let database = database_of(&place)?;
        let store = &self.ports.store;
        let state = store.environment(at).await?;
        if let Some(other) = self.loaded(state.rollback.as_ref()).await? {
            return Err(leads_back_already(&other));
        }
        let active = self.loaded(state.active.as_ref()).await?;
        let recent = store.deployments(at, RECENT).await?;
        let points = self
            .points(&request, &place, &recent, active.as_ref())
            .await?;
        let storage_gib = points.database.storage_gib;
        let ways = RestoreWays {
            at,
            database: database.identifier(),
            storage_gib,
            runs: state.verified.as_ref(),
            under_way: active.as_ref().filter(|active| makes_way(&active.phase)),
            ways: points
                .found
                .iter()
                .map(|point| RestoreWay {
                    point: point.reference.clone(),
                    until: point.until,
                    undoes: point.undoes.clone(),
                    to: point.to.clone(),
                    estimate: estimate(storage_gib, &point.point()),
                })
                .collect(),
            missing: points.missing,
            approval: place.environment.restore.as_ref(),
            now: self.ports.clock.now(),
        };
        let modal = restore_modal(&ways).ok_or_else(|| AskError::NoPoint {
            environment: at.environment.clone(),
            why: ways.missing.clone(),
        })?;
        Ok(self.ports.chat.open_modal(trigger, &modal).await?)
    }
}
