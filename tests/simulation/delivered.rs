//! The figures of DORA are those that the histories tell.

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::Store;
use sluice_core::delivery::Delivery;
use sluice_core::deployment::DeploymentKind;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::history::{Record, RecordedEntry};
use sluice_core::id::{AppName, EnvironmentName};
use sluice_sim::cloud::{ImageBehaviour, UnderTraffic};
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

use crate::erp;

/// What one history says by itself, read from its raw records.
struct Told {
    is_release: bool,
    pushed_at: Timestamp,
    /// When ECS was let to shift the traffic.
    served_from: Option<Timestamp>,
    ended: Option<(String, Timestamp)>,
}

fn told(history: &[Record]) -> Told {
    let RecordedEntry::Opened(opening) = &history[0].entry else {
        panic!("a history begins with its opening");
    };
    let last = history.last().expect("it has records");
    let served = history.iter().find(|record| record.phase == "Shifting");
    let is_end = ["Succeeded", "RolledBack", "Failed", "Rejected"].contains(&last.phase.as_str());
    // The phase was entered by the first record that names it.
    let entered = history.iter().find(|record| record.phase == last.phase);
    Told {
        is_release: matches!(opening.kind, DeploymentKind::Release),
        pushed_at: opening.release.pushed_at,
        served_from: served.map(|record| record.at),
        ended: is_end.then(|| (last.phase.clone(), entered.expect("the last does").at)),
    }
}

/// Some releases: two that are good, one that fails under traffic, one whose smoke tests fail.
fn month() -> World {
    let mut world = erp::world(1, Weather::default());
    let good = ImageBehaviour::default();
    let sick = ImageBehaviour {
        under_traffic: Some(UnderTraffic {
            after: SignedDuration::from_mins(3),
            status: 500,
            fires_alarms: true,
        }),
        ..good.clone()
    };
    for (version, image, behaviour) in [
        ("1.4.0", "one", &good),
        ("1.5.0", "two", &sick),
        ("1.6.0", "three", &good),
    ] {
        for tag in [format!("release-{version}"), format!("v{version}")] {
            erp::push(&world, &tag, image, behaviour);
            erp::run(&mut world);
        }
    }
    world
}

#[test]
fn the_figures_equal_those_of_the_raw_histories() {
    let world = month();
    let store = world.store();
    for name in ["staging", "production"] {
        let key = EnvironmentKey {
            app: AppName::new("erp"),
            environment: EnvironmentName::new(name),
        };
        let from: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        let until = world.now() + SignedDuration::from_hours(1);
        let glances = block_on(store.deployments_since(&key, from)).expect("it answers");
        let figures = Delivery::of(&glances, from, until);

        let stored = erp::deployments(&world, name);
        let mut all: Vec<Told> = stored
            .iter()
            .map(|one| block_on(store.history(&one.deployment.id)).expect("it answers"))
            .map(|history| told(&history))
            .filter(|one| one.is_release && one.served_from.is_some() && one.ended.is_some())
            .collect();
        all.sort_by_key(|one| one.served_from);
        let failed: Vec<SignedDuration> = all
            .iter()
            .filter_map(|one| {
                let (phase, at) = one.ended.as_ref()?;
                (phase == "RolledBack").then(|| at.duration_since(one.served_from.expect("it has")))
            })
            .collect();
        assert_eq!(figures.releases as usize, all.len(), "{name}");
        assert_eq!(figures.failed as usize, failed.len(), "{name}");
        let mut leads: Vec<SignedDuration> = all
            .iter()
            .map(|one| {
                one.served_from
                    .expect("it has")
                    .duration_since(one.pushed_at)
            })
            .collect();
        leads.sort_unstable();
        let middle = leads.len() / 2;
        let median = match leads.len() % 2 {
            1 => leads[middle],
            _ => (leads[middle - 1] + leads[middle]) / 2,
        };
        assert_eq!(figures.lead_time, Some(median), "{name}");
        assert_eq!(
            figures.time_to_restore.is_some(),
            !failed.is_empty(),
            "{name}"
        );
        if let [only] = failed.as_slice() {
            assert_eq!(figures.time_to_restore, Some(*only), "{name}");
        }
    }
}
