//! Someone at a terminal: sees the story at a pace that can be followed, and is asked.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sluice_core::quantity;
use sluice_words::message::Message;
use sluice_words::modal::{InputName, Modal};

use super::dialogue::{choices, fill, wish};
use super::prompt::{Prompt, Typed};
use crate::play::{Aside, Audience, Filled, Line, Question, Tone, Waiting, Wish};
use crate::terminal::{
    BAD, DIM, GOOD, STRONG, Screen, TITLE, WARN, as_text, paint, slack, thread, width, wrap,
};

/// The time and the environment stand before what is told.
const BEFORE_WORDS: usize = 22;
/// A frame of the status lines.
const FRAME: Duration = Duration::from_millis(80);
/// No one looks longer than this at lines that do not change.
const LONGEST_PAUSE: Duration = Duration::from_millis(1200);
/// After so much virtual time without news the clock runs faster.
const CALM: SignedDuration = SignedDuration::from_mins(6);
const FASTER_WHEN_CALM: f64 = 10.0;

/// Said where a pipe is open and silent.
const NO_ONE_ANSWERS: &str = "No one answers here: continuing as with --headless, which approves.";

/// Shows a play on the screen.
pub(super) struct Viewer<'a> {
    screen: &'a mut Screen,
    /// Virtual seconds in a second; `None` for as fast as it goes.
    speed: Option<u32>,
    /// Who is asked, if anyone is.
    prompt: Option<Prompt>,
    /// Time not slept yet: single steps are often too short to sleep for.
    owed: Duration,
    /// The message shown above, if no time has passed since.
    shown: Option<Message>,
    /// What someone typed without being asked.
    typed: Option<String>,
}

impl<'a> Viewer<'a> {
    pub(super) fn new(screen: &'a mut Screen, speed: Option<u32>, prompt: Option<Prompt>) -> Self {
        Self {
            screen,
            speed,
            prompt,
            owed: Duration::ZERO,
            shown: None,
            typed: None,
        }
    }

    fn prompted(&mut self, question: &Question) -> io::Result<Wish> {
        let Some(prompt) = &mut self.prompt else {
            return Ok(Wish::AsInTheStory);
        };
        let mut typed = self.typed.take().filter(|line| !line.trim().is_empty());
        loop {
            let line = match typed.take() {
                Some(line) => line,
                None => {
                    let choices = wrap(&choices(question), width()).join("\n");
                    self.screen.print(&paint(DIM, choices))?;
                    let name = paint(STRONG, format!("{}>", question.environment));
                    self.screen.prompt(&format!("{name} "))?;
                    let line = match prompt.read() {
                        Typed::Line(line) => line,
                        Typed::Silence => {
                            self.screen.print("")?;
                            self.screen.print(&paint(WARN, NO_ONE_ANSWERS))?;
                            self.prompt = None;
                            return Ok(Wish::AsInTheStory);
                        }
                        Typed::End => {
                            self.screen.print("")?;
                            return Ok(Wish::Leave);
                        }
                    };
                    if !prompt.echoes() {
                        self.screen.print(&line)?;
                    }
                    line
                }
            };
            match wish(&line, question) {
                Err(hint) => self.screen.print(&hint)?,
                Ok(wish) => {
                    if let Some(said) = said(&wish) {
                        self.screen.print(&paint(DIM, said))?;
                    }
                    return Ok(wish);
                }
            }
        }
    }

    fn status(&mut self, now: Timestamp, waiting: &[Waiting]) -> io::Result<()> {
        let lines = waiting
            .iter()
            .map(|waiting| status_line(now, waiting))
            .collect();
        self.screen.status(lines)
    }
}

