//! One request: whose it is, what it asks for, one call, its answer.

use serde_json::Value;
use sluice_app::App;
use sluice_core::config::LONGEST_FILE;
use sluice_events::function_url::{Caller, Request, UnreadableBody};
use sluice_events::{from_value, shown};
use sluice_words::operate::{Answer, Order, Outcome};

use crate::response::Response;

/// The most bytes of a body: a command has at most 32 KB, and a file of [`LONGEST_FILE`] may be twice
/// as long as JSON.
const BODY_MAX: usize = 64 * 1024 + 2 * LONGEST_FILE;

/// Answers a request to the Function URL.
///
/// Lambda itself has checked the signature and says who calls; a request without that is refused. A
/// direct `Invoke` can write whatever it likes into its payload: only IAM keeps others from making
/// one (docs/operate.md).
pub async fn handler(app: &App, request: &Value) -> Response {
    let request: Request = match from_value("the HTTP request", request) {
        Ok(request) => request,
        Err(error) => return unreadable(400, &error),
    };
    let Some(caller) = request.caller() else {
        tracing::warn!("a request that does not say who calls is refused");
        return Response::new(403, &nobody());
    };
    let order = match order(&request) {
        Ok(order) => order,
        Err(response) => return response,
    };
    let answer = match app.refreshed().await {
        Ok(app) => {
            let app = request
                .taken_at()
                .map_or(app.clone(), |at| app.asked_at(at));
            app.operate(&order, &caller.user_arn).await
        }
        Err(error) => {
            let said = format!("Nothing was done, since sluice.toml could not be read: {error}");
            Answer::line(Outcome::Refused, said)
        }
    };
    log(caller, &order, &answer);
    Response::new(200, &answer)
}

/// The answer when the time is up: what was begun may have been done.
pub fn too_slow() -> Response {
    let said = "This may not have taken effect: a service that Sluice depends on is slow. Check the \
        status in a minute, and ask again if nothing has changed. Repeating it is safe.";
    Response::new(200, &Answer::line(Outcome::Unknown, said))
}

fn order(request: &Request) -> Result<Order, Response> {
    let body = request.body(BODY_MAX).map_err(|error| {
        let status = match error {
            UnreadableBody::TooLarge { .. } => 413,
            UnreadableBody::Base64(_) => 400,
        };
        unreadable(status, &error)
    })?;
    Order::read(&body).map_err(|error| unreadable(400, &error))
}

fn nobody() -> Answer {
    Answer::line(
        Outcome::NotAllowed,
        "This request does not say who calls. `operate` is reached by its Function URL, whose \
         AuthType is AWS_IAM: Lambda checks the signature and passes on whose it is.",
    )
}

fn unreadable(status: u16, error: &dyn std::error::Error) -> Response {
    tracing::warn!(%error, "a request cannot be read: {error}");
    let said = format!(
        "Nothing was done: {}.",
        shown(&error.to_string()).trim_end_matches('.')
    );
    Response::new(status, &Answer::line(Outcome::NotUnderstood, said))
}

/// Neither the principal, which may hold an e-mail address, nor what people have written: Lambda's
/// own log of the call (CloudTrail) has the one, the history the other.
fn log(caller: &Caller, order: &Order, answer: &Answer) {
    let verb = order.command.split_whitespace().next().unwrap_or_default();
    let verb = shown(verb);
    let account = shown(&caller.account_id);
    tracing::info!(
        account,
        outcome = ?answer.outcome,
        "`{verb}` asked from a terminal: {:?}",
        answer.outcome
    );
}
