//! The gate that a scan's findings close, and that somebody opens for a time.

use sluice_core::config::{Config, Day, ScanException, Severity};
use sluice_core::id::FindingId;
use sluice_core::scan::{Counts, Findings};
use sluice_sim::cloud::{ImageBehaviour, ScanBehaviour};
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

use crate::erp;

fn with_exception(until: &str) -> Config {
    let exception = ScanException {
        id: FindingId::new("CVE-2026-0861"),
        by: "the platform team".to_owned(),
        reason: "no version with a fix yet".to_owned(),
        until: Day::parse(until).expect("a day"),
    };
    let mut config = erp::config();
    for environment in &mut config.environments {
        environment.scan.except = vec![exception.clone()];
    }
    config
}

/// A base image with a critical vulnerability goes to staging, by these settings.
fn pushed(config: Config) -> World {
    let mut findings = Findings::from(Counts::from([(Severity::Critical, 1)]));
    findings.name(FindingId::new("CVE-2026-0861"), Severity::Critical);
    let behaviour = ImageBehaviour {
        scan: ScanBehaviour::Finds(findings),
        ..ImageBehaviour::default()
    };
    let mut world = erp::world_of(config, 1, Weather::default());
    erp::push(&world, "release-1.4.0", "new", &behaviour);
    erp::run(&mut world);
    erp::assert_nothing_broke(&world);
    world
}

#[test]
fn a_finding_that_somebody_answers_for_does_not_keep_a_release_out() {
    let world = pushed(with_exception("2026-01-05"));
    assert_eq!(erp::ends(&world, "staging"), ["Succeeded"]);
    let stored = &erp::deployments(&world, "staging")[0];
    let plan = sluice_words::plan::text(stored.deployment.sealed_plan());
    let said = "excepted   critical CVE-2026-0861 until 2026-01-05, by the platform team";
    assert!(plan.contains(said), "{plan}");
}

#[test]
fn nor_does_an_exception_outlive_its_day() {
    for config in [erp::config(), with_exception("2026-01-04")] {
        let world = pushed(config);
        assert_eq!(erp::ends(&world, "staging"), ["Failed"]);
        let told = erp::stories(&world);
        assert!(told.contains("the image scan found 1 critical"), "{told}");
    }
}
