//! Asking people.

use jiff::SignedDuration;
use sluice_core::deployment::Requester;
use sluice_core::event::Event;
use sluice_core::failure::RejectedEvent;
use sluice_core::id::{DeploymentId, Hash, UserId};
use sluice_words::refusal::rejected;

use super::world::APPROVER;
use crate::Run;

#[test]
fn only_an_approver_decides_and_only_on_the_plan_they_saw() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    assert!(matches!(
        run.approve("U0STRANGER"),
        Err(RejectedEvent::NotAnApprover { .. })
    ));
    let by = UserId::new(APPROVER);
    let other = Event::Approve {
        by: by.clone(),
        groups: Default::default(),
        plan: Hash::from_outside("another plan"),
        same: Default::default(),
    };
    assert_eq!(run.event(&other).unwrap_err(), RejectedEvent::StalePlan);
    assert_eq!(run.phase(), "AwaitingApproval");
    run.approve(APPROVER).unwrap();
    assert_eq!(
        run.phase(),
        "Planning",
        "the plan is read again before anything is touched"
    );
    run.until(&world, "BackingUp");
}

#[test]
fn a_member_of_an_approvers_group_may_decide() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    let groups = run
        .d
        .settings
        .environment
        .approval
        .clone()
        .unwrap()
        .approvers;
    let group = groups.iter().find_map(|approver| match approver {
        sluice_core::config::Member::Group(group) => Some(group.to_string()),
        sluice_core::config::Member::User(_) => None,
    });
    let group = group.expect("the ERP names a group of approvers");
    assert!(run.approve_in("U0MEMBER", &["S0OTHER"]).is_err());
    run.approve_in("U0MEMBER", &[&group]).unwrap();
}

#[test]
fn who_asked_does_not_approve() {
    let (mut run, mut world) = Run::new(Requester::Person(UserId::new(APPROVER)));
    world.approvers.push(UserId::new("U0OTHER"));
    run.until(&world, "AwaitingApproval");
    assert_eq!(run.approve(APPROVER).unwrap_err(), RejectedEvent::FourEyes);
}

#[test]
fn who_asked_does_not_approve_by_another_id() {
    let global = UserId::new("W0GLOBAL01");
    let (mut run, world) = Run::new(Requester::Person(global.clone()));
    run.until(&world, "AwaitingApproval");
    let as_same = |run: &mut Run, same: &[&UserId]| {
        let approve = Event::Approve {
            by: UserId::new(APPROVER),
            groups: Default::default(),
            plan: run.d.sealed_plan().hash.clone(),
            same: same.iter().map(|id| (*id).clone()).collect(),
        };
        run.event(&approve).map(drop)
    };
    assert_eq!(as_same(&mut run, &[&global]), Err(RejectedEvent::FourEyes));
    as_same(&mut run, &[&UserId::new("W0OTHER001")]).unwrap();
}

#[test]
fn two_ids_of_one_person_are_one_approval() {
    let global = UserId::new("W0GLOBAL01");
    let (mut run, mut world) = Run::to(Requester::Push, |environment| {
        let approval = environment.approval.as_mut().unwrap();
        approval.quorum = 2;
        let named = sluice_core::config::Member::User(global.clone());
        approval.approvers.push(named);
    });
    world.approvers.push(global.clone());
    run.until(&world, "AwaitingApproval");
    run.approve(APPROVER).unwrap();
    let again = Event::Approve {
        by: global,
        groups: Default::default(),
        plan: run.d.sealed_plan().hash.clone(),
        same: [UserId::new(APPROVER)].into(),
    };
    let refused = run.event(&again).map(drop);
    assert_eq!(refused, Err(RejectedEvent::AlreadyApproved { missing: 1 }));
    assert_eq!(run.d.approvals.len(), 1);
}

#[test]
fn a_yes_told_twice_counts_once() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    run.approve(APPROVER).unwrap();
    let once = run.d.clone();
    assert!(matches!(
        run.approve(APPROVER),
        Err(RejectedEvent::NotAwaitingApproval { .. })
    ));
    assert_eq!(run.d, once);
}

#[test]
fn a_world_that_changed_since_the_yes_voids_it() {
    let (mut run, mut world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    let approved = run.d.sealed_plan().hash.clone();
    world.secret_version = "v2";
    run.approve(APPROVER).unwrap();
    run.until(&world, "AwaitingApproval");
    assert_ne!(run.d.sealed_plan().hash, approved);
    assert!(run.d.approvals.is_empty());
    assert!(!run.world_touched());
    run.approve(APPROVER).unwrap();
    run.until(&world, "BackingUp");
}

#[test]
fn a_decision_after_the_time_for_it_is_refused_though_nobody_has_noticed() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    run.now += SignedDuration::from_hours(8);
    assert_eq!(run.phase(), "AwaitingApproval", "nobody has woken it");
    let refused = run.approve(APPROVER).unwrap_err();
    insta::assert_snapshot!("too-late", rejected(&refused));
    let reject = Event::Reject {
        by: UserId::new(APPROVER),
        groups: Default::default(),
        plan: run.d.sealed_plan().hash.clone(),
        reason: None,
    };
    assert_eq!(run.event(&reject).unwrap_err(), refused);
    run.until(&world, "Expired");
    assert!(!run.world_touched());
}

#[test]
fn nobody_decides_and_it_expires_untouched() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    run.until(&world, "Expired");
    assert!(!run.world_touched());
    insta::assert_snapshot!(run.report());
}

#[test]
fn a_no_ends_it() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    let plan = run.d.sealed_plan().hash.clone();
    let by = UserId::new(APPROVER);
    run.event(&Event::Reject {
        reason: None,
        by,
        groups: Default::default(),
        plan,
    })
    .unwrap();
    assert_eq!(run.phase(), "Rejected");
    insta::assert_snapshot!(run.report());
}

#[test]
fn a_newer_release_takes_its_place_only_while_nothing_is_touched() {
    let newer = Event::SupersededBy {
        deployment: DeploymentId::from_outside("dep-newer"),
    };
    let (mut run, world) = Run::new(Requester::Push);
    run.approved_until(&world, "BackingUp");
    assert!(matches!(
        run.event(&newer),
        Err(RejectedEvent::NotSuperseded { .. })
    ));
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    run.event(&newer).unwrap();
    assert_eq!(run.phase(), "Superseded");
}

#[test]
fn two_who_must_say_yes_are_two() {
    let (mut run, mut world) = Run::to(Requester::Push, |environment| {
        let approval = environment.approval.as_mut().unwrap();
        approval.quorum = 2;
    });
    world.approvers.push(UserId::new("U0MEMBER"));
    run.until(&world, "AwaitingApproval");
    run.approve(APPROVER).unwrap();
    assert_eq!(run.phase(), "AwaitingApproval");
    assert_eq!(
        run.approve(APPROVER).unwrap_err(),
        RejectedEvent::AlreadyApproved { missing: 1 }
    );
    run.approve_in("U0MEMBER", &["S0604QSJC"]).unwrap();
    assert_eq!(run.phase(), "Planning");
    assert_eq!(run.d.approvals.len(), 2);
}
