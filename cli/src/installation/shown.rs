//! What an installation answers, as people read it in a terminal.

use serde_json::Value;
use sluice_words::message::Block;
use sluice_words::modal::{BEFORE, Input, InputKind, InputName, Modal, Purpose};
use sluice_words::operate::{Answer, Glimpse, Outcome, typed};

use crate::terminal::{DIM, STRONG, as_text, paint, plain};

/// What came back: the function's answer, or Lambda's in its place.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// The function answered. The value has also what this build does not know.
    Answer(Box<Answer>, Value),
    /// It did not, and what that means.
    Else(Outcome, String),
}

/// The exit code of an outcome.
pub fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Done => 0,
        Outcome::Refused => 1,
        Outcome::NotUnderstood => 2,
        Outcome::NeedsAnswers => 3,
        Outcome::NotAllowed => 4,
        Outcome::Unknown => 5,
    }
}

/// The exit code of `watch` where the deployment did not succeed, and of `parity` where there is a
/// difference that no one accepted.
pub const ENDED_OTHERWISE: u8 = 6;

/// The exit code of a comparison that was made, by its verdict. A verdict that this build does not know
/// is not known to be good.
pub fn parity_code(answer: &Value) -> u8 {
    match answer["parity"]["verdict"].as_str() {
        Some("alike") => 0,
        Some("differs") => ENDED_OTHERWISE,
        _ => exit_code(Outcome::Unknown),
    }
}

/// Whether a deployment that is over did what it was to do.
pub fn is_success(glimpse: &Glimpse) -> bool {
    ["Succeeded", "Restored"].contains(&glimpse.phase.as_str())
}

/// Reads what came back.
pub fn read(status: u16, error_type: Option<&str>, body: &[u8]) -> Came {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    if let Ok(answer) = serde_json::from_value::<Answer>(value.clone()) {
        return Came::Answer(Box::new(answer), value);
    }
    // The function's, of a version that says more than this build knows.
    if let (Ok(outcome), Some(summary)) = (
        serde_json::from_value(value["outcome"].clone()),
        value["message"]["summary"].as_str(),
    ) {
        return Came::Answer(Box::new(Answer::line(outcome, summary)), value);
    }
    let said = value["message"].as_str().or(value["Message"].as_str());
    let said = said.unwrap_or("it does not say why").to_owned();
    lambdas(status, error_type, &said)
}

/// What Lambda says in the function's place.
fn lambdas(status: u16, error_type: Option<&str>, said: &str) -> Came {
    let denied = error_type.is_some_and(|kind| kind.starts_with("AccessDenied"))
        || said.starts_with("Forbidden");
    let (outcome, words) = match status {
        403 if denied => (
            Outcome::NotAllowed,
            "AWS does not let you call this installation, so nothing was done. Your IAM principal \
             needs both lambda:InvokeFunctionUrl and lambda:InvokeFunction on the function \
             `operate`: attach the policy that Sluice's stack names in its output OperatePolicy \
             (docs/operate.md), and check that --profile is the one you mean."
                .to_owned(),
        ),
        403 => (
            Outcome::NotAllowed,
            format!(
                "AWS did not accept the signature, so nothing was done: {said}. Log in again if \
                 your credentials have expired, check this machine's clock, and the region of the \
                 URL."
            ),
        ),
        404 => (
            Outcome::Refused,
            "There is no function at this URL, so nothing was done: compare it with the output \
             OperateUrl of Sluice's stack."
                .to_owned(),
        ),
        429 => (
            Outcome::Refused,
            "Lambda is throttling, so nothing was done: try again in a moment.".to_owned(),
        ),
        500.. => (
            Outcome::Unknown,
            format!(
                "`operate` did not answer ({status}: {said}). This may not have taken effect: check \
                 `sluice status`, and the function's log."
            ),
        ),
        _ => (
            Outcome::Refused,
            format!("This is not the answer of an installation ({status}: {said}): check the URL."),
        ),
    };
    Came::Else(outcome, words)
}

