//! What can happen, and what it does.

use sluice_core::command::Command;
use sluice_core::hook::{HookAnswer, HookCall, answer};
use sluice_core::observation::Stage;

use crate::answer::{arn, id_of, read};
use crate::calls::How;
use crate::cloud::{Cloud, Move, Step, Task, Who};
use crate::people::Click;
use crate::state::{State, Stored};
use crate::time::NOW;
use crate::{Bug, Model};

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The second deployment is asked for.
    Open,
    /// A function begins to drive a deployment.
    Start {
        /// Which.
        who: Who,
        /// Because it is due, or because somebody sent a wake-up.
        is_due: bool,
    },
    /// A wake-up is lost.
    Lose(Who),
    /// A function makes its next call.
    Do(usize),
    /// The same, and the read shows what was before.
    ReadLate(usize),
    /// The cloud goes on.
    Cloud(Move),
    /// ECS asks the hook whether this service deployment may go on.
    Hook(usize),
    /// A person clicks.
    Click {
        /// Who: 0 is Alice, 1 is Bob.
        person: usize,
        /// On which deployment.
        who: Who,
        /// What.
        click: Click,
    },
    /// Time passes until a look shows something new.
    Pass,
    /// The fault.
    Fault(Fault),
}

/// How long Sluice is out, in seconds.
const OUTAGE: i32 = 60 * 60;

/// What goes wrong once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A function dies between two calls. Where it had stored something, the answer was lost with it.
    Crash(usize),
    /// What it asks for is done, and the answer is lost.
    LoseAnswer(usize),
    /// What it asks for is refused for now.
    Throttle(usize),
    /// A function is slow: time passes between two of its calls, a minute at most.
    Sleep(usize),
    /// A wake-up comes twice.
    Double(Who),
    /// Sluice is out for an hour: nobody looks, and nothing is lost.
    Outage,
    /// The migration ends with exit code 1.
    FailMigration(Who),
    /// The tasks of a service deployment never come up.
    Stick(usize),
    /// The smoke tests fail, this time and from now on.
    FailSmokeTests(usize),
}

impl Model {
    pub(crate) fn first(&self) -> State {
        State {
            stored: [Some(self.opened(0)), None],
            active: None,
            mail: [false; 2],
            functions: Vec::new(),
            cloud: Cloud::default(),
            before: None,
            yes: [[false; 2]; 2],
            clicks: self.bounds.clicks,
            lags: self.bounds.lags,
            fault: self.bounds.fault,
            broken: 0,
        }
    }

    fn opened(&self, who: Who) -> Stored {
        Stored {
            deployment: self.begins[who],
            due: Some(0),
            taken: false,
        }
    }

    /// Whether anything at all can happen yet.
    pub(crate) fn goes_on(&self, state: &State) -> bool {
        if !state.functions.is_empty() || state.mail.contains(&true) {
            return true;
        }
        let mut actions = Vec::new();
        self.possible(state, &mut actions);
        let by_itself =
            |action: &Action| !matches!(action, Action::Click { .. } | Action::Fault(_));
        actions.iter().any(by_itself)
    }

