//! Worlds that are not kind: functions that cross each other, services that are out, hands in the
//! console.

use jiff::{SignedDuration, Timestamp};
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;
use sluice_core::id::SnapshotId;

use super::{assert_nothing_broke, erp, phases, push, stories, world};
use crate::cloud::{Dependency, ImageBehaviour};
use crate::workplace::{Outages, RecursiveLoop, Weather};
use crate::world::{Bounds, Ending, Hand, Invocation, What};

fn crossing() -> Weather {
    Weather {
        interleave: 0.3,
        ..Weather::default()
    }
}

#[test]
fn functions_that_cross_each_other_give_the_same_steps_for_the_same_seed() {
    let transcript = |seed| {
        let mut world = world(seed, crossing());
        push(&world, "release-1.4.0", ImageBehaviour::default());
        (0..300)
            .map(|_| format!("{:?}", world.step()))
            .collect::<Vec<_>>()
    };
    assert_eq!(transcript(5), transcript(5));
    assert_ne!(transcript(5), transcript(6));
}

/// Two functions drive one deployment at the same time, and the slower one goes on with what was
/// true before.
#[test]
fn a_function_that_waits_is_overtaken_by_others_and_all_end() {
    let mut world = world(1, crossing());
    push(&world, "release-1.4.0", ImageBehaviour::default());
    world.collect();
    let (mut waited, mut crossed) = (0, 0);
    while !world.is_quiet() && world.out_of_bounds(Bounds::default()).is_none() {
        let before = world.in_flight.len();
        let happening = world.step();
        waited += usize::from(matches!(happening.what, What::UnderWay));
        crossed += usize::from(before > 0 && world.in_flight.len() > before);
        assert!(world.in_flight.len() <= 3);
    }
    assert!(waited > 20, "{waited}");
    assert!(crossed > 3, "{crossed}");
    assert!(world.in_flight.is_empty());
    let ends = phases(&world);
    assert_eq!(ends.len(), 1);
}

#[test]
fn a_function_that_takes_a_minute_is_ended_by_lambda() {
    let weather = Weather {
        interleave: 1.0,
        ..Weather::default()
    };
    let mut world = world(1, weather);
    let ports = world.ports();
    world.deploy(std::sync::Arc::new(Endless(ports)));
    push(&world, "release-1.4.0", ImageBehaviour::default());
    let mut begun = None;
    let ended = loop {
        let happening = world.step();
        match happening.what {
            What::UnderWay if begun.is_none() => begun = Some(happening.at),
            What::Event(_, Invocation::Crashed) => break happening.at,
            _ => {}
        }
    };
    assert_eq!(
        ended.duration_since(begun.unwrap()),
        SignedDuration::from_secs(60)
    );
}

/// A function that never has enough.
struct Endless(sluice_app::ports::Ports);

impl Endless {
    async fn look_for_ever(&self) {
        loop {
            let _ = self.0.store.due(Timestamp::MAX, None, 1).await;
        }
    }
}

#[async_trait::async_trait]
impl crate::world::Functions for Endless {
    async fn cloud_event(&self, _: &crate::cloud::Emitted) -> Result<(), PortError> {
        self.look_for_ever().await;
        Ok(())
    }

    async fn wake_up(&self, _: &sluice_app::ports::WakeUp) -> Result<(), PortError> {
        Ok(())
    }

    async fn hook(&self, _: &crate::cloud::EcsHookCall) -> Result<HookAnswer, String> {
        Ok(HookAnswer::Succeeded)
    }

    async fn minute(&self) -> Result<(), PortError> {
        Ok(())
    }

    async fn click(&self, _: &crate::world::Click) -> Result<crate::world::ClickReply, PortError> {
        Err(PortError::permanent("nobody clicks"))
    }
}

#[test]
fn while_lambda_is_out_nothing_runs_and_everything_waits_for_it() {
    let mut world = world(1, Weather::default());
    push(&world, "release-1.4.0", ImageBehaviour::default());
    let back_at = world.now() + SignedDuration::from_mins(30);
    world.outage(Dependency::Lambda, SignedDuration::from_mins(30));
    let first = loop {
        let happening = world.step();
        match happening.what {
            What::CloudChanged => {}
            _ => break happening.at,
        }
    };
    assert_eq!(first, back_at);
    assert_eq!(world.run(Bounds::default(), |_| false), Ending::Quiet);
    assert_eq!(phases(&world), [("staging".to_owned(), "Succeeded")]);
    assert_nothing_broke(&world);
}

