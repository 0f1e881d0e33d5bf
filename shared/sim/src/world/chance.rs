//! What the weather has in store for a world, drawn before it begins: outages, and hands in the
//! console.

use jiff::{SignedDuration, Timestamp};

use super::World;
use crate::cloud::Dependency;
use crate::workplace::{Dice, Weather};

/// No story is longer.
const DAYS: i64 = 14;

/// Moments at which something happens that happens so often in a day, hour by hour.
fn moments(dice: &mut Dice, start: Timestamp, per_day: f64) -> Vec<Timestamp> {
    let hour = SignedDuration::from_hours(1);
    let hours = 0..DAYS * 24;
    let mut happens = Vec::new();
    for number in hours {
        if dice.chance(per_day / 24.0) {
            let at = start + SignedDuration::from_hours(number);
            happens.push(at + dice.up_to(hour));
        }
    }
    happens
}

impl World {
    /// Draws everything.
    pub(super) fn draw_weather(&mut self, seed: u64) {
        let start = self.started_at;
        let outages = self.weather.outages;
        let mut dice = Dice::new(seed, 106);
        for from in moments(&mut dice, start, outages.per_day) {
            let which = dice.below(Dependency::ALL.len() as u64);
            let of = Dependency::ALL[usize::try_from(which).unwrap_or(0)];
            let more = dice.up_to(outages.longest - outages.shortest);
            self.plan_outage(of, from, outages.shortest + more);
        }
        let mut dice = Dice::new(seed, 107);
        for at in moments(&mut dice, start, self.weather.hands_per_day) {
            self.plan_hand(at, &mut dice);
        }
    }

    /// From now on nothing goes wrong by itself. What is under way goes on, and reads stay late.
    pub fn turn_fair(&mut self) {
        self.weather = Weather {
            lag: self.weather.lag,
            ..Weather::default()
        };
        self.agenda.hands.clear();
        self.crash.pause_no_more();
        self.slack.end_outages();
        self.bridge.set_roads(self.weather.roads.clone());
        let rates = self.weather.faults;
        self.with_cloud(|cloud| {
            cloud.end_outages();
            cloud.faults().set_rates(rates);
            cloud.set_never_start_rate(0.0);
            cloud.cut_off(false);
        });
    }

    /// The service is out for so long, from now.
    pub fn outage(&mut self, of: Dependency, lasts: SignedDuration) {
        self.plan_outage(of, self.now(), lasts);
    }

    /// The service is out for so long, from then.
    pub fn plan_outage(&mut self, of: Dependency, from: Timestamp, lasts: SignedDuration) {
        match of {
            // People cannot click either.
            Dependency::Slack => self.slack.plan_outage(from, from + lasts),
            of => self.with_cloud(|cloud| cloud.plan_outage(of, from, from + lasts)),
        }
    }

    /// Until when nobody is invoked, if Lambda is out.
    pub(super) fn lambda_out_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.with_cloud(|cloud| cloud.out_until(Dependency::Lambda, now))
    }
}
