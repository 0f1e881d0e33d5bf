//! The environment's stack, changed by change set before anything else.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_core::config::{Environment, RiskRule, Stack, WaivedChange};
use sluice_core::deployment::Requester;
use sluice_core::event::Event;
use sluice_core::failure::PortError;
use sluice_core::id::{DeploymentId, Hash, UserId};
use sluice_core::migration::Waiver;
use sluice_core::origin::{Commit, Origin};
use sluice_core::stack::{
    ChangeSetReading, Execution, StackAction, StackCause, StackChange, StackChanges, StackEnd,
    StackEvent, StackRisk, StackUpdate,
};

use crate::Run;
use crate::world::{APPROVER, World};

fn with_stack(configure: impl FnOnce(&mut Stack)) -> (Run, World) {
    let mut stack = Stack {
        name: "erp-production".to_owned(),
        template: None,
        parameters: BTreeMap::from([("RedisNodeType".to_owned(), "cache.t4g.small".to_owned())]),
        waivers: Vec::new(),
        rules: BTreeMap::from([
            (StackRisk::HoldsData, RiskRule::Refuse),
            (StackRisk::ServesTraffic, RiskRule::Refuse),
            (StackRisk::Other, RiskRule::Allow),
        ]),
    };
    configure(&mut stack);
    let set = |environment: &mut Environment| environment.stack = Some(stack);
    let (run, mut world) = Run::to(Requester::Push, set);
    world.change_set = available(vec![redis()]);
    (run, world)
}

fn available(changes: Vec<StackChange>) -> ChangeSetReading {
    let hash = Hash::of_json(&changes.iter().map(ToString::to_string).collect::<Vec<_>>());
    ChangeSetReading::Available(Box::new(StackChanges::new(changes, hash)))
}

fn change(resource: &str, kind: &str, action: StackAction, cause: StackCause) -> StackChange {
    StackChange {
        resource: resource.to_owned(),
        kind: kind.to_owned(),
        action,
        retained: false,
        causes: vec![cause],
        waiver: None,
    }
}

fn redis() -> StackChange {
    let sizes = (Some("cache.t4g.micro"), Some("cache.t4g.small"));
    let cause = StackCause::new("CacheNodeType", false, sizes.0, sizes.1);
    let kind = "AWS::ElastiCache::ReplicationGroup";
    change("Redis", kind, StackAction::Modify, cause)
}

fn new_database() -> StackChange {
    let cause = StackCause::new("StorageEncrypted", true, Some("false"), Some("true"));
    let kind = "AWS::RDS::DBInstance";
    change("Database", kind, StackAction::Replace, cause)
}

fn given(run: &Run, kind: &str) -> usize {
    let keys = run.given.iter();
    keys.filter(|key| key.split('/').next() == Some(kind))
        .count()
}

/// An update that ended so, with a resource that failed.
fn ended(end: StackEnd) -> StackUpdate {
    let failed = StackEvent {
        resource: "Redis".to_owned(),
        status: "UPDATE_FAILED".to_owned(),
        reason: Some("no capacity for cache.t4g.small".to_owned()),
    };
    StackUpdate {
        end: Some(end),
        events: vec![failed.clone()],
        failed: Some(failed),
    }
}

#[test]
fn people_see_what_changes_and_it_is_changed_before_the_backup() {
    let (mut run, world) = with_stack(|_| {});
    run.until(&world, "AwaitingApproval");
    insta::assert_snapshot!("plan", run.d.sealed_plan().plan.to_string());
    insta::assert_json_snapshot!("card", sluice_words::view::message(&run.d, None).blocks[1]);
    assert!(!run.world_touched(), "{:?}", run.given);
    run.approve(APPROVER).unwrap();
    run.until(&world, "Provisioning");
    assert_eq!(given(&run, "start-snapshot"), 0);
    run.until(&world, "BackingUp");
    assert_eq!(given(&run, "start-change-set"), 1, "{:?}", run.given);
    assert_eq!(given(&run, "execute-change-set"), 1);
    assert_eq!(given(&run, "remove-change-set"), 0);
    assert!(run.d.touched.provisioned);
    insta::assert_snapshot!("story", run.story().join("\n"));
}

