//! Drawing a day from its seed.

use jiff::{SignedDuration, Timestamp, ToSpan};
use sluice_core::id::EnvironmentName;
use sluice_sim::cloud::{
    Dependency, Dies, FaultRates, ImageBehaviour, Lag, MigrationEnd, ScanBehaviour, Start,
    UnderTraffic,
};
use sluice_sim::workplace::{Dice, Roads, Weather};
use sluice_sim::world::{Habit, Hand};
use sluice_words::message::ButtonAction;

use crate::company::{PLACES, Place, STRANGER, user};
use crate::day::{Act, BadImage, Day, Move};

/// A Monday in winter: eight in the morning where the company is.
const MONDAY: &str = "2026-01-05T07:00:00Z";
/// No move comes later.
const DAY: SignedDuration = SignedDuration::from_hours(20);

impl Day {
    /// The day of this seed.
    pub fn drawn(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 200);
        let monday: Timestamp = MONDAY.parse().expect("a time");
        let start = monday + (24 * i64::try_from(dice.below(5)).unwrap_or(0)).hours();
        let mut day = Self {
            seed,
            start,
            weather: weather(&mut dice),
            habits: Vec::new(),
            double_clickers: Vec::new(),
            images: std::collections::BTreeMap::new(),
            moves: Vec::new(),
        };
        day.draw_people(&mut dice);
        for app in 0..2 {
            day.draw_releases(app, &mut dice);
        }
        for _ in 0..dice.below(12) {
            let act = asks(&mut dice);
            day.happens(dice.up_to(DAY), act);
        }
        for _ in 0..dice.below(6) {
            let act = surprise(&mut dice);
            day.happens(dice.up_to(DAY), act);
        }
        day.moves.sort_by_key(|one| one.at);
        day
    }

    fn happens(&mut self, at: SignedDuration, act: Act) {
        self.moves.push(Move { at, act });
    }

    /// Up to four releases of an application: first where it is tested, then on to production, or
    /// only one of both.
    fn draw_releases(&mut self, app: usize, dice: &mut Dice) {
        let (first, second) = (&PLACES[app * 2], &PLACES[app * 2 + 1]);
        let mut at = dice.up_to(SignedDuration::from_hours(3));
        for number in 0..1 + dice.below(4) {
            let image = format!("{app}-{number}");
            if let Some(bad) = bad_image(dice) {
                self.images.insert(image.clone(), bad);
            }
            let push = |place: &Place| Act::Push {
                app,
                tag: format!("{}1.{}.0", place.tag, number + 4),
                image: image.clone(),
            };
            if !dice.chance(0.1) {
                self.happens(at, push(first));
            }
            if !dice.chance(0.2) {
                let later = at + dice.up_to(SignedDuration::from_hours(2));
                self.happens(later, push(second));
            }
            at += dice.up_to(SignedDuration::from_hours(5));
        }
    }

    /// Who clicks what, and how long they take to.
    fn draw_people(&mut self, dice: &mut Dice) {
        for place in &PLACES {
            for person in place.people {
                for (action, rate) in [
                    (ButtonAction::Approve, 0.75),
                    (ButtonAction::Reject, 0.04),
                    (ButtonAction::Cancel, 0.04),
                    (ButtonAction::Pause, 0.05),
                    (ButtonAction::Resume, 0.5),
                    (ButtonAction::Keep, 0.3),
                    (ButtonAction::RollBack, 0.2),
                    (ButtonAction::RollForward, 0.2),
                    (ButtonAction::RestoreDatabase, 0.05),
                ] {
                    if dice.chance(rate) {
                        let after = takes(dice);
                        self.has_habit(place, person, action, after);
                    }
                }
                if dice.chance(0.2) {
                    self.double_clickers.push(user(person));
                }
            }
            if dice.chance(0.2) {
                let after = SignedDuration::from_secs(20);
                self.has_habit(place, STRANGER, ButtonAction::Approve, after);
            }
        }
    }

    fn has_habit(&mut self, at: &Place, who: &str, action: ButtonAction, after: SignedDuration) {
        let environment = at.key.split_once('/').map(|(_, name)| name);
        self.habits.push(Habit {
            user: user(who),
            action,
            environment: environment.map(EnvironmentName::new),
            after,
        });
    }
}

/// How long somebody takes: mostly minutes, now and then hours.
fn takes(dice: &mut Dice) -> SignedDuration {
    let longest = match dice.chance(0.8) {
        true => SignedDuration::from_mins(6),
        false => SignedDuration::from_hours(10),
    };
    SignedDuration::from_secs(2) + dice.up_to(longest)
}

/// A rate up to `most`, or 0 in half of all days.
fn rate(dice: &mut Dice, most: f64) -> f64 {
    match dice.chance(0.5) {
        true => 0.0,
        false => share(dice) * most,
    }
}

/// A number from 0 to 1.
fn share(dice: &mut Dice) -> f64 {
    f64::from(u32::try_from(dice.below(1_001)).unwrap_or(0)) / 1_000.0
}

fn weather(dice: &mut Dice) -> Weather {
    let millis = |ms: u64| SignedDuration::from_millis(i64::try_from(ms).unwrap_or(0));
    let lag = match dice.below(4) {
        0 | 1 => Lag::ordinary(),
        2 => Lag::of(millis(dice.below(60_000))),
        _ => Lag::exactly(millis(dice.below(60_000))),
    };
    Weather {
        roads: Roads {
            delay: SignedDuration::from_millis(500),
            jitter: millis(dice.below(90_000)),
            doubles: rate(dice, 0.5),
            losses: rate(dice, 0.9),
        },
        double_wakeups: rate(dice, 0.2),
        crash_rate: rate(dice, 0.15),
        crash_within_calls: 1 + dice.below(60),
        faults: FaultRates {
            fail: rate(dice, 0.1),
            throttle: rate(dice, 0.15),
            lose_answer: rate(dice, 0.1),
        },
        lag,
        interleave: rate(dice, 0.3),
        never_start: rate(dice, 0.02),
        ..Weather::default()
    }
}

