//! Slack, as someone at the prompt uses it: every click, command and form goes to the function
//! `slack` as Slack sends it, signed, and the answer is read as people read it.

use std::collections::BTreeMap;

use futures::executor::block_on;
use serde_json::Value;
use sluice_core::id::UserId;
use sluice_sim::world::World;
use sluice_words::message::{Button, Message};
use sluice_words::modal::{InputName, Modal, Submission};

use crate::wiring::{Function, Lambda, click, command, errors, message, submission_request};

/// Someone's place at Slack.
pub(super) struct Desk {
    lambda: Lambda,
    user: UserId,
    /// Clicks, commands and forms so far: each has an id of its own.
    requests: u32,
}

/// The result of a click or a command.
pub(super) enum Came {
    /// Words for them alone.
    Words(Message),
    /// A form, and its id.
    Form(Modal, String),
    /// Nothing to see.
    Nothing,
}

impl Desk {
    pub(super) fn new(lambda: Lambda, user: UserId) -> Self {
        Self {
            lambda,
            user,
            requests: 0,
        }
    }

    /// Who sits there.
    pub(super) fn user(&self) -> &UserId {
        &self.user
    }

    pub(super) fn click(&mut self, world: &World, button: &Button) -> Came {
        let (trigger, now) = (self.trigger(), world.now());
        let request = click(button, &self.user, &trigger, now);
        self.asks(world, &request)
    }

    pub(super) fn types(&mut self, world: &World, text: &str) -> Came {
        let (trigger, now) = (self.trigger(), world.now());
        let request = command(text, &self.user, &trigger, now);
        self.asks(world, &request)
    }

    /// Sends a form; what is wrong with it, or nothing if it closes.
    pub(super) fn sends(
        &self,
        world: &World,
        form: &Modal,
        id: &str,
        answers: BTreeMap<InputName, String>,
    ) -> BTreeMap<InputName, String> {
        let submission = Submission {
            id: id.to_owned(),
            purpose: form.purpose.clone(),
            answers,
            by: self.user.clone(),
        };
        let request = submission_request(&submission, world.now());
        errors(&self.invoke(&request))
    }

    fn asks(&mut self, world: &World, request: &Value) -> Came {
        let forms = world.slack().modals().len();
        let answer = message(&self.invoke(request));
        let new = world.slack().modals().into_iter().nth(forms);
        match (new, answer) {
            (Some(form), _) => Came::Form(form, format!("V{:010}", forms + 1)),
            (None, Some(words)) => Came::Words(words),
            (None, None) => Came::Nothing,
        }
    }

    fn invoke(&self, request: &Value) -> Value {
        // The function answers every request of Slack's: it has no other way to fail.
        block_on(self.lambda.invoke(Function::Slack, request)).unwrap_or_default()
    }

    fn trigger(&mut self) -> String {
        self.requests += 1;
        format!("{}.prompt", self.requests)
    }
}