#[test]
fn where_nothing_changes_there_is_no_phase_and_the_change_set_goes() {
    let (mut run, mut world) = with_stack(|_| {});
    world.change_set = ChangeSetReading::Unchanged;
    run.until(&world, "AwaitingApproval");
    assert_eq!(given(&run, "remove-change-set"), 1);
    let plan = run.d.sealed_plan().plan.to_string();
    assert!(plan.contains("stack      erp-production: nothing to change"));
    run.approve(APPROVER).unwrap();
    run.until(&world, "BackingUp");
    assert_eq!(given(&run, "execute-change-set"), 0);
    // Whether there still is nothing to change takes another one to see.
    assert_eq!(given(&run, "start-change-set"), 2);
    assert_eq!(given(&run, "remove-change-set"), 2);
    assert!(!run.d.touched.provisioned);
}

#[test]
fn what_would_replace_a_database_is_refused_and_the_change_set_goes() {
    let (mut run, mut world) = with_stack(|_| {});
    world.change_set = available(vec![redis(), new_database()]);
    run.until(&world, "Failed");
    assert_eq!(given(&run, "remove-change-set"), 1);
    assert_eq!(given(&run, "execute-change-set"), 0);
    insta::assert_snapshot!(run.report());
}

#[test]
fn someone_answers_for_it_by_resource_and_property() {
    let waive = |property: Option<&str>| {
        let property = property.map(str::to_owned);
        let (mut run, mut world) = with_stack(|stack| {
            stack.waivers.push(WaivedChange {
                resource: "Database".to_owned(),
                property,
                waiver: Waiver {
                    by: "Ada".to_owned(),
                    reason: "moved away before".to_owned(),
                },
            });
        });
        world.change_set = available(vec![new_database()]);
        let end = match run.d.settings.environment.stack.as_ref().unwrap().waivers[0].property {
            Some(ref property) if property == "StorageEncrypted" => "AwaitingApproval",
            _ => "Failed",
        };
        run.until(&world, end);
        run
    };
    let run = waive(Some("StorageEncrypted"));
    let plan = run.d.sealed_plan().plan.to_string();
    assert!(plan.contains("waived by Ada: moved away before"), "{plan}");
    // Neither for another property, nor for its removal.
    waive(Some("Engine"));
    waive(None);
}

#[test]
fn two_people_must_say_yes_where_the_rules_want_it() {
    let (mut run, mut world) = with_stack(|stack| {
        stack.rules.insert(StackRisk::HoldsData, RiskRule::FourEyes);
    });
    world.approvers.push(UserId::new("U024BE7LJ"));
    world.change_set = available(vec![new_database()]);
    run.until(&world, "AwaitingApproval");
    assert_eq!(run.d.demands().unwrap().quorum, 2);
    assert!(run.d.demands().unwrap().four_eyes);
}

#[test]
fn a_nested_stack_hides_what_it_changes_and_is_refused() {
    let (mut run, mut world) = with_stack(|_| {});
    let cause = StackCause::new("TemplateURL", false, None, None);
    let kind = "AWS::CloudFormation::Stack";
    world.change_set = available(vec![change("Network", kind, StackAction::Modify, cause)]);
    run.until(&world, "Failed");
}

#[test]
fn a_change_of_a_service_would_bring_an_old_release_back_and_is_refused() {
    for kind in [
        "AWS::ECS::Service",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
    ] {
        let (mut run, mut world) = with_stack(|_| {});
        let cause = StackCause::new("Tags", false, None, None);
        world.change_set = available(vec![change("Web", kind, StackAction::Modify, cause)]);
        run.until(&world, "Failed");
        assert!(run.report().contains("which serves traffic"));
    }
}

