//! Scenarios, stopped where it is interesting, and served.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use sluice::console::{Server, Watcher, of_demo};
use sluice::play::{Play, Silence, Stage};
use sluice::{sample, scenario};
use sluice_console::{Board, Source};
use sluice_core::deployment::Deployment;

/// A scenario as it stood the first time that `stops` was so; else as it ended.
pub(crate) fn played(name: &str, stops: impl Fn(&Stage) -> bool + 'static) -> Arc<Board> {
    let mut play = Play::new(scenario::find(name).unwrap(), 1, &sample::erp());
    let watcher = Watcher::new(of_demo(name), play.config().clone());
    let board = watcher.board();
    let stopped = Rc::new(Cell::new(false));
    play.watch(move |stage| {
        if stopped.get() {
            return;
        }
        stopped.set(stops(stage));
        if stopped.get() || stage.is_over() {
            watcher.sees(stage);
        }
    });
    play.run(&mut Silence).unwrap().unwrap();
    board
}

/// The deployments of a stage.
pub(crate) fn deployments(stage: &Stage) -> Vec<Arc<Deployment>> {
    let stored = stage.world.store().deployments().into_iter();
    stored.map(|stored| stored.deployment).collect()
}

/// Whether a deployment is in this phase.
pub(crate) fn is_in(phase: &'static str) -> impl Fn(&Stage) -> bool {
    move |stage| {
        let mut all = deployments(stage).into_iter();
        all.any(|d| d.phase.name() == phase)
    }
}

/// Serves it until the tests end: where.
pub(crate) fn served(source: Arc<dyn Source>) -> String {
    let server = Server::new(0).unwrap();
    let url = server.url().to_owned();
    server.serve_aside(source);
    url
}
