//! `sluice plan` does nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use futures::executor::block_on;
use sluice::preview::Rehearsed;
use sluice::rehearsal::PayloadFile;
use sluice::sample;

fn push(name: &str) -> PayloadFile {
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    PayloadFile::read(&events.join(name)).unwrap()
}

#[test]
fn a_plan_is_drawn_and_nothing_happens() {
    let rehearsed = Rehearsed::new(&[push("ecr-push-release.json")], &sample::erp()).unwrap();
    let previews = block_on(rehearsed.previews()).unwrap().unwrap();
    let plan = previews[0].plan.as_ref().unwrap();
    assert_eq!(plan.plan.environment.as_str(), "staging");
    assert_eq!(plan.plan.services.len(), 3);

    let world = rehearsed.world();
    assert_eq!(
        world.with_cloud(|cloud| cloud.ledger().len()),
        0,
        "the cloud is as it was"
    );
    assert!(world.store().deployments().is_empty());
    assert!(world.store().histories().is_empty());
    assert!(world.wakeups().is_empty());
    assert!(world.slack().messages().is_empty());
}

#[test]
fn everything_in_the_way_is_said() {
    let rehearsed = Rehearsed::new(&[push("ecr-push-version.json")], &sample::erp()).unwrap();
    let previews = block_on(rehearsed.previews()).unwrap().unwrap();
    let problems = previews[0].plan.as_ref().unwrap_err();
    assert!(
        problems[0].contains("has not succeeded in staging"),
        "{problems:?}"
    );
}

#[test]
fn what_came_before_has_happened_and_people_see_the_card_they_would_be_asked_with() {
    let files = ["ecr-push-release.json", "ecr-push-version.json"].map(push);
    let rehearsed = Rehearsed::new(&files, &sample::erp()).unwrap();
    let previews = block_on(rehearsed.previews()).unwrap().unwrap();
    let [production] = previews.as_slice() else {
        panic!("one environment takes the version: {previews:?}");
    };
    let passed = &production.plan.as_ref().unwrap().seen.passed;
    assert_eq!(
        passed.as_ref().unwrap().release.tag.as_str(),
        "release-1.4.0"
    );
    let waiting = production.waiting.as_ref().unwrap();
    let card = sluice_words::view::message(waiting, None);
    assert!(
        card.summary
            .starts_with("erp v1.4.0 to production: waits for approval")
    );
    // In production itself nothing has happened.
    let all = rehearsed.world().store().deployments();
    let environments: Vec<_> = all.iter().map(|one| one.deployment.environment()).collect();
    assert_eq!(environments.len(), 1, "{environments:?}");
}

#[test]
fn what_a_function_refuses_before_the_push_ends_it() {
    let files = ["sqs-advance-malformed.json", "ecr-push-version.json"].map(push);
    let error = Rehearsed::new(&files, &sample::erp()).err().unwrap();
    assert!(error.contains("sqs-advance-malformed.json"), "{error}");
}

#[test]
fn what_is_no_push_is_refused_and_what_deploys_nothing_says_why() {
    for name in [
        "ecr-scan-complete.json",
        "ecr-delete.json",
        "ecr-push-failed.json",
    ] {
        let error = Rehearsed::new(&[push(name)], &sample::erp()).err().unwrap();
        assert!(error.contains("is not an image push"), "{name}: {error}");
    }
    let rehearsed = Rehearsed::new(&[push("ecr-push-unknown-tag.json")], &sample::erp()).unwrap();
    let ignored = block_on(rehearsed.previews()).unwrap().unwrap_err();
    let why = sluice_words::refusal::ignored(&ignored);
    assert!(why.contains("no environment takes the tag latest"), "{why}");
}
