//! Staging and production side by side: what people and infrastructure code change in one of them is
//! seen, what AWS does not tell is not known, and nothing is taken to be alike that was not read.

use jiff::SignedDuration;
use serde_json::{Value, json};
use sluice_core::config::Config;
use sluice_core::failure::PortError;
use sluice_core::id::{AccountId, ClusterName, EcsServiceName, Region};
use sluice_core::plan::Remark;
use sluice_sim::cloud::{Cloud, Dependency, Fault, ImageBehaviour, Lag, Operation};
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

use crate::{erp, operated};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What the ERP's two environments are unlike in by intent.
const ACCEPTED: &str = r#"
[parity]
allow = [
  { what = "alarm", by = "ops", reason = "no one is on call for staging" },
  { what = "database", by = "ops", reason = "staging has no backup" },
  { what = "configuration", by = "ops", reason = "production is more careful" },
]

[people]
"#;

fn config() -> Config {
    let stack = |environment: &str| {
        let table = format!("[environments.{environment}.roles]\n");
        let stack = format!("[environments.{environment}.stack]\nname = \"erp-{environment}\"\n\n");
        (table.clone(), format!("{stack}{table}"))
    };
    let mut toml = erp::SLUICE_TOML.replacen("\n[people]\n", ACCEPTED, 1);
    for (table, with_stack) in ["staging", "production"].map(stack) {
        toml = toml.replacen(&table, &with_stack, 1);
    }
    Config::parse(&toml).unwrap_or_else(|problems| panic!("{problems}"))
}

/// v1.4.0 has succeeded in both.
fn both_run(image: &str) -> World {
    let mut world = erp::world_of(config(), 1, Weather::default());
    for tag in ["release-1.4.0", "v1.4.0"] {
        erp::push(&world, tag, image, &ImageBehaviour::default());
        erp::run(&mut world);
    }
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"]);
    world
}

fn compared(world: &World) -> Value {
    let answer = operated::asks_with(config(), world, "parity staging production", &json!({}));
    assert_eq!(answer["outcome"], "done", "{answer:#}");
    answer["parity"].clone()
}

/// The differences that no one has accepted.
fn open(parity: &Value) -> Vec<String> {
    let all = parity["differences"].as_array().expect("a list");
    let open = all.iter().filter(|one| one["allowed"].is_null());
    let said = open.map(|one| {
        let text = |member: &str| one[member].as_str().unwrap_or("-").to_owned();
        format!("{} {} of {}", text("what"), text("name"), text("service"))
    });
    said.collect()
}

/// What is not known, and of which environment.
fn unknown(parity: &Value) -> Vec<String> {
    let all = parity["unknown"].as_array().expect("a list").iter();
    let said = all.map(|one| format!("{} {}", one["what"], one["environment"]).replace('"', ""));
    let mut said: Vec<String> = said.collect();
    said.dedup();
    said
}

fn web_in(cluster: &str) -> (ClusterName, EcsServiceName) {
    (ClusterName::new(cluster), EcsServiceName::new("erp-web"))
}

/// Someone registers what web runs in staging with a change, and deploys it.
fn deploys_by_hand(world: &World, change: impl FnOnce(&mut Value)) {
    let (cluster, service) = web_in("erp-staging");
    world.with_cloud(|cloud| {
        let runs = cloud.service(&cluster, &service).expect("it is furnished");
        let place = cloud
            .place_of(
                &AccountId::new("111111111111"),
                &Region::new("eu-central-1"),
            )
            .expect("it is furnished");
        let described = cloud.describe_task_definition(&place, runs.task_definition.as_str());
        let mut registration = described.expect("it runs").registration;
        registration["tags"] = json!([]);
        change(&mut registration);
        let made = cloud.register_task_definition(&place, registration);
        let made = made.expect("it is whole");
        let name = format!("{}:{}", made.family, made.revision);
        assert!(cloud.update_by_hand(&cluster, &service, &name, None));
    });
}

/// So long that what was changed is done, and every read sees it.
fn passes(world: &World, time: SignedDuration) {
    world.with_cloud(|cloud| {
        let to = cloud.now() + time;
        cloud.advance_to(to);
    });
}

#[test]
fn after_a_release_both_are_alike_apart_from_what_is_accepted() {
    let world = both_run("one");
    let parity = compared(&world);
    assert_eq!(
        parity["verdict"],
        "alike",
        "{:?}, {:?}",
        open(&parity),
        unknown(&parity)
    );
    let all = parity["differences"].as_array().expect("a list");
    let reasons: Vec<&Value> = all.iter().map(|one| &one["allowed"]["reason"]).collect();
    assert!(reasons.contains(&&json!("no one is on call for staging")));
    let alike = parity["alike"].as_array().expect("a list");
    for what in [
        "image",
        "schema",
        "task-size",
        "variable",
        "secret",
        "listener-rule",
        "health-check",
        "stack-template",
        "stack-parameter",
    ] {
        assert!(
            alike.iter().any(|one| one["what"] == what),
            "{what}: {alike:#?}"
        );
    }
}

