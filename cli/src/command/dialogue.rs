//! What someone at the prompt types, and what they mean by it.

use std::collections::BTreeMap;
use std::io;

use jiff::SignedDuration;
use sluice_words::message::{Button, ButtonAction};
use sluice_words::modal::{Input, InputKind, InputName, Modal};
use sluice_words::slash::COMMAND;

use super::prompt::{Prompt, Typed};
use crate::play::{Filled, Question, Wish};
use crate::terminal::{DIM, STRONG, Screen, WARN, form, paint};
use crate::wiring::WHY;

/// `w` asks again after this.
pub(super) const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(30);

/// Closes a form without sending it.
const NOT_NOW: &str = ".";

/// What can be typed, in a line.
pub(super) fn choices(question: &Question) -> String {
    let buttons = question.buttons.iter().zip(1..);
    let mut said: Vec<String> = buttons
        .map(|(button, number)| format!("{number} {}", button.action.label()))
        .collect();
    said.extend(["t thread", "s step by step", "w wait"].map(str::to_owned));
    said.push(format!("{COMMAND} …"));
    if !question.asks {
        said.push("Enter continues".to_owned());
    }
    said.join(" · ")
}

/// What is meant by a line.
///
/// # Errors
/// Nothing; what to type instead.
pub(super) fn wish(line: &str, question: &Question) -> Result<Wish, String> {
    let line = line.trim();
    if let Some(text) = line.strip_prefix(COMMAND) {
        return Ok(Wish::Command(text.trim().to_owned()));
    }
    if line.starts_with('/') {
        return Err(format!(
            "Only {COMMAND} is a command here: try {COMMAND} help."
        ));
    }
    let typed = line.to_lowercase();
    match typed.as_str() {
        "" | "g" | "go" if !question.asks => return Ok(Wish::GoOn),
        "t" | "thread" => return Ok(Wish::Thread),
        "s" | "step" => return Ok(Wish::Step),
        "w" | "wait" => return Ok(Wish::Wait(ASK_AGAIN)),
        _ => {}
    }
    match meant(&typed, &question.buttons).as_slice() {
        [only] => Ok(Wish::Click(*only)),
        [] => Err(hint(question)),
        several => {
            let labels: Vec<&str> = several.iter().map(|action| action.label()).collect();
            Err(format!(
                "That matches {}: type its number.",
                labels.join(" or ")
            ))
        }
    }
}

/// The buttons that are meant: by number, by name, or by how it begins.
fn meant(typed: &str, buttons: &[Button]) -> Vec<ButtonAction> {
    if typed.is_empty() {
        return Vec::new();
    }
    if let Ok(number) = typed.parse::<usize>() {
        let button = number.checked_sub(1).and_then(|at| buttons.get(at));
        return button.map(|button| button.action).into_iter().collect();
    }
    let typed = match typed {
        "y" | "yes" => "approve",
        "n" | "no" => "reject",
        typed => typed,
    };
    let actions = buttons.iter().map(|button| button.action);
    actions
        .filter(|action| {
            action.label().to_lowercase().starts_with(typed) || action.id().starts_with(typed)
        })
        .collect()
}

fn hint(question: &Question) -> String {
    let button = match question.buttons.is_empty() {
        true => "",
        false => "the number or the name of a button, ",
    };
    format!("Type {button}t, s, w or {COMMAND} …, and Enter.")
}

/// Asks the questions of a form one after the other; those with a valid answer are not asked again.
/// `None` if it is not sent.
pub(super) fn fill(
    screen: &mut Screen,
    prompt: &mut Prompt,
    modal: &Modal,
    filled: &Filled,
) -> io::Result<Option<BTreeMap<InputName, String>>> {
    if filled.wrong.is_empty() {
        screen.print("")?;
        screen.print(&form(modal))?;
        let note = format!("{NOT_NOW} and Enter closes the form without sending it.");
        screen.print(&paint(DIM, note))?;
    }
    let mut answers = filled.answers.clone();
    for input in &modal.inputs {
        let wrong = filled.wrong.get(&input.name);
        if wrong.is_none() && filled.answers.contains_key(&input.name) {
            continue;
        }
        if let Some(words) = wrong {
            screen.print(&paint(WARN, words))?;
        }
        match answer(screen, prompt, input, wrong.is_some())? {
            Some(answer) => answers.insert(input.name, answer),
            None => return Ok(None),
        };
    }
    Ok(Some(answers))
}

