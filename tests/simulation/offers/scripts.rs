//! The worlds in which offers are made: each way to fail, and a few more.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_core::config::Config;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{AppName, EnvironmentName, UserId};
use sluice_core::roles::Action;
use sluice_sim::world::{Habit, World};
use sluice_words::message::ButtonAction;

use super::press::who_may;
use crate::failure_matrix::cases::{self, case};
use crate::failure_matrix::{Case, Decision, Story};

const PRODUCTION: &str = "production";

/// How a world begins: with v1.3.0 verified, and v1.4.0 pushed.
pub(super) struct Script {
    pub(super) name: String,
    case: Case,
    /// What else becomes of it.
    and: fn(&mut World, &Arc<Config>),
    approver: bool,
}

impl Script {
    fn of(case: Case) -> Self {
        Self {
            name: format!("{}: {}", case.step, case.fault),
            approver: case.decision != Decision::NobodyApproves,
            case,
            and: |_, _| {},
        }
    }

    fn and(mut self, and: fn(&mut World, &Arc<Config>)) -> Self {
        self.and = and;
        self
    }

    pub(super) fn config(&self) -> Arc<Config> {
        Story::configured(&self.case)
    }

    pub(super) fn begin(&self) -> World {
        let mut story = Story::begin(&self.case);
        (self.case.upset)(&story.world);
        if self.approver {
            story.world.add_habit(Habit {
                user: UserId::new("U024BE7LH"),
                action: ButtonAction::Approve,
                environment: Some(EnvironmentName::new(PRODUCTION)),
                after: SignedDuration::from_mins(3),
            });
        }
        let config = story.config.clone();
        (self.and)(&mut story.world, &config);
        story.push("v1.4.0", &self.case.behaviour);
        story.world
    }
}

pub(super) fn production() -> EnvironmentKey {
    EnvironmentKey {
        app: AppName::new("erp"),
        environment: EnvironmentName::new(PRODUCTION),
    }
}

fn frozen(world: &mut World, config: &Arc<Config>) {
    let app = sluice_app::App::new(world.ports(), vec![config.clone()]);
    let environment = config.environment(&EnvironmentName::new(PRODUCTION));
    let by = who_may(environment.expect("the ERP has it"), Action::Freeze);
    let by = by.expect("someone may freeze it");
    block_on(app.freeze(&production(), &by, "the auditors are here", None)).expect("it is frozen");
}

/// Once the release bakes, Sluice cannot reach the application.
fn cut_off(world: &mut World, _: &Arc<Config>) {
    world.plan(SignedDuration::from_mins(20), "the network", |world| {
        world.with_cloud(|cloud| cloud.cut_off(true));
    });
}

pub(super) fn all() -> Vec<Script> {
    let good = || case("Succeeded", "nothing", "Succeeded");
    let mut all = vec![
        Script::of(good()),
        Script::of(case("AwaitingWindow", "it is frozen", "Expired")).and(frozen),
        Script::of(case("Baking", "nobody can see it", "Unverified")).and(cut_off),
    ];
    let mut seen = std::collections::BTreeSet::new();
    // What people decide is what is offered.
    let cases = cases::all().into_iter().filter(|case| {
        let first = seen.insert((case.step, case.fault));
        first || case.decision == Decision::NobodyApproves
    });
    all.extend(cases.map(Script::of));
    all
}
