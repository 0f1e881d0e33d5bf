//! The queue of wake-ups.

use jiff::SignedDuration;
use sluice_app::ports::{WakeUp, Wakeups};
use sluice_core::id::DeploymentId;

use crate::deployments::noon;

/// An empty queue.
pub(crate) trait Stage {
    fn wakeups(&self) -> &dyn Wakeups;

    /// What can be received at this moment.
    async fn received(&self) -> Vec<WakeUp>;

    /// How many are held back.
    async fn held_back(&self) -> usize;
}

fn wake_up(deployment: &str) -> WakeUp {
    WakeUp {
        deployment: DeploymentId::from_outside(deployment),
        due: None,
    }
}

async fn a_wake_up_arrives_as_it_was_sent(stage: &impl Stage) {
    for due in [Some(noon()), None] {
        let sent = WakeUp {
            due,
            ..wake_up("dep-0123456789abcdef")
        };
        stage
            .wakeups()
            .send(sent.clone(), SignedDuration::ZERO)
            .await
            .unwrap();
        assert_eq!(stage.received().await, [sent]);
    }
    assert_eq!(stage.received().await, [], "each is received once");
}

async fn a_delay_holds_it_back_however_long_it_is(stage: &impl Stage) {
    // SQS refuses more than 15 minutes: the port shortens it.
    for delay in [SignedDuration::from_mins(5), SignedDuration::from_hours(3)] {
        stage.wakeups().send(wake_up("dep-1"), delay).await.unwrap();
    }
    assert_eq!(stage.received().await, []);
    assert_eq!(stage.held_back().await, 2);
}

async fn what_is_overdue_is_not_held_back(stage: &impl Stage) {
    let overdue = SignedDuration::from_secs(-5);
    let sent = wake_up("dep-1");
    stage.wakeups().send(sent.clone(), overdue).await.unwrap();
    assert_eq!(stage.received().await, [sent]);
}

contract! {
    a_wake_up_arrives_as_it_was_sent on sim, moto;
    a_delay_holds_it_back_however_long_it_is on sim, moto;
    what_is_overdue_is_not_held_back on sim, moto;
}
