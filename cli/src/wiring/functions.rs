//! The world's view of the functions: each event becomes the payload that AWS or Slack would send,
//! and the answer is read as AWS or Slack would read it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, from_value, json};
use sluice_app::ports::WakeUp;
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;
use sluice_sim::cloud::{EcsHookCall, Emitted};
use sluice_sim::world::{Click, ClickReply, Functions};
use sluice_words::message::ButtonAction;
use sluice_words::modal::{InputName, Purpose, Submission};

use super::lambda::{Function, Lambda};
use super::payload::{click_request, sqs_batch, submission_request};

/// What people in the simulated workplace say when they are asked why they reject something.
pub const WHY: &str = "not before the weekend";

/// ECS's default for `callBackDelay`.
const CALL_BACK_DELAY_S: u32 = 30;

/// The real handlers, deployed in a world.
pub struct HandlerFunctions(Lambda);

impl HandlerFunctions {
    /// Deploys them.
    pub fn new(lambda: Lambda) -> Self {
        Self(lambda)
    }

    async fn invoke(&self, function: Function, payload: &Value) -> Result<Value, PortError> {
        self.0
            .invoke(function, payload)
            .await
            .map_err(PortError::retryable)
    }

    /// By way of the queue.
    async fn advance(&self, body: &Value) -> Result<(), PortError> {
        let batch = sqs_batch(body, self.0.now());
        let answer = self.invoke(Function::Advance, &batch).await?;
        match answer["batchItemFailures"].as_array() {
            Some(failed) if failed.is_empty() => Ok(()),
            _ => Err(PortError::retryable(
                "advance left the message in the queue",
            )),
        }
    }
}

#[async_trait]
impl Functions for HandlerFunctions {
    async fn cloud_event(&self, event: &Emitted) -> Result<(), PortError> {
        let payload = event.payload();
        match event {
            Emitted::ImageAction(_) | Emitted::ImageScan(_) => self
                .invoke(Function::RegistryPush, &payload)
                .await
                .map(drop),
            Emitted::Reference(_) | Emitted::PullRequest(_) | Emitted::Build(_) => {
                self.invoke(Function::SourcePush, &payload).await.map(drop)
            }
            Emitted::SnapshotEvent(_)
            | Emitted::DeploymentStateChange(_)
            | Emitted::TaskStateChange(_) => self.advance(&payload).await,
            // A call, not an event: the world asks `hook`.
            Emitted::Hook(_) => Ok(()),
        }
    }

    async fn wake_up(&self, wake_up: &WakeUp) -> Result<(), PortError> {
        self.advance(&json!(wake_up)).await
    }

    async fn hook(&self, call: &EcsHookCall) -> Result<HookAnswer, String> {
        let answer = self
            .0
            .invoke(Function::RolloutHook, &call.payload())
            .await?;
        as_ecs_reads(answer)
    }

    async fn minute(&self) -> Result<(), PortError> {
        let rule = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
        self.invoke(Function::HealthCheck, &rule).await.map(drop)
    }

    async fn click(&self, click: &Click) -> Result<ClickReply, PortError> {
        let request = click_request(&click.button, &click.user, self.0.now());
        let answer = self.invoke(Function::Slack, &request).await?;
        match (click.button.action, &click.button.plan) {
            // A form has come up. They say why.
            (ButtonAction::Reject, Some(plan)) if answer["body"] == "" => {
                let form = Submission {
                    id: "V0000000001".to_owned(),
                    purpose: Purpose::Reject {
                        deployment: click.button.deployment.clone(),
                        plan: plan.clone(),
                    },
                    answers: BTreeMap::from([(InputName::Reason, WHY.to_owned())]),
                    by: click.user.clone(),
                };
                let request = submission_request(&form, self.0.now());
                as_people_read(&self.invoke(Function::Slack, &request).await?)
            }
            _ => as_people_read(&answer),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HookStatus {
    hook_status: String,
    call_back_delay: Option<u32>,
}

/// An answer that cannot be read is an error, and so a rollback.
fn as_ecs_reads(answer: Value) -> Result<HookAnswer, String> {
    let status: HookStatus = from_value(answer).map_err(|error| error.to_string())?;
    match status.hook_status.as_str() {
        "SUCCEEDED" => Ok(HookAnswer::Succeeded),
        "FAILED" => Ok(HookAnswer::Failed),
        "IN_PROGRESS" => Ok(HookAnswer::InProgress {
            again_in_s: status.call_back_delay.unwrap_or(CALL_BACK_DELAY_S),
        }),
        other => Err(format!("`{other}` is no hookStatus")),
    }
}

/// Slack shows a warning sign for every status but 200. Asked to click again, people do.
fn as_people_read(response: &Value) -> Result<ClickReply, PortError> {
    if response["statusCode"] != 200 {
        return Err(PortError::retryable(format!(
            "Slack was answered {}",
            response["statusCode"]
        )));
    }
    let body = response["body"].as_str().unwrap_or_default();
    if body.is_empty() {
        let text = "the form closes".to_owned();
        return Ok(ClickReply { text });
    }
    let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    let refused = body["errors"]["reason"].as_str();
    let text = body["text"]
        .as_str()
        .or(refused)
        .unwrap_or_default()
        .to_owned();
    if text.contains("Click again in a moment") {
        return Err(PortError::retryable(text));
    }
    Ok(ClickReply { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ecs_cannot_read_is_an_error() {
        let waits = as_ecs_reads(json!({"hookStatus": "IN_PROGRESS", "callBackDelay": 15}));
        assert_eq!(waits, Ok(HookAnswer::InProgress { again_in_s: 15 }));
        assert!(as_ecs_reads(json!({"hookStatus": "MAYBE"})).is_err());
        assert!(as_ecs_reads(json!({"status": "SUCCEEDED"})).is_err());
    }

    #[test]
    fn people_click_again_when_they_are_told_to() {
        let response = |status: u16, text: &str| json!({"statusCode": status, "body": json!({"text": text}).to_string()});
        assert_eq!(
            as_people_read(&response(200, "Approved.")).unwrap().text,
            "Approved."
        );
        assert!(as_people_read(&response(401, "")).is_err());
        assert!(as_people_read(&response(200, "Busy. Click again in a moment.")).is_err());
    }
}
