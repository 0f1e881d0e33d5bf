//! A release that skips the environment it should have passed.

use sluice_core::deployment::Requester;
use sluice_core::failure::RejectedEvent;
use sluice_core::history::{replay, verify};
use sluice_core::id::UserId;
use sluice_core::observation::{ProofObservation, RolloutStatus, Stage};
use sluice_core::summary::DeploymentSummary;
use sluice_words::view::{history_message, message};

use super::view::text;
use super::world::APPROVER;
use crate::Run;

const BY: &str = "U07ONCALL1";

#[test]
fn a_hotfix_skips_the_proof_and_nothing_else() {
    let (mut run, mut world) = Run::hotfix(BY, "the shop is down");
    world.proof = ProofObservation::NotVerified;
    run.until(&world, "AwaitingApproval");
    let asked = |key: &str| run.given.iter().any(|given| given == key);
    assert!(!asked("read-proof"));
    assert!(asked("read-scan") && asked("read-approvers") && asked("read-database"));
    let shown = text(&message(&run.d, None));
    let plan = run.d.sealed_plan().plan.to_string();
    let summary = DeploymentSummary::of(&run.d);
    let key = sluice_core::environment_key::EnvironmentKey::of(&run.d);
    let history = text(&history_message(&key, &[summary], run.now));
    insta::assert_snapshot!(format!(
        "{shown}\n\n{plan}\n\n{history}\n\n{}",
        run.story()[0]
    ));

    run.approve(APPROVER).unwrap();
    run.until(&world, "Shifting");
    assert!(run.d.touched.snapshot.is_some(), "the backup was taken");
    world.web(RolloutStatus::InProgress, Stage::BakeTime);
    run.until(&world, "CleaningUp");
    world.web(RolloutStatus::Successful, Stage::CleanUp);
    run.until(&world, "Succeeded");
    verify(&run.history).unwrap();
    assert_eq!(replay(&run.history).unwrap(), run.d);
}

#[test]
fn who_asked_for_a_hotfix_does_not_approve_it() {
    let (mut run, mut world) = Run::hotfix(APPROVER, "the shop is down");
    world.approvers.push(UserId::new("U0OTHER"));
    run.until(&world, "AwaitingApproval");
    assert_eq!(run.approve(APPROVER).unwrap_err(), RejectedEvent::FourEyes);
}

#[test]
fn without_a_hotfix_the_proof_is_asked_for() {
    let (mut run, mut world) = Run::new(Requester::Person(UserId::new(BY)));
    world.proof = ProofObservation::NotVerified;
    run.until(&world, "Failed");
    assert!(run.given.iter().any(|key| key == "read-proof"));
}