#[test]
fn the_template_of_a_commit_needs_a_commit() {
    let template = "https://templates.s3.amazonaws.com/{commit}/environment.yaml";
    let (mut run, world) = with_stack(|stack| stack.template = Some(template.to_owned()));
    run.until(&world, "Failed");
    assert_eq!(given(&run, "start-change-set"), 0);
    assert!(run.report().contains("org.opencontainers.image.revision"));

    let (mut run, mut world) = with_stack(|stack| stack.template = Some(template.to_owned()));
    world.image.origin = Origin {
        commit: Commit::parse("0123456789abcdef0123456789abcdef01234567"),
        ..Origin::default()
    };
    run.until(&world, "AwaitingApproval");
    let plan = run.d.sealed_plan().plan.to_string();
    let of_commit = "/0123456789abcdef0123456789abcdef01234567/environment.yaml";
    assert!(plan.contains(of_commit), "{plan}");
}

#[test]
fn a_no_removes_the_change_set_before_it_ends() {
    let (mut run, world) = with_stack(|_| {});
    run.until(&world, "AwaitingApproval");
    let no = Event::Reject {
        by: UserId::new(APPROVER),
        groups: [].into(),
        plan: run.d.sealed_plan().hash.clone(),
        reason: None,
    };
    run.event(&no).unwrap();
    assert_eq!(run.phase(), "Withdrawing");
    run.until(&world, "Rejected");
    assert_eq!(given(&run, "remove-change-set"), 1);
    assert!(run.report().contains("Nothing was changed"));
}

#[test]
fn a_newer_release_takes_its_place_and_it_removes_its_change_set() {
    let (mut run, world) = with_stack(|_| {});
    run.until(&world, "AwaitingApproval");
    let newer = DeploymentId::from_outside("dep-newer");
    run.event(&Event::SupersededBy { deployment: newer })
        .unwrap();
    run.until(&world, "Superseded");
    assert_eq!(given(&run, "remove-change-set"), 1);
}

#[test]
fn a_change_set_that_cannot_be_removed_holds_nothing_up() {
    let (mut run, mut world) = with_stack(|_| {});
    run.until(&world, "AwaitingApproval");
    let denied = PortError::needs_person("no right");
    world.failing.insert("remove-change-set".to_owned(), denied);
    let newer = DeploymentId::from_outside("dep-newer");
    run.event(&Event::SupersededBy { deployment: newer })
        .unwrap();
    run.until(&world, "Superseded");
    let story = run.story().join("\n");
    assert!(story.contains("could NOT be removed"), "{story}");
}

#[test]
fn another_change_after_the_yes_voids_it() {
    let (mut run, mut world) = with_stack(|_| {});
    run.until(&world, "AwaitingApproval");
    run.approve(APPROVER).unwrap();
    // Someone has changed the stack: the change set is obsolete, and the next one does more.
    world.change_set = ChangeSetReading::Void("OBSOLETE".to_owned());
    for _ in 0..3 {
        run.look(&world);
        run.now += SignedDuration::from_secs(10);
    }
    let cause = StackCause::new("Port", false, Some("6379"), Some("6380"));
    let kind = "AWS::EC2::SecurityGroup";
    let other = change("RedisAccess", kind, StackAction::Modify, cause);
    world.change_set = available(vec![redis(), other]);
    run.until(&world, "AwaitingApproval");
    assert_eq!(given(&run, "execute-change-set"), 0);
    assert!(given(&run, "remove-change-set") >= 1);
    let story = run.story().join("\n");
    assert!(story.contains("RedisAccess"), "{story}");
}

