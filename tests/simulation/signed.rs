//! Images that the team's keys have signed, and others.

use jiff::SignedDuration;
use sluice_core::config::{Config, RiskRule, Signatures};
use sluice_core::id::{Digest, UserId};
use sluice_core::signature::Stored;
use sluice_signatures::KeyPair;
use sluice_sim::cloud::{Fault, ImageBehaviour, Lag, Operation, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Habit, World};
use sluice_words::message::ButtonAction;

use crate::erp;

fn ci() -> KeyPair {
    KeyPair::of(&[7; 32])
}

fn config(unsigned: RiskRule) -> Config {
    Config {
        signatures: Some(Signatures {
            keys: vec![KeyPair::of(&[9; 32]).public_key(), ci().public_key()],
            unsigned,
            wait: SignedDuration::from_mins(5),
        }),
        ..erp::config()
    }
}

fn image() -> Digest {
    digest_of("new")
}

fn store(world: &World, stored: Stored) {
    let repository = erp::config().repository;
    world.with_cloud(|cloud| cloud.store_signature(&repository, &image(), stored));
}

/// The release is pushed with these signatures beside it, and goes where it can.
fn pushed(unsigned: RiskRule, stored: impl IntoIterator<Item = Stored>) -> World {
    let mut world = erp::world_of(config(unsigned), 1, Weather::default());
    for one in stored {
        store(&world, one);
    }
    erp::push(&world, "release-1.4.0", "new", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::assert_nothing_broke(&world);
    world
}

fn plan(world: &World, environment: &str) -> String {
    let stored = &erp::deployments(world, environment)[0];
    sluice_words::plan::text(stored.deployment.sealed_plan())
}

#[test]
fn what_a_key_of_the_team_has_signed_is_deployed_and_the_plan_names_the_key() {
    for signed in [ci().bundle(&image()), ci().simple("erp", &image())] {
        let world = pushed(RiskRule::Refuse, [signed]);
        assert_eq!(erp::ends(&world, "staging"), ["Succeeded"]);
        let said = format!("signed by  the key {}", ci().public_key().id());
        let plan = plan(&world, "staging");
        assert!(plan.contains(&said), "{plan}");
    }
}

#[test]
fn a_look_at_signatures_whose_answer_is_lost_is_made_again() {
    for operation in [
        Operation::BatchGetImage,
        Operation::ListImageReferrers,
        Operation::GetDownloadUrlForLayer,
    ] {
        let mut world = erp::world_of(config(RiskRule::Refuse), 1, Weather::default());
        store(&world, ci().bundle(&image()));
        world.with_cloud(|cloud| cloud.faults().nth(operation, 1, Fault::LoseAnswer));
        erp::push(&world, "release-1.4.0", "new", &ImageBehaviour::default());
        erp::run(&mut world);
        erp::assert_nothing_broke(&world);
        assert_eq!(erp::ends(&world, "staging"), ["Succeeded"]);
        assert_eq!(world.with_cloud(|cloud| cloud.faults().struck()), 1);
    }
}

#[test]
fn a_signature_that_comes_after_the_image_is_waited_for() {
    let mut world = erp::world_of(config(RiskRule::Refuse), 1, Weather::default());
    world.with_cloud(|cloud| {
        cloud.set_lag(Lag::exactly(SignedDuration::from_secs(40)));
    });
    erp::push(&world, "release-1.4.0", "new", &ImageBehaviour::default());
    world.plan(
        SignedDuration::from_mins(3),
        "CI signs the image".to_owned(),
        |world| store(world, ci().bundle(&image())),
    );
    erp::run(&mut world);
    erp::assert_nothing_broke(&world);
    assert_eq!(erp::ends(&world, "staging"), ["Succeeded"]);
}

#[test]
fn what_none_of_them_has_signed_is_refused_before_any_of_it_runs() {
    let stranger = KeyPair::of(&[8; 32]);
    let replayed = ci().bundle(&digest_of("old"));
    let sbom = ci().stating("https://cyclonedx.org/bom", &image());
    for (stored, found) in [
        (Vec::new(), "the registry has no signature of it"),
        (vec![sbom], "the registry has no signature of it"),
        (
            vec![stranger.bundle(&image()), replayed],
            "the registry has 2 signatures of other keys, of other images, or damaged",
        ),
    ] {
        let world = pushed(RiskRule::Refuse, stored);
        assert_eq!(erp::ends(&world, "staging"), ["Failed"]);
        let d = &erp::deployments(&world, "staging")[0].deployment;
        let took = d.entered_at.duration_since(d.requested_at);
        assert!(
            took >= SignedDuration::from_mins(5),
            "it may come: {took:?}"
        );
        let told = erp::stories(&world);
        assert!(told.contains(found), "{told}");
        assert!(told.contains("cosign sign --key KEY"), "{told}");
        let tasks = world.with_cloud(|cloud| cloud.tasks());
        assert!(tasks.is_empty(), "not even one that looks at its migration");
    }
}

#[test]
fn where_two_must_approve_an_unsigned_image_one_is_not_enough() {
    let mut world = erp::world_of(config(RiskRule::FourEyes), 1, Weather::default());
    world.add_habit(Habit {
        user: UserId::new("UONES0604QSJC"),
        action: ButtonAction::Approve,
        environment: None,
        after: SignedDuration::from_mins(20),
    });
    erp::push(&world, "release-1.4.0", "new", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::push(&world, "v1.4.0", "new", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::assert_nothing_broke(&world);
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"]);
    let stored = &erp::deployments(&world, "production")[0];
    let demands = stored.deployment.demands().expect("people are asked");
    assert_eq!((demands.quorum, demands.four_eyes), (2, true));
    let told = plan(&world, "production");
    assert!(told.contains("so two people must approve"), "{told}");
    // Nobody is asked in staging: it is said, and no more.
    let told = plan(&world, "staging");
    assert!(
        told.contains("nothing proves that your CI built it"),
        "{told}"
    );
    assert!(!told.contains("two people"), "{told}");
}

#[test]
fn where_unsigned_images_are_allowed_nothing_is_waited_for() {
    let world = pushed(RiskRule::Allow, []);
    assert_eq!(erp::ends(&world, "staging"), ["Succeeded"]);
    let plan = plan(&world, "staging");
    assert!(!plan.contains("signed by"), "{plan}");
}
