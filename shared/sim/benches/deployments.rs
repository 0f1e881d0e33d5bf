//! How quick the machine is, and how many whole deployments a second one core simulates.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::event::Event;
use sluice_core::history::{RecordedEntry, replay};
use sluice_core::id::{AppName, ClusterName, RepositoryName};
use sluice_core::machine::step;
use sluice_sim::cloud::{Lag, Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, Ending, World};

/// Deployments that move at once.
const MOVING: usize = 1_000;

fn start() -> Timestamp {
    "2026-01-05T09:00:00Z".parse().expect("a time")
}

/// A push to staging and everything that follows from it, to the end.
fn deploy(config: &Arc<Config>, seed: u64, weather: Weather) -> World {
    let mut world = World::new(seed, start(), std::slice::from_ref(&**config), weather);
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

/// One of many applications like the ERP, each with a staging of its own.
fn one_of_many(erp: &Config, number: usize) -> Config {
    let mut config = erp.clone();
    config.app = AppName::new(format!("erp-{number}"));
    config.repository = RepositoryName::new(format!("erp-{number}"));
    config.environments.truncate(1);
    config.environments[0].cluster = ClusterName::new(format!("staging-{number}"));
    config
}

/// A world of so many environments, `MOVING` of which are about to deploy.
fn crowd(environments: usize) -> World {
    let erp = erp();
    let configs: Vec<Config> = (0..environments).map(|n| one_of_many(&erp, n)).collect();
    let mut world = World::new(1, start(), &configs, Weather::default());
    for config in &configs[..MOVING] {
        let digest = digest_of(config.app.as_str());
        let push = Push::image(&config.repository, "release-1.4.0", digest);
        world.with_cloud(|cloud| cloud.push_image(push));
    }
    let configs = configs.into_iter().map(Arc::new).collect();
    let app = App::new(world.ports(), configs);
    world.deploy(Arc::new(DirectFunctions(app)));
    world
}

/// What one deployment costs among many, of which most stand still.
fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a thousand at once");
    group.throughput(Throughput::Elements(MOVING as u64));
    group.sample_size(10);
    for environments in [MOVING, 10 * MOVING] {
        let name = format!("of {environments} environments");
        group.bench_function(name, |bench| {
            bench.iter_batched(
                || crowd(environments),
                |mut world| {
                    let steps = 100 * Bounds::default().steps;
                    let bounds = Bounds {
                        steps,
                        ..Bounds::default()
                    };
                    assert_eq!(world.run(bounds, |_| false), Ending::Quiet);
                    world
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, steps, deployments, load);
criterion_main!(benches);