    pub(crate) fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        if self.bounds.two && state.stored[1].is_none() {
            actions.push(Action::Open);
        }
        self.starts(state, actions);
        self.losses(state, actions);
        for at in 0..state.functions.len() {
            actions.push(Action::Do(at));
            if self.may_be_late(state, at) {
                actions.push(Action::ReadLate(at));
            }
        }
        let moves = state.cloud.moves();
        let hooks = self.hooks(state);
        let is_quiet = moves.is_empty() && hooks.is_empty() && !state.is_at_work();
        actions.extend(moves.into_iter().map(Action::Cloud));
        actions.extend(hooks.into_iter().map(Action::Hook));
        self.clicks(state, actions);
        if is_quiet && self.may_pass(state) {
            actions.push(Action::Pass);
        }
        if state.fault {
            self.faults(state, actions);
        }
    }

    fn starts(&self, state: &State, actions: &mut Vec<Action>) {
        if state.functions.len() >= self.bounds.functions {
            return;
        }
        for who in 0..2 {
            let of_it = state.functions.iter().filter(|function| function.of == who);
            if of_it.count() >= self.bounds.functions_each {
                continue;
            }
            if state.is_due(who) {
                actions.push(Action::Start { who, is_due: true });
            }
            if state.mail[who] {
                actions.push(Action::Start { who, is_due: false });
            }
        }
    }

    /// What AWS tells may get lost, as long as something is due some day.
    fn losses(&self, state: &State, actions: &mut Vec<Action>) {
        for who in 0..2 {
            if self.bounds.hints && state.mail[who] && state.stored(who).due.is_some() {
                actions.push(Action::Lose(who));
            }
        }
    }

    /// Whether the next call of a function is a read that may show something else than what is.
    fn may_be_late(&self, state: &State, at: usize) -> bool {
        let (Some(before), 1..) = (&state.before, state.lags) else {
            return false;
        };
        let function = &state.functions[at];
        let Some(command) = self.next_command(function) else {
            return false;
        };
        let looks_first = matches!(command, Command::StartRollout(_));
        let now = read(&state.cloud, function.of, &command);
        looks_first || (now.is_some() && read(&before.0, function.of, &command) != now)
    }

    /// The service deployments that ECS holds, where the hook has an answer that is news.
    fn hooks(&self, state: &State) -> Vec<usize> {
        let rollouts = state.cloud.rollouts.iter().enumerate();
        let held = rollouts.filter(|(at, rollout)| match rollout.step {
            Step::Held { waits: false } => true,
            Step::Held { waits: true } => self.asks(state, *at).is_some(),
            _ => false,
        });
        held.map(|(at, _)| at).collect()
    }

    /// What the hook answers ECS: go on, or not, or nothing yet.
    fn asks(&self, state: &State, at: usize) -> Option<bool> {
        let by = state.cloud.rollouts[at].by;
        let call = HookCall {
            deployment: Some(id_of(by)),
            direction: Some(sluice_core::command::Direction::Forward),
            service_deployment: arn(&state.cloud, at),
            stage: Some(Stage::PostTestTrafficShift),
            going_back: false,
        };
        let d = self.book.deployment(state.number(by));
        match answer(&d, &call, NOW) {
            _ if self.bug == Some(Bug::LetsEverythingThrough) => Some(true),
            HookAnswer::Succeeded => Some(true),
            HookAnswer::Failed => Some(false),
            HookAnswer::InProgress { .. } => None,
        }
    }

    fn faults(&self, state: &State, actions: &mut Vec<Action>) {
        let mut add = |fault| actions.push(Action::Fault(fault));
        for (at, function) in state.functions.iter().enumerate() {
            if function.slept.is_none() {
                add(Fault::Crash(at));
                add(Fault::Sleep(at));
            }
            if let Some(command) = self.next_command(function) {
                add(Fault::LoseAnswer(at));
                add(Fault::Throttle(at));
                if command == Command::RunSmokeTests {
                    add(Fault::FailSmokeTests(at));
                }
            }
        }
        if state.functions.is_empty() {
            add(Fault::Outage);
        }
        for who in 0..2 {
            if state.stored[who].is_some() && !state.mail[who] {
                add(Fault::Double(who));
            }
            if state.cloud.tasks[who] == Task::Running {
                add(Fault::FailMigration(who));
            }
        }
        for (at, rollout) in state.cloud.rollouts.iter().enumerate() {
            if rollout.step == Step::Coming {
                add(Fault::Stick(at));
            }
        }
    }

    pub(crate) fn after(&self, state: &State, action: Action) -> State {
        let mut next = state.clone();
        let state = &mut next;
        match action {
            Action::Open => {
                state.stored[1] = Some(self.opened(1));
            }
            Action::Start { who, is_due } => self.start(state, who, is_due),
            Action::Lose(who) => state.mail[who] = false,
            Action::Do(at) => self.do_next(state, at, How::Well),
            Action::ReadLate(at) => self.do_next(state, at, How::Late),
            Action::Cloud(one) => self.cloud_moves(state, one),
            Action::Hook(at) => self.hook(state, at),
            Action::Click { person, who, click } => self.click(state, person, who, click),
            Action::Pass => self.pass(state),
            Action::Fault(fault) => self.go_wrong(state, fault),
        }
        self.tidy(state);
        next
    }

    fn cloud_moves(&self, state: &mut State, one: Move) {
        let before = state.cloud.clone();
        let told = state.cloud.do_move(one);
        if let Move::Rollout(at) = one
            && state.cloud.rollouts[at].step == Step::Shifted
        {
            let by = state.cloud.rollouts[at].by;
            self.judge_shift(state, by);
        }
        self.changed(state, before, told);
    }

    fn hook(&self, state: &mut State, at: usize) {
        let answered = self.asks(state, at);
        let rollout = &mut state.cloud.rollouts[at];
        match answered {
            Some(goes_on) => rollout.step = Step::Answered { goes_on },
            None => {
                rollout.step = Step::Held { waits: true };
                if !self.book.facts(state.number(rollout_by(state, at))).is_over {
                    let by = rollout_by(state, at);
                    state.mail[by] = true;
                }
            }
        }
    }

    fn go_wrong(&self, state: &mut State, fault: Fault) {
        state.fault = false;
        match fault {
            Fault::Crash(at) => self.die(state, at),
            Fault::LoseAnswer(at) => self.do_next(state, at, How::Lost),
            Fault::Throttle(at) => self.do_next(state, at, How::Throttled),
            Fault::FailSmokeTests(at) => self.do_next(state, at, How::Ill),
            Fault::Sleep(at) => state.functions[at].slept = Some(0),
            Fault::Double(who) => state.mail[who] = true,
            Fault::Outage => self.elapse(state, OUTAGE),
            Fault::FailMigration(who) => {
                let before = state.cloud.clone();
                state.cloud.tasks[who] = Task::Failed;
                self.changed(state, before, Some(who));
            }
            Fault::Stick(at) => state.cloud.rollouts[at].step = Step::Stuck,
        }
    }

    /// A function is no more. Its wake-up is delivered again.
    pub(crate) fn die(&self, state: &mut State, at: usize) {
        let function = state.functions.remove(at);
        if let Some(stored) = &mut state.stored[function.of] {
            stored.taken = false;
        }
    }

    /// States that will go on alike are made alike.
    fn tidy(&self, state: &mut State) {
        state.functions.sort();
        if state.lags == 0 {
            state.before = None;
        }
        for who in 0..2 {
            self.bury(state, who);
        }
    }

    /// Of a deployment that is over and for which nothing is under way any more, nothing is kept but that
    /// it is over: nobody reads more of it.
    fn bury(&self, state: &mut State, who: Who) {
        let Some(stored) = &state.stored[who] else {
            return;
        };
        let runs = state.functions.iter().any(|function| function.of == who);
        let facts = self.book.facts(stored.deployment);
        if !facts.is_over || stored.due.is_some() || runs || state.mail[who] {
            return;
        }
        if state.cloud.works_for(who) || state.broken != 0 {
            return;
        }
        state.cloud.forget(who);
        state.yes[who] = [false; 2];
        if let Some(stored) = &mut state.stored[who] {
            stored.deployment = self.ends[who];
        }
    }
}

fn rollout_by(state: &State, at: usize) -> Who {
    state.cloud.rollouts[at].by
}
