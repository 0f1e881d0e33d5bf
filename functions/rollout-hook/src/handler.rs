//! One question of ECS, answered. Never with an error: that would be a rollback.

use serde::Serialize;
use serde_json::Value;
use sluice_app::App;
use sluice_core::hook::HookAnswer;

use crate::payload::hook_call;

/// What ECS reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// `SUCCEEDED`, `FAILED` or `IN_PROGRESS`.
    pub hook_status: &'static str,
    /// Seconds after which ECS asks again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_back_delay: Option<u32>,
    /// What ECS sent, returned: it hands to the next call what it was answered with.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub hook_details: Value,
}

impl Answer {
    fn new(answer: HookAnswer, hook_details: Value) -> Self {
        let (hook_status, call_back_delay) = match answer {
            HookAnswer::Succeeded => ("SUCCEEDED", None),
            HookAnswer::Failed => ("FAILED", None),
            HookAnswer::InProgress { again_in_s } => ("IN_PROGRESS", Some(again_in_s)),
        };
        Self {
            hook_status,
            call_back_delay,
            hook_details,
        }
    }
}

/// Answers the hook.
///
/// A question that cannot be read is answered with "ask again", and ECS's own timeout of the hook
/// decides in the end.
pub async fn handler(app: &App, payload: &Value) -> Answer {
    let answer = match hook_call(payload) {
        Ok(call) => match app.refreshed().await {
            Ok(app) => app.hook(&call).await,
            Err(error) => {
                tracing::error!(%error, "the configuration cannot be read, ECS is told to call again");
                HookAnswer::WAIT
            }
        },
        Err(error) => {
            tracing::error!(%error, "the hook's payload cannot be read, ECS is told to call again");
            HookAnswer::WAIT
        }
    };
    Answer::new(answer, payload["hookDetails"].clone())
}
