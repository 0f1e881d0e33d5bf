//! One minute.

use jiff::Timestamp;
use serde::Serialize;
use sluice_app::App;
use sluice_core::failure::PortError;

/// What was done in the minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Baking deployments that were sampled.
    pub sampled: usize,
    /// Deployments whose wake-up was lost.
    pub woken: usize,
    /// Repositories of source code that were looked at.
    pub looked: usize,
    /// Deployments and repositories that could not be seen to: the log has an error for each.
    pub failed: usize,
    /// Deployments that a newer version of Sluice sees to.
    pub newer: usize,
}

/// Checks everything that is due. Nothing of the event is read: a call says no more than that time
/// has passed, be it a rule of EventBridge, a schedule or a person.
///
/// # Errors
/// The store did not say what is due; the next minute asks again.
pub async fn handler(app: &App, stop_at: Timestamp) -> Result<Answer, PortError> {
    let minute = app.refreshed().await?.minute(stop_at).await?;
    Ok(Answer {
        sampled: minute.sampled,
        woken: minute.woken,
        looked: minute.looked,
        failed: minute.failed,
        newer: minute.newer,
    })
}
