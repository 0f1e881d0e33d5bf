//! The audience: sees what happens, and is asked what to do.

use std::collections::BTreeMap;
use std::io;

use jiff::{SignedDuration, Timestamp};
use sluice_core::id::DeploymentId;
use sluice_words::message::{Button, ButtonAction, Message};
use sluice_words::modal::{InputName, Modal};

/// Something that happened, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in virtual time.
    pub at: Timestamp,
    /// In which environment; empty for what happens around Sluice.
    pub environment: String,
    /// What.
    pub words: String,
    /// Its tone.
    pub tone: Tone,
}

/// The tone of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// What other people and the cloud do.
    Around,
    /// A step of a deployment.
    Story,
    /// What a deployment waits for from here on.
    Waits,
    /// A deployment succeeded.
    Good,
    /// A deployment ended in another way, or is rolled back.
    Bad,
}

/// A deployment that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its environment.
    pub environment: String,
    /// The tag that is deployed.
    pub tag: String,
    /// Where it is.
    pub phase: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// What for, such as `waits for the image scan`.
    pub waits: String,
    /// How far it is: steps done, and steps in all.
    pub progress: (usize, usize),
}

/// A deployment's message as Slack shows it, and what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Whose.
    pub deployment: DeploymentId,
    /// The channel.
    pub channel: String,
    /// The message.
    pub message: Message,
    /// Its buttons.
    pub buttons: Vec<Button>,
    /// The environment it is about.
    pub environment: String,
    /// The tag that is deployed there.
    pub tag: String,
    /// Whether a plan waits for approval: nothing continues before someone decides.
    pub asks: bool,
}

/// What someone wants who was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To click this button.
    Click(ButtonAction),
    /// To type this after `/sluice`.
    Command(String),
    /// To read the thread.
    Thread,
    /// To be asked again after this.
    Wait(SignedDuration),
    /// To be asked again at the next step.
    Step,
    /// Nothing more for now.
    GoOn,
    /// What the script says: no one is there to ask.
    AsInTheStory,
    /// To leave: the input has ended, and nothing is decided.
    Leave,
}

/// Something that is shown on request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aside {
    /// Words that no one else sees.
    OnlyForThem(Message),
    /// The messages of a thread.
    Thread(Vec<Message>),
    /// Their form was sent, and closes.
    FormCloses,
}

/// Sees what happens.
pub trait Audience {
    /// Something happened.
    ///
    /// # Errors
    /// The output could not be written.
    fn tell(&mut self, line: &Line) -> io::Result<()>;

    /// Virtual time passes, and these wait. `calm` is how long nothing has been printed by then.
    ///
    /// # Errors
    /// The output could not be written.
    fn pass(
        &mut self,
        from: Timestamp,
        to: Timestamp,
        calm: SignedDuration,
        waiting: &[Waiting],
    ) -> io::Result<()>;

    /// Whether someone wants to do something now, without being asked.
    fn interrupts(&mut self) -> bool {
        false
    }

    /// Someone is asked; `free` if the answer is the audience's to give.
    ///
    /// # Errors
    /// It could not be shown.
    fn ask(&mut self, question: &Question, free: bool) -> io::Result<Wish>;

    /// Someone is shown what they requested.
    ///
    /// # Errors
    /// It could not be shown.
    fn show(&mut self, _: &Aside) -> io::Result<()> {
        Ok(())
    }

    /// A form is put before someone; what they put into it, or `None` if they do not send it. What
    /// was wrong with the answers that they sent before is shown at its questions.
    ///
    /// # Errors
    /// It could not be shown.
    fn fill(&mut self, _: &Modal, _: &Filled) -> io::Result<Option<BTreeMap<InputName, String>>> {
        Ok(None)
    }
}

/// A form as it was sent, and why it came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// What was answered.
    pub answers: BTreeMap<InputName, String>,
    /// What is wrong with it.
    pub wrong: BTreeMap<InputName, String>,
}

/// No one: for tests and for JSON.
#[derive(Clone, Copy, Debug)]
pub struct Silence;

impl Audience for Silence {
    fn tell(&mut self, _: &Line) -> io::Result<()> {
        Ok(())
    }

    fn pass(
        &mut self,
        _: Timestamp,
        _: Timestamp,
        _: SignedDuration,
        _: &[Waiting],
    ) -> io::Result<()> {
        Ok(())
    }

    fn ask(&mut self, _: &Question, _: bool) -> io::Result<Wish> {
        Ok(Wish::AsInTheStory)
    }
}
