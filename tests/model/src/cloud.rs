//! ECS, RDS and the migration's task, as far as a deployment can tell them apart.

/// A deployment of the model: 0 is asked for by Alice, 1 later by Bob.
pub type Who = usize;

/// Which code a service runs: 0 what ran at first, otherwise the release of deployment `code - 1`.
pub type Code = u8;

/// The code of a deployment's release.
#[expect(clippy::cast_possible_truncation, reason = "there are two deployments")]
pub(crate) const fn code_of(who: Who) -> Code {
    who as Code + 1
}

/// The web service, and the worker.
pub const WEB: usize = 0;
/// See [`WEB`].
pub const WORKER: usize = 1;

/// The cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cloud {
    /// The web service and the worker.
    pub services: [Service; 2],
    /// Service deployments, the oldest first.
    pub rollouts: Vec<Rollout>,
    /// Of each deployment.
    pub snapshots: [Snapshot; 2],
    /// The migration's task of each deployment.
    pub tasks: [Task; 2],
    /// How many tasks of it were started.
    pub ran: [u8; 2],
    /// Whether the smoke tests of each deployment's green have passed.
    pub tested: [bool; 2],
    /// Whether smoke tests fail from now on.
    pub is_ill: bool,
}

/// A service of ECS.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    /// What it was told to run last.
    pub told: Code,
    /// What succeeded last: ECS goes back to it.
    pub stable: Code,
    /// What has the users.
    pub traffic: Code,
}

/// A service deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rollout {
    /// Of which service.
    pub service: usize,
    /// Which deployment asked for it.
    pub by: Who,
    /// What it brings.
    pub code: Code,
    /// How far it is.
    pub step: Step,
}

/// How far a service deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Its tasks come up.
    Coming,
    /// Its tasks never come up: the fault.
    Stuck,
    /// Green is up and ECS asks the hook.
    Held {
        /// Whether it was told to wait: from then on it asks again and again.
        waits: bool,
    },
    /// The hook has answered; ECS has not acted yet.
    Answered {
        /// Go on, or go back.
        goes_on: bool,
    },
    /// All traffic is on green.
    Shifted,
    /// SUCCESSFUL.
    Done,
    /// ECS goes back.
    GoingBack,
    /// ROLLBACK_SUCCESSFUL.
    Back,
    /// STOPPED: another took its place.
    Replaced,
}

impl Step {
    /// Whether ECS will do no more about it.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Back | Self::Replaced)
    }
}

/// A snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Snapshot {
    /// RDS was never asked.
    #[default]
    None,
    /// It is being made.
    Creating,
    /// It is there, whole.
    Available,
}

/// The migration's task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// ECS was never asked.
    #[default]
    None,
    /// It runs.
    Running,
    /// Its exit code is 0.
    Done,
    /// Its exit code is 1.
    Failed,
}

/// What the cloud does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A service deployment takes its next step.
    Rollout(usize),
    /// A snapshot becomes available.
    Snapshot(Who),
    /// A migration ends well.
    Migration(Who),
}

impl Cloud {
    /// What may happen next without anybody's doing.
    pub(crate) fn moves(&self) -> Vec<Move> {
        let moves =
            |step: Step| !step.is_over() && !matches!(step, Step::Stuck | Step::Held { .. });
        let rollouts = self.rollouts.iter().enumerate();
        let rollouts = rollouts.filter(|(_, rollout)| moves(rollout.step));
        let mut found: Vec<Move> = rollouts.map(|(at, _)| Move::Rollout(at)).collect();
        for who in 0..2 {
            if self.snapshots[who] == Snapshot::Creating {
                found.push(Move::Snapshot(who));
            }
            if self.tasks[who] == Task::Running {
                found.push(Move::Migration(who));
            }
        }
        found
    }

    /// Does it; whose deployment AWS has news for, if it tells any.
    pub(crate) fn do_move(&mut self, one: Move) -> Option<Who> {
        match one {
            Move::Snapshot(who) => {
                self.snapshots[who] = Snapshot::Available;
                Some(who)
            }
            Move::Migration(who) => {
                self.tasks[who] = Task::Done;
                Some(who)
            }
            Move::Rollout(at) => {
                let rollout = &mut self.rollouts[at];
                let service = &mut self.services[rollout.service];
                let is_held = rollout.service == WEB && rollout.code == code_of(rollout.by);
                rollout.step = match rollout.step {
                    Step::Coming if is_held => Step::Held { waits: false },
                    Step::Answered { goes_on: true } => {
                        service.traffic = rollout.code;
                        Step::Shifted
                    }
                    Step::Coming | Step::Shifted => {
                        service.stable = rollout.code;
                        service.traffic = rollout.code;
                        Step::Done
                    }
                    Step::Answered { goes_on: false } => Step::GoingBack,
                    Step::GoingBack => {
                        service.told = service.stable;
                        service.traffic = service.stable;
                        Step::Back
                    }
                    other => other,
                };
                rollout.step.is_over().then_some(rollout.by)
            }
        }
    }

    /// UpdateService: whatever is under way there is replaced. Whose deployment hears that its own was.
    pub(crate) fn update(&mut self, service: usize, code: Code, by: Who) -> Option<Who> {
        let under_way =
            |rollout: &&mut Rollout| rollout.service == service && !rollout.step.is_over();
        let replaced = self.rollouts.iter_mut().find(under_way).map(|rollout| {
            rollout.step = Step::Replaced;
            rollout.by
        });
        self.services[service].told = code;
        self.rollouts.push(Rollout {
            service,
            by,
            code,
            step: Step::Coming,
        });
        replaced
    }

    /// StopServiceDeployment.
    pub(crate) fn stop(&mut self, at: usize) {
        let step = &mut self.rollouts[at].step;
        if !step.is_over() {
            *step = Step::GoingBack;
        }
    }

    /// The youngest service deployment that brings this code and was asked for by this deployment.
    pub(crate) fn find(&self, service: usize, code: Code, by: Who) -> Option<usize> {
        self.rollouts.iter().rposition(|rollout| {
            rollout.service == service && rollout.code == code && rollout.by == by
        })
    }

    /// Its number among those of the same service and deployment: it is part of its ARN.
    pub(crate) fn number(&self, at: usize) -> usize {
        let rollout = &self.rollouts[at];
        let before = &self.rollouts[..at];
        before
            .iter()
            .filter(|other| other.service == rollout.service && other.by == rollout.by)
            .count()
    }

    /// Whether ECS still works for the deployment.
    pub(crate) fn works_for(&self, who: Who) -> bool {
        let mut rollouts = self.rollouts.iter();
        rollouts.any(|rollout| rollout.by == who && !rollout.step.is_over())
            || self.snapshots[who] == Snapshot::Creating
            || self.tasks[who] == Task::Running
    }

    /// Forgets what a deployment did that is over.
    pub(crate) fn forget(&mut self, who: Who) {
        self.rollouts.retain(|rollout| rollout.by != who);
        self.snapshots[who] = Snapshot::None;
        self.tasks[who] = Task::None;
        self.ran[who] = 0;
        self.tested[who] = false;
    }
}
