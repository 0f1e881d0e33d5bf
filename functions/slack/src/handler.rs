//! One click: verified, read, decided by the application, answered.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::{App, Decide};
use sluice_core::message::Message;
use sluice_events::from_value;
use sluice_slack::{Interaction, InteractionError, parse_interaction, render, verify};

use crate::http::{Reply, Request, Response};

/// Answers a request. Slack wants its answer within 3 seconds, and shows a warning sign for every
/// status but 200: a refusal is a 200 with words for the one who clicked. The words are in the
/// body, and in [`Response::reply`] for whoever posts them to Slack.
pub async fn handler(
    app: &App,
    request: &Value,
    signing_secret: &SecretString,
    now: Timestamp,
) -> Response {
    let request: Request = match from_value("the HTTP request", request) {
        Ok(request) => request,
        Err(error) => return bad_request(&error),
    };
    let body = match request.body() {
        Ok(body) => body,
        Err(error) => return bad_request(&error),
    };
    let timestamp = request.header("x-slack-request-timestamp");
    let signature = request.header("x-slack-signature");
    if let Err(error) = verify(signing_secret, timestamp, signature, &body, now) {
        tracing::warn!(%error, "a request is turned away: {error}");
        return Response::text(401, "not verified");
    }
    match parse_interaction(&body) {
        Ok(click) => decide(app, click).await,
        Err(InteractionError::NotOurs(what)) => {
            tracing::info!("a request of Slack is ignored: {what}");
            Response::text(200, "")
        }
        Err(error @ InteractionError::Unreadable(_)) => bad_request(&error),
    }
}

async fn decide(app: &App, click: Interaction) -> Response {
    let decide = Decide {
        action: click.action,
        deployment: click.deployment,
        plan: click.plan,
        by: click.by,
    };
    let action = decide.action.id();
    let words = match app.decide(&decide).await {
        Ok(decided) => {
            tracing::info!(
                deployment.id = %decide.deployment,
                user = %decide.by,
                action,
                "{} clicked {action} on {}",
                decide.by,
                decide.deployment
            );
            decided.reply
        }
        Err(error) => {
            tracing::info!(
                deployment.id = %decide.deployment,
                user = %decide.by,
                action,
                %error,
                "{} clicked {action} on {} in vain",
                decide.by,
                decide.deployment
            );
            sentence(&error.to_string())
        }
    };
    let text = render(&Message::line(words)).text;
    let body = json!({
        "replace_original": false,
        "response_type": "ephemeral",
        "text": text,
    });
    let reply = click
        .response_url
        .map(|response_url| Reply { response_url, text });
    Response {
        reply,
        ..Response::json(&body)
    }
}

fn bad_request(error: &dyn std::error::Error) -> Response {
    tracing::warn!(%error, "a request cannot be read: {error}");
    Response::text(400, "not a request of Slack")
}

/// Errors begin in lower case; people are spoken to in sentences.
fn sentence(error: &str) -> String {
    let mut chars = error.chars();
    chars.next().map_or_else(String::new, |first| {
        let end = if error.ends_with(['.', '?', '!']) {
            ""
        } else {
            "."
        };
        format!("{}{}{end}", first.to_uppercase(), chars.as_str())
    })
}