fn answer(
    screen: &mut Screen,
    prompt: &mut Prompt,
    input: &Input,
    again: bool,
) -> io::Result<Option<String>> {
    loop {
        let first = match &input.kind {
            InputKind::Select(choices) => choices.first().map(|choice| choice.value.as_str()),
            InputKind::Text { .. } => None,
        };
        let label = match first {
            Some(_) => format!("{} (Enter for 1): ", paint(STRONG, &input.label)),
            None => format!("{} ", paint(STRONG, &input.label)),
        };
        screen.prompt(&label)?;
        let line = match prompt.read() {
            Typed::Line(line) => line,
            // No one is there: the first choice, or what people of the story say.
            Typed::Silence => {
                screen.print("")?;
                return Ok((!again).then(|| first.unwrap_or(WHY).to_owned()));
            }
            Typed::End => {
                screen.print("")?;
                return Ok(None);
            }
        };
        if !prompt.echoes() {
            screen.print(&line)?;
        }
        let typed = line.trim();
        match (typed, &input.kind) {
            (NOT_NOW, _) => return Ok(None),
            (_, InputKind::Text { .. }) => return Ok(Some(line)),
            ("", InputKind::Select(_)) => return Ok(first.map(str::to_owned)),
            (_, InputKind::Select(choices)) => {
                let number: Option<usize> = typed.parse().ok();
                let chosen = number.and_then(|number| choices.get(number.checked_sub(1)?));
                if let Some(chosen) = chosen {
                    return Ok(Some(chosen.value.clone()));
                }
                let most = choices.len();
                screen.print(&format!("Type a number from 1 to {most}, and Enter."))?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_core::id::DeploymentId;
    use sluice_words::message::Message;

    use super::*;

    fn question(actions: &[ButtonAction], asks: bool) -> Question {
        let deployment = DeploymentId::from_outside("dep-1");
        let button = |action: &ButtonAction| Button {
            action: *action,
            deployment: deployment.clone(),
            plan: None,
            confirm: None,
        };
        Question {
            buttons: actions.iter().map(button).collect(),
            channel: "#erp-production".to_owned(),
            message: Message::line("approve?"),
            environment: "production".to_owned(),
            tag: "v1.4.0".to_owned(),
            deployment,
            asks,
        }
    }

    #[test]
    fn a_button_is_named_by_number_name_or_how_it_begins() {
        use ButtonAction::{Approve, Reject};

        let asked = question(&[Approve, Reject], true);
        for (typed, action) in [
            ("1", Approve),
            ("a", Approve),
            (" Approve ", Approve),
            ("yes", Approve),
            ("2", Reject),
            ("r", Reject),
            ("no", Reject),
        ] {
            assert_eq!(wish(typed, &asked), Ok(Wish::Click(action)), "{typed}");
        }
        for typed in ["", "0", "3", "what?", "pause", "g"] {
            assert!(
                wish(typed, &asked)
                    .unwrap_err()
                    .starts_with("Type the number"),
                "{typed}"
            );
        }
    }

    #[test]
    fn what_can_mean_two_buttons_is_asked_back() {
        use ButtonAction::{Override, Resume, RollBack};

        let asked = question(&[Resume, RollBack, Override], false);
        let several = wish("r", &asked).unwrap_err();
        assert_eq!(
            several,
            "That matches Resume or Roll back…: type its number."
        );
        assert_eq!(wish("roll back", &asked), Ok(Wish::Click(RollBack)));
        assert_eq!(wish("rollback", &asked), Ok(Wish::Click(RollBack)));
        assert_eq!(wish("override", &asked), Ok(Wish::Click(Override)));
        assert_eq!(wish("deploy", &asked), Ok(Wish::Click(Override)));
    }

    #[test]
    fn everything_else_that_can_be_typed() {
        let asked = question(&[ButtonAction::Pause], false);
        let command = |text: &str| Ok(Wish::Command(text.to_owned()));
        assert_eq!(
            wish("/sluice  status production", &asked),
            command("status production")
        );
        assert_eq!(wish("/sluice", &asked), command(""));
        assert!(
            wish("/deploy", &asked)
                .unwrap_err()
                .contains("/sluice help")
        );
        assert_eq!(wish("t", &asked), Ok(Wish::Thread));
        assert_eq!(wish("step", &asked), Ok(Wish::Step));
        assert_eq!(wish("w", &asked), Ok(Wish::Wait(ASK_AGAIN)));
        assert_eq!(wish("", &asked), Ok(Wish::GoOn));
        assert_eq!(
            choices(&asked),
            "1 Pause · t thread · s step by step · w wait · /sluice … · Enter continues"
        );
    }
}