impl Audience for Viewer<'_> {
    fn tell(&mut self, line: &Line) -> io::Result<()> {
        // On a terminal the status lines say it, and say it again as it changes.
        if line.tone == Tone::Waits && self.screen.is_live() && self.speed.is_some() {
            return Ok(());
        }
        self.screen.print(&story_line(line))
    }

    fn pass(
        &mut self,
        from: Timestamp,
        to: Timestamp,
        calm: SignedDuration,
        waiting: &[Waiting],
    ) -> io::Result<()> {
        let Some(speed) = self.speed else {
            return Ok(());
        };
        let faster = if calm > CALM { FASTER_WHEN_CALM } else { 1.0 };
        let gap = to.duration_since(from);
        let seconds = gap.as_secs_f64().max(0.0) / (f64::from(speed) * faster);
        let pause = Duration::from_secs_f64(seconds).min(LONGEST_PAUSE) + self.owed;
        let frames = u32::try_from(pause.as_millis() / FRAME.as_millis()).unwrap_or(0);
        self.owed = pause - FRAME * frames;
        for frame in 1..=frames {
            if self.interrupts() {
                return Ok(());
            }
            let passed = SignedDuration::from_secs_f64(
                gap.as_secs_f64() * f64::from(frame) / f64::from(frames),
            );
            self.status(from + passed, waiting)?;
            std::thread::sleep(FRAME);
        }
        Ok(())
    }

    fn interrupts(&mut self) -> bool {
        let typed = self.prompt.as_mut().and_then(Prompt::has_typed);
        if typed.is_some() {
            self.screen.line_was_typed();
            self.typed = typed;
        }
        self.typed.is_some()
    }

    fn ask(&mut self, question: &Question, free: bool) -> io::Result<Wish> {
        self.screen.status(Vec::new())?;
        if self.shown.as_ref() != Some(&question.message) {
            self.screen.print("")?;
            self.screen
                .print(&slack(&question.channel, &question.message))?;
            self.screen.print("")?;
        }
        if !free {
            if self.prompt.is_some() {
                let note = "In this scenario the story answers, or no one does.";
                self.screen.print(&paint(DIM, note))?;
            }
            return Ok(Wish::AsInTheStory);
        }
        let wish = self.prompted(question)?;
        // As long as no time passes, the message above need not be shown again.
        let stays = matches!(
            wish,
            Wish::Click(_) | Wish::Command(_) | Wish::Thread | Wish::Step
        );
        self.shown = stays.then(|| question.message.clone());
        Ok(wish)
    }

    fn show(&mut self, aside: &Aside) -> io::Result<()> {
        match aside {
            Aside::OnlyForThem(message) => {
                self.screen.print(&slack("(only you see this)", message))
            }
            Aside::Thread(messages) => self.screen.print(&thread(messages)),
            Aside::FormCloses => self.screen.print(&paint(DIM, "The form closes.")),
        }
    }

    fn fill(
        &mut self,
        modal: &Modal,
        filled: &Filled,
    ) -> io::Result<Option<BTreeMap<InputName, String>>> {
        match &mut self.prompt {
            Some(prompt) => fill(self.screen, prompt, modal, filled),
            None => Ok(None),
        }
    }
}

/// What comes next, if it would not be seen.
fn said(wish: &Wish) -> Option<String> {
    match wish {
        Wish::Wait(time) => Some(format!(
            "You will be asked again in {}.",
            quantity::duration(*time)
        )),
        Wish::Step => Some("You will be asked at every step from now on.".to_owned()),
        Wish::Click(_)
        | Wish::Command(_)
        | Wish::Thread
        | Wish::GoOn
        | Wish::AsInTheStory
        | Wish::Leave => None,
    }
}

fn status_line(now: Timestamp, waiting: &Waiting) -> String {
    let (done, all) = waiting.progress;
    let bar = format!("{}{}", "▰".repeat(done), "▱".repeat(all - done));
    let since = quantity::duration(now.duration_since(waiting.since));
    format!(
        "{}  {}  {} {}  {} {}  {}",
        paint(DIM, now.strftime("%H:%M:%S")),
        paint(TITLE, format!("{:10}", waiting.environment)),
        waiting.tag,
        paint(GOOD, bar),
        paint(STRONG, waiting.phase),
        paint(DIM, since),
        as_text(&waiting.waits)
    )
}

fn story_line(line: &Line) -> String {
    let words = as_text(&line.words);
    let mut lines = wrap(&words, width() - BEFORE_WORDS).into_iter();
    let first = lines.next().unwrap_or_default();
    let styled = |text: String| match line.tone {
        Tone::Around => paint(STRONG, text),
        Tone::Story => text,
        Tone::Waits => paint(DIM, format!("  {text}")),
        Tone::Good => paint(GOOD, text),
        Tone::Bad => paint(BAD, text),
    };
    let mut text = format!(
        "{}  {}  {}",
        paint(DIM, line.at.strftime("%H:%M:%S")),
        paint(TITLE, format!("{:10}", line.environment)),
        styled(first)
    );
    for more in lines {
        text.push_str(&format!("\n{:BEFORE_WORDS$}{}", "", styled(more)));
    }
    text
}
