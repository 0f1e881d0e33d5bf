//! The payloads against those in `events/`: the same fields, in the same places.

use std::collections::BTreeSet;

use serde_json::Value;
use sluice_core::config::Strategy;

use crate::cloud::behaviour::ImageBehaviour;
use crate::cloud::test_config::{
    config, furnished, minutes, next_hook, order, pass, release, roll_out, web,
};
use crate::cloud::{Emitted, Push, digest_of};

/// Every field of a value, by its path; what stands inside lists and under ARNs is data.
fn fields(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = vec![(String::new(), value)];
    while let Some((path, value)) = rest.pop() {
        for (key, value) in value.as_object().into_iter().flatten() {
            if !key.starts_with("arn:") {
                let path = format!("{path}/{key}");
                rest.push((path.clone(), value));
                found.insert(path);
            }
        }
    }
    found
}

fn real(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn events_have_the_fields_of_the_real_ones() {
    let mut cloud = furnished();
    cloud.push_image(Push::image(&config().repository, "v1", digest_of("v1")));
    let place = cloud.place(&crate::cloud::test_config::target()).unwrap();
    let database = sluice_core::config::Database::Instance("erp".into());
    let id = sluice_core::id::SnapshotId::new("sluice-one");
    cloud
        .create_snapshot(&place, &database, &id, Default::default())
        .unwrap();
    pass(&mut cloud, minutes(10));
    let green = release(&mut cloud, &web(), "v2", ImageBehaviour::default());
    let order = order(&cloud, &web(), Strategy::Rolling, &green);
    roll_out(&mut cloud, &order).unwrap();
    pass(&mut cloud, minutes(20));
    let told: Vec<Value> = cloud.take_emitted().iter().map(Emitted::payload).collect();
    let of = |kind: &str| {
        told.iter()
            .rfind(|payload| payload["detail-type"] == kind)
            .unwrap()
    };

    for text in [
        include_str!("../../../../../events/ecr-push-release.json"),
        include_str!("../../../../../events/ecr-scan-complete.json"),
        include_str!("../../../../../events/rds-snapshot-created.json"),
        include_str!("../../../../../events/ecs-deployment-completed.json"),
    ] {
        let real = real(text);
        let ours = of(real["detail-type"].as_str().unwrap());
        let counts = |field: &String| !field.contains("finding-severity-counts/");
        let wanted: BTreeSet<String> = fields(&real).into_iter().filter(counts).collect();
        assert_eq!(fields(ours), wanted);
        assert_eq!(ours["source"], real["source"]);
    }
}

#[test]
fn a_hook_call_has_the_fields_of_a_real_one() {
    let mut cloud = furnished();
    let green = release(&mut cloud, &web(), "v1", ImageBehaviour::default());
    let order = order(&cloud, &web(), Strategy::BlueGreen, &green);
    roll_out(&mut cloud, &order).unwrap();
    let ours = next_hook(&mut cloud).unwrap().payload();
    let real = real(include_str!(
        "../../../../../events/hook-post-test-traffic-shift.json"
    ));
    let mut wanted = fields(&real);
    // Which way a rollout goes, Sluice writes there too.
    wanted.insert("/hookDetails/direction".into());
    assert_eq!(fields(&ours), wanted);
    assert!(
        ours["resourceArn"]
            .as_str()
            .unwrap()
            .contains(":service-deployment/erp-production/")
    );
}
