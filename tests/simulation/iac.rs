//! Infrastructure code and people register task definitions beside Sluice; then an image is pushed.
//! Sluice makes its own from what it is told to, says what is different, and takes back out what it
//! has put in.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::id::{AccountId, ClusterName, EcsServiceName, Region, TaskDefinitionArn};
use sluice_core::plan::Remark;
use sluice_sim::cloud::{Cloud, ImageBehaviour, Place};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{DirectFunctions, World};

use crate::erp;

fn place(cloud: &Cloud) -> Arc<Place> {
    let account = AccountId::new("111111111111");
    let place = cloud.place_of(&account, &Region::new("eu-central-1"));
    place.expect("it is furnished")
}

fn web() -> (ClusterName, EcsServiceName) {
    (
        ClusterName::new("erp-staging"),
        EcsServiceName::new("erp-web"),
    )
}

/// What web runs in staging: which revision, and as it is registered.
fn running(world: &World) -> (TaskDefinitionArn, Value) {
    let (cluster, service) = web();
    world.with_cloud(|cloud| {
        let one = cloud.service(&cluster, &service).expect("it is furnished");
        let last = one.revisions.last().expect("it runs");
        let arn = last.task_definition.clone();
        let described = cloud.describe_task_definition(&place(cloud), arn.as_str());
        (arn, described.expect("it runs").registration)
    })
}

fn runs(world: &World) -> Value {
    running(world).1
}

/// The container that Sluice deploys, of a registration.
fn app(registration: &mut Value) -> &mut Value {
    let containers = registration["containerDefinitions"].as_array_mut();
    let mut containers = containers.into_iter().flatten();
    let found = containers.find(|one| one["name"] == "app");
    found.expect("the ERP's container is called so")
}

/// Somebody registers what web runs in a family, with a change.
fn registers(world: &World, family: &str, change: impl FnOnce(&mut Value)) -> TaskDefinitionArn {
    let mut registration = runs(world);
    registration["family"] = json!(family);
    registration["tags"] = json!([{"key": "managed-by", "value": "terraform"}]);
    change(&mut registration);
    world.with_cloud(|cloud| {
        let registered = cloud.register_task_definition(&place(cloud), registration);
        registered.expect("it is whole").arn
    })
}

/// Infrastructure code gives web more memory.
fn infrastructure_code_registers(world: &World) {
    registers(world, "erp-web", |made| {
        made["cpu"] = json!("1024");
        made["memory"] = json!("4096");
    });
}

/// Somebody deploys a revision to web. The next release waits until that has ended.
fn deploys(world: &World, revision: &TaskDefinitionArn) {
    let (cluster, service) = web();
    let name = revision.as_str().rsplit('/').next().expect("it has a name");
    let taken = world.with_cloud(|cloud| cloud.update_by_hand(&cluster, &service, name, None));
    assert!(taken, "{revision}");
}

/// The ERP with more in the table of staging's web service, and more in its environment.
fn configured(of_web: &str, of_staging: &str, variables: &str) -> Config {
    let toml = include_str!("../erp/sluice.toml")
        .replace(
            "[environments.staging.services.web]\n",
            &format!("[environments.staging.services.web]\n{of_web}\n"),
        )
        .replace(
            "channel = \"#erp-staging\"\n",
            &format!("channel = \"#erp-staging\"\n{of_staging}\n"),
        )
        .replace(
            "[environments.staging.variables]\n",
            &format!("[environments.staging.variables]\n{variables}\n"),
        );
    Config::parse(&toml).unwrap_or_else(|problems| panic!("{problems}"))
}

fn world_of(config: Config) -> World {
    erp::world_of(config, 1, Weather::default())
}

fn releases(world: &mut World, tag: &str) {
    // By then ECS shows what somebody has deployed: of two at one moment neither sees the other.
    let (soon, tag) = (SignedDuration::from_secs(10), tag.to_owned());
    world.plan(soon, "the release is pushed", move |world| {
        erp::push(world, &tag, &tag, &ImageBehaviour::default());
    });
    erp::run(world);
}

/// The end of the newest deployment to staging.
fn end(world: &World) -> &'static str {
    let ends = erp::ends(world, "staging");
    ends.last().expect("one was opened")
}