#[test]
fn one_that_is_void_when_it_is_executed_is_drawn_again_and_asks_no_one_twice() {
    let (mut run, mut world) = with_stack(|_| {});
    run.until(&world, "AwaitingApproval");
    run.approve(APPROVER).unwrap();
    world.execution = Execution::Void("OBSOLETE".to_owned());
    while given(&run, "execute-change-set") == 0 {
        run.look(&world);
        run.now += SignedDuration::from_secs(10);
    }
    assert_eq!(run.phase(), "Planning");
    world.change_set = ChangeSetReading::Void("OBSOLETE".to_owned());
    while given(&run, "remove-change-set") == 0 {
        run.look(&world);
        run.now += SignedDuration::from_secs(10);
    }
    world.change_set = available(vec![redis()]);
    world.execution = Execution::Taken;
    run.until(&world, "BackingUp");
    assert_eq!(given(&run, "start-change-set"), 2);
    assert!(run.d.touched.provisioned);
}

#[test]
fn what_cloudformation_takes_back_fails_with_the_first_reason() {
    let (mut run, mut world) = with_stack(|_| {});
    world.update = ended(StackEnd::RolledBack);
    run.approved_until(&world, "Failed");
    assert_eq!(given(&run, "start-snapshot"), 0);
    insta::assert_snapshot!(run.report());
}

#[test]
fn a_stack_that_is_stuck_needs_a_person_who_is_told_the_command() {
    let (mut run, mut world) = with_stack(|_| {});
    world.update = ended(StackEnd::Stuck);
    run.approved_until(&world, "Failed");
    insta::assert_snapshot!(run.report());
}

#[test]
fn an_update_that_is_not_seen_to_end_is_unknown() {
    let (mut run, mut world) = with_stack(|_| {});
    world.update = StackUpdate::default();
    run.approved_until(&world, "Failed");
    insta::assert_snapshot!(run.report());
    assert_eq!(given(&run, "execute-change-set"), 1);
    assert_eq!(given(&run, "remove-change-set"), 0, "it may be executing");
}

#[test]
fn whoever_cancels_meanwhile_is_heard_once_the_update_has_ended() {
    let (mut run, mut world) = with_stack(|_| {});
    world.update = StackUpdate::default();
    run.approved_until(&world, "Provisioning");
    while given(&run, "read-stack-update") == 0 {
        run.look(&world);
        run.now += SignedDuration::from_secs(10);
    }
    let cancel = Event::Cancel {
        by: UserId::new(APPROVER),
        groups: [].into(),
    };
    run.event(&cancel).unwrap();
    assert_eq!(run.phase(), "Provisioning");
    world.update.end = Some(StackEnd::Updated);
    run.until(&world, "Cancelled");
    let report = run.report();
    assert!(!report.contains("Nothing was changed"), "{report}");
    assert!(report.contains("stays as the update made it"), "{report}");
}

#[test]
fn what_fails_later_leaves_the_stack_and_says_so() {
    let (mut run, mut world) = with_stack(|_| {});
    world.snapshot.as_mut().unwrap().status = "failed".to_owned();
    run.approved_until(&world, "Failed");
    assert!(run.report().contains("stays as the update made it"));
}

#[test]
fn a_lost_answer_is_found_again_under_the_same_name() {
    let (mut run, mut world) = with_stack(|_| {});
    let lost = PortError::retryable("the answer was lost");
    world
        .failing
        .insert("start-change-set".to_owned(), lost.clone());
    while given(&run, "start-change-set") < 2 {
        run.look(&world);
        run.now += SignedDuration::from_secs(10);
    }
    let names: Vec<&String> = run
        .given
        .iter()
        .filter(|key| key.starts_with("start-change-set"))
        .collect();
    assert_eq!(names[0], names[1]);
    world.failing.clear();
    run.until(&world, "AwaitingApproval");
    run.approve(APPROVER).unwrap();
    world.failing.insert("execute-change-set".to_owned(), lost);
    while given(&run, "execute-change-set") < 2 {
        run.look(&world);
        run.now += SignedDuration::from_secs(10);
    }
    world.failing.clear();
    run.until(&world, "BackingUp");
}
