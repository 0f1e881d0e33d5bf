//! Who is told of what happens, and asked what to do.

use std::io;

use jiff::{SignedDuration, Timestamp};
use sluice_core::id::Hash;
use sluice_core::message::{ButtonAction, Message};

/// Something that happened, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in virtual time.
    pub at: Timestamp,
    /// In which environment; empty for what happens around Sluice.
    pub environment: String,
    /// What.
    pub words: String,
    /// How it is to be taken.
    pub tone: Tone,
}

/// How a line is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// What other people and the cloud do.
    Around,
    /// A step of a deployment.
    Story,
    /// What a deployment waits for from here on.
    Waits,
    /// A deployment ended well.
    Good,
    /// A deployment ended otherwise, or goes back.
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

/// A request for an approval, as it stands in Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The channel.
    pub channel: String,
    /// The message.
    pub message: Message,
    /// The environment it is about.
    pub environment: String,
    /// The tag that is to be deployed there.
    pub tag: String,
    /// The plan it is about.
    pub plan: Hash,
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This button.
    Click(ButtonAction),
    /// Not yet: ask again after this.
    Wait(SignedDuration),
    /// Whatever the story has in mind.
    AsInTheStory,
}

/// Who is told of what happens.
pub trait Audience {
    /// Something happened.
    ///
    /// # Errors
    /// It could not be told.
    fn tell(&mut self, line: &Line) -> io::Result<()>;

    /// Virtual time passes, and these wait. `calm` is how long nothing has been told by then.
    ///
    /// # Errors
    /// It could not be told.
    fn pass(
        &mut self,
        from: Timestamp,
        to: Timestamp,
        calm: SignedDuration,
        waiting: &[Waiting],
    ) -> io::Result<()>;

    /// Somebody is asked; `free` if the answer is the audience's to give.
    ///
    /// # Errors
    /// It could not be shown.
    fn ask(&mut self, question: &Question, free: bool) -> io::Result<Answer>;
}

/// Nobody: for tests and for JSON.
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

    fn ask(&mut self, _: &Question, _: bool) -> io::Result<Answer> {
        Ok(Answer::AsInTheStory)
    }
}
