//! What users meet in their first weeks: a world that is not as it should be when the plan is
//! drawn.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_core::config::{RiskRule, Severity, Signatures};
use sluice_core::signature::PublicKey;
use sluice_sim::cloud::{ImageBehaviour, ScanBehaviour};

use super::{Act, BETWEEN, Check, IMAGE, Scenario, TO_PRODUCTION, TO_STAGING, When, push};

/// What CI signs with, if it were CI that pushed.
const CI_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJKLuht9ZgXZSCJfh4bBvyWmyldZENY0BwDlDGdgFjL9WElr0\
                      RmARNw4Gz0vk51J8CVXOHGl7+t5G1op7ShYmag==";

const BEFORE: When = When::After(TO_STAGING, "Succeeded", SignedDuration::from_secs(90));

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "first-deployment",
            "nothing was ever deployed here: the plan says so, and a rollback returns to the \
             existing task definitions",
        )
        .scene(BEFORE, Act::NewServices)
        .check(Check::Told(
            TO_PRODUCTION,
            "no release has been verified here yet",
        ))
        .check(Check::Runs {
            environment: "production",
            image: IMAGE,
        }),
        console_deployment(),
        critical_findings(),
        unsigned_image(),
        stopped(
            Scenario::new(
                "missing-secret",
                "a key of a secret is missing: planning fails and names it",
            )
            .scene(BEFORE, Act::DeleteSecretKey("erp/production/redis", "url")),
            "has no key `url`",
        ),
        stopped(
            Scenario::new(
                "half-shifted-listener",
                "the production listener is split between two versions: Sluice does not start",
            )
            .scene(BEFORE, Act::SplitListener([60, 40])),
            "a shift was left half done",
        ),
    ]
}

/// Ends in planning, with production untouched and this said.
fn stopped(scenario: Scenario, because: &'static str) -> Scenario {
    scenario
        .ends("Failed")
        .check(Check::Told(TO_PRODUCTION, because))
        .check(Check::Snapshots {
            environment: "production",
            count: 0,
        })
        .check(Check::NothingDeployed("production"))
}

/// Nothing gets as far as production.
fn critical_findings() -> Scenario {
    let scan =
        ScanBehaviour::Finds(BTreeMap::from([(Severity::Critical, 2), (Severity::High, 5)]).into());
    let behaviour = ImageBehaviour {
        scan,
        ..ImageBehaviour::default()
    };
    let mut scenario = Scenario::new(
        "critical-findings",
        "the image scan finds critical vulnerabilities: refused before anything is changed",
    );
    scenario.scenes.truncate(1);
    scenario.scenes[0].act = push(TO_STAGING, IMAGE, behaviour);
    scenario.ends = vec![(TO_STAGING, "Failed")];
    scenario
        .check(Check::Told(TO_STAGING, "the image scan found 2 critical"))
        .check(Check::Migrations {
            environment: "staging",
            count: 0,
        })
        .check(Check::NothingDeployed("staging"))
}

/// Somebody else than CI has pushed it.
fn unsigned_image() -> Scenario {
    let mut scenario = Scenario::new(
        "unsigned-image",
        "an image that no key of the team has signed: refused before any of it runs",
    );
    scenario.config = |config| {
        let key = PublicKey::parse(CI_KEY).expect("a public key");
        config.signatures = Some(Signatures {
            keys: vec![key],
            unsigned: RiskRule::Refuse,
            wait: SignedDuration::from_mins(5),
        });
    };
    scenario.scenes.truncate(1);
    scenario.ends = vec![(TO_STAGING, "Failed")];
    scenario
        .check(Check::Told(
            TO_STAGING,
            "no key of [signatures] has signed the image",
        ))
        .check(Check::Migrations {
            environment: "staging",
            count: 0,
        })
        .check(Check::NothingDeployed("staging"))
}

/// A release is verified in production; then someone deploys manually, and the next plan reports
/// it.
fn console_deployment() -> Scenario {
    let next = push("release-1.5.0", "1.5.0", ImageBehaviour::default());
    let to_production = push("v1.5.0", "1.5.0", ImageBehaviour::default());
    let mut scenario = Scenario::new(
        "console-deployment",
        "someone deployed manually in between: the plan warns that the running version is not the \
         verified one",
    )
    .scene(
        When::After(TO_PRODUCTION, "Succeeded", SignedDuration::from_mins(5)),
        Act::DeployByHand("web", "hotfix-by-hand"),
    )
    .scene(
        When::After(TO_PRODUCTION, "Succeeded", SignedDuration::from_mins(20)),
        next,
    )
    .scene(
        When::After("release-1.5.0", "Succeeded", BETWEEN),
        to_production,
    )
    .check(Check::Told("v1.5.0", "it was changed by hand"))
    .check(Check::Runs {
        environment: "production",
        image: "1.5.0",
    });
    scenario
        .ends
        .extend([("release-1.5.0", "Succeeded"), ("v1.5.0", "Succeeded")]);
    scenario
}