/// What is wrong with an image; `None`: nothing, as with most.
fn bad_image(dice: &mut Dice) -> Option<BadImage> {
    let mut bad = ImageBehaviour::default();
    let words = match dice.below(24) {
        0 => {
            bad.scan = ScanBehaviour::Hangs;
            "its scan hangs"
        }
        1 => {
            bad.migration.ends = MigrationEnd::Exits(1);
            "its migration fails"
        }
        2 => {
            bad.migration.ends = MigrationEnd::NeverStarts;
            "its migration's task never starts"
        }
        3 => {
            bad.migration.ends = MigrationEnd::Hangs;
            "its migration hangs"
        }
        4 => {
            bad.web = Start::Crashes(3);
            "web crashes at its start"
        }
        5 => {
            bad.workers = Start::Crashes(137);
            "workers crash at their start"
        }
        6 => {
            bad.ready = Some(503);
            "web is never ready"
        }
        7 => {
            bad.live = Some(500);
            "web is never healthy"
        }
        8 => {
            bad.workers_die = Some(Dies {
                after: SignedDuration::from_secs(20) + dice.up_to(SignedDuration::from_mins(10)),
                tasks: 1,
                exit_code: 1,
            });
            "workers die after a while"
        }
        9 | 10 => {
            bad.under_traffic = Some(UnderTraffic {
                after: dice.up_to(SignedDuration::from_mins(20)),
                status: 500,
                fires_alarms: dice.chance(0.5),
            });
            "web answers 500 under traffic"
        }
        11 => {
            bad.migration.lies = true;
            "its migration ends well and has done nothing"
        }
        12 => {
            bad.migration.sql = None;
            "its migration cannot be rendered"
        }
        13 => {
            bad.migration.look_tells_nothing = true;
            "the look at its migration tells nothing"
        }
        14 => {
            bad.migration.brings_nothing = true;
            "it brings no migration"
        }
        15 | 16 => {
            bad = drops_a_column(bad);
            "its migration drops a column"
        }
        17 => {
            bad = drops_a_column(bad);
            bad.under_traffic = Some(UnderTraffic {
                after: dice.up_to(SignedDuration::from_mins(5)),
                status: 500,
                fires_alarms: true,
            });
            "its migration drops a column, and web answers 500 under traffic"
        }
        _ => return None,
    };
    Some(BadImage {
        words,
        behaviour: bad,
    })
}

fn drops_a_column(image: ImageBehaviour) -> ImageBehaviour {
    let sql = "BEGIN;\n\nALTER TABLE orders DROP COLUMN note;\n\nCOMMIT;\n";
    image.with_migration("drop the note of orders", sql)
}

/// Somebody asks for something, who may or may not.
fn asks(dice: &mut Dice) -> Act {
    let place = &PLACES[usize::try_from(dice.below(4)).unwrap_or(0)];
    let people = place.people.len() as u64 + 1;
    let who = usize::try_from(dice.below(people)).unwrap_or(0);
    let by = user(place.people.get(who).copied().unwrap_or(STRANGER));
    let choice = dice.below(1 << 32);
    if dice.chance(0.4) {
        return Act::Clicks { by, choice };
    }
    let key = place.key;
    let tag = format!("{}1.{}.0", place.tag, 4 + dice.below(4));
    let command = match dice.below(18) {
        0 => format!("deploy {tag} to {key}"),
        1 => format!("deploy {tag} to {key} hotfix: orders fail"),
        2 => format!("promote {key}"),
        3 => format!("approve {key}"),
        4 => format!("reject {key} not today"),
        5..=7 => format!("rollback {key}"),
        8 => format!("rollback {key} to {tag}"),
        9..=11 => format!("restore {key}"),
        12 => format!("cancel {key}"),
        13 => format!("pause {key} looking at it"),
        14 => format!("hold {key} load test"),
        15 => format!("release {key}"),
        16 => format!("freeze {key} the books are closed"),
        _ => format!("thaw {key}"),
    };
    Act::Types {
        by,
        command,
        choice,
    }
}

/// Something that nobody of Sluice's asked for.
fn surprise(dice: &mut Dice) -> Act {
    let choice = dice.below(1 << 32);
    match dice.below(11) {
        0 => Act::Hand(Hand::UpdatesService(choice)),
        1 => Act::Hand(Hand::ScalesService(choice)),
        2 => Act::Hand(Hand::StopsTask(choice)),
        3 => Act::Hand(Hand::DeletesSnapshot(choice)),
        4 => Act::Hand(Hand::ChangesWeights(choice)),
        5 => Act::Rotates(choice),
        6 => Act::Rings {
            choice,
            lasts: SignedDuration::from_mins(1) + dice.up_to(SignedDuration::from_mins(30)),
        },
        7 => Act::CutOff {
            lasts: SignedDuration::from_mins(1) + dice.up_to(SignedDuration::from_hours(2)),
        },
        _ => {
            let which = usize::try_from(dice.below(Dependency::ALL.len() as u64)).unwrap_or(0);
            Act::Outage {
                of: Dependency::ALL[which],
                lasts: SignedDuration::from_mins(5) + dice.up_to(SignedDuration::from_hours(3)),
            }
        }
    }
}
