//! A short hunt, and whether it finds what is planted.
//!
//! `HUNT_DAYS=10000 cargo test -p sluice-hunt` plays as many days as it says; `sluice hunt` more of
//! them, and shrinks what it finds. A failure names its seed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use sluice_hunt::{Bug, Day, Found, play, play_with, shrink};

/// Days that a test run plays.
const DAYS: u64 = 400;

/// Days beyond those that once broke something, as days are drawn now.
const BROKE: [u64; 4] = [892, 7428, 15147, 25948];

fn days() -> u64 {
    let told = std::env::var("HUNT_DAYS").ok();
    told.and_then(|told| told.parse().ok()).unwrap_or(DAYS)
}

/// Does it for every number below, on as many threads as there are cores: what was said of them.
fn for_each(count: u64, what: impl Fn(u64) -> Option<String> + Sync) -> Vec<String> {
    let next = AtomicU64::new(0);
    let jobs = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        let run = || {
            let mut said = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return said;
                }
                said.extend(what(number));
            }
        };
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(run)).collect();
        let joined = threads.into_iter().map(|one| one.join());
        joined
            .flat_map(|one| one.expect("days do not panic"))
            .collect()
    })
}

fn said(found: &[Found]) -> String {
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    found.join("\n  ")
}

#[test]
fn no_day_breaks_what_must_always_be_true() {
    let days = days();
    let broken = for_each(days + BROKE.len() as u64, |number| {
        let beyond = number
            .checked_sub(days)
            .map(|at| usize::try_from(at).expect("a small number"));
        let seed = beyond.map_or(number, |at| BROKE[at]);
        let outcome = play(&Day::drawn(seed));
        let broken = !outcome.found.is_empty();
        broken.then(|| {
            format!(
                "seed {seed}:\n  {}\n  sluice hunt --from {seed} --seeds 1",
                said(&outcome.found)
            )
        })
    });
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// On which day each bug is found first: `sluice hunt --bugs`.
fn found_on(bug: Bug) -> u64 {
    match bug {
        Bug::ClaimsWhatIsTaken => 9,
        Bug::RevivesWhatIsOver
        | Bug::ForgetsToLookAgain
        | Bug::TellsASecret
        | Bug::RewritesHistory
        | Bug::LosesWakeUps
        | Bug::TellsNobody => 0,
        Bug::ApprovesItself
        | Bug::BelievesEverySnapshot
        | Bug::MigratesTwice
        | Bug::ShiftsUntested
        | Bug::BelievesEveryRollout
        | Bug::StartsTwoBeats
        | Bug::RollsBackInWords
        | Bug::DeletesTheDatabase => 1,
        Bug::SeesNoFreeze | Bug::ForgetsTheMigration => 3,
        Bug::SeesNoPause | Bug::RollbackGivesWay => 7,
        Bug::RestoresTooEarly => 841,
    }
}

#[test]
fn every_bug_that_is_planted_is_found() {
    let missed = for_each(Bug::ALL.len() as u64, |number| {
        let bug = Bug::ALL[usize::try_from(number).expect("a small number")];
        let found = play_with(&Day::drawn(found_on(bug)), Some(bug)).found;
        let is_found = found.iter().any(|found| bug.is_found_by(found));
        (!is_found).then(|| format!("{bug} was not found:\n  {}", said(&found)))
    });
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn every_invariant_has_a_bug_that_breaks_it() {
    let broken: std::collections::BTreeSet<_> =
        Bug::ALL.iter().filter_map(|bug| bug.breaks()).collect();
    let missing: Vec<_> = sluice_sim::world::Invariant::ALL
        .iter()
        .filter(|invariant| !broken.contains(invariant))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_day_is_the_same_whenever_it_is_played_and_is_made_small() {
    let day = Day::drawn(3);
    let (once, again) = (play(&day), play(&day));
    assert_eq!((once.seen, once.stories), (again.seen, again.stories));

    let bug = Some(Bug::MigratesTwice);
    let day = Day::drawn(1);
    let found = play_with(&day, bug).found.remove(0);
    let shrunk = shrink(&day, &found, bug, 60);
    assert!(shrunk.found.is_like(&found), "{}", shrunk.found);
    assert!(shrunk.day.moves.len() <= 2, "{}", shrunk.day);
    assert!(shrunk.day.habits.len() <= 2, "{}", shrunk.day);
}