#[test]
fn what_people_and_infrastructure_code_change_in_one_of_them_is_seen() {
    let world = both_run("one");
    deploys_by_hand(&world, |made| {
        made["memory"] = json!("2048");
        let app = &mut made["containerDefinitions"][0];
        assert_eq!(app["name"], "app");
        app["environment"]
            .as_array_mut()
            .expect("a list")
            .push(json!({
                "name": "DEBUG_TOOLBAR", "value": "hunter2",
            }));
        app["healthCheck"] = json!({"command": ["CMD", "true"], "interval": 10});
        app["command"] = json!(["serve", "--password", "hunter3"]);
    });
    let (cluster, web) = web_in("erp-staging");
    world.with_cloud(|cloud| {
        cloud.set_front(&cluster, &web, |front| {
            front.health_path = "/".to_owned();
            let paths = vec!["/api/*".to_owned()];
            front.conditions.insert("path-pattern".to_owned(), paths);
        });
        cloud.set_stack(
            "erp-staging",
            Some("Resources: {Redis: {}}"),
            &[("RedisType", "small")],
        );
    });
    passes(&world, HOUR);
    let parity = compared(&world);
    assert_eq!(unknown(&parity), Vec::<String>::new(), "{parity:#}");
    assert_eq!(
        open(&parity),
        [
            "task-size memory of web",
            "task-definition command of app of web",
            "variable DEBUG_TOOLBAR of web",
            "listener-rule path-pattern of web",
            "health-check app command of web",
            "health-check app interval of web",
            "health-check target group path of web",
            "stack-template hash of -",
            "stack-parameter RedisType of -",
        ]
    );
    assert!(!parity.to_string().contains("hunter"), "{parity:#}");
}

#[test]
fn a_release_that_staging_has_and_production_has_not_is_a_difference() {
    let mut world = both_run("one");
    erp::push(&world, "release-1.5.0", "two", &ImageBehaviour::default());
    erp::run(&mut world);
    let open = open(&compared(&world));
    assert_eq!(
        open,
        [
            "image verified release of -",
            "image image of beat",
            "image image of web",
            "image image of worker",
            "schema revision of -",
        ]
    );
}

#[test]
fn a_read_that_lags_tells_what_was_and_the_next_what_is() {
    let world = both_run("one");
    let (cluster, web) = web_in("erp-production");
    let lag = SignedDuration::from_secs(30);
    world.with_cloud(|cloud| cloud.set_lag(Lag::exactly(lag)));
    passes(&world, HOUR);
    world.with_cloud(|cloud| cloud.set_front(&cluster, &web, |front| front.interval_s = 10));
    assert_eq!(
        compared(&world)["verdict"],
        "alike",
        "AWS does not show it yet"
    );
    passes(&world, lag + lag);
    let parity = compared(&world);
    assert_eq!(open(&parity), ["health-check target group interval of web"]);
}

#[test]
fn what_is_out_is_not_known_and_never_alike() {
    let world = both_run("one");
    let now = world.now();
    world.with_cloud(|cloud| cloud.plan_outage(Dependency::Ecs, now, now + HOUR));
    let parity = compared(&world);
    assert_eq!(parity["verdict"], "unknown", "{parity:#}");
    let both = |what: &str| [format!("{what} staging"), format!("{what} production")];
    for what in [
        "image",
        "task-size",
        "variable",
        "secret",
        "listener-rule",
        "health-check",
    ] {
        let said = unknown(&parity);
        assert!(
            both(what).iter().all(|one| said.contains(one)),
            "{what}: {said:?}"
        );
    }
    let alike = parity["alike"].as_array().expect("a list");
    let of_services = alike.iter().filter(|one| !one["service"].is_null());
    assert_eq!(of_services.count(), 0, "{alike:#?}");
    let schema = alike.iter().any(|one| one["what"] == "schema");
    assert!(schema, "what does not need ECS is compared: {alike:#?}");
}

