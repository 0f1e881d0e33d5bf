//! Somebody at a terminal: sees the story at a pace that can be followed, and is asked.

use std::io;
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sluice_core::message::ButtonAction;
use sluice_core::words;

use super::prompt::{Prompt, Typed};
use crate::play::{Answer, Audience, Line, Question, Tone, Waiting};
use crate::terminal::{BAD, DIM, GOOD, STRONG, Screen, TITLE, WARN, mentions, paint, slack, wrap};

/// Words of a line are broken after so many characters.
const WORDS_WIDTH: usize = 84;
/// A frame of the status lines.
const FRAME: Duration = Duration::from_millis(80);
/// Nobody looks longer than this at lines that do not change.
const LONGEST_PAUSE: Duration = Duration::from_millis(1200);
/// After so much virtual time without news the clock runs faster.
const CALM: SignedDuration = SignedDuration::from_mins(6);
const FASTER_WHEN_CALM: f64 = 10.0;
/// `[w]ait` asks again after this.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(30);

/// Shows a play on the screen.
pub(super) struct Viewer<'a> {
    screen: &'a mut Screen,
    /// Virtual seconds in a second; `None` for as fast as it goes.
    speed: Option<u32>,
    /// Who is asked, if anybody is.
    prompt: Option<Prompt>,
    /// Time not slept yet: single steps are often too short to sleep for.
    owed: Duration,
}

impl<'a> Viewer<'a> {
    pub(super) fn new(screen: &'a mut Screen, speed: Option<u32>, prompt: Option<Prompt>) -> Self {
        Self {
            screen,
            speed,
            prompt,
            owed: Duration::ZERO,
        }
    }

    fn prompted(&mut self, question: &Question) -> io::Result<Answer> {
        let Some(prompt) = &mut self.prompt else {
            return Ok(Answer::AsInTheStory);
        };
        loop {
            self.screen.prompt(&format!(
                "{} [a]pprove, [r]eject, [w]ait: ",
                paint(STRONG, format!("{}?", question.environment))
            ))?;
            let typed = prompt.read();
            let Typed::Line(text) = typed else {
                self.screen.print("")?;
                let note = "Nobody answers here: going on as with --headless, which approves.";
                self.screen.print(&paint(WARN, note))?;
                self.prompt = None;
                return Ok(Answer::AsInTheStory);
            };
            if !prompt.echoes() {
                self.screen.print(&text)?;
            }
            match text.trim().to_lowercase().as_str() {
                "a" | "approve" | "y" | "yes" => return Ok(Answer::Click(ButtonAction::Approve)),
                "r" | "reject" | "n" | "no" => return Ok(Answer::Click(ButtonAction::Reject)),
                "w" | "wait" => {
                    let time = words::duration(ASK_AGAIN);
                    self.screen
                        .print(&paint(DIM, format!("Asked again in {time}.")))?;
                    return Ok(Answer::Wait(ASK_AGAIN));
                }
                _ => self.screen.print("Type a, r or w, and Enter.")?,
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
        // On a terminal the status lines say it, and say it anew as it changes.
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
            let passed = SignedDuration::from_secs_f64(
                gap.as_secs_f64() * f64::from(frame) / f64::from(frames),
            );
            self.status(from + passed, waiting)?;
            thread::sleep(FRAME);
        }
        Ok(())
    }

    fn ask(&mut self, question: &Question, free: bool) -> io::Result<Answer> {
        self.screen.status(Vec::new())?;
        self.screen.print("")?;
        self.screen
            .print(&slack(&question.channel, &question.message))?;
        self.screen.print("")?;
        if free {
            return self.prompted(question);
        }
        if self.prompt.is_some() {
            let note = "In this scenario the story answers, or nobody does.";
            self.screen.print(&paint(DIM, note))?;
        }
        Ok(Answer::AsInTheStory)
    }
}

fn status_line(now: Timestamp, waiting: &Waiting) -> String {
    let (done, all) = waiting.progress;
    let bar = format!("{}{}", "▰".repeat(done), "▱".repeat(all - done));
    let since = words::duration(now.duration_since(waiting.since));
    format!(
        "{}  {}  {} {}  {} {}  {}",
        paint(DIM, now.strftime("%H:%M:%S")),
        paint(TITLE, format!("{:10}", waiting.environment)),
        waiting.tag,
        paint(GOOD, bar),
        paint(STRONG, waiting.phase),
        paint(DIM, since),
        mentions(&waiting.waits)
    )
}

fn story_line(line: &Line) -> String {
    let words = mentions(&line.words);
    let mut lines = wrap(&words, WORDS_WIDTH).into_iter();
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
        text.push_str(&format!("\n{:22}{}", "", styled(more)));
    }
    text
}