#[test]
fn while_sqs_is_out_no_message_is_received() {
    let mut world = world(1, Weather::default());
    push(&world, "release-1.4.0", ImageBehaviour::default());
    world.run(Bounds::default(), |world| !phases(world).is_empty());
    let back_at = world.now() + SignedDuration::from_mins(20);
    world.outage(Dependency::Sqs, SignedDuration::from_mins(20));
    loop {
        let happening = world.step();
        if matches!(happening.what, What::WakeUp(..)) {
            assert!(happening.at >= back_at, "{}", happening.at);
            break;
        }
    }
}

#[test]
fn outages_and_hands_come_by_themselves_as_often_as_the_weather_says() {
    let weather = Weather {
        outages: Outages {
            per_day: 4.0,
            ..Outages::default()
        },
        hands_per_day: 10.0,
        ..Weather::default()
    };
    let world = world(3, weather);
    let hands = world.agenda.hands.len();
    assert!((100..180).contains(&hands), "{hands} in 14 days");
    let hours = (0..14 * 24 * 12).filter(|five_mins| {
        let at = world.now() + SignedDuration::from_mins(5 * five_mins);
        let out = |of: &Dependency| {
            world.with_cloud(|cloud| cloud.out_until(*of, at)).is_some()
                || world.slack().down_until(at).is_some()
        };
        Dependency::ALL.iter().any(out)
    });
    // Four a day of an hour each, of which some overlap.
    let hours = hours.count() / 12;
    assert!((30..70).contains(&hours), "{hours} h of 336");
    assert!(world.is_quiet(), "nobody waits for what may come");
}

#[test]
fn a_hand_does_what_it_says() {
    let world = world(1, Weather::default());
    world.with_cloud(|cloud| {
        let production = erp().environments.remove(1);
        let place = cloud.place_of(&production.account, &production.region);
        let database = production.backup.unwrap().database;
        let tags = [("sluice:deployment".to_owned(), "dep-1".to_owned())].into();
        let id = SnapshotId::new("sluice-one");
        cloud
            .order_snapshot(&place.unwrap(), &database, &id, tags)
            .unwrap();
        assert_eq!(cloud.snapshots().len(), 1);
        cloud.by_hand(Hand::DeletesSnapshot(0));
        assert!(cloud.snapshots().is_empty());
        let rollouts = |cloud: &crate::cloud::Cloud| cloud.services()[0].rollouts.len();
        let before = rollouts(cloud);
        cloud.by_hand(Hand::UpdatesService(0));
        assert_eq!(rollouts(cloud), before + 1);
        cloud.by_hand(Hand::ScalesService(3 << 16));
        assert_eq!(cloud.services()[0].desired, 3);
        cloud.by_hand(Hand::ChangesWeights(30 << 16));
        let weights = cloud.services()[0].revisions[0].production_percent;
        assert_eq!(weights, Some(30));
    });
}

/// Without `RecursiveLoop: Allow` a deployment ends all the same: what Lambda drops, the minute
/// finds.
#[test]
fn where_lambda_drops_chains_the_minute_goes_on_with_them() {
    let ends = |recursive_loop| {
        let weather = Weather {
            recursive_loop,
            ..Weather::default()
        };
        let mut world = world(1, weather);
        push(&world, "release-1.4.0", ImageBehaviour::default());
        assert_eq!(world.run(Bounds::default(), |_| false), Ending::Quiet);
        assert_nothing_broke(&world);
        assert_eq!(
            phases(&world),
            [("staging".to_owned(), "Succeeded")],
            "{}",
            stories(&world)
        );
        world.wakeups().dead_letters().len()
    };
    assert_eq!(ends(RecursiveLoop::Allow), 0);
    assert!(ends(RecursiveLoop::Terminate) > 0);
}
