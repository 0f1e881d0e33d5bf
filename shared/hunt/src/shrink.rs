//! A day that breaks something, made as small as it can be.

use sluice_sim::workplace::Weather;

use crate::bug::Bug;
use crate::day::Day;
use crate::play::{Found, play_with};

/// A smaller day that breaks the same.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The day.
    pub day: Day,
    /// What it breaks.
    pub found: Found,
    /// How many days were played to get there.
    pub played: u32,
}

/// Takes away whatever the same is broken without: moves, habits, images that behave badly, each thing
/// that the weather does. Plays at most `most` days.
pub fn shrink(day: &Day, found: &Found, bug: Option<Bug>, most: u32) -> Shrunk {
    let mut shrinking = Shrinking {
        best: Shrunk {
            day: day.clone(),
            found: found.clone(),
            played: 0,
        },
        bug,
        most,
    };
    for calmer in CALMER {
        shrinking.try_with(|day| {
            calmer(&mut day.weather);
            true
        });
    }
    loop {
        let before = shrinking.size();
        shrinking.without(|day| &mut day.moves);
        shrinking.without(|day| &mut day.habits);
        shrinking.without(|day| &mut day.double_clickers);
        let images: Vec<String> = shrinking.best.day.images.keys().cloned().collect();
        for image in images {
            shrinking.try_with(|day| day.images.remove(&image).is_some());
        }
        if shrinking.size() == before || shrinking.is_over() {
            return shrinking.best;
        }
    }
}

/// Each makes one thing of the weather as it is on a calm day.
const CALMER: [fn(&mut Weather); 8] = [
    |weather| weather.roads = Weather::default().roads,
    |weather| weather.double_wakeups = 0.0,
    |weather| weather.crash_rate = 0.0,
    |weather| weather.faults = Weather::default().faults,
    |weather| weather.lag = Weather::default().lag,
    |weather| weather.interleave = 0.0,
    |weather| weather.never_start = 0.0,
    |weather| weather.hands_per_day = 0.0,
];

struct Shrinking {
    best: Shrunk,
    bug: Option<Bug>,
    most: u32,
}

impl Shrinking {
    fn size(&self) -> usize {
        let day = &self.best.day;
        day.moves.len() + day.habits.len() + day.images.len() + day.double_clickers.len()
    }

    fn is_over(&self) -> bool {
        self.best.played >= self.most
    }

    /// Keeps the change if the same is broken with it.
    fn try_with(&mut self, change: impl FnOnce(&mut Day) -> bool) -> bool {
        let mut day = self.best.day.clone();
        if self.is_over() || !change(&mut day) {
            return false;
        }
        self.best.played += 1;
        let found = play_with(&day, self.bug).found;
        let same = found.into_iter().find(|one| one.is_like(&self.best.found));
        let Some(found) = same else {
            return false;
        };
        self.best.day = day;
        self.best.found = found;
        true
    }

    /// Takes away pieces of a list, half of it first, then ever smaller ones.
    fn without<T>(&mut self, of: impl Fn(&mut Day) -> &mut Vec<T>) {
        let mut size = of(&mut self.best.day).len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < of(&mut self.best.day).len() {
                let smaller = self.try_with(|day| {
                    let list = of(day);
                    let to = (at + size).min(list.len());
                    list.drain(at..to);
                    true
                });
                if !smaller {
                    at += size;
                }
            }
            if self.is_over() {
                return;
            }
            size /= 2;
        }
    }
}
