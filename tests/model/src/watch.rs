//! What must always be true.

use sluice_core::deployment::Deployment;
use sluice_core::id::UserId;
use sluice_core::phase::Phase;

use crate::Model;
use crate::answer::{PEOPLE, code_in};
use crate::book::has_begun;
use crate::cloud::{Code, Snapshot, Task, Who, code_of};
use crate::state::{State, Stored};

/// Something that must always be true and was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Broken {
    /// A migration runs at most once.
    MigratedOnce = 1,
    /// No migration without a snapshot that is there.
    BackedUp = 2,
    /// No traffic before the migration succeeded and the smoke tests passed.
    Tested = 4,
    /// Nothing is begun without the yes of somebody who did not ask for it.
    Approved = 8,
    /// What is over stays as it is.
    OverIsOver = 16,
    /// What was rolled back runs what ran before.
    RolledBackIsBack = 32,
    /// What succeeded runs.
    TrueSuccess = 64,
    /// What is paused begins nothing.
    Paused = 128,
}

impl Broken {
    pub(crate) fn is_in(self, state: &State) -> bool {
        state.broken & self as u16 != 0
    }
}

impl State {
    fn break_if(&mut self, is_broken: bool, what: Broken) {
        if is_broken {
            self.broken |= what as u16;
        }
    }
}

impl Model {
    /// Whatever may have begun to change the environment has it, and so it is one.
    pub(crate) fn one_is_active(&self, state: &State) -> bool {
        let stored = state.stored.iter().enumerate();
        let mut stored = stored.filter_map(|(who, stored)| Some((who, stored.as_ref()?)));
        stored.all(|(who, stored)| {
            let touches = self.book.facts(stored.deployment).touches;
            !touches || state.active == Some(who)
        })
    }

    /// Whatever is not over is looked at again.
    pub(crate) fn somebody_looks_again(&self, state: &State) -> bool {
        let mut stored = state.stored.iter().flatten();
        stored.all(|stored| stored.due.is_some() || self.book.facts(stored.deployment).is_over)
    }

    /// Every deployment is over and its environment is free.
    pub(crate) fn is_over(&self, state: &State) -> bool {
        let mut stored = state.stored.iter();
        let is_over = |number| self.book.facts(number).is_over;
        let is_done = |stored: &Option<Stored>| match stored {
            Some(stored) => is_over(stored.deployment),
            None => !self.bounds.two,
        };
        state.active.is_none() && stored.all(is_done)
    }

    /// A function or a person stores `after`.
    pub(crate) fn judge_save(&self, state: &mut State, who: Who, after: &Deployment) {
        let before = self.book.deployment(state.number(who));
        let entered = before.phase.name() != after.phase.name();
        state.break_if(before.phase.is_terminal() && entered, Broken::OverIsOver);
        let touches = !after.phase.is_terminal() && !after.phase.is_untouched();
        state.break_if(
            (touches || matches!(after.phase, Phase::Succeeded)) && !is_approved(state, who),
            Broken::Approved,
        );
        if before.paused.is_some() && after.paused.is_some() && !after.phase.is_terminal() {
            let begun = has_begun(&before.phase) != has_begun(&after.phase);
            let mut intents = after.intents.keys();
            let intends = intents.any(|intent| !before.intents.contains_key(intent));
            state.break_if(begun || intends, Broken::Paused);
        }
        if entered {
            let is_true = match &after.phase {
                Phase::Succeeded => runs(state, who, &|_| code_of(who)),
                Phase::RolledBack { .. } => runs(state, who, &|service| ran_before(after, service)),
                _ => true,
            };
            let what = match after.phase {
                Phase::Succeeded => Broken::TrueSuccess,
                _ => Broken::RolledBackIsBack,
            };
            state.break_if(!is_true, what);
        }
    }

    /// A function of the deployment asks for something that changes the cloud.
    pub(crate) fn judge_effect(
        &self,
        state: &mut State,
        who: Who,
        key: &sluice_core::command::CommandKey,
    ) {
        let d = self.book.deployment(state.number(who));
        let was_meant = d.intents.contains_key(key);
        state.break_if(d.paused.is_some() && !was_meant, Broken::Paused);
        state.break_if(!is_approved(state, who), Broken::Approved);
    }

    /// The migration's task was started.
    pub(crate) fn judge_migration(&self, state: &mut State, who: Who) {
        state.break_if(state.cloud.ran[who] > 1, Broken::MigratedOnce);
        let is_there = state.cloud.snapshots[who] == Snapshot::Available;
        state.break_if(!is_there, Broken::BackedUp);
    }

    /// Users get the release of the deployment.
    pub(crate) fn judge_shift(&self, state: &mut State, who: Who) {
        let is_migrated = state.cloud.tasks[who] == Task::Done;
        state.break_if(!is_migrated || !state.cloud.tested[who], Broken::Tested);
        let is_paused = self.book.facts(state.number(who)).is_paused;
        state.break_if(is_paused, Broken::Paused);
    }
}

/// Whether somebody has really said yes who did not ask.
fn is_approved(state: &State, who: Who) -> bool {
    let others = (0..PEOPLE.len()).filter(|person| *person != who);
    others.into_iter().any(|person| state.yes[who][person])
}

/// Whether every service runs this code, and nothing of the deployment is under way any more.
fn runs(state: &State, who: Who, code: &dyn Fn(usize) -> Code) -> bool {
    let mut services = state.cloud.services.iter().enumerate();
    let mut rollouts = state.cloud.rollouts.iter();
    services.all(|(at, service)| {
        let code = code(at);
        service.told == code && service.stable == code && service.traffic == code
    }) && !rollouts.any(|rollout| rollout.by == who && !rollout.step.is_over())
}

/// What the service ran before the deployment, by its plan.
fn ran_before(d: &Deployment, service: usize) -> Code {
    let plan = d.plan.as_ref().map(|sealed| &sealed.plan);
    let services = plan
        .map(|plan| plan.services.as_slice())
        .unwrap_or_default();
    let name = ["web", "worker"][service];
    let planned = services
        .iter()
        .find(|planned| planned.service.as_str() == name);
    planned.map_or(0, |planned| code_in(&planned.from))
}

/// Whose yes it is by its name.
pub(crate) fn person(name: usize) -> UserId {
    UserId::new(PEOPLE[name])
}
