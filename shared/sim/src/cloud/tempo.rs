//! How long things take.

use jiff::SignedDuration;

/// How long things take in the simulated cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tempo {
    /// From a push to the end of its image scan.
    pub scan: SignedDuration,
    /// From the request to an available snapshot; its progress is told in tenths of this.
    pub snapshot: SignedDuration,
    /// From the request to an available copy, whether from a snapshot or from a moment, and to an
    /// available member of a cluster.
    pub restore: SignedDuration,
    /// The backup that RDS makes of a restored database that keeps its backups: it is `backing-up`
    /// for so long, and takes no changes.
    pub baseline_backup: SignedDuration,
    /// A database that is modified, from the request to `available`.
    pub modification: SignedDuration,
    /// From the request to the new name. For the second half neither name is there.
    pub rename: SignedDuration,
    /// From the request to a database being gone.
    pub deletion: SignedDuration,
    /// From CreateChangeSet to a change set that can be executed.
    pub change_set: SignedDuration,
    /// From ExecuteChangeSet to the last resource, and the same for the way back.
    pub stack_update: SignedDuration,
    /// From a task's request to RUNNING on Fargate, and healthy where a load balancer looks.
    pub task_start: SignedDuration,
    /// From SIGTERM to STOPPED, draining included.
    pub task_stop: SignedDuration,
    /// A migration whose image does not say how long it takes.
    pub migration: SignedDuration,
    /// A task that looks at a migration.
    pub look: SignedDuration,
    /// From UpdateService to IN_PROGRESS, and from StopServiceDeployment to ROLLBACK_IN_PROGRESS.
    pub rollout_start: SignedDuration,
    /// A lifecycle stage in which ECS does nothing but go on.
    pub idle_stage: SignedDuration,
    /// A stage that moves traffic.
    pub shift: SignedDuration,
    /// CLEAN_UP, and the wait for a steady state of a rolling deployment.
    pub clean_up: SignedDuration,
    /// From an alarm's cause being gone to OK.
    pub alarm_recovery: SignedDuration,
}

impl Default for Tempo {
    /// About what AWS takes.
    fn default() -> Self {
        Self {
            scan: SignedDuration::from_secs(25),
            snapshot: SignedDuration::from_secs(240),
            restore: SignedDuration::from_mins(12),
            baseline_backup: SignedDuration::ZERO,
            modification: SignedDuration::from_secs(45),
            rename: SignedDuration::from_secs(60),
            deletion: SignedDuration::from_secs(180),
            change_set: SignedDuration::from_secs(12),
            stack_update: SignedDuration::from_mins(6),
            task_start: SignedDuration::from_secs(40),
            task_stop: SignedDuration::from_secs(30),
            migration: SignedDuration::from_secs(20),
            look: SignedDuration::from_secs(8),
            rollout_start: SignedDuration::from_secs(3),
            idle_stage: SignedDuration::from_secs(10),
            shift: SignedDuration::from_secs(30),
            clean_up: SignedDuration::from_secs(60),
            alarm_recovery: SignedDuration::from_secs(120),
        }
    }
}

impl Tempo {
    /// The shortest times that keep the order of things, for benches and random worlds.
    pub fn quick() -> Self {
        let second = SignedDuration::from_secs(1);
        Self {
            scan: second,
            snapshot: SignedDuration::from_secs(10),
            restore: SignedDuration::from_secs(10),
            baseline_backup: SignedDuration::ZERO,
            modification: second,
            rename: SignedDuration::from_secs(2),
            deletion: SignedDuration::from_secs(2),
            change_set: second,
            stack_update: SignedDuration::from_secs(10),
            task_start: SignedDuration::from_secs(2),
            task_stop: second,
            look: second,
            migration: SignedDuration::from_secs(2),
            rollout_start: second,
            idle_stage: second,
            shift: second,
            clean_up: second,
            alarm_recovery: SignedDuration::from_secs(5),
        }
    }
}
