//! A day, as data: what happens in it, so that it can be printed, shrunk and played again.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use sluice_core::id::UserId;
use sluice_core::quantity::duration;
use sluice_sim::cloud::{Dependency, ImageBehaviour};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Habit, Hand};

use crate::company::APPS;

/// A day of the company.
#[derive(Clone, Debug)]
pub struct Day {
    /// What all chance in it is drawn from.
    pub seed: u64,
    /// When it begins.
    pub start: Timestamp,
    /// What goes wrong by itself.
    pub weather: Weather,
    /// What people do whenever they see a button.
    pub habits: Vec<Habit>,
    /// Who clicks everything twice.
    pub double_clickers: Vec<UserId>,
    /// The images that do not behave well, by name.
    pub images: BTreeMap<String, BadImage>,
    /// What happens, the earliest first.
    pub moves: Vec<Move>,
}

/// An image that does not behave well.
#[derive(Clone, Debug)]
pub struct BadImage {
    /// What is wrong with it.
    pub words: &'static str,
    /// How it behaves.
    pub behaviour: ImageBehaviour,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub struct Move {
    /// How long after the beginning of the day.
    pub at: SignedDuration,
    /// What.
    pub act: Act,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Act {
    /// CI pushes an image.
    Push {
        /// Whose, as a place among the company's applications.
        app: usize,
        /// Under this tag.
        tag: String,
        /// The image's name.
        image: String,
    },
    /// Somebody types a command.
    Types {
        /// Who.
        by: UserId,
        /// Behind `/sluice`.
        command: String,
        /// The number chooses among the answers of a form.
        choice: u64,
    },
    /// Somebody clicks a button that is there at that moment.
    Clicks {
        /// Who.
        by: UserId,
        /// The number chooses among the buttons, and among the answers of a form.
        choice: u64,
    },
    /// Somebody does something in the console.
    Hand(Hand),
    /// A service of AWS, or Slack, is out.
    Outage {
        /// Which.
        of: Dependency,
        /// For how long.
        lasts: SignedDuration,
    },
    /// Sluice does not reach the application, and users do.
    CutOff {
        /// For how long.
        lasts: SignedDuration,
    },
    /// Secrets Manager rotates a secret; the number chooses.
    Rotates(u64),
    /// An alarm rings, whatever runs; the number chooses.
    Rings {
        /// Which.
        choice: u64,
        /// For how long.
        lasts: SignedDuration,
    },
}

impl fmt::Display for Day {
    /// The day as a person reads it: the weather, the people, then what happens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "weather: {}", weather(&self.weather))?;
        for (image, bad) in &self.images {
            writeln!(f, "image {image}: {}", bad.words)?;
        }
        for habit in &self.habits {
            let at = habit
                .environment
                .as_ref()
                .map_or("anywhere", |at| at.as_str());
            let twice = match self.double_clickers.contains(&habit.user) {
                true => ", twice",
                false => "",
            };
            let (user, what) = (&habit.user, habit.action.label());
            let after = duration(habit.after);
            writeln!(f, "{user} clicks \"{what}\" in {at} after {after}{twice}")?;
        }
        for one in &self.moves {
            let at = (self.start + one.at).strftime("%a %H:%M:%S");
            writeln!(f, "{at} {}", one.act)?;
        }
        Ok(())
    }
}

/// What goes wrong by itself, in a line.
fn weather(weather: &Weather) -> String {
    let calm = Weather::default();
    let mut said = Vec::new();
    let mut rate = |what: &str, rate: f64| {
        if rate > 0.0 {
            said.push(format!("{:.1} % {what}", rate * 100.0));
        }
    };
    rate("of events lost", weather.roads.losses);
    rate("of events doubled", weather.roads.doubles);
    rate("of wake-ups doubled", weather.double_wakeups);
    rate("of functions crash", weather.crash_rate);
    rate("of calls fail", weather.faults.fail);
    rate("of calls throttled", weather.faults.throttle);
    rate("of answers lost", weather.faults.lose_answer);
    rate(
        "of calls interrupted by other functions",
        weather.interleave,
    );
    rate("of tasks never start", weather.never_start);
    if weather.roads.jitter > SignedDuration::ZERO {
        said.push(format!(
            "events up to {} late",
            duration(weather.roads.jitter)
        ));
    }
    if weather.lag != calm.lag {
        said.push(format!("reads up to {:#} late", weather.lag.longest()));
    }
    match said.is_empty() {
        true => "calm".to_owned(),
        false => said.join(", "),
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Push { app, tag, image } => {
                write!(f, "CI pushes {}:{tag} ({image})", APPS[*app].repository)
            }
            Self::Types { by, command, .. } => write!(f, "{by} types /sluice {command}"),
            Self::Clicks { by, choice } => write!(f, "{by} clicks some button ({choice})"),
            Self::Hand(hand) => f.write_str(hand.words()),
            Self::Outage { of, lasts } => {
                write!(f, "{} is out for {}", of.name(), duration(*lasts))
            }
            Self::CutOff { lasts } => write!(
                f,
                "Sluice cannot reach the applications for {}",
                duration(*lasts)
            ),
            Self::Rotates(_) => f.write_str("a secret is rotated"),
            Self::Rings { lasts, .. } => write!(f, "an alarm rings for {}", duration(*lasts)),
        }
    }
}
