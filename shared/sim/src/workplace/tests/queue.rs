//! The queue of wake-ups.

use jiff::SignedDuration;
use sluice_app::ports::{WakeUp, Wakeups};
use sluice_core::id::DeploymentId;

use super::{at, cloud_and_gate, now};
use crate::workplace::{
    Dice, LONGEST_DELAY, MOST_HOPS, MOST_RECEIVES, MemoryWakeups, RecursiveLoop, VISIBILITY_TIMEOUT,
};

fn queue(doubles: f64) -> MemoryWakeups {
    MemoryWakeups::new(cloud_and_gate().1, doubles, Dice::new(1, 0))
}

fn wake_up(name: &str) -> WakeUp {
    WakeUp {
        deployment: DeploymentId::from_outside(name),
        due: None,
    }
}

fn send(queue: &MemoryWakeups, name: &str, delay_s: i64) {
    now(queue.send(wake_up(name), SignedDuration::from_secs(delay_s))).unwrap();
}

#[test]
fn a_message_is_received_after_its_delay_and_deleted_for_good() {
    let queue = queue(0.0);
    send(&queue, "dep-late", 60);
    send(&queue, "dep-soon", 5);
    assert_eq!(queue.receive(at(4)), None);
    let soon = queue.receive(at(5)).unwrap();
    assert_eq!(soon.wake_up, wake_up("dep-soon"));
    queue.delete(&soon);
    assert_eq!(queue.next_visible(), Some(at(60)));
    queue.delete(&queue.receive(at(60)).unwrap());
    assert!(queue.is_empty());
}

#[test]
fn sqs_shortens_a_delay_and_knows_no_negative_one() {
    let queue = queue(0.0);
    send(&queue, "dep-tomorrow", 24 * 3600);
    assert_eq!(queue.next_visible(), Some(at(0) + LONGEST_DELAY));
    send(&queue, "dep-overdue", -5);
    assert_eq!(queue.next_visible(), Some(at(0)));
}

#[test]
fn a_message_that_is_not_deleted_comes_back_and_ends_as_a_dead_letter() {
    let queue = queue(0.0);
    send(&queue, "dep-poison", 0);
    let mut times = Vec::new();
    while let Some(visible_at) = queue.next_visible() {
        if let Some(received) = queue.receive(visible_at) {
            times.push(visible_at);
            assert_eq!(received.receives as usize, times.len());
            assert_eq!(
                queue.receive(visible_at),
                None,
                "hidden while it is worked on"
            );
        }
    }
    assert_eq!(times.len(), MOST_RECEIVES as usize);
    assert!(
        times
            .windows(2)
            .all(|pair| pair[1] - VISIBILITY_TIMEOUT == pair[0])
    );
    assert_eq!(queue.dead_letters(), [wake_up("dep-poison")]);
}

#[test]
fn a_standard_queue_may_deliver_what_was_deleted() {
    let queue = queue(1.0);
    send(&queue, "dep-twice", 0);
    queue.delete(&queue.receive(at(0)).unwrap());
    assert_eq!(queue.next_visible(), Some(at(0) + VISIBILITY_TIMEOUT));
}

#[test]
fn lambda_drops_a_chain_after_sixteen_rounds_where_loops_are_not_allowed() {
    for (recursive_loop, rounds) in [
        (RecursiveLoop::Allow, 40),
        (RecursiveLoop::Terminate, MOST_HOPS),
    ] {
        let queue = queue(0.0);
        queue.set_recursive_loop(recursive_loop);
        send(&queue, "dep-chain", 0);
        let mut ran = 0;
        while ran < 40
            && let Some(received) = queue.receive(at(0))
        {
            ran += 1;
            queue.runs_after(received.hops);
            send(&queue, "dep-chain", 0);
            queue.runs_after(0);
            queue.delete(&received);
        }
        assert_eq!(ran, rounds);
        let dropped = recursive_loop == RecursiveLoop::Terminate;
        assert_eq!(queue.dead_letters().len(), usize::from(dropped));
    }
}