#[test]
fn a_lost_answer_is_asked_for_again_and_one_that_never_comes_is_not_known() {
    let world = both_run("one");
    for operation in [Operation::DescribeStacks, Operation::DescribeTargetGroups] {
        world.with_cloud(|cloud| cloud.faults().nth(operation, 1, Fault::LoseAnswer));
        let parity = compared(&world);
        let lost = unknown(&parity);
        match operation {
            Operation::DescribeStacks => assert_eq!(lost, Vec::<String>::new()),
            // The load balancer is asked for each service beside ECS, and once.
            _ => assert_eq!(lost.len(), 2, "{lost:?}"),
        }
        world.with_cloud(|cloud| cloud.faults().clear());
    }
    let denied = "cloudformation:DescribeStacks: access denied";
    let denied = Fault::Fail(PortError::permanent(denied));
    world.with_cloud(|cloud| cloud.faults().always(Operation::DescribeStacks, denied));
    let parity = compared(&world);
    assert_eq!(parity["verdict"], "unknown");
    assert!(parity.to_string().contains("access denied"), "{parity:#}");
}

#[test]
fn where_nothing_was_deployed_nothing_is_known() {
    let mut world = erp::world_of(config(), 1, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    let parity = compared(&world);
    assert_eq!(parity["verdict"], "unknown");
    let said = unknown(&parity);
    assert!(
        said.iter().all(|one| one.ends_with("production")),
        "{said:?}"
    );
    assert!(parity.to_string().contains("nothing-deployed"));
}

#[test]
fn which_two_are_meant_follows_from_after() {
    let world = both_run("one");
    let asks = |command: &str| operated::asks_with(config(), &world, command, &json!({}));
    for command in [
        "parity",
        "parity production",
        "parity erp/staging erp/production",
    ] {
        assert_eq!(
            asks(command)["parity"]["environments"],
            json!(["staging", "production"])
        );
    }
    let reversed = asks("parity production staging");
    assert_eq!(
        reversed["parity"]["environments"],
        json!(["production", "staging"])
    );
    for (command, told) in [
        ("parity staging", "has no `after`"),
        ("parity staging staging", "are one environment"),
        ("parity staging prodution", "Did you mean"),
        ("parity staging production now", "now"),
    ] {
        let answer = asks(command);
        assert_eq!(answer["outcome"], "not-understood", "{answer}");
        let said = answer["message"]["summary"].as_str().unwrap_or_default();
        assert!(said.contains(told), "{command}: {said}");
    }
}

/// What the plan of the newest deployment to production says of staging.
fn remarks(world: &World) -> Vec<String> {
    let newest = erp::deployments(world, "production").pop();
    let newest = newest.expect("one was opened");
    let remarks = newest.deployment.sealed_plan().seen.remarks.iter();
    let told = remarks.filter(|remark| matches!(remark, Remark::Unlike { .. }));
    told.map(sluice_words::plan::remark).collect()
}

/// v1.4.0 has succeeded in staging; then something happens, and it is pushed for production.
fn after_staging(config: Config, happens: impl FnOnce(&mut World)) -> World {
    let mut world = erp::world_of(config, 1, Weather::default());
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    happens(&mut world);
    erp::push(&world, "v1.4.0", "one", &ImageBehaviour::default());
    erp::run(&mut world);
    assert_eq!(erp::ends(&world, "production"), ["Succeeded"]);
    erp::assert_nothing_broke(&world);
    world
}

#[test]
fn the_plan_says_where_staging_is_unlike_production_and_nothing_of_what_the_release_brings() {
    let world = after_staging(config(), |_| {});
    assert_eq!(remarks(&world), Vec::<String>::new(), "all else is alike");

    let world = after_staging(config(), |world| {
        deploys_by_hand(world, |made| made["memory"] = json!("2048"));
        passes(world, HOUR);
    });
    let [said] = remarks(&world).try_into().expect("one remark");
    for part in [
        "staging is unlike this environment in 1 thing",
        "task-size memory of web",
        "what succeeded there may fail here",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(world.slack().was_ever_said("task-size memory of web"));
}

#[test]
fn what_cannot_be_read_holds_up_no_deployment_and_is_said_to_be_not_known() {
    let world = after_staging(config(), |world| {
        let denied = "elasticloadbalancing:DescribeTargetGroups: access denied";
        let denied = Fault::Fail(PortError::permanent(denied));
        let faults = |cloud: &mut Cloud| {
            cloud
                .faults()
                .always(Operation::DescribeTargetGroups, denied);
        };
        world.with_cloud(faults);
    });
    let [said] = remarks(&world).try_into().expect("one remark");
    assert!(
        said.contains("it is not known whether staging is like"),
        "{said}"
    );
    assert!(said.contains("access denied"), "{said}");
}

#[test]
fn without_the_table_plans_say_nothing_of_it_and_nothing_is_read_for_it() {
    let world = after_staging(erp::config(), |world| {
        deploys_by_hand(world, |made| made["memory"] = json!("2048"));
        passes(world, HOUR);
    });
    assert_eq!(remarks(&world), Vec::<String>::new());
    let asked = Operation::DescribeTargetGroups;
    let calls = world.with_cloud(|cloud| cloud.faults().calls(asked));
    assert_eq!(calls, 0);
}
