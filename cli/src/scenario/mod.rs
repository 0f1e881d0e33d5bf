//! Scenarios: what is pushed, what goes wrong, what people do, and how it must end.
//!
//! A scenario is data. [`Play`](crate::play::Play) plays it; the files beside this one hold what
//! there is to play.

mod act;
mod asked;
mod branches;
mod check;
mod closed;
mod failures;
mod infrastructure;
mod migrations;
mod own;
mod people;
mod surprises;
mod table;
mod weather;

use jiff::SignedDuration;
use sluice_core::config::Config;
use sluice_sim::cloud::ImageBehaviour;
use sluice_sim::workplace::Weather;
use sluice_words::message::ButtonAction;

pub use act::{Act, Git};
pub use check::Check;
pub use table::{all, find, list};

/// The tag that brings the release to staging.
pub const TO_STAGING: &str = "release-1.4.0";
/// The tag that brings the same image to production.
pub const TO_PRODUCTION: &str = "v1.4.0";
/// The image both tags name.
pub const IMAGE: &str = "1.4.0";
/// The image that runs everywhere at first.
pub const OLD_IMAGE: &str = "v0";
/// From staging's success to the version's tag.
const BETWEEN: SignedDuration = SignedDuration::from_mins(3);
/// How long the approver takes.
const READING: SignedDuration = SignedDuration::from_mins(2);

/// A story with a known end.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// How it is called on the command line.
    pub name: &'static str,
    /// What it shows, in half a sentence.
    pub shows: &'static str,
    /// What goes wrong by itself.
    pub weather: Weather,
    /// How the configuration differs from the one it is played with.
    pub config: fn(&mut Config),
    /// What happens, and when.
    pub scenes: Vec<Scene>,
    /// What the approver does.
    pub approver: Approver,
    /// How each deployment must end, in the order they were requested; there may be no others.
    pub ends: Vec<(&'static str, &'static str)>,
    /// What must be true then.
    pub checks: Vec<Check>,
}

/// What the approver does when asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approver {
    /// Clicks, after a while.
    Clicks(ButtonAction, SignedDuration),
    /// Approves after a while, with as many others as it takes.
    AsManyAsItTakes(SignedDuration),
    /// Is not there.
    IsAway,
}

/// Something that happens once its time has come.
#[derive(Clone, Debug)]
pub struct Scene {
    /// When.
    pub when: When,
    /// What.
    pub act: Act,
}

/// When a scene comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So long after the beginning.
    At(SignedDuration),
    /// So long after the deployment of this tag was first seen in this phase.
    After(&'static str, &'static str, SignedDuration),
    /// As soon as there is a deployment of this tag.
    Opened(&'static str),
}

impl Scenario {
    /// The successful story, as a base for others: staging first, then the same image to
    /// production, approved by someone.
    fn new(name: &'static str, shows: &'static str) -> Self {
        Self {
            name,
            shows,
            weather: Weather::default(),
            config: |_| {},
            scenes: vec![
                Scene {
                    when: When::At(SignedDuration::ZERO),
                    act: push(TO_STAGING, IMAGE, ImageBehaviour::default()),
                },
                Scene {
                    when: When::After(TO_STAGING, "Succeeded", BETWEEN),
                    act: push(TO_PRODUCTION, IMAGE, ImageBehaviour::default()),
                },
            ],
            approver: Approver::Clicks(ButtonAction::Approve, READING),
            ends: vec![(TO_STAGING, "Succeeded"), (TO_PRODUCTION, "Succeeded")],
            checks: Vec::new(),
        }
    }

    /// The image behaves like this in production, where things differ from staging.
    fn in_production(mut self, behaviour: ImageBehaviour) -> Self {
        if let Some(scene) = self.scenes.last_mut() {
            scene.act = push(TO_PRODUCTION, IMAGE, behaviour);
        }
        self
    }

    fn scene(mut self, when: When, act: Act) -> Self {
        self.scenes.push(Scene { when, act });
        self
    }

    fn weather(mut self, weather: Weather) -> Self {
        self.weather = weather;
        self
    }

    fn approver(mut self, approver: Approver) -> Self {
        self.approver = approver;
        self
    }

    /// Production ends so.
    fn ends(mut self, phase: &'static str) -> Self {
        self.ends = vec![(TO_STAGING, "Succeeded"), (TO_PRODUCTION, phase)];
        self
    }

    fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// The old release has the traffic in production again, or still, and works on its queues.
    fn production_as_before(self) -> Self {
        self.check(Check::Runs {
            environment: "production",
            image: OLD_IMAGE,
        })
        .check(Check::OneBeat("production"))
    }
}

fn push(tag: &'static str, image: &'static str, behaviour: ImageBehaviour) -> Act {
    Act::Push {
        tag,
        image,
        behaviour: Box::new(behaviour),
    }
}
