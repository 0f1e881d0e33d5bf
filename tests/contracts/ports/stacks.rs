//! Stacks and their change sets. moto executes a change set at once and its events carry no token, so
//! nothing of an update can be followed there; and what a change set would change it does not work out.

use std::collections::BTreeMap;

use sluice_app::ports::{Stacks, Target};
use sluice_core::failure::ErrorClass;
use sluice_core::stack::{
    ChangeSetOrder, ChangeSetReading, Execution, StackAction, StackCause, StackChange,
    StackChanges, StackEnd, StackUpdate,
};
use sluice_sim::cloud::StackFate;

use crate::faces::Model;

const STACK: &str = "erp";
const NAME: &str = "sluice-dep-0000000000000001-1";

/// A place with a stack `erp`.
pub(crate) trait Stage {
    fn stacks(&self) -> &dyn Stacks;
    fn target(&self) -> Target;
}

fn order(name: &str) -> ChangeSetOrder {
    ChangeSetOrder {
        stack: STACK.to_owned(),
        name: name.to_owned(),
        template: None,
        parameters: BTreeMap::from([("RedisType".to_owned(), "cache.t4g.small".to_owned())]),
    }
}

fn larger_cache() -> StackChange {
    let sizes = (Some("cache.t4g.micro"), Some("cache.t4g.small"));
    StackChange {
        resource: "Redis".to_owned(),
        kind: "AWS::ElastiCache::ReplicationGroup".to_owned(),
        action: StackAction::Modify,
        retained: false,
        causes: vec![StackCause::new("CacheNodeType", false, sizes.0, sizes.1)],
        waiver: None,
    }
}

fn another_database() -> StackChange {
    StackChange {
        resource: "Database".to_owned(),
        kind: "AWS::RDS::DBInstance".to_owned(),
        action: StackAction::Replace,
        retained: true,
        causes: vec![StackCause::new(
            "Engine",
            true,
            Some("mysql"),
            Some("postgres"),
        )],
        waiver: None,
    }
}

async fn make(stage: &Model, name: &str) {
    let made = stage
        .stacks()
        .ensure_change_set(&stage.target(), &order(name))
        .await;
    made.unwrap();
}

async fn reading(stage: &Model, name: &str) -> ChangeSetReading {
    let read = stage
        .stacks()
        .change_set(&stage.target(), STACK, name)
        .await;
    read.unwrap()
}

async fn execute(stage: &Model, name: &str) -> Execution {
    let executed = stage
        .stacks()
        .ensure_executed(&stage.target(), STACK, name)
        .await;
    executed.unwrap()
}

async fn update(stage: &Model, token: &str) -> StackUpdate {
    let update = stage.stacks().update(&stage.target(), STACK, token).await;
    update.unwrap()
}

/// A change set that can be executed, with these changes.
async fn available(stage: &Model, changes: &[StackChange]) -> StackChanges {
    stage.cloud(|cloud| cloud.plan_stack_changes(STACK, changes));
    make(stage, NAME).await;
    stage.pass(1);
    match reading(stage, NAME).await {
        ChangeSetReading::Available(changes) => *changes,
        other => panic!("{other:?}"),
    }
}

async fn a_change_set_is_made_once_and_shows_what_it_would_do(stage: &Model) {
    assert_eq!(reading(stage, NAME).await, ChangeSetReading::Absent);
    let planned = [larger_cache(), another_database()];
    stage.cloud(|cloud| cloud.plan_stack_changes(STACK, &planned));
    make(stage, NAME).await;
    make(stage, NAME).await;
    assert_eq!(reading(stage, NAME).await, ChangeSetReading::UnderWay);
    let seen = available(stage, &planned).await;
    // The worst first.
    assert_eq!(seen.changes, [another_database(), larger_cache()]);
    let again = reading(stage, NAME).await;
    assert_eq!(again, ChangeSetReading::Available(Box::new(seen)));
}

async fn where_nothing_changes_it_says_so_and_is_removed(stage: &Model) {
    make(stage, NAME).await;
    stage.pass(1);
    assert_eq!(reading(stage, NAME).await, ChangeSetReading::Unchanged);
    for _ in 0..2 {
        let removed = stage
            .stacks()
            .ensure_no_change_set(&stage.target(), STACK, NAME)
            .await;
        removed.unwrap();
    }
    assert_eq!(reading(stage, NAME).await, ChangeSetReading::Absent);
}

