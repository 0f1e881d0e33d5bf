//! The whole of Sluice as processes: its Lambda binaries, started by a Lambda service (ministack)
//! on events as EventBridge delivers them, with DynamoDB and SQS there, all of it made by the shipped
//! templates; and `sluice cloud` for ECS, ECR, RDS, load balancers, Slack and the application. Nothing
//! here is in one process with what it watches.
//!
//! Time is real, and the cloud's runs faster. Python with venv is needed; ministack is installed
//! under `target/` by the first run.

use sluice_account_tests::{Build, Scene};
use sluice_core::phase::Phase;

/// The kills that the second story wants at the least.
const KILLS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushed_approved_deployed() {
    let scene = Scene::open("deployed", Build::Tests).await;
    deploy(&scene).await;
    scene.assert_done_once().await;
    scene.assert_allowed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_are_killed_at_random_moments_and_the_end_is_the_same() {
    let scene = Scene::open("killed", Build::Tests).await;
    let killer = scene.begin_killing();
    deploy(&scene).await;
    // Whatever is left of the work of telling people is killed too.
    let kills = killer.stop_after(KILLS).await;
    assert!(kills >= KILLS, "only {kills} functions were killed at work");
    println!("{kills} functions were killed at work");
    scene.assert_done_once().await;
}

/// A release to staging, then a version to production, with the yes that it needs.
async fn deploy(scene: &Scene) {
    scene.push("release-1.4.0").await;
    let staging = scene.ended("staging").await;
    assert!(
        matches!(staging.phase, Phase::Succeeded),
        "{:?}",
        staging.phase
    );
    scene.push("v1.4.0").await;
    scene.approve_in("#erp-production").await;
    let production = scene.ended("production").await;
    assert!(
        matches!(production.phase, Phase::Succeeded),
        "{:?}",
        production.phase
    );
}
