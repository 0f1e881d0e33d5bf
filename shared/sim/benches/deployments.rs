//! How quick the machine is, and how many whole deployments a second one core simulates.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::event::Event;
use sluice_core::history::{RecordedEntry, replay};
use sluice_core::machine::step;
use sluice_sim::cloud::{Lag, Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, Ending, World};

/// A push to staging and everything that follows from it, to the end.
fn deploy(config: &Arc<Config>, seed: u64, weather: Weather) -> World {
    let start: Timestamp = "2026-01-05T09:00:00Z".parse().expect("a time");
    let mut world = World::new(seed, start, std::slice::from_ref(&**config), weather);
    let app = App::new(world.ports(), vec![config.clone()]);
    world.deploy(Arc::new(DirectFunctions(app)));
    let push = Push::image(&config.repository, "release-1.4.0", digest_of("one"));
    world.with_cloud(|cloud| cloud.push_image(push));
    assert_eq!(world.run(Bounds::default(), |_| false), Ending::Quiet);
    world
}

fn erp() -> Arc<Config> {
    let text = include_str!("../../../tests/erp/sluice.toml");
    Arc::new(Config::parse(text).expect("the ERP's configuration is good"))
}

fn steps(criterion: &mut Criterion) {
    let world = deploy(&erp(), 1, Weather::default());
    let (_, history) = world.store().histories().remove(0);
    let mut group = criterion.benchmark_group("step");
    let middle = history.len() / 2;
    let before = replay(&history[..middle]).expect("it replays");
    let RecordedEntry::Event(event) = &history[middle].entry else {
        return;
    };
    let event: &Event = event;
    let at = history[middle].at;
    group.throughput(Throughput::Elements(1));
    group.bench_function("an event", |bench| {
        bench.iter(|| step(black_box(&before), black_box(event), at));
    });
    group.bench_function("a wake-up that finds nothing new", |bench| {
        bench.iter(|| step(black_box(&before), &Event::Wake, at));
    });
    group.throughput(Throughput::Elements(history.len() as u64));
    group.bench_function("a whole history, verified and replayed", |bench| {
        bench.iter(|| replay(black_box(&history)));
    });
    group.finish();
}

fn deployments(criterion: &mut Criterion) {
    let config = erp();
    let mut group = criterion.benchmark_group("deployments");
    group.throughput(Throughput::Elements(1));
    group.measurement_time(Duration::from_secs(10));
    let no_lag = Weather {
        lag: Lag::none(),
        ..Weather::default()
    };
    let weathers = [
        ("from a push to the end", Weather::default()),
        (
            "from a push to the end, with reads that are never late",
            no_lag,
        ),
    ];
    for (name, weather) in weathers {
        let mut seed = 0;
        group.bench_function(name, |bench| {
            bench.iter(|| {
                seed += 1;
                deploy(&config, seed, weather.clone()).steps()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, steps, deployments);
criterion_main!(benches);
