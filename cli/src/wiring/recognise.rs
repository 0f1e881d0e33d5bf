//! Which function a payload is for, and when it happened: recognised by its shape alone.

use jiff::Timestamp;
use serde_json::Value;

use super::lambda::Function;

/// A payload of no shape that Sluice is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unrecognised;

impl std::fmt::Display for Unrecognised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "not an event that Sluice receives: expected an EventBridge event (`source`, \
             `detail-type`), an SQS batch (`Records`), a Function URL request of Slack \
             or `sluice` (`requestContext`, `body`), or a lifecycle hook call of ECS (`lifecycleStage`)",
        )
    }
}

impl std::error::Error for Unrecognised {}

/// The function that a payload is for. Events that come by way of the queue are for `advance`.
///
/// # Errors
/// It has no shape that is known.
pub fn recognise(payload: &Value) -> Result<Function, Unrecognised> {
    if payload["Records"][0]["eventSource"] == "aws:sqs" {
        return Ok(Function::Advance);
    }
    if payload["lifecycleStage"].is_string() {
        return Ok(Function::RolloutHook);
    }
    if payload["requestContext"]["authorizer"]["iam"].is_object() {
        return Ok(Function::Operate);
    }
    if payload["requestContext"].is_object() && payload["headers"].is_object() {
        return Ok(Function::Slack);
    }
    match (payload["source"].as_str(), payload["detail-type"].as_str()) {
        (Some("aws.events" | "aws.scheduler"), Some("Scheduled Event")) => {
            Ok(Function::HealthCheck)
        }
        (Some("aws.ecs" | "aws.rds"), Some(_)) => Ok(Function::Advance),
        (Some("aws.codebuild" | "aws.codecommit"), Some(_)) => Ok(Function::SourcePush),
        // Also what is foreign there: it says so itself.
        (Some(_), Some(_)) => Ok(Function::RegistryPush),
        _ => Err(Unrecognised),
    }
}

/// When it happened, if it says so: EventBridge's `time`, SQS's `SentTimestamp`, Slack's header,
/// Lambda's `timeEpoch`.
pub fn happened_at(payload: &Value) -> Option<Timestamp> {
    let header = |name: &str| {
        let headers = payload["headers"].as_object()?;
        let (_, value) = headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        value.as_str()
    };
    let time = payload["time"].as_str().and_then(|time| time.parse().ok());
    let sent = || {
        let sent = payload["Records"][0]["attributes"]["SentTimestamp"].as_str()?;
        Timestamp::from_millisecond(sent.parse().ok()?).ok()
    };
    let clicked = || {
        let seconds = header("x-slack-request-timestamp")?.parse().ok()?;
        Timestamp::from_second(seconds).ok()
    };
    let taken = || {
        let taken = payload["requestContext"]["timeEpoch"].as_i64()?;
        Timestamp::from_millisecond(taken).ok()
    };
    time.or_else(sent).or_else(clicked).or_else(taken)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn payloads_are_told_apart_and_what_is_foreign_is_not_guessed_at() {
        let event = |source: &str, kind: &str| json!({"source": source, "detail-type": kind});
        assert_eq!(
            recognise(&event("aws.ecr", "ECR Image Action")),
            Ok(Function::RegistryPush)
        );
        assert_eq!(
            recognise(&event("aws.rds", "RDS DB Snapshot Event")),
            Ok(Function::Advance)
        );
        assert_eq!(
            recognise(&event(
                "aws.codecommit",
                "CodeCommit Repository State Change"
            )),
            Ok(Function::SourcePush)
        );
        assert_eq!(
            recognise(&event("aws.codebuild", "CodeBuild Build State Change")),
            Ok(Function::SourcePush)
        );
        assert_eq!(
            recognise(&event("aws.events", "Scheduled Event")),
            Ok(Function::HealthCheck)
        );
        assert_eq!(
            recognise(&json!({"lifecycleStage": "SCALE_UP"})),
            Ok(Function::RolloutHook)
        );
        let iam = json!({"requestContext": {"authorizer": {"iam": {}}}});
        assert_eq!(recognise(&iam), Ok(Function::Operate));
        for other in [json!({}), json!([1]), json!("text"), json!({"Records": []})] {
            assert_eq!(recognise(&other), Err(Unrecognised), "{other}");
        }
    }

    #[test]
    fn times_are_read_where_each_sender_writes_them() {
        let at = Timestamp::from_second(1_767_603_602).ok();
        let header = json!({"headers": {"X-Slack-Request-Timestamp": "1767603602"}});
        assert_eq!(happened_at(&json!({"time": "2026-01-05T09:00:02Z"})), at);
        assert_eq!(happened_at(&header), at);
        let batch = json!({"Records": [{"attributes": {"SentTimestamp": "1767603602000"}}]});
        assert_eq!(happened_at(&batch), at);
        let taken = json!({"requestContext": {"timeEpoch": 1_767_603_602_000_i64}});
        assert_eq!(happened_at(&taken), at);
        assert_eq!(happened_at(&json!({})), None);
    }
}
