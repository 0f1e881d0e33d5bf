//! `sluice hunt`: days of a company on which nothing may break.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use sluice_core::quantity;
use sluice_hunt::{Bug, Day, Outcome, Seen, Shrunk, play, play_with, shrink};

use super::Failure;
use crate::arguments::Hunt;
use crate::terminal::{BAD, DIM, GOOD, STRONG, Screen, paint};

/// Days that are played to make one smaller.
const SHRINKS: u32 = 400;
/// Days on which a planted bug must have been found.
const BUG_DAYS: u64 = 5_000;
/// The progress line moves so often.
const TELLS_EVERY: Duration = Duration::from_millis(500);

pub(super) fn carry_out(hunt: &Hunt, screen: &mut Screen) -> Result<ExitCode, Failure> {
    if hunt.bugs {
        return plant(screen);
    }
    let started = Instant::now();
    let until = hunt
        .minutes
        .map(|minutes| started + Duration::from_secs(minutes.saturating_mul(60)));
    let jobs = hunt.jobs.map_or_else(
        || thread::available_parallelism().map_or(1, std::num::NonZero::get),
        std::num::NonZero::get,
    );
    let next = AtomicU64::new(hunt.from);
    let last = hunt.from.saturating_add(hunt.seeds);
    let stop = AtomicBool::new(false);
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs {
            let (next, stop, tell) = (&next, &stop, tell.clone());
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) && until.is_none_or(|at| Instant::now() < at) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let played = (seed < last).then(|| (seed, play(&Day::drawn(seed))));
                    let Some(played) = played else { return };
                    if tell.send(played).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        let done = watch(hunt, &told, started, screen);
        stop.store(true, Ordering::Relaxed);
        done
    })
}

/// Tells how it goes, until all is played or something is found.
fn watch(
    hunt: &Hunt,
    told: &mpsc::Receiver<(u64, Outcome)>,
    started: Instant,
    screen: &mut Screen,
) -> Result<ExitCode, Failure> {
    let (mut days, mut seen, mut tells_at) = (0_u64, Seen::default(), started);
    for (seed, outcome) in told {
        days += 1;
        seen += outcome.seen;
        if hunt.story {
            screen.print(&format!("{}\n{}", Day::drawn(seed), outcome.stories))?;
        }
        if !outcome.found.is_empty() {
            tell_found(seed, &outcome, screen)?;
            return Ok(ExitCode::FAILURE);
        }
        if Instant::now() >= tells_at {
            tells_at = Instant::now() + TELLS_EVERY;
            screen.status(vec![summary(days, &seen, started)])?;
        }
    }
    screen.status(Vec::new())?;
    screen.print(&summary(days, &seen, started))?;
    screen.print(&paint(GOOD, "No invariant was broken."))?;
    Ok(ExitCode::SUCCESS)
}

fn summary(days: u64, seen: &Seen, started: Instant) -> String {
    let years = seen.seconds / (365 * 24 * 3600 / 10);
    format!(
        "{days} days in {}: {} deployments, {} faults, {} crashes, {} lost events, {} things done \
         by \
         people and the world, {}.{} years of virtual time, {} steps",
        quantity::duration_s(started.elapsed().as_secs()),
        seen.deployments,
        seen.faults,
        seen.crashes,
        seen.lost_events,
        seen.moves,
        years / 10,
        years % 10,
        seen.steps
    )
}

fn tell_found(seed: u64, outcome: &Outcome, screen: &mut Screen) -> Result<(), Failure> {
    screen.status(Vec::new())?;
    screen.print(&paint(BAD, format!("Seed {seed} breaks an invariant:")))?;
    for found in &outcome.found {
        screen.print(&format!("  {found}"))?;
    }
    screen.print("Reducing the day …")?;
    let day = Day::drawn(seed);
    let shrunk = shrink(&day, &outcome.found[0], None, SHRINKS);
    tell_shrunk(&shrunk, &day, screen)?;
    screen.print(&play(&shrunk.day).stories)?;
    screen.print(&format!(
        "\nReplay it: cargo run -p sluice -- hunt --from {seed} --seeds 1"
    ))?;
    Ok(())
}

fn tell_shrunk(shrunk: &Shrunk, day: &Day, screen: &mut Screen) -> Result<(), Failure> {
    let size = |day: &Day| day.moves.len() + day.habits.len() + day.images.len();
    screen.print(&paint(
        STRONG,
        format!(
            "{} of {} things are enough ({} days played): {}",
            size(&shrunk.day),
            size(day),
            shrunk.played,
            shrunk.found
        ),
    ))?;
    screen.print(&shrunk.day.to_string())?;
    Ok(())
}

/// Plants every bug, and looks for the first day on which it is found.
fn plant(screen: &mut Screen) -> Result<ExitCode, Failure> {
    let mut missed = false;
    for bug in Bug::ALL {
        let started = Instant::now();
        screen.status(vec![format!("{bug} is planted …")])?;
        let found = (0..BUG_DAYS).find_map(|seed| {
            let outcome = play_with(&Day::drawn(seed), Some(bug));
            let mut found = outcome.found.into_iter();
            Some((seed, found.find(|found| bug.is_found_by(found))?))
        });
        screen.status(Vec::new())?;
        let took = quantity::duration_ms(u64::try_from(started.elapsed().as_millis()).unwrap_or(0));
        missed |= found.is_none();
        screen.print(&match found {
            Some((seed, found)) => format!(
                "{} {} {found}",
                paint(GOOD, format!("{:24}", bug.to_string())),
                paint(DIM, format!("day {seed}, {took}:"))
            ),
            None => paint(
                BAD,
                format!("{bug} was not found in {BUG_DAYS} days ({took})"),
            ),
        })?;
    }
    Ok(if missed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
