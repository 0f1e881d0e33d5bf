//! One request: verified, read, handed to the application, answered.

use jiff::Timestamp;
use serde_json::Value;
use sluice_app::ports::TriggerId;
use sluice_app::{App, ClickFailed, Decide, Decided};
use sluice_events::from_value;
use sluice_slack::{
    Incoming, IncomingError, Interaction, Origin, SigningSecrets, TypedCommand, Whose, parse,
    sent_at,
};
use sluice_words::message::Message;
use sluice_words::modal::{InputName, Submission};

use crate::answer;
use crate::http::{BODY_MAX, Request, Response, UnreadableBody};
use crate::patience::{CLICK, Patience, REQUEST, Since};

/// What is said when the time is up: what was begun may have been done.
const TOO_SLOW: &str = "This may not have taken effect: a service that Sluice depends on is slow. \
    Check in a minute whether the message has changed; if not, try again. Repeating it is safe.";

/// What people read of a Sluice that works for another workspace.
const OTHER_WORKSPACE: &str = "Nothing was done: this Sluice works for another Slack workspace. Its \
    owners set the workspace with `SlackTeam` (SLUICE_SLACK_TEAM_ID).";

/// What people read who are guests in a shared channel.
const GUEST: &str = "Nothing was done: you are a guest from another Slack workspace, and only members \
    of Sluice's own workspace can use it. Ask one of them to do it.";

/// Whom the function listens to.
#[derive(Clone, Debug)]
pub struct Door {
    /// The secrets that Slack signs with.
    pub secrets: SigningSecrets,
    /// The workspace (`T…`) that it works for; `None`: any that the app is installed in.
    pub team: Option<String>,
}

/// Answers a request. Slack wants its answer within 3 seconds, and shows a warning sign for every
/// status but 200: a refusal is a 200 with words for the person who clicked or typed. Of a click
/// the words are in the body and in [`Response::reply`], for the code that posts them to Slack.
pub async fn handler(
    app: &App,
    request: &Value,
    door: &Door,
    patience: &impl Patience,
    now: Timestamp,
) -> Response {
    let request: Request = match from_value("the HTTP request", request) {
        Ok(request) => request,
        Err(error) => return bad_request(&error),
    };
    let body = match request.body(BODY_MAX) {
        Ok(body) => body,
        Err(error @ UnreadableBody::TooLarge { .. }) => {
            tracing::warn!(%error, "a request is refused: {error}");
            return Response::text(413, error.to_string());
        }
        Err(error) => return bad_request(&error),
    };
    let patience = &Since::arrival(patience, request.taken_at(), now);
    let timestamp = request.header("x-slack-request-timestamp");
    let signature = request.header("x-slack-signature");
    if let Err(error) = door.secrets.verify(timestamp, signature, &body, now) {
        tracing::warn!(%error, "a request is refused: {error}");
        return Response::text(401, "not verified");
    }
    if let Some(retry) = request.header("x-slack-retry-num") {
        tracing::info!(retry, "Slack retries a request, attempt {retry}");
    }
    let (origin, incoming) = match parse(&body) {
        Ok(read) => read,
        Err(IncomingError::NotOurs(what)) => {
            tracing::info!("a request from Slack is ignored: {what}");
            return Response::empty();
        }
        Err(error @ IncomingError::Unreadable(_)) => return bad_request(&error),
    };
    if let Incoming::UrlVerification(challenge) = incoming {
        return Response::text(200, challenge);
    }
    let whose = match &door.team {
        Some(team) => whose(app, &origin, team, patience).await,
        None => Whose::Ours,
    };
    if whose != Whose::Ours {
        return turned_away(whose, incoming);
    }
    // Only now: nobody but Slack makes Sluice read its table.
    let mut app = match patience.within(CLICK / 2, app.refreshed()).await {
        Some(Ok(app)) => app,
        Some(Err(error)) => return unconfigured(incoming, &error.message),
        None => return unconfigured(incoming, "Sluice's table does not answer"),
    };
    if let Some(at) = timestamp.and_then(sent_at) {
        app = app.asked_at(at);
    }
    if origin.enterprise().is_some() {
        app = app.in_organisation();
    }
    let app = &app;
    match incoming {
        Incoming::Command(typed) => command(app, &typed, patience).await,
        Incoming::Click(click) => clicked(app, click, patience).await,
        Incoming::Submission(form) => submitted(app, &form, patience).await,
        Incoming::HomeOpened(user) => {
            let shown = patience.within(REQUEST, app.show_home(&user)).await;
            match shown {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    tracing::warn!(%user, %error, "the home page of {user} failed: {error}")
                }
                None => tracing::warn!(%user, "the home page of {user} timed out"),
            }
            Response::empty()
        }
        Incoming::UrlVerification(challenge) => Response::text(200, challenge),
    }
}