fn said(world: &World, what: &str) -> bool {
    world.slack().was_ever_said(what)
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

#[test]
fn a_base_family_is_what_releases_are_made_from() {
    let mut world = world_of(configured("task_definition = \"erp-web-base\"", "", ""));
    releases(&mut world, "release-1.3.0");
    assert_eq!(end(&world), "Succeeded");
    assert_eq!(running(&world).0.family().as_str(), "erp-web");

    registers(&world, "erp-web-base", |made| {
        made["memory"] = json!("4096");
        app(made)["image"] = json!("public.ecr.aws/nginx:latest");
    });
    releases(&mut world, "release-1.4.0");
    assert_eq!(end(&world), "Succeeded");
    assert!(said(&world, "web is made from erp-web-base:2"));
    assert!(said(&world, "memory 1024 → 4096"));
    let (good, mut registration) = running(&world);
    assert_eq!(good.family().as_str(), "erp-web", "into its own family");
    assert_eq!(registration["memory"], "4096");
    let image = app(&mut registration)["image"].to_string();
    assert!(image.contains("/erp@sha256:"), "{image}");
    let tags = registration["tags"].to_string();
    assert!(tags.contains("sluice:deployment"), "{tags}");

    // A release that fails on another base goes back to what ran, whatever the base says now.
    registers(&world, "erp-web-base", |made| made["cpu"] = json!("2048"));
    let broken = ImageBehaviour {
        live: Some(500),
        ..ImageBehaviour::default()
    };
    erp::push(&world, "release-1.4.1", "broken", &broken);
    erp::run(&mut world);
    assert_eq!(end(&world), "RolledBack");
    assert_eq!(running(&world).0, good);

    // Without the container there is nothing to put the image into.
    registers(&world, "erp-web-base", |made| {
        app(made)["name"] = json!("api");
    });
    let before = running(&world).0;
    releases(&mut world, "release-1.5.0");
    assert_eq!(end(&world), "Failed");
    assert!(said(
        &world,
        "web cannot run a revision made from erp-web-base:4: it has no container `app`, only api"
    ));
    assert_eq!(running(&world).0, before);
    erp::assert_nothing_broke(&world);
}

#[test]
fn a_service_that_was_made_with_the_base_itself_gets_its_own_family() {
    let mut world = world_of(configured("task_definition = \"erp-web-base\"", "", ""));
    let base = registers(&world, "erp-web-base", |_| {});
    deploys(&world, &base);
    releases(&mut world, "release-1.3.0");
    assert_eq!(end(&world), "Succeeded");
    assert_eq!(running(&world).0.family().as_str(), "erp-web");
    erp::assert_nothing_broke(&world);
}

#[test]
fn a_newer_revision_is_taken_where_that_is_configured() {
    let mut world = world_of(configured("", "newer_revisions = \"take\"", ""));
    infrastructure_code_registers(&world);
    // The release that takes it fails, and what Sluice made of it is the newest of the family then.
    let broken = ImageBehaviour {
        live: Some(500),
        ..ImageBehaviour::default()
    };
    erp::push(&world, "release-1.3.0", "broken", &broken);
    erp::run(&mut world);
    assert_eq!(end(&world), "RolledBack");
    assert_eq!(runs(&world)["cpu"], "512");
    releases(&mut world, "release-1.3.1");
    assert_eq!(end(&world), "Succeeded");
    assert!(said(&world, "web is made from erp-web:2"));
    assert_eq!(runs(&world)["cpu"], "1024", "it is not forgotten");
    erp::assert_nothing_broke(&world);
}

#[test]
fn a_newer_revision_is_refused_where_that_is_configured() {
    let mut world = world_of(configured("", "newer_revisions = \"refuse\"", ""));
    releases(&mut world, "release-1.3.0");
    assert_eq!(end(&world), "Succeeded", "Sluice's own are no reason");
    infrastructure_code_registers(&world);
    let before = running(&world).0;
    releases(&mut world, "release-1.4.0");
    assert_eq!(end(&world), "Failed");
    assert!(said(
        &world,
        "web runs erp-web:2, and erp-web:3 was registered since, not by Sluice"
    ));
    assert_eq!(running(&world).0, before);
    erp::assert_nothing_broke(&world);
}

/// The names of the plain variables and of the secrets that web has.
fn names(world: &World) -> Vec<String> {
    let mut registration = runs(world);
    let app = app(&mut registration).clone();
    let lists = ["environment", "secrets"];
    let all = lists.iter().filter_map(|list| app[list].as_array());
    let names = all.flatten().filter_map(|one| one["name"].as_str());
    names.map(str::to_owned).collect()
}

fn configure(world: &mut World, config: Config) {
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    world.deploy(Arc::new(DirectFunctions(app)));
}

#[test]
fn a_variable_that_sluice_set_goes_with_its_line_and_others_stay() {
    let with_flag = configured("", "", "OLD_FLAG = \"on\"");
    let mut world = world_of(with_flag);
    let theirs = registers(&world, "erp-web", |made| {
        app(made)["environment"] = json!([{"name": "PORT", "value": "8000"}]);
    });
    deploys(&world, &theirs);
    releases(&mut world, "release-1.3.0");
    let has = |world: &World, name: &str| names(world).iter().any(|one| one == name);
    assert!(has(&world, "OLD_FLAG") && has(&world, "PORT"));

    let mut without = configured("", "", "");
    let staging = &mut without.environments[0];
    assert!(staging.secrets.remove("SENTRY_DSN").is_some());
    configure(&mut world, without);
    releases(&mut world, "release-1.4.0");
    assert_eq!(end(&world), "Succeeded");
    assert!(!has(&world, "OLD_FLAG") && !has(&world, "SENTRY_DSN"));
    assert!(has(&world, "PORT") && has(&world, "LOG_LEVEL"));
    for told in [
        "OLD_FLAG, SENTRY_DSN of web: not in sluice.toml any more",
        "web keeps PORT, which sluice.toml does not set",
    ] {
        assert!(said(&world, told), "{told}");
    }
    erp::assert_nothing_broke(&world);
}

#[test]
fn a_tag_alone_makes_nothing_sluices() {
    let mut world = world_of(configured("", "", "OLD_FLAG = \"on\""));
    releases(&mut world, "release-1.3.0");
    // Somebody copies the revision in the console: the tag comes along, and so does a variable that
    // they count on now.
    let tags = runs(&world)["tags"].clone();
    assert!(tags.to_string().contains("sluice:deployment"));
    let copy = registers(&world, "erp-web", |made| {
        made["tags"] = tags;
        made["memory"] = json!("2048");
    });
    deploys(&world, &copy);
    configure(&mut world, configured("", "", ""));
    releases(&mut world, "release-1.4.0");
    assert_eq!(end(&world), "Succeeded");
    assert!(names(&world).iter().any(|name| name == "OLD_FLAG"));
    assert!(said(
        &world,
        "web keeps OLD_FLAG, which sluice.toml does not set"
    ));
    erp::assert_nothing_broke(&world);
}
