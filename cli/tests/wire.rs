//! The whole story through the real AWS SDK: every call of Sluice's to AWS goes over a loopback
//! port to the simulated cloud and back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sluice::play::{Play, Silence, Verdict};
use sluice::sample;
use sluice::scenario;
use sluice::wire::Wire;
use sluice_sim::cloud::Operation;

fn played_on_wire(name: &str) -> (Play, Verdict) {
    let wire = Wire::new(0).unwrap();
    let _within = wire.enter();
    let config = sample::erp();
    let region = config.environments[0].region.clone();
    let scenario = scenario::find(name).unwrap();
    let mut play = Play::with_ports(scenario, 1, &config, |world| wire.ports(world, &region));
    let verdict = play.run(&mut Silence).unwrap().unwrap();
    (play, verdict)
}

#[test]
fn an_image_goes_to_staging_and_to_production_through_the_sdk() {
    let (play, verdict) = played_on_wire("pushed-to-production");
    assert!(verdict.as_it_should, "{verdict:#?}");
    let violations = play.world().violations();
    assert!(violations.is_empty(), "{violations:#?}");
    // Calls were made that only the wire makes: nothing bypassed it through the simulated ports.
    for operation in [
        Operation::AssumeRole,
        Operation::DescribeSecret,
        Operation::DescribeParameters,
        Operation::DescribeRules,
        Operation::DescribeServiceRevisions,
        Operation::DescribeTaskDefinition,
        Operation::ListTasks,
        Operation::GetLogEvents,
    ] {
        let world = play.world();
        let calls = world.with_cloud(|cloud| cloud.faults().calls(operation));
        assert!(calls > 0, "{} was never asked for", operation.name());
    }
}

/// Where the SDK's own retries do not wait in real time, every story ends on the wire as it does
/// without it; these are the ones that differ most in what they ask of AWS.
#[test]
fn stories_that_go_wrong_end_as_they_should_through_the_sdk() {
    for name in [
        "broken-migration",
        "vanished-snapshot",
        "green-never-up",
        "bad-bake",
        "missing-secret",
        "half-shifted-listener",
    ] {
        let (_, verdict) = played_on_wire(name);
        assert!(verdict.as_it_should, "{name}: {verdict:#?}");
    }
}