/// Whose request it is. Only where the person is of another workspace of an organisation does it
/// matter which organisation is ours; while that is not known, they are a guest.
async fn whose(app: &App, origin: &Origin, team: &str, patience: &impl Patience) -> Whose {
    let asks = origin.enterprise().is_some() && origin.is_of_another_workspace(team);
    if !asks {
        return origin.whose(team, None);
    }
    let chat = &app.ports().chat;
    let organisation = match patience.within(CLICK / 2, chat.organisation()).await {
        Some(Ok(organisation)) => organisation,
        Some(Err(error)) => {
            tracing::warn!(%error, "Slack did not say which organisation it is: {error}");
            None
        }
        None => None,
    };
    origin.whose(team, organisation.as_deref())
}

/// A refusal that the person can read where they clicked or typed: Slack shows a warning sign for
/// every status but 200.
fn turned_away(whose: Whose, incoming: Incoming) -> Response {
    tracing::warn!("a request is refused: {whose:?}");
    let words = match whose {
        Whose::Guest => GUEST,
        Whose::Ours | Whose::OtherWorkspace => OTHER_WORKSPACE,
    };
    answered(incoming, words)
}

/// Without knowing what `sluice.toml` says now nothing is done.
fn unconfigured(incoming: Incoming, why: &str) -> Response {
    tracing::error!("a request is refused: {why}");
    let again = match incoming {
        Incoming::Click(_) => "Click",
        _ => "Try",
    };
    answered(
        incoming,
        &format!("Nothing was done: {why}. {again} again in a moment."),
    )
}

/// The words where the person clicked or typed.
fn answered(incoming: Incoming, words: &str) -> Response {
    match incoming {
        Incoming::Command(_) => answer::to_command(&Message::line(words)),
        Incoming::Click(click) => answer::to_click(&Message::line(words), click.response_url),
        Incoming::Submission(form) => {
            let at = form.answers.keys().next().copied();
            answer::to_form(at.unwrap_or(InputName::Reason), words)
        }
        Incoming::HomeOpened(_) | Incoming::UrlVerification(_) => Response::empty(),
    }
}

async fn command(app: &App, typed: &TypedCommand, patience: &impl Patience) -> Response {
    let trigger = TriggerId(typed.trigger.clone());
    let done = patience
        .within(REQUEST, app.typed(&typed.text, &typed.by, &trigger))
        .await;
    let message = match done {
        Some(Ok(reply)) => {
            tracing::info!(user = %typed.by, "{} typed a command", typed.by);
            match reply.message {
                Some(message) => message,
                // A form has come up in its place.
                None => return Response::empty(),
            }
        }
        Some(Err(error)) => {
            tracing::info!(user = %typed.by, %error, "a command of {} failed", typed.by);
            Message::line(answer::sentence(&error.to_string()))
        }
        None => Message::line(TOO_SLOW),
    };
    answer::to_command(&message)
}

async fn clicked(app: &App, click: Interaction, patience: &impl Patience) -> Response {
    let action = click.action.id();
    let (deployment, user) = (click.deployment.clone(), click.by.clone());
    let response_url = click.response_url.clone();
    let message = match patience.within(CLICK, take(app, click)).await {
        Some(Ok(Some(decided))) => {
            tracing::info!(
                deployment.id = %deployment,
                %user,
                action,
                "{user} clicked {action} on {deployment}"
            );
            Message::line(decided.reply)
        }
        Some(Ok(None)) => return Response::empty(),
        Some(Err(error)) => {
            tracing::info!(
                deployment.id = %deployment,
                %user,
                action,
                %error,
                "the click of {user} on {action} of {deployment} failed"
            );
            match error {
                ClickFailed::OldPlan(newest) => *newest,
                error => Message::line(answer::sentence(&error.to_string())),
            }
        }
        None => Message::line(TOO_SLOW),
    };
    answer::to_click(&message, response_url)
}

async fn take(app: &App, click: Interaction) -> Result<Option<Decided>, ClickFailed> {
    let trigger = click.trigger.map(TriggerId);
    let decide = Decide {
        action: click.action,
        deployment: click.deployment,
        plan: click.plan,
        by: click.by,
        reason: None,
    };
    app.click(&decide, trigger.as_ref()).await
}

/// Slack closes a form that is answered with nothing, and shows words at one of its questions.
async fn submitted(app: &App, form: &Submission, patience: &impl Patience) -> Response {
    let id = form.purpose.id();
    match patience.within(REQUEST, app.submit(form)).await {
        Some(Ok(_)) => {
            tracing::info!(user = %form.by, form = id, "{} sent the form {id}", form.by);
            Response::empty()
        }
        Some(Err(error)) => {
            tracing::info!(user = %form.by, form = id, %error, "the form {id} of {} failed", form.by);
            answer::to_form(error.at(form), &answer::sentence(&error.to_string()))
        }
        None => answer::to_form(InputName::Reason, TOO_SLOW),
    }
}

fn bad_request(error: &dyn std::error::Error) -> Response {
    tracing::warn!(%error, "a request cannot be read: {error}");
    Response::text(400, "not a request from Slack")
}