async fn it_is_executed_once_and_followed_by_its_token(stage: &Model) {
    available(stage, &[larger_cache()]).await;
    assert_eq!(update(stage, NAME).await, StackUpdate::default());
    assert_eq!(execute(stage, NAME).await, Execution::Taken);
    assert_eq!(execute(stage, NAME).await, Execution::Taken);
    let running = update(stage, NAME).await;
    assert_eq!(running.end, None);
    assert!(!running.events.is_empty());
    stage.pass(30);
    assert_eq!(update(stage, NAME).await.end, Some(StackEnd::Updated));
    assert_eq!(execute(stage, NAME).await, Execution::Taken);
    // There is nothing left to change.
    make(stage, "sluice-dep-0000000000000002-1").await;
    stage.pass(1);
    let next = reading(stage, "sluice-dep-0000000000000002-1").await;
    assert_eq!(next, ChangeSetReading::Unchanged);
}

async fn what_is_rolled_back_names_the_first_failure(stage: &Model) {
    for (fate, end) in [
        (
            StackFate::RollsBack("no capacity".to_owned()),
            StackEnd::RolledBack,
        ),
        (StackFate::Sticks("no capacity".to_owned()), StackEnd::Stuck),
    ] {
        stage.cloud(|cloud| {
            cloud.plan_stack_fate(STACK, &fate);
            cloud.plan_stack_changes(STACK, &[larger_cache()]);
        });
        let name = format!("sluice-dep-{end:?}").to_lowercase();
        make(stage, &name).await;
        stage.pass(1);
        assert_eq!(execute(stage, &name).await, Execution::Taken);
        stage.pass(60);
        let update = update(stage, &name).await;
        assert_eq!(update.end, Some(end));
        let failed = update.failed.unwrap().to_string();
        assert_eq!(failed, "Redis UPDATE_FAILED: no capacity");
    }
    // Nothing more can be changed until someone continues the rollback.
    let stacks = stage.stacks();
    let refused = stacks
        .ensure_change_set(&stage.target(), &order("sluice-dep-3"))
        .await;
    let error = refused.unwrap_err();
    assert_ne!(error.class, ErrorClass::Retryable, "{error}");
}

async fn someone_elses_update_is_waited_for_and_voids_the_change_set(stage: &Model) {
    available(stage, &[larger_cache()]).await;
    stage.cloud(|cloud| cloud.someone_updates_stack(STACK));
    let stacks = stage.stacks();
    let executed = stacks.ensure_executed(&stage.target(), STACK, NAME).await;
    let error = executed.unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    let made = stacks
        .ensure_change_set(&stage.target(), &order("sluice-dep-2"))
        .await;
    let error = made.unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    stage.pass(30);
    let void = reading(stage, NAME).await;
    assert_eq!(void, ChangeSetReading::Void("OBSOLETE".to_owned()));
    assert!(matches!(execute(stage, NAME).await, Execution::Void(_)));
    assert_eq!(update(stage, NAME).await, StackUpdate::default());
}

async fn a_stack_that_is_not_there_is_refused(stage: &Model) {
    let mut order = order(NAME);
    order.stack = "nothing".to_owned();
    let made = stage
        .stacks()
        .ensure_change_set(&stage.target(), &order)
        .await;
    let error = made.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent, "{error}");
    assert!(error.message.contains("nothing"), "{error}");
}

async fn a_stack_is_read_with_its_template_and_parameters(stage: &Model) {
    let read = async || stage.stacks().stack(&stage.target(), STACK).await.unwrap();
    let first = read().await;
    let given = first.parameters.get("Environment").cloned().flatten();
    assert_eq!(given.as_deref(), Some(STACK));
    // CloudFormation shows no value of a parameter with NoEcho.
    let parameters = [("Password", "****"), ("NodeType", "cache.t4g.small")];
    stage.cloud(|cloud| cloud.set_stack(STACK, Some("Resources: {A: {}}"), &parameters));
    let after = read().await;
    assert_ne!(after.template, first.template);
    assert_eq!(after.parameters["Password"], None);
    let node_type = after.parameters["NodeType"].as_deref();
    assert_eq!(node_type, Some("cache.t4g.small"));
    assert_eq!(read().await, after, "the same stack is read as the same");
    let nothing = stage.stacks().stack(&stage.target(), "nothing").await;
    let error = nothing.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent, "{error}");
}

contract! {
    a_stack_is_read_with_its_template_and_parameters on sim, wire;
    a_change_set_is_made_once_and_shows_what_it_would_do on sim, wire;
    where_nothing_changes_it_says_so_and_is_removed on sim, wire;
    it_is_executed_once_and_followed_by_its_token on sim, wire;
    what_is_rolled_back_names_the_first_failure on sim, wire;
    someone_elses_update_is_waited_for_and_voids_the_change_set on sim, wire;
    a_stack_that_is_not_there_is_refused on sim, wire;
}
