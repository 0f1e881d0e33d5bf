//! Images come from the configured registry and from nowhere else, whoever tells of a push.

use std::sync::Arc;

use futures::executor::block_on;
use sluice_app::{App, AskError, Intake, Request, RollBack};
use sluice_core::config::Config;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{AccountId, EnvironmentName, ImageTag, Region, UserId};
use sluice_core::intake::{Ignored, ImagePush};
use sluice_core::rollback::ImageReference;
use sluice_sim::cloud::{ImageBehaviour, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

use crate::erp;

const OURS: &str = "222222222222.dkr.ecr.eu-central-1.amazonaws.com";
const THEIRS: &str = "666666666666.dkr.ecr.eu-central-1.amazonaws.com";

/// Pushes come from somebody else's account from now on, and their images can be pulled: its policy
/// lets everybody read.
fn theirs(world: &World) {
    let (account, region) = (AccountId::new("666666666666"), Region::new("eu-central-1"));
    world.with_cloud(|cloud| cloud.set_registry(&account, &region));
}

fn ours(world: &World) {
    let (account, region) = (AccountId::new("222222222222"), Region::new("eu-central-1"));
    world.with_cloud(|cloud| cloud.set_registry(&account, &region));
}

fn app(world: &World) -> App {
    App::new(world.ports(), vec![Arc::new(erp::config())])
}

fn request(environment: &str, id: &str) -> Request {
    Request {
        id: id.to_owned(),
        by: UserId::new("UONES0604QSJC"),
        environment: EnvironmentKey {
            app: erp::config().app,
            environment: EnvironmentName::new(environment),
        },
    }
}

fn images(world: &World) -> Vec<String> {
    let stored = world.store().deployments();
    let images = stored
        .iter()
        .map(|stored| stored.deployment.release.image());
    images.collect()
}

#[test]
fn a_push_to_somebody_elses_registry_deploys_nothing_anywhere() {
    let mut world = erp::world(1, Weather::default());
    theirs(&world);
    for tag in ["release-6.6.6", "v6.6.6"] {
        erp::push(&world, tag, "evil", &ImageBehaviour::default());
    }
    erp::run(&mut world);
    assert!(world.store().deployments().is_empty());
    assert!(
        world.slack().messages().is_empty(),
        "the log has it, and nobody is bothered"
    );
    erp::assert_nothing_broke(&world);

    // What the log says names both.
    let push = ImagePush {
        event: "event-1".to_owned(),
        registry: THEIRS.to_owned(),
        repository: erp::config().repository,
        tag: Some(ImageTag::new("release-6.6.6")),
        digest: digest_of("evil"),
        pushed_at: world.now(),
        manifest_media_type: None,
        artifact_media_type: None,
    };
    let taken = block_on(app(&world).image_pushed(&push)).expect("the store is there");
    let Intake::Ignored(why @ Ignored::OtherRegistry { .. }) = taken else {
        panic!("{taken:?}");
    };
    assert_eq!(
        sluice_words::refusal::ignored(&why),
        format!(
            "it was pushed to {THEIRS}, and erp is deployed from {OURS} alone: if that is wrong, \
             correct `registry` in [app]"
        )
    );
}

#[test]
fn what_people_ask_for_comes_from_the_configured_registry_whatever_was_pushed_last() {
    let mut world = erp::world(2, Weather::default());
    theirs(&world);
    erp::push(&world, "release-6.6.6", "evil", &ImageBehaviour::default());
    erp::run(&mut world);
    ours(&world);
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    erp::push(&world, "release-1.5.0", "two", &ImageBehaviour::default());
    erp::run(&mut world);
    let app = app(&world);
    block_on(app.promote(&request("production", "1"))).expect("it is verified in staging");
    erp::run(&mut world);
    let order = RollBack {
        to: None,
        reason: "orders fail".to_owned(),
        force: true,
    };
    block_on(app.roll_back(&request("production", "2"), &order)).expect("v1.4.0 ran before");
    erp::run(&mut world);
    let again = ImageReference::Tag(ImageTag::new("release-1.4.0"));
    block_on(app.deploy(&request("staging", "3"), &again)).expect("it is there");
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"; 3]);
    assert_eq!(erp::ends(&world, "staging"), ["Succeeded"; 3]);
    let images = images(&world);
    assert!(
        images.iter().all(|image| image.starts_with(OURS)),
        "{images:?}"
    );
    erp::assert_nothing_broke(&world);
}

#[test]
fn where_nothing_says_which_registry_nothing_is_deployed() {
    let world = erp::world(3, Weather::default());
    let nowhere = Config {
        registry: None,
        ..erp::config()
    };
    let app = App::new(world.ports(), vec![Arc::new(nowhere)]);
    let image = ImageReference::Tag(ImageTag::new("v0"));
    let refused = block_on(app.deploy(&request("staging", "1"), &image)).unwrap_err();
    assert!(matches!(refused, AskError::NoRegistry(_)), "{refused}");
    assert!(world.store().deployments().is_empty());
}

#[test]
fn people_see_the_registry_before_they_say_yes() {
    let mut world = erp::world(4, Weather::default());
    for tag in ["release-1.4.0", "v1.4.0"] {
        erp::push(&world, tag, "one", &ImageBehaviour::default());
    }
    erp::run(&mut world);
    let production = erp::deployments(&world, "production");
    let sealed = production[0].deployment.sealed_plan();
    assert!(
        sealed
            .plan
            .to_string()
            .contains(&format!("registry   {OURS}/erp\n"))
    );
    let shown = world.slack().was_ever_said(&format!("registry {OURS}"));
    assert!(shown, "the message that asked names it");
}
