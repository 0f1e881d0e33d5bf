//! How often the comparison of two versions is wrong, and how soon it is right.
//!
//!     cargo run --release -p sluice-sim --example verdicts -- 10000
//!
//! deploys that many times, at any hour of a day, a version that is no worse than the old one, and
//! counts how often it would go back; and then versions that are worse, and says when they do. The
//! numbers are those of `sluice_sim::cloud::Load`; they come as late as CloudWatch's do, and are
//! judged by `sluice_core::metrics`, as often as the machine reads them.

use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use sluice_core::config::Metrics;
use sluice_core::id::ServiceName;
use sluice_core::metrics::{BEFORE, Counts, Finding, Measured, Traffic, Watched, judge, minute_of};
use sluice_sim::cloud::{Load, Part};
use sluice_sim::workplace::Dice;

/// How a version is given the traffic: per cent and seconds of each step, then all of it.
type Steps = [(u8, i64)];

/// A new version, and how it is deployed.
struct Deploy<'a> {
    seed: u64,
    load: Load,
    begins: i64,
    steps: &'a Steps,
    bake_s: i64,
    more_errors: f64,
    slower: f64,
    /// The least and the most seconds that the numbers of a minute come after its end.
    late: (u64, u64),
}

/// How it ended.
struct Outcome {
    /// Seconds from the beginning of the shift to the verdict, if it was "worse".
    back_after: Option<i64>,
    looks: u64,
    said: String,
}

impl Deploy<'_> {
    /// The new version's share of the traffic.
    fn percent_at(&self, second: i64) -> u8 {
        let mut left = second - self.begins;
        if left < 0 {
            return 0;
        }
        for (percent, lasts) in self.steps {
            if left < *lasts {
                return *percent;
            }
            left -= lasts;
        }
        100
    }

    /// The numbers of one group in a minute, if they have come.
    fn counts(&self, minute: i64, is_new: bool, now: i64) -> Option<Counts> {
        let group = u64::from(is_new);
        let stream = minute.unsigned_abs() * 2 + group;
        let late = self.late.0
            + Dice::new(self.seed ^ 0xc10d, stream).below(self.late.1 - self.late.0 + 1);
        if now < (minute + 1) * 60 + i64::try_from(late).unwrap_or(0) {
            return None;
        }
        let percent: f64 = (0..60)
            .map(|second| f64::from(self.percent_at(minute * 60 + second)))
            .sum::<f64>()
            / 60.0;
        let share = percent / 100.0;
        let part = Part {
            group,
            share: if is_new { share } else { 1.0 - share },
            more_errors: if is_new { self.more_errors } else { 0.0 },
            slower: if is_new { self.slower } else { 1.0 },
        };
        self.load.counts(self.seed, minute, &part)
    }

    fn measured(&self, from: i64, now: i64) -> Measured {
        let minutes = || from.div_euclid(60)..now.div_euclid(60);
        let of = |is_new| {
            let known = minutes().filter_map(|m| Some((at(m * 60), self.counts(m, is_new, now)?)));
            known.collect()
        };
        Measured {
            old: of(false),
            new: of(true),
        }
    }

    fn play(&self, metrics: &Metrics) -> Outcome {
        let web = ServiceName::new("web");
        let mut watched = Watched::default();
        let steps_s: i64 = self.steps.iter().map(|(_, lasts)| lasts).sum();
        let (mut percent, mut looks) = (0, 0);
        // ECS is asked every 15 seconds, so a step is seen a little late.
        let mut now = self.begins + i64::try_from(self.seed % 15).unwrap_or(0);
        while now < self.begins + steps_s + self.bake_s {
            let present = self.percent_at(now);
            if present != percent {
                percent = present;
                watched.begin(at(self.begins), at(now));
            }
            let all = percent == 100;
            let from = match watched.services.get(&web) {
                None => Some(self.begins - BEFORE.as_secs()),
                Some(watch) if all && watch.is_complete() => None,
                Some(watch) => watch.reads_from(at(now)).map(Timestamp::as_second),
            };
            if let Some(from) = from {
                watched.take(&web, &self.measured(from, now), at(now));
                looks += 1;
                let traffic = if all {
                    Traffic::All
                } else {
                    Traffic::Beside(percent)
                };
                let found = judge(&web, &watched, traffic, 10, metrics);
                if matches!(found.finding, Finding::Worse(_)) {
                    let back_after = Some(now - self.begins);
                    let said = found.to_string();
                    return Outcome {
                        back_after,
                        looks,
                        said,
                    };
                }
            }
            now += if all { 30 } else { 15 };
        }
        Outcome {
            back_after: None,
            looks,
            said: String::new(),
        }
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}

const CANARY: &Steps = &[(10, 600)];
const WAYS: [&Steps; 4] = [
    &[],
    CANARY,
    &[(5, 600)],
    &[
        (10, 360),
        (20, 360),
        (30, 360),
        (40, 360),
        (50, 360),
        (60, 360),
        (70, 360),
        (80, 360),
        (90, 360),
    ],
];

