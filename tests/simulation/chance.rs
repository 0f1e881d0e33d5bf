//! What proptest may choose: weather, and images that are broken in every way.

use jiff::SignedDuration;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use sluice_sim::cloud::{
    Dies, FaultRates, ImageBehaviour, Lag, MigrationBehaviour, MigrationEnd, ScanBehaviour, Start,
    UnderTraffic,
};
use sluice_sim::workplace::{Outages, Roads, Weather};

/// From a calm day to one on which a third of everything goes wrong.
pub(crate) fn weather() -> impl Strategy<Value = Weather> {
    let crashes = (0.0..0.15_f64, 1..60_u64);
    (roads(), faults(), 0.0..0.2_f64, crashes, unkind()).prop_map(
        |(roads, faults, double_wakeups, (crash_rate, crash_within_calls), unkind)| Weather {
            roads,
            double_wakeups,
            crash_rate,
            // A hook that crashes is a rollback by ECS's rule: `ends` has a test of its own.
            hook_crash_rate: 0.0,
            crash_within_calls,
            faults,
            ..unkind
        },
    )
}

/// What a kind simulator does not do: late reads, functions that cross each other, services that
/// are out, tasks that never start.
fn unkind() -> impl Strategy<Value = Weather> {
    let interleave = prop_oneof![Just(0.0), 0.0..0.3_f64];
    let outages_per_day = prop_oneof![2 => Just(0.0), 1 => 0.0..6.0_f64];
    let never_start = prop_oneof![Just(0.0), 0.0..0.02_f64];
    (lag(), interleave, outages_per_day, never_start).prop_map(
        |(lag, interleave, per_day, never_start)| Weather {
            lag,
            interleave,
            outages: Outages {
                per_day,
                ..Outages::default()
            },
            never_start,
            ..Weather::default()
        },
    )
}

fn lag() -> impl Strategy<Value = Lag> {
    prop_oneof![
        Just(Lag::none()),
        Just(Lag::ordinary()),
        (0..60_000_i64).prop_map(|ms| Lag::of(SignedDuration::from_millis(ms))),
        (0..60_000_i64).prop_map(|ms| Lag::exactly(SignedDuration::from_millis(ms))),
    ]
}

fn roads() -> impl Strategy<Value = Roads> {
    (
        0..90_000_i64,
        0.0..0.5_f64,
        prop_oneof![Just(0.0), 0.0..0.9_f64],
    )
        .prop_map(|(jitter_ms, doubles, losses)| Roads {
            delay: SignedDuration::from_millis(500),
            jitter: SignedDuration::from_millis(jitter_ms),
            doubles,
            losses,
        })
}

fn faults() -> impl Strategy<Value = FaultRates> {
    prop_oneof![
        Just(FaultRates::default()),
        (0.0..0.1_f64, 0.0..0.15_f64, 0.0..0.1_f64).prop_map(|(fail, throttle, lose_answer)| {
            FaultRates {
                fail,
                throttle,
                lose_answer,
            }
        }),
    ]
}

/// What somebody asks for in production, some time.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// An image by its tag.
    Deploy(&'static str),
    /// What is verified in staging.
    Promote,
    /// The way back, to a release by name or to what ran before.
    RollBack(Option<&'static str>),
}

/// A few orders, each so many seconds after the beginning; some are told twice.
pub(crate) fn orders() -> impl Strategy<Value = Vec<(i64, Order, bool)>> {
    let order = prop_oneof![
        1 => prop_oneof![Just("v1.4.0"), Just("v1.5.0"), Just("nothing")].prop_map(Order::Deploy),
        1 => Just(Order::Promote),
        4 => prop_oneof![Just(None), Just(Some("v1.4.0")), Just(Some("v1.5.0"))]
            .prop_map(Order::RollBack),
    ];
    proptest::collection::vec((0..18_000_i64, order, any::<bool>()), 1..6)
}

/// An image that behaves well, or fails somewhere on the way.
pub(crate) fn behaviour() -> impl Strategy<Value = ImageBehaviour> {
    let good = ImageBehaviour::default;
    prop_oneof![
        4 => Just(good()),
        1 => Just(ImageBehaviour { scan: ScanBehaviour::Hangs, ..good() }),
        1 => any::<bool>().prop_map(move |starts| good_but_migration(if starts {
            MigrationEnd::Exits(1)
        } else {
            MigrationEnd::NeverStarts
        })),
        1 => Just(good_but_migration(MigrationEnd::Hangs)),
        1 => Just(ImageBehaviour { web: Start::Crashes(3), ..good() }),
        1 => Just(ImageBehaviour { workers: Start::Crashes(137), ..good() }),
        1 => Just(ImageBehaviour { ready: Some(503), ..good() }),
        1 => (20..600_i64, 1..4_u32).prop_map(|(after_s, tasks)| {
            let dies = Some(Dies {
                after: SignedDuration::from_secs(after_s),
                tasks,
                exit_code: 1,
            });
            ImageBehaviour { workers_die: dies, ..ImageBehaviour::default() }
        }),
        1 => (0..20_i64, any::<bool>()).prop_map(move |(after_mins, fires_alarms)| ImageBehaviour {
            under_traffic: Some(UnderTraffic {
                after: SignedDuration::from_mins(after_mins),
                status: 500,
                fires_alarms,
            }),
            ..ImageBehaviour::default()
        }),
    ]
}

fn good_but_migration(ends: MigrationEnd) -> ImageBehaviour {
    ImageBehaviour {
        migration: MigrationBehaviour {
            ends,
            ..MigrationBehaviour::default()
        },
        ..ImageBehaviour::default()
    }
}
