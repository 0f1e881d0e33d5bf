//! Infrastructure code registers a revision of the family that a service runs; then an image is
//! pushed. Sluice makes its own from what runs, and says what it leaves out.

use serde_json::{Value, json};
use sluice_core::id::{AccountId, ClusterName, EcsServiceName, Region};
use sluice_core::plan::Remark;
use sluice_sim::cloud::ImageBehaviour;
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

use crate::erp;

/// What web runs in staging, as it is registered.
fn runs(world: &World) -> Value {
    let cluster = ClusterName::new("erp-staging");
    let service = EcsServiceName::new("erp-web");
    world.with_cloud(|cloud| {
        let place = cloud
            .place_of(
                &AccountId::new("111111111111"),
                &Region::new("eu-central-1"),
            )
            .expect("it is furnished");
        let one = cloud.service(&cluster, &service).expect("it is furnished");
        let arn = one
            .revisions
            .last()
            .expect("it runs")
            .task_definition
            .clone();
        let described = cloud.describe_task_definition(&place, arn.as_str());
        described.expect("it runs").registration
    })
}

/// Infrastructure code gives web more memory.
fn infrastructure_code_registers(world: &World) {
    world.with_cloud(|cloud| {
        let place = cloud
            .place_of(
                &AccountId::new("111111111111"),
                &Region::new("eu-central-1"),
            )
            .expect("it is furnished");
        let described = cloud.describe_task_definition(&place, "erp-web");
        let mut registration = described.expect("it is furnished").registration;
        registration["cpu"] = json!("1024");
        registration["memory"] = json!("4096");
        registration["tags"] = json!([{"key": "managed-by", "value": "terraform"}]);
        let registered = cloud.register_task_definition(&place, registration);
        registered.expect("it is whole");
    });
}

/// The remarks of the newest deployment to staging.
fn remarks(world: &World) -> Vec<String> {
    let newest = erp::deployments(world, "staging")
        .pop()
        .expect("one was opened");
    let remarks = newest.deployment.sealed_plan().seen.remarks.iter();
    let told = remarks.filter(|remark| matches!(remark, Remark::NewerRevision { .. }));
    told.map(sluice_words::plan::remark).collect()
}

#[test]
fn a_revision_that_infrastructure_code_made_is_told_and_sluices_own_are_not() {
    let mut world = erp::world(1, Weather::default());
    // The first release registers revisions, and so does one that fails: all of them Sluice's own.
    erp::push(&world, "release-1.3.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    let broken = ImageBehaviour {
        live: Some(500),
        ..ImageBehaviour::default()
    };
    erp::push(&world, "release-1.3.1", "broken", &broken);
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, "staging"), ["Succeeded", "RolledBack"]);
    erp::push(&world, "release-1.3.2", "two", &ImageBehaviour::default());
    erp::run(&mut world);
    assert!(remarks(&world).is_empty(), "{:?}", remarks(&world));

    infrastructure_code_registers(&world);
    erp::push(&world, "release-1.4.0", "three", &ImageBehaviour::default());
    erp::run(&mut world);
    let said = remarks(&world);
    assert_eq!(said.len(), 1, "{said:?}");
    for part in [
        "web runs erp-web:4, and erp-web:5 was registered since, not by Sluice",
        "(cpu 512 → 1024, memory 1024 → 4096)",
        "the new revision is made from erp-web:4, without that change",
    ] {
        assert!(said[0].contains(part), "{part}: {said:?}");
    }
    let after = runs(&world);
    assert_eq!(after["cpu"], "512", "and so it was done");
    // Where it was told people can read it.
    let told = world
        .slack()
        .was_ever_said("erp-web:5 was registered since, not by Sluice");
    assert!(told, "the thread has the plan and what was seen beside it");
    erp::assert_nothing_broke(&world);
}
