//! Payloads that neither the simulated cloud nor a file brings: an SQS batch, a click in Slack.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_core::id::UserId;
use sluice_slack::{
    SimulatedClick, click_body, command_body, interaction_body, sign, submission_body,
};
use sluice_words::message::Button;
use sluice_words::modal::Submission;

/// The simulated Slack app's. It opens nothing anywhere.
pub(super) const SIGNING_SECRET: &str = "simulated-signing-secret";

/// Who answers where the story does not name anyone: one of the sample's approvers.
pub const APPROVER: &str = "U024BE7LH";

/// A batch of one message.
pub fn sqs_batch(body: &Value, sent_at: Timestamp) -> Value {
    json!({
        "Records": [{
            "messageId": "00000000-0000-4000-8000-000000000001",
            "receiptHandle": "simulated",
            "body": body.to_string(),
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": sent_at.as_millisecond().to_string(),
                "SenderId": "AROAEXAMPLEROLEID0001:sluice",
                "ApproximateFirstReceiveTimestamp": sent_at.as_millisecond().to_string(),
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:222222222222:sluice-advance",
            "awsRegion": "eu-central-1",
        }],
    })
}

/// The request that Slack sends to the Function URL when `by` clicks `button` at `at`, signed.
pub fn click_request(button: &Button, by: &UserId, at: Timestamp) -> Value {
    slack_request(&interaction_body(button, by, at), at)
}

/// The request that Lambda hands to `operate` when a principal has signed this body, and it was
/// taken at `at`.
pub fn operate_request(body: &str, principal: &str, at: Timestamp) -> Value {
    let account = principal.split(':').nth(4).unwrap_or_default();
    let session = principal.rsplit('/').next().unwrap_or_default();
    let id = match principal.contains(":assumed-role/") {
        true => format!("AROAEXAMPLEROLEID0001:{session}"),
        false => "AIDAEXAMPLEUSERID0001".to_owned(),
    };
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {
            "content-type": "application/json",
            "host": "example.lambda-url.eu-central-1.on.aws",
            "user-agent": "sluice/0.1.0",
            "x-amz-date": at.strftime("%Y%m%dT%H%M%SZ").to_string(),
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": account,
            "apiId": "example",
            "authentication": null,
            "authorizer": {
                "iam": {
                    "accessKey": "ASIAEXAMPLEACCESSKEY",
                    "accountId": account,
                    "callerId": id,
                    "cognitoIdentity": null,
                    "principalOrgId": null,
                    "userArn": principal,
                    "userId": id,
                },
            },
            "domainName": "example.lambda-url.eu-central-1.on.aws",
            "domainPrefix": "example",
            "http": {
                "method": "POST",
                "path": "/",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "sluice/0.1.0",
            },
            "requestId": "00000000-0000-4000-8000-000000000003",
            "routeKey": "$default",
            "stage": "$default",
            "time": at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": at.as_millisecond(),
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

/// The same, with leave of its own to put a form before them.
pub fn click(button: &Button, by: &UserId, trigger: &str, at: Timestamp) -> Value {
    let value = sluice_slack::button_value(button);
    let click = SimulatedClick {
        action_id: button.action.id(),
        value: &value,
        by,
        at,
        trigger,
        response_url: "https://hooks.slack.com/actions/T0000000001/1/simulated",
    };
    slack_request(&click_body(&click), at)
}

/// The request that Slack sends when `by` types `/sluice` and `text` at `at`, signed.
pub fn command(text: &str, by: &UserId, trigger: &str, at: Timestamp) -> Value {
    slack_request(&command_body(text, by, trigger), at)
}

/// The request that Slack sends when someone sends a form at `at`, signed.
pub fn submission_request(submission: &Submission, at: Timestamp) -> Value {
    slack_request(&submission_body(submission), at)
}

/// A request of Slack's with this body, signed at `at`. Events are JSON, everything else is a form.
pub fn slack_request(body: &str, at: Timestamp) -> Value {
    let content_type = if body.starts_with('{') {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    };
    let timestamp = at.as_second().to_string();
    let signature = sign(
        &SecretString::from(SIGNING_SECRET),
        &timestamp,
        body.as_bytes(),
    );
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {
            "accept": "application/json,*/*",
            "content-type": content_type,
            "host": "example.lambda-url.eu-central-1.on.aws",
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": signature,
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "example",
            "domainName": "example.lambda-url.eu-central-1.on.aws",
            "domainPrefix": "example",
            "http": {
                "method": "POST",
                "path": "/",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            },
            "requestId": "00000000-0000-4000-8000-000000000002",
            "routeKey": "$default",
            "stage": "$default",
            "time": at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": at.as_millisecond(),
        },
        "body": BASE64_STANDARD.encode(body),
        "isBase64Encoded": true,
    })
}
