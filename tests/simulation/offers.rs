//! Every offer is honoured: whatever button people are shown, and whatever command they are told to
//! type, works for somebody who may, and does what it says.
//!
//! A world is played until what is offered changes; the same world is played again from its seed to
//! the same step, and there the offer is taken up and the world runs on. What is offered after that
//! is taken up too. Each offer is tried once in each phase; `SLUICE_OFFERS=40` tries the first 40.

mod effect;
mod press;
mod scripts;

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_sim::world::{Bounds, World};
use sluice_words::message::{Button, ButtonAction};

use crate::erp;
use press::{Offered, What, offered, take_up};
use scripts::Script;

/// After what is offered after an offer nothing new is offered.
const DEPTH: usize = 2;

/// A world: its script, and what was taken up at which step.
#[derive(Clone)]
struct Path {
    script: usize,
    taken: Vec<(u64, Offered)>,
}

impl Path {
    fn said(&self, scripts: &[Script]) -> String {
        let taken = self.taken.iter();
        let taken: Vec<String> = taken
            .map(|(step, offer)| format!("{} at step {step}", offer.key()))
            .collect();
        format!("{}: {}", scripts[self.script].name, taken.join(", then "))
    }
}

/// Plays a path to its last offer, takes that up, and says what was wrong. Goes on to the end, and
/// names what else is offered on the way.
fn play(path: &Path, script: &Script) -> (Vec<String>, Vec<(u64, Offered)>) {
    let mut world = script.begin();
    let mut problems = Vec::new();
    let last = path.taken.len().saturating_sub(1);
    for (number, (step, offer)) in path.taken.iter().enumerate() {
        while world.steps() < *step {
            world.step();
        }
        let config = &script.config();
        match take_up(&mut world, config, offer, number) {
            Ok(()) => {}
            Err(refused) => problems.push(format!("was refused: {refused}")),
        }
        if number == last && problems.is_empty() {
            problems.extend(effect::at_once(&world, offer));
        }
    }
    let offers = watch(&mut world);
    if let (Some((_, offer)), true) = (path.taken.last(), problems.is_empty()) {
        problems.extend(effect::in_the_end(&world, offer));
    }
    let broken = world.violations_so_far();
    problems.extend(broken.iter().map(ToString::to_string));
    if !problems.is_empty() {
        problems.push(erp::stories(&world));
    }
    (problems, offers)
}

/// Runs a world to its end, and says what was offered anew at which step.
fn watch(world: &mut World) -> Vec<(u64, Offered)> {
    let (mut offers, mut known) = (Vec::new(), BTreeSet::new());
    let bounds = Bounds::default();
    let (until, most) = (world.now() + bounds.time, world.steps() + bounds.steps);
    let mut said = 0;
    // What stood there before has been read.
    world.slack().said_since(&mut said);
    // What was pushed or asked for has not travelled yet.
    loop {
        world.step();
        for said in world.slack().said_since(&mut said) {
            for offer in offered(world, &said) {
                if known.insert(offer.key()) {
                    offers.push((world.steps(), offer));
                }
            }
        }
        if world.is_quiet() || world.now() >= until || world.steps() >= most {
            return offers;
        }
    }
}

fn limit() -> usize {
    let limit = std::env::var("SLUICE_OFFERS").ok();
    limit.map_or(usize::MAX, |number| number.parse().expect("a number"))
}

#[test]
fn every_offer_is_honoured() {
    let scripts = scripts::all();
    let begin = |script| Path {
        script,
        taken: Vec::new(),
    };
    let mut paths: Vec<Path> = (0..scripts.len()).map(begin).collect();
    let (mut known, mut wrong, mut taken_up) = (BTreeSet::new(), Vec::new(), 0);
    while !paths.is_empty() {
        let mut next = Vec::new();
        for path in std::mem::take(&mut paths) {
            if !path.taken.is_empty() {
                taken_up += 1;
                if taken_up > limit() {
                    break;
                }
            }
            let (problems, offers) = play(&path, &scripts[path.script]);
            if !problems.is_empty() {
                wrong.push(format!("{}\n{}", path.said(&scripts), problems.join("\n")));
            }
            if path.taken.len() == DEPTH {
                continue;
            }
            for (step, offer) in offers {
                if known.insert(offer.key()) {
                    let mut further = path.clone();
                    further.taken.push((step, offer));
                    next.push(further);
                }
            }
        }
        paths = next;
    }
    if limit() == usize::MAX {
        let mut buttons = ButtonAction::ALL.into_iter().map(ButtonAction::label);
        let commands = ["/sluice deploy", "/sluice rollback", "/sluice restore"];
        let others = ["/sluice release", "aws ecs update-service"];
        let mut all = buttons.by_ref().chain(commands).chain(others);
        let was_offered = |what: &str| known.iter().any(|key| key.contains(what));
        let missing = all.find(|what| !was_offered(what));
        assert_eq!(missing, None, "never offered");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The test above is no use unless it sees what is refused and what does nothing.
#[test]
fn an_offer_that_is_refused_or_does_nothing_is_seen() {
    let script = &scripts::all()[0];
    let mut world = script.begin();
    world.run(Bounds::default(), |_| false);
    let by = erp::deployments(&world, "production").pop();
    let by = Arc::unwrap_or_clone(by.expect("it was pushed").deployment);
    let shown = |action| Offered {
        what: What::Button(Button {
            action,
            deployment: by.id.clone(),
            plan: None,
            confirm: None,
        }),
        by: by.clone(),
    };
    let typed = |command: &str| Offered {
        what: What::Command(command.to_owned()),
        by: by.clone(),
    };
    let config = script.config();
    for refused in [
        shown(ButtonAction::Cancel),
        shown(ButtonAction::Keep),
        typed("/sluice restor erp/production"),
        typed(
            "aws ecs update-service --cluster erp-production --service erp-api --task-definition a:1",
        ),
    ] {
        let taken = take_up(&mut world, &config, &refused, 0);
        assert!(taken.is_err(), "{}", refused.key());
    }
    let cancel = shown(ButtonAction::Cancel);
    assert!(effect::at_once(&world, &cancel).is_some());
    assert!(effect::in_the_end(&world, &cancel).is_some());
    // Nobody rolled back: v1.4.0 runs.
    let back = typed("/sluice rollback erp/production");
    assert!(effect::in_the_end(&world, &back).is_some());
}
