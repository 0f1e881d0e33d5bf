//! The minute, in a simulated cloud.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::id::{ImageTag, RepositoryName};
use sluice_core::intake::ImagePush;
use sluice_health_check::{Answer, handler};
use sluice_sim::cloud::digest_of;
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

#[test]
fn a_deployment_whose_wake_up_was_lost_is_woken() {
    let config = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
    let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
    let world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    let push = ImagePush {
        event: "b9f19698".to_owned(),
        registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
        repository: RepositoryName::new("erp"),
        tag: Some(ImageTag::new("release-1.4.0")),
        digest: digest_of("one"),
        pushed_at: start,
        manifest_media_type: None,
        artifact_media_type: None,
    };
    block_on(app.image_pushed(&push)).unwrap();
    let minute = |now: Timestamp| {
        world.with_cloud(|cloud| cloud.advance_to(now));
        let stop_at = now + SignedDuration::from_secs(30);
        block_on(handler(&app, stop_at)).unwrap()
    };
    let nothing = Answer {
        sampled: 0,
        woken: 0,
        looked: 0,
        failed: 0,
        newer: 0,
    };
    assert_eq!(minute(start + SignedDuration::from_secs(1)), nothing);
    let due_at = world.store().deployments()[0].due_at.unwrap();
    let late = minute(due_at + SignedDuration::from_mins(1));
    assert_eq!(
        late,
        Answer {
            sampled: 0,
            woken: 1,
            looked: 0,
            failed: 0,
            newer: 0
        }
    );
    assert_eq!(
        serde_json::to_string(&late).unwrap(),
        r#"{"sampled":0,"woken":1,"looked":0,"failed":0,"newer":0}"#
    );
}
