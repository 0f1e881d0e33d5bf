//! Playing a day.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_app::App;
use sluice_core::quantity::duration;
use sluice_sim::cloud::Tempo;
use sluice_sim::workplace::Roads;
use sluice_sim::world::{Bounds, DirectFunctions, Ending, Functions, Invariant, Violation, World};

use crate::bug::Bug;
use crate::company::APPS;
use crate::day::Day;
use crate::{acts, evening, told};

/// When the faults stop.
const DAY_LASTS: SignedDuration = SignedDuration::from_hours(24);
/// Everything is over by then: the longest weekend, and what begins on the Monday after it.
const ALL_LASTS: SignedDuration = SignedDuration::from_hours(24 * 7);
/// No day takes so many steps, but one in which something goes round in circles.
const STEPS: u64 = 400_000;

/// What was wrong with a day.
#[derive(Clone, Debug)]
pub enum Found {
    /// Something that must always be true was not.
    Broken(Violation),
    /// The faults had stopped, and something never came to its end.
    Stuck(String),
    /// It was over, and people were not told.
    Untold(String),
    /// Something panicked.
    Panicked(String),
}

impl Found {
    /// Whether it is of the same kind: the one that a smaller day must break too.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Broken(one), Self::Broken(other)) => one.invariant == other.invariant,
            (Self::Stuck(_), Self::Stuck(_))
            | (Self::Untold(_), Self::Untold(_))
            | (Self::Panicked(_), Self::Panicked(_)) => true,
            _ => false,
        }
    }

    /// The invariant that was broken, if it was one.
    pub fn invariant(&self) -> Option<Invariant> {
        match self {
            Self::Broken(violation) => Some(violation.invariant),
            Self::Stuck(_) | Self::Untold(_) | Self::Panicked(_) => None,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(violation) => write!(f, "{violation}"),
            Self::Stuck(what) => write!(f, "never over: {what}"),
            Self::Untold(what) => write!(f, "no one was told: {what}"),
            Self::Panicked(what) => write!(f, "panicked: {what}"),
        }
    }
}

/// What was seen in a day, or in many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Deployments.
    pub deployments: u64,
    /// Steps of the world.
    pub steps: u64,
    /// Virtual time, in seconds.
    pub seconds: u64,
    /// Functions that crashed.
    pub crashes: u64,
    /// Calls that failed, were throttled, or whose answer was lost.
    pub faults: u64,
    /// Events that never arrived.
    pub lost_events: u64,
    /// What people and the world did besides.
    pub moves: u64,
}

impl std::ops::AddAssign for Seen {
    fn add_assign(&mut self, other: Self) {
        self.deployments += other.deployments;
        self.steps += other.steps;
        self.seconds += other.seconds;
        self.crashes += other.crashes;
        self.faults += other.faults;
        self.lost_events += other.lost_events;
        self.moves += other.moves;
    }
}

/// What came of a day.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was wrong, if anything was.
    pub found: Vec<Found>,
    /// What was seen.
    pub seen: Seen,
    /// The stories of its deployments.
    pub stories: String,
}

/// Plays a day.
pub fn play(day: &Day) -> Outcome {
    play_with(day, None)
}

/// Plays a day with a bug planted.
pub fn play_with(day: &Day, bug: Option<Bug>) -> Outcome {
    // Nothing of a world that has panicked is looked at again.
    let played = catch_unwind(AssertUnwindSafe(|| play_it(day, bug)));
    played.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Outcome {
            found: vec![Found::Panicked(said.unwrap_or_default())],
            seen: Seen::default(),
            stories: String::new(),
        }
    })
}

fn play_it(day: &Day, bug: Option<Bug>) -> Outcome {
    let mut world = World::new(day.seed, day.start, APPS.as_slice(), day.weather.clone());
    world.with_cloud(|cloud| cloud.set_tempo(Tempo::default()));
    let configs = APPS.iter().cloned().map(Arc::new).collect();
    let mut ports = world.ports();
    if let Some(bug) = bug {
        ports = bug.planted_in(ports, world.cloud());
    }
    let app = App::new(ports, configs);
    let functions: Arc<dyn Functions> = Arc::new(DirectFunctions(app.clone()));
    world.deploy(match bug {
        Some(bug) => bug.planted_between(functions),
        None => functions,
    });
    for habit in &day.habits {
        world.add_habit(habit.clone());
    }
    for user in &day.double_clickers {
        world.clicks_twice(user.clone());
    }
    acts::plan(&mut world, &app, day);
    world.plan(
        DAY_LASTS,
        "the evening: nothing goes wrong any more",
        |world| {
            world.turn_fair();
        },
    );
    let ending = run(&mut world, &app, day.start + DAY_LASTS);
    outcome(&world, ending, day)
}

/// Runs until all is over. From the evening on somebody looks every hour at what is left, and sends
/// back what was given up after three tries, as the alarm on the dead-letter queue says.
fn run(world: &mut World, app: &App, evening: Timestamp) -> Ending {
    let bounds = Bounds {
        time: ALL_LASTS,
        steps: STEPS,
    };
    let (mut sent_back, mut looks_at) = (0, evening);
    loop {
        let ending = world.run(bounds, |world| {
            world.now() >= looks_at && world.store().unfinished() > 0
        });
        if ending == Ending::Reached {
            evening::look_after(world, app);
            looks_at = world.now() + evening::LOOKS_EVERY;
            continue;
        }
        let given_up = world.bridge().given_up()[sent_back..].to_vec();
        if ending != Ending::Quiet || given_up.is_empty() {
            return ending;
        }
        sent_back += given_up.len();
        let now = world.now();
        world.bridge().set_roads(Roads::default());
        for event in given_up {
            world.bridge().accept(event, now);
        }
    }
}

fn outcome(world: &World, ending: Ending, day: &Day) -> Outcome {
    let mut found: Vec<Found> = world.violations().into_iter().map(Found::Broken).collect();
    if ending == Ending::Quiet {
        found.extend(told::untold(world).into_iter().map(Found::Untold));
    } else {
        found.push(Found::Stuck(unfinished(world, ending)));
    }
    let since = world.now().duration_since(day.start);
    Outcome {
        found,
        seen: Seen {
            deployments: world.store().deployments().len() as u64,
            steps: world.steps(),
            seconds: u64::try_from(since.as_secs()).unwrap_or(0),
            crashes: world.crashes(),
            faults: world.with_cloud(|cloud| cloud.faults().struck()),
            lost_events: world.lost_events(),
            moves: day.moves.len() as u64,
        },
        stories: stories(world),
    }
}

fn unfinished(world: &World, ending: Ending) -> String {
    let now = world.now();
    let left = world
        .store()
        .deployments()
        .into_iter()
        .filter_map(|stored| {
            let d = &stored.deployment;
            let since = duration(now.duration_since(d.entered_at));
            let over = d.phase.is_terminal();
            (!over).then(|| format!("{} {} for {since}", d.id, d.phase.name()))
        });
    let left: Vec<String> = left.collect();
    format!("{ending}: {}", left.join(", "))
}

/// What became of each deployment, entry by entry.
fn stories(world: &World) -> String {
    let mut lines = Vec::new();
    for stored in world.store().deployments() {
        let d = &stored.deployment;
        let (release, at, phase) = (&d.release.tag, d.environment(), d.phase.name());
        lines.push(format!("{} {} {release} to {at}: {phase}", d.id, d.app()));
        let story = d.story.iter();
        lines.extend(story.map(|entry| {
            format!(
                "  {} {}",
                entry.at,
                sluice_words::note::words(&entry.note, d)
            )
        }));
    }
    lines.join("\n")
}