/// An answer in lines.
pub fn lines(answer: &Answer) -> String {
    let glimpse = answer.deployment.as_deref();
    let mut message = answer.message.clone();
    let mut commands = Vec::new();
    message.blocks.retain(|block| match block {
        Block::Buttons(buttons) => {
            let at = glimpse.map_or_else(|| "ENV".to_owned(), |it| it.environment.to_string());
            commands.extend(buttons.iter().map(|button| typed(button, &at)));
            false
        }
        _ => true,
    });
    let mut shown = vec![plain(&message)];
    if let Some(form) = &answer.form {
        shown.push(questions(form));
    }
    if !commands.is_empty() {
        let title = paint(STRONG, "What you can do");
        shown.push(format!("{title}\n  {}", commands.join("\n  ")));
    }
    if answer.outcome == Outcome::Done
        && let Some(glimpse) = glimpse.filter(|it| !it.over && answer.message.blocks.len() == 1)
    {
        shown.push(paint(
            DIM,
            format!("Follow it: sluice watch {}", glimpse.id),
        ));
    }
    // Commands are written without the slash here.
    shown.join("\n\n").replace("/sluice ", "sluice ")
}

/// What Slack would ask in a form, and the option that answers each question.
fn questions(form: &Modal) -> String {
    let message = sluice_words::message::Message {
        summary: form.title.clone(),
        blocks: form.blocks.clone(),
    };
    let mut lines = vec![plain(&message)];
    for input in &form.inputs {
        lines.push(String::new());
        lines.push(paint(STRONG, as_text(&input.label)));
        lines.extend(options(input, &form.purpose));
        if !input.hint.is_empty() {
            lines.push(paint(DIM, as_text(&input.hint)));
        }
    }
    lines.join("\n")
}

fn options(input: &Input, purpose: &Purpose) -> Vec<String> {
    match (input.name, &input.kind) {
        (InputName::Release, InputKind::Select(choices)) => choices
            .iter()
            .map(|choice| match choice.value.as_str() {
                BEFORE => format!("  (without `to`)  {}", choice.label),
                id => format!("  to {id}  {}", choice.label),
            })
            .collect(),
        (InputName::Point, InputKind::Select(choices)) => choices
            .iter()
            .map(|choice| format!("  --point {}  {}", choice.value, choice.label))
            .collect(),
        (InputName::Schema, _) => {
            vec!["  --force  if you know that the old code is compatible".to_owned()]
        }
        (InputName::Confirm, _) => vec![match purpose {
            Purpose::Restore { at } => format!("  --confirm {}", at.environment),
            _ => "  --confirm ENV".to_owned(),
        }],
        (InputName::Reason | InputName::Release | InputName::Point, _) => {
            vec![format!("  --{} \"…\"", input.name.id())]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(status: u16, kind: Option<&str>, body: &Value) -> (Outcome, String) {
        match read(status, kind, body.to_string().as_bytes()) {
            Came::Else(outcome, words) => (outcome, words),
            Came::Answer(answer, _) => panic!("{answer:?}"),
        }
    }

    #[test]
    fn what_lambda_says_is_told_apart_and_only_silence_is_unknown() {
        let forbidden = json!({"Message": "Forbidden. For troubleshooting …"});
        let (outcome, said) = words(403, None, &forbidden);
        assert_eq!(outcome, Outcome::NotAllowed);
        assert!(said.contains("lambda:InvokeFunctionUrl and lambda:InvokeFunction"));
        let kind = Some("AccessDeniedException");
        assert!(
            words(403, kind, &json!({"Message": null}))
                .1
                .contains("OperatePolicy")
        );
        let expired = json!({"message": "Signature expired: 2026"});
        assert!(
            words(403, Some("InvalidSignatureException"), &expired)
                .1
                .contains("clock")
        );
        assert_eq!(words(404, None, &json!({})).0, Outcome::Refused);
        assert_eq!(words(429, None, &json!({})).0, Outcome::Refused);
        assert_eq!(
            words(502, None, &json!("Internal Server Error")).0,
            Outcome::Unknown
        );
        assert_eq!(words(200, None, &json!("<html>")).0, Outcome::Refused);
    }

    #[test]
    fn only_a_verdict_that_says_so_is_good() {
        let code = |verdict: &str| parity_code(&json!({"parity": {"verdict": verdict}}));
        assert_eq!(code("alike"), 0);
        assert_eq!(code("differs"), 6);
        assert_eq!(code("unknown"), 5);
        assert_eq!(code("almost"), 5);
        assert_eq!(parity_code(&json!({})), 5);
    }

    #[test]
    fn an_answer_of_a_newer_version_is_read_as_far_as_it_goes() {
        let body = json!({
            "version": 1,
            "outcome": "refused",
            "message": {"summary": "Not now.", "blocks": [{"hologram": "?"}]},
        });
        let Came::Answer(answer, _) = read(200, None, body.to_string().as_bytes()) else {
            panic!("it is an answer");
        };
        assert_eq!(*answer, Answer::line(Outcome::Refused, "Not now."));
    }
}
