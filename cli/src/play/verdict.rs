//! Whether a scenario ended as it should.

use sluice_core::config::Config;
use sluice_core::phase::PhaseKind;
use sluice_sim::world::World;

use super::conversation::Decided;
use crate::scenario::{Check, Scenario};

/// How a scenario ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// In a sentence.
    pub ended: String,
    /// Whether it should have.
    pub as_it_should: bool,
    /// Everything that was looked at.
    pub checked: Vec<Checked>,
}

/// Something that must be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// In words.
    pub words: String,
    /// Whether it is.
    pub holds: bool,
}

impl Verdict {
    pub(super) fn of(
        world: &World,
        config: &Config,
        scenario: &Scenario,
        decided: &Decided,
    ) -> Self {
        let mut ends = scenario.ends.clone();
        let mut checks: &[Check] = &scenario.checks;
        match decided {
            Decided::AsTold => {}
            // A story without a scripted end: there is none to compare with.
            Decided::Ends(..) if ends.is_empty() => return Self::of_their_own(world),
            Decided::Ends(tag, end) => {
                // Someone at the prompt changed the story: it ends as they decided, the rest of the
                // script is skipped, and only this end is judged.
                if let Some(at) = ends.iter().position(|(expected, _)| expected == tag) {
                    ends.truncate(at + 1);
                    ends[at].1 = end;
                    checks = &[];
                }
            }
            Decided::Otherwise => return Self::of_their_own(world),
        }
        let mut checked = match ends.as_slice() {
            // What each environment runs at the end is what is judged.
            [] => Vec::new(),
            ends => ends_checked(world, ends),
        };
        checked.extend(checks.iter().map(|check| Checked {
            words: check.words(config),
            holds: check.holds(world, config),
        }));
        checked.push(invariants(world));
        let as_it_should = checked.iter().all(|checked| checked.holds);
        Self {
            ended: ended(world, as_it_should),
            as_it_should,
            checked,
        }
    }
}

impl Verdict {
    /// Of a story that someone at the prompt made up: only what must hold in every story is judged.
    fn of_their_own(world: &World) -> Self {
        let checked = vec![invariants(world)];
        let as_it_should = checked.iter().all(|checked| checked.holds);
        let told = ended(world, as_it_should);
        let ended = match told.strip_prefix("Ended as it should: ") {
            Some(ends) => format!("Ended as you made it: {ends}"),
            None => told,
        };
        Self {
            ended,
            as_it_should,
            checked,
        }
    }
}

/// The deployments, in the order they were requested: environment, tag, phase.
fn deployments(world: &World) -> Vec<(String, String, &'static str)> {
    let mut stored = world.store().deployments();
    stored.sort_by_key(|s| (s.deployment.requested_at, s.deployment.release.pushed_at));
    let ends = stored.iter().map(|stored| {
        let d = &stored.deployment;
        (
            d.environment().to_string(),
            d.release.tag.to_string(),
            d.phase.name(),
        )
    });
    ends.collect()
}

fn ends_checked(world: &World, ends: &[(&'static str, &'static str)]) -> Vec<Checked> {
    let there = deployments(world);
    let mut checked: Vec<Checked> = ends
        .iter()
        .enumerate()
        .map(|(at, (tag, phase))| {
            let of_tag = |expected: &&(&str, &str)| expected.0 == *tag;
            let nth = ends[..at].iter().filter(of_tag).count();
            let expected = ends.iter().filter(of_tag).count();
            let found: Vec<_> = there.iter().filter(|(_, other, _)| other == tag).collect();
            let ended = found.get(nth).is_some_and(|(_, _, end)| end == phase);
            Checked {
                words: format!("{tag}: {}", in_words(phase)),
                holds: found.len() == expected && ended,
            }
        })
        .collect();
    for (_, tag, phase) in &there {
        if !ends.iter().any(|(expected, _)| expected == tag) {
            let words = format!(
                "there is no deployment of {tag} (it is {})",
                in_words(phase)
            );
            checked.push(Checked {
                words,
                holds: false,
            });
        }
    }
    checked
}

/// What must hold in every story.
fn invariants(world: &World) -> Checked {
    let violations = world.violations();
    let words = match violations.first() {
        None => {
            "no invariant was broken, every history replays, no secret was disclosed".to_owned()
        }
        Some(first) => format!(
            "no invariant was broken: {} were, first {first}",
            violations.len()
        ),
    };
    Checked {
        words,
        holds: violations.is_empty(),
    }
}

/// A phase of that name, as people read it.
fn in_words(name: &str) -> &str {
    PhaseKind::named(name).map_or(name, |kind| kind.in_words())
}

fn ended(world: &World, as_it_should: bool) -> String {
    let all = deployments(world);
    let several = |environment: &str| all.iter().filter(|(e, ..)| e == environment).count() > 1;
    let said: Vec<String> = all
        .iter()
        .map(|(environment, tag, phase)| {
            let end = in_words(phase);
            if several(environment) {
                format!("{environment} {end} ({tag})")
            } else {
                format!("{environment} {end}")
            }
        })
        .collect();
    let said = if said.is_empty() {
        "nothing was deployed".to_owned()
    } else {
        said.join(", ")
    };
    if as_it_should {
        format!("Ended as it should: {said}.")
    } else {
        format!("Did NOT end as it should: {said}.")
    }
}
