//! `sluice.toml`, from the text to the types: what is taken, and what is said about the rest.

#[path = "config/mistakes.rs"]
mod mistakes;
#[path = "config/monitors.rs"]
mod monitors;
#[path = "config/page.rs"]
mod page;
#[path = "config/properties.rs"]
mod properties;
#[path = "config/schema.rs"]
mod schema;
#[path = "config/source.rs"]
mod source;
#[path = "config/stack.rs"]
mod stack;
#[path = "config/together.rs"]
mod together;
#[path = "config/values.rs"]
mod values;

use jiff::SignedDuration;
use sluice_core::calendar::Calendar;
use sluice_core::config::{
    Bake, Config, Database, Member, ScanPolicy, SecretSource, ServiceKind, Severity, Steps,
    Strategy,
};
use sluice_core::id::{EnvironmentName, GroupId, ImageTag, ServiceName, UserId};
use sluice_core::roles::Role;

const ERP: &str = include_str!("../../../tests/erp/sluice.toml");

/// The least a file must hold.
const LEAST: &str = r##"
[app]
name = "erp"
repository = "erp"
[services.web]
kind = "web"
[environments.staging]
account = "111111111111"
region = "eu-central-1"
cluster = "erp"
tags = ["*"]
channel = "#erp"
[environments.staging.services.web]
url = "https://erp.example.com/"
test_url = "https://erp.example.com:8443"
"##;

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

#[test]
fn the_erp_is_read_as_it_is_written() {
    let config = Config::parse(ERP).unwrap_or_else(|problems| panic!("{problems}"));
    let kinds: Vec<_> = config
        .services
        .iter()
        .map(|s| (s.name.as_str(), s.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            ("web", ServiceKind::Web),
            ("worker", ServiceKind::Worker),
            ("beat", ServiceKind::Singleton)
        ]
    );
    let migration = config.migration.as_ref().unwrap();
    assert_eq!(migration.command, ["alembic", "upgrade", "head"]);
    assert!(
        config
            .smoke_tests
            .iter()
            .all(|test| test.service == ServiceName::new("web"))
    );

    let production = config
        .environment(&EnvironmentName::new("production"))
        .unwrap();
    assert_eq!(production.after, Some(EnvironmentName::new("staging")));
    assert!(
        production
            .tags
            .iter()
            .any(|tag| tag.matches(&ImageTag::new("v1.4.0")))
    );
    let approval = production.approval.as_ref().unwrap();
    assert_eq!(
        approval.approvers[0],
        Member::Group(GroupId::new("S0604QSJC"))
    );
    assert!(approval.four_eyes);
    assert_eq!(
        production.who_may(Role::Override),
        [Member::User(UserId::new("U024BE7LH"))]
    );
    let calendar = &production.calendar;
    assert_eq!(calendar.windows.len(), 2);
    assert_eq!(calendar.freezes[0].from.to_string(), "2026-12-19T17:00:00Z");
    let backup = production.backup.as_ref().unwrap();
    assert_eq!(backup.database, Database::Instance("erp-production".into()));
    assert_eq!(
        production.secrets["SENTRY_DSN"],
        SecretSource::Parameter {
            name: "/erp/production/sentry-dsn".into()
        }
    );
    let settings = config.settings(production);
    for (service, strategy) in [
        ("web", Strategy::BlueGreen),
        ("worker", Strategy::Rolling),
        ("beat", Strategy::Singleton),
    ] {
        let placement = settings.placement(&ServiceName::new(service));
        assert_eq!(placement.strategy, strategy);
        assert_eq!(placement.ecs_service.as_str(), format!("erp-{service}"));
    }
}

#[test]
fn what_is_left_out_has_its_documented_default() {
    let config = Config::parse(LEAST).unwrap();
    let environment = &config.environments[0];
    assert_eq!(
        environment.bake,
        Bake {
            duration: minutes(10),
            every: minutes(1),
            failures: 3,
            samples: 3
        }
    );
    assert_eq!(
        environment.scan,
        ScanPolicy {
            block: Some(Severity::Critical),
            wait: minutes(10),
            except: Vec::new(),
        }
    );
    assert_eq!(
        (
            &environment.approval,
            &environment.backup,
            &environment.role
        ),
        (&None, &None, &None)
    );
    assert!(environment.roles.is_empty(), "nobody may anything");
    let any_time = Calendar::default();
    assert_eq!(environment.calendar, any_time);
    let web = &config.services[0];
    assert_eq!((web.container.as_str(), web.stop_timeout), ("web", None));
    let placement = &environment.services[&web.name];
    assert_eq!(placement.strategy, Strategy::BlueGreen);
    assert_eq!(
        placement.url.as_deref(),
        Some("https://erp.example.com"),
        "without the slash"
    );

    let more = format!(
        "{LEAST}strategy = \"canary\"\n[environments.staging.approval]\napprovers = [\"U024BE7LH\"]\n\
         [environments.staging.backup]\ncluster = \"erp\"\n[environments.staging.scan]\nblock = \"none\"\n\
         [migration]\ncommand = [\"alembic\"]\nservice = \"web\"\n[[smoke_tests]]\nname = \"up\"\npath = \"/\"\n"
    );
    let config = Config::parse(&more).unwrap_or_else(|problems| panic!("{problems}"));
    let environment = &config.environments[0];
    let approval = environment.approval.as_ref().unwrap();
    assert_eq!((approval.quorum, approval.four_eyes), (1, true));
    assert_eq!(approval.expires, SignedDuration::from_hours(8));
    let backup = environment.backup.as_ref().unwrap();
    assert_eq!((backup.timeout, backup.keep), (minutes(60), 5));
    assert_eq!(backup.database, Database::Cluster("erp".into()));
    assert_eq!(environment.scan.block, None);
    assert_eq!(config.migration.as_ref().unwrap().timeout, minutes(30));
    let test = &config.smoke_tests[0];
    assert_eq!((test.method.as_str(), test.status), ("GET", 200));
    assert_eq!(test.within, SignedDuration::from_secs(5));
    assert_eq!(
        environment.services[&ServiceName::new("web")].strategy,
        Strategy::Canary(Steps {
            percent: 5,
            bake: minutes(10)
        })
    );
}

#[test]
fn services_and_environments_keep_the_order_of_the_file() {
    let text = LEAST.replace("[app]", "[services.zeta]\nkind = \"worker\"\n[app]");
    let config = Config::parse(&text).unwrap();
    let names: Vec<_> = config
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    assert_eq!(names, ["zeta", "web"]);
}

#[test]
fn a_pinned_configuration_survives_json() {
    let config = Config::parse(ERP).unwrap();
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<Config>(&json).unwrap(), config);
}