/// A night like any: busy or not, with errors and without, and troubles that are nobody's fault.
fn night(seed: u64) -> Deploy<'static> {
    let mut dice = Dice::new(seed, 1);
    let mut one = |of: &[f64]| of[usize::try_from(dice.below(of.len() as u64)).unwrap_or(0)];
    let load = Load {
        per_minute: one(&[30.0, 120.0, 600.0, 3_000.0, 12_000.0]),
        trough: one(&[0.0, 0.5, 0.9]),
        errors: one(&[0.0, 0.0002, 0.001, 0.005, 0.02]),
        p90_ms: one(&[40.0, 180.0, 700.0]),
        noise: one(&[0.05, 0.1, 0.25]),
        troubles_an_hour: one(&[0.0, 1.0, 3.0]),
    };
    let bake_s = 60 * [10, 10, 30, 120][usize::try_from(dice.below(4)).unwrap_or(0)];
    let second_of_day = i64::try_from(dice.below(86_400)).unwrap_or(0);
    Deploy {
        seed,
        load,
        begins: 1_767_571_200 + second_of_day,
        steps: WAYS[usize::try_from(dice.below(4)).unwrap_or(0)],
        bake_s,
        more_errors: 0.0,
        slower: 1.0,
        late: (30, 120),
    }
}

fn main() -> ExitCode {
    let nights = std::env::args().nth(1).and_then(|count| count.parse().ok());
    let nights: u64 = nights.unwrap_or(1_000);
    let metrics = Metrics::default();
    let (mut wrong, mut looks) = (0, 0);
    for seed in 0..nights {
        let deploy = night(seed);
        let outcome = deploy.play(&metrics);
        looks += outcome.looks;
        if let Some(after) = outcome.back_after {
            wrong += 1;
            println!(
                "night {seed}: {after} s, {}, {:?}, {:?}",
                outcome.said, deploy.load, deploy.steps
            );
        }
    }
    println!("{nights} quiet nights, {looks} looks: {wrong} step-backs");
    println!("worse | old errors | late | seen | median | 95 % | longest | within 3 min | failed");
    for (name, steps, more_errors, slower) in [
        ("2 % more errors, canary 10 %", CANARY, 0.02, 1.0),
        ("2 % more errors, all at once", WAYS[0], 0.02, 1.0),
        ("p90 twice as long, canary 10 %", CANARY, 0.0, 2.0),
        ("p90 three times as long, all at once", WAYS[0], 0.0, 3.0),
    ] {
        for errors in [0.0, 0.0002, 0.001] {
            for late in [(0, 30), (30, 60), (60, 120)] {
                power(name, steps, (more_errors, slower), errors, late, &metrics);
            }
        }
    }
    if wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// How soon a worse version is seen among 3,000 requests a minute.
fn power(
    name: &str,
    steps: &Steps,
    (more_errors, slower): (f64, f64),
    errors: f64,
    late: (u64, u64),
    metrics: &Metrics,
) {
    const PLAYS: u64 = 1_000;
    let load = Load {
        errors,
        ..Load::steady(3_000.0)
    };
    let (mut seen, mut failed, mut requests) = (Vec::new(), 0, 0);
    for seed in 0..PLAYS {
        let deploy = Deploy {
            seed,
            load: load.clone(),
            begins: 1_767_600_000 + i64::try_from(seed * 37 % 60).unwrap_or(0),
            steps,
            bake_s: 600,
            more_errors,
            slower,
            late,
        };
        let Some(after) = deploy.play(metrics).back_after else {
            continue;
        };
        seen.push(after);
        // From the shift to a minute after the verdict, which ECS takes to go back.
        let minutes =
            minute_of(at(deploy.begins)).as_second() / 60..(deploy.begins + after) / 60 + 1;
        for minute in minutes {
            for is_new in [false, true] {
                let counts = deploy.counts(minute, is_new, i64::MAX);
                failed += counts.map_or(0, |counts| u64::from(counts.errors));
                requests += counts.map_or(0, |counts| u64::from(counts.requests));
            }
        }
    }
    seen.sort_unstable();
    let of = |part: usize| seen.get(seen.len() * part / 100).or(seen.last()).copied();
    let said = |second: Option<i64>| {
        second.map_or_else(
            || "—".to_owned(),
            |s| format!("{:#}", SignedDuration::from_secs(s)),
        )
    };
    let within = seen.iter().filter(|after| **after <= 180).count();
    println!(
        "{name} | {} % | {}–{} s | {} of {PLAYS} | {} | {} | {} | {} | {:.2} %",
        errors * 100.0,
        late.0,
        late.1,
        seen.len(),
        said(of(50)),
        said(of(95)),
        said(seen.last().copied()),
        within,
        100.0 * failed as f64 / f64::from(u32::try_from(requests).unwrap_or(u32::MAX)).max(1.0),
    );
}
