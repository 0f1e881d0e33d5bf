//! The adapter on answers in CloudFormation's own form.

use sluice_app::ports::Stacks as _;
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::Hash;
use sluice_core::stack::{
    ChangeSetOrder, ChangeSetReading, Execution, StackAction, StackChanges, StackEnd,
};

use super::CloudFormationStacks;
use crate::test_cloud::{Answer, Asked, TestCloud, target};

const STACK: &str = "erp-production";
const NAME: &str = "sluice-dep-1-1";
const ID: &str = "arn:aws:cloudformation:eu-central-1:111111111111:stack/erp-production/1";

fn result(operation: &str, content: &str) -> Answer {
    Answer::xml(&format!(
        "<{operation}Response><{operation}Result>{content}</{operation}Result></{operation}Response>"
    ))
}

fn stacks(
    answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
) -> (TestCloud, CloudFormationStacks) {
    let cloud = TestCloud::new(answer);
    let stacks = CloudFormationStacks::new(cloud.clients.clone());
    (cloud, stacks)
}

fn order(template: Option<&str>) -> ChangeSetOrder {
    ChangeSetOrder {
        stack: STACK.to_owned(),
        name: NAME.to_owned(),
        template: template.map(str::to_owned),
        parameters: [("RedisType".to_owned(), "cache.t4g.small".to_owned())].into(),
    }
}

fn keys(names: &[&str]) -> String {
    let entry = |name: &&str| format!("<member><ParameterKey>{name}</ParameterKey></member>");
    names.iter().map(entry).collect()
}

/// A stack with these parameters, and a template that takes those.
fn with_parameters(has: &'static [&str], takes: &'static [&str]) -> impl Fn(&Asked) -> Answer {
    move |asked| match asked.operation.as_str() {
        "DescribeStacks" => result(
            "DescribeStacks",
            &format!(
                "<Stacks><member><StackName>{STACK}</StackName><StackStatus>UPDATE_COMPLETE\
                 </StackStatus><CreationTime>2026-01-05T09:00:00Z</CreationTime><Parameters>{}\
                 </Parameters></member></Stacks>",
                keys(has)
            ),
        ),
        "GetTemplateSummary" => {
            let parameters = format!("<Parameters>{}</Parameters>", keys(takes));
            result("GetTemplateSummary", &parameters)
        }
        other => result(other, ""),
    }
}

#[tokio::test]
async fn what_is_not_set_keeps_its_value_and_does_not_fall_back_to_the_default() {
    let has = &["RedisType", "Environment", "Gone"];
    let takes = &["RedisType", "Environment", "New"];
    let (cloud, stacks) = stacks(with_parameters(has, takes));
    let template = "https://t.s3.amazonaws.com/abc/environment.yaml";
    let made = stacks
        .ensure_change_set(&target(), &order(Some(template)))
        .await;
    made.unwrap();
    let asked = cloud.asked("CreateChangeSet");
    let sent = &asked[0];
    assert_eq!(sent["ChangeSetType"], "UPDATE");
    assert_eq!(sent["ChangeSetName"], NAME);
    assert_eq!(sent["ClientToken"], NAME);
    assert_eq!(sent["TemplateURL"], template);
    assert!(sent.get("UsePreviousTemplate").is_none());
    assert_eq!(sent["Parameters.member.1.ParameterKey"], "RedisType");
    assert_eq!(
        sent["Parameters.member.1.ParameterValue"],
        "cache.t4g.small"
    );
    assert_eq!(sent["Parameters.member.2.ParameterKey"], "Environment");
    assert_eq!(sent["Parameters.member.2.UsePreviousValue"], "true");
    // The template takes one no more, and has a default for another.
    assert!(sent.get("Parameters.member.3.ParameterKey").is_none());
}

#[tokio::test]
async fn one_of_that_name_that_is_there_is_ours() {
    let answers = with_parameters(&[], &[]);
    let (cloud, stacks) = stacks(move |asked| match asked.operation.as_str() {
        "CreateChangeSet" => Answer::xml_error(400, "AlreadyExistsException", "it is there"),
        _ => answers(asked),
    });
    let made = stacks.ensure_change_set(&target(), &order(None)).await;
    made.unwrap();
    let sent = &cloud.asked("CreateChangeSet")[0];
    assert_eq!(sent["UsePreviousTemplate"], "true");
}

async fn refused(said: &'static str) -> PortError {
    let answers = with_parameters(&[], &[]);
    let (_, stacks) = stacks(move |asked| match asked.operation.as_str() {
        "CreateChangeSet" => Answer::xml_error(400, "ValidationError", said),
        _ => answers(asked),
    });
    let made = stacks.ensure_change_set(&target(), &order(None)).await;
    made.unwrap_err()
}

#[tokio::test]
async fn someone_elses_update_is_waited_for_and_a_stuck_stack_needs_a_person() {
    let busy = "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.";
    let error = refused(busy).await;
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    assert!(error.message.contains("someone else updates"), "{error}");
    let stuck = "Stack:arn is in UPDATE_ROLLBACK_FAILED state and can not be updated.";
    let error = refused(stuck).await;
    assert_eq!(error.class, ErrorClass::NeedsPerson, "{error}");
    let command = "aws cloudformation continue-update-rollback --stack-name erp-production";
    assert!(error.message.contains(command), "{error}");
    let error = refused("Template error: no such resource").await;
    assert_eq!(error.class, ErrorClass::Permanent, "{error}");
}

/// A change set with these members, and its template.
async fn read(members: &str) -> ChangeSetReading {
    let members = members.to_owned();
    let (_, stacks) = stacks(move |asked| match asked.operation.as_str() {
        "DescribeChangeSet" => result("DescribeChangeSet", &members),
        "GetTemplate" => result("GetTemplate", "<TemplateBody>Resources: {}</TemplateBody>"),
        other => panic!("{other} is not called"),
    });
    stacks.change_set(&target(), STACK, NAME).await.unwrap()
}

fn available(change: &str) -> String {
    format!(
        "<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>\
         <Changes><member><Type>Resource</Type><ResourceChange>{change}</ResourceChange></member>\
         </Changes>"
    )
}

const REDIS: &str = "<Action>Modify</Action><LogicalResourceId>Redis</LogicalResourceId>\
    <ResourceType>AWS::ElastiCache::ReplicationGroup</ResourceType><Replacement>False</Replacement>\
    <Details><member><Target><Attribute>Properties</Attribute><Name>CacheNodeType</Name>\
    <RequiresRecreation>Never</RequiresRecreation><BeforeValue>cache.t4g.micro</BeforeValue>\
    <AfterValue>cache.t4g.small</AfterValue></Target><Evaluation>Dynamic</Evaluation></member>\
    <member><Target><Attribute>Properties</Attribute><Name>CacheNodeType</Name>\
    <RequiresRecreation>Never</RequiresRecreation></Target><Evaluation>Static</Evaluation></member>\
    <member><Target><Attribute>Properties</Attribute><Name>AuthToken</Name>\
    <BeforeValue>one</BeforeValue><AfterValue>two</AfterValue></Target></member></Details>";

async fn changes(members: &str) -> StackChanges {
    match read(members).await {
        ChangeSetReading::Available(changes) => *changes,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_property_is_told_once_and_only_sizes_are_shown() {
    let changes = changes(&available(REDIS)).await;
    let told: Vec<String> = changes.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "modify Redis (AWS::ElastiCache::ReplicationGroup): AuthToken, CacheNodeType \
          cache.t4g.micro → cache.t4g.small"
        ]
    );
}

#[tokio::test]
async fn what_replaces_what_may_replace_and_what_is_kept() {
    let of = |action: &str, more: &str| {
        available(&format!(
            "<Action>{action}</Action><LogicalResourceId>Database</LogicalResourceId>\
             <ResourceType>AWS::RDS::DBInstance</ResourceType>{more}"
        ))
    };
    for (action, more, expected) in [
        ("Add", "", StackAction::Add),
        ("Remove", "", StackAction::Remove),
        (
            "Modify",
            "<Replacement>False</Replacement>",
            StackAction::Modify,
        ),
        (
            "Modify",
            "<Replacement>True</Replacement>",
            StackAction::Replace,
        ),
        (
            "Modify",
            "<Replacement>Conditional</Replacement>",
            StackAction::MayReplace,
        ),
        // What it will be, CloudFormation finds out while it updates; or a later one says so.
        ("Dynamic", "", StackAction::MayReplace),
        ("Transmute", "", StackAction::MayReplace),
    ] {
        let changes = changes(&of(action, more)).await;
        assert_eq!(changes.changes[0].action, expected, "{action} {more}");
    }
    let kept = changes(&of("Remove", "<PolicyAction>Retain</PolicyAction>")).await;
    assert_eq!(kept.changes[0].risk(), None);
    let gone = changes(&of("Remove", "<PolicyAction>Snapshot</PolicyAction>")).await;
    assert!(gone.changes[0].risk().is_some());
}

#[tokio::test]
async fn another_value_is_another_hash() {
    let with = |context: &str| available(&format!("{REDIS}<AfterContext>{context}</AfterContext>"));
    let one = changes(&with("{\"AuthToken\":\"one\"}")).await;
    let other = changes(&with("{\"AuthToken\":\"two\"}")).await;
    assert_eq!(one.changes, other.changes);
    assert_ne!(one.hash, other.hash);
    assert_eq!(
        one.hash,
        changes(&with("{\"AuthToken\":\"one\"}")).await.hash
    );
}

#[tokio::test]
async fn every_state_has_its_meaning() {
    let state = |status: &str, execution: &str, reason: &str| {
        format!(
            "<Status>{status}</Status><ExecutionStatus>{execution}</ExecutionStatus>\
             <StatusReason>{reason}</StatusReason>"
        )
    };
    let none =
        "The submitted information didn&apos;t contain changes. Submit different information.";
    for (members, expected) in [
        (
            state("CREATE_IN_PROGRESS", "UNAVAILABLE", ""),
            ChangeSetReading::UnderWay,
        ),
        (
            state("FAILED", "UNAVAILABLE", none),
            ChangeSetReading::Unchanged,
        ),
        (
            state("FAILED", "UNAVAILABLE", "No updates are to be performed."),
            ChangeSetReading::Unchanged,
        ),
        (
            state("FAILED", "UNAVAILABLE", "Transform failed"),
            ChangeSetReading::Failed("Transform failed".to_owned()),
        ),
        (
            state("CREATE_COMPLETE", "OBSOLETE", ""),
            ChangeSetReading::Void("OBSOLETE".to_owned()),
        ),
        (
            state("DELETE_COMPLETE", "UNAVAILABLE", ""),
            ChangeSetReading::Absent,
        ),
    ] {
        assert_eq!(read(&members).await, expected, "{members}");
    }
    let (_, stacks) = stacks(|_| Answer::xml_error(404, "ChangeSetNotFound", "it is not there"));
    let reading = stacks.change_set(&target(), STACK, NAME).await.unwrap();
    assert_eq!(reading, ChangeSetReading::Absent);
    stacks
        .ensure_no_change_set(&target(), STACK, NAME)
        .await
        .unwrap();
}

fn event(logical: &str, physical: &str, status: &str, reason: &str, token: &str) -> String {
    format!(
        "<member><StackId>{ID}</StackId><EventId>1</EventId><StackName>{STACK}</StackName>\
         <LogicalResourceId>{logical}</LogicalResourceId>\
         <PhysicalResourceId>{physical}</PhysicalResourceId>\
         <Timestamp>2026-01-05T09:00:00Z</Timestamp><ResourceStatus>{status}</ResourceStatus>\
         <ResourceStatusReason>{reason}</ResourceStatusReason>\
         <ClientRequestToken>{token}</ClientRequestToken></member>"
    )
}

/// What the adapter makes of these events, the newest first.
async fn followed(events: &[String]) -> sluice_core::stack::StackUpdate {
    let events = events.concat();
    let (_, stacks) = stacks(move |_| {
        let events = format!("<StackEvents>{events}</StackEvents>");
        result("DescribeStackEvents", &events)
    });
    stacks.update(&target(), STACK, NAME).await.unwrap()
}

#[tokio::test]
async fn an_update_ends_by_its_own_events_alone() {
    let running = [event(
        STACK,
        ID,
        "UPDATE_IN_PROGRESS",
        "User Initiated",
        NAME,
    )];
    assert_eq!(followed(&running).await.end, None);
    // Of a stack within the stack, and of someone else's update after ours.
    let others = [
        event(STACK, ID, "UPDATE_COMPLETE", "", "Console-UpdateStack-1"),
        event("Network", "arn:nested", "UPDATE_COMPLETE", "", NAME),
        running[0].clone(),
    ];
    assert_eq!(followed(&others).await.end, None);
    for (status, end) in [
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None),
        ("UPDATE_COMPLETE", Some(StackEnd::Updated)),
        ("UPDATE_ROLLBACK_COMPLETE", Some(StackEnd::RolledBack)),
        ("UPDATE_ROLLBACK_FAILED", Some(StackEnd::Stuck)),
    ] {
        let events = [event(STACK, ID, status, "", NAME), running[0].clone()];
        assert_eq!(followed(&events).await.end, end, "{status}");
    }
}

#[tokio::test]
async fn the_first_failure_is_the_reason_and_not_what_was_called_off() {
    let called_off = "Resource update cancelled";
    let update = followed(&[
        event(STACK, ID, "UPDATE_ROLLBACK_COMPLETE", "", NAME),
        event("Other", "o-1", "UPDATE_FAILED", "late", NAME),
        event("Redis", "r-1", "UPDATE_FAILED", "no capacity", NAME),
        event("Search", "s-1", "UPDATE_FAILED", called_off, NAME),
        event(STACK, ID, "UPDATE_IN_PROGRESS", "User Initiated", NAME),
    ])
    .await;
    let failed = update.failed.unwrap().to_string();
    assert_eq!(failed, "Redis UPDATE_FAILED: no capacity");
}

/// What an execution comes to that CloudFormation refuses so, by the events, the change set's
/// execution status (none: there is no change set) and the stack's status.
async fn executed(
    code: &'static str,
    events: Vec<String>,
    execution: &'static str,
    stack: &'static str,
) -> Result<Execution, PortError> {
    let (_, stacks) = stacks(move |asked| match asked.operation.as_str() {
        "ExecuteChangeSet" => Answer::xml_error(400, code, "it cannot be executed"),
        "DescribeStackEvents" => {
            let events = format!("<StackEvents>{}</StackEvents>", events.concat());
            result("DescribeStackEvents", &events)
        }
        "DescribeStacks" => result(
            "DescribeStacks",
            &format!(
                "<Stacks><member><StackName>{STACK}</StackName>\
                 <CreationTime>2026-01-05T09:00:00Z</CreationTime>\
                 <StackStatus>{stack}</StackStatus></member></Stacks>"
            ),
        ),
        _ if execution.is_empty() => {
            Answer::xml_error(404, "ChangeSetNotFound", "it does not exist")
        }
        _ => result(
            "DescribeChangeSet",
            &format!(
                "<Status>CREATE_COMPLETE</Status><ExecutionStatus>{execution}</ExecutionStatus>"
            ),
        ),
    });
    stacks.ensure_executed(&target(), STACK, NAME).await
}

#[tokio::test]
async fn a_lost_answer_to_the_execution_is_found_again() {
    let began = event(STACK, ID, "UPDATE_IN_PROGRESS", "User Initiated", NAME);
    let invalid = "InvalidChangeSetStatus";
    let (idle, busy) = ("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS");
    let taken = Ok(Execution::Taken);
    assert_eq!(
        executed(invalid, vec![began], "OBSOLETE", idle).await,
        taken
    );
    let by_status = executed(invalid, Vec::new(), "EXECUTE_IN_PROGRESS", busy).await;
    assert_eq!(by_status, taken);
    let token = executed("TokenAlreadyExistsException", Vec::new(), "OBSOLETE", idle).await;
    assert_eq!(token, taken);
}

#[tokio::test]
async fn a_change_set_that_may_be_executing_is_not_void() {
    let (invalid, missing) = ("InvalidChangeSetStatus", "ChangeSetNotFound");
    let (idle, busy) = ("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS");
    for (code, execution, stack) in [(invalid, "OBSOLETE", busy), (missing, "", idle)] {
        let never = executed(code, Vec::new(), execution, stack).await;
        assert_eq!(
            never,
            Ok(Execution::Void("it cannot be executed".to_owned()))
        );
    }
    // It may be ours that updates the stack, and neither its events nor its status show it yet.
    for (code, execution) in [(invalid, "AVAILABLE"), (missing, "")] {
        let unknown = executed(code, Vec::new(), execution, busy)
            .await
            .unwrap_err();
        assert_eq!(unknown.class, ErrorClass::Retryable, "{unknown}");
    }
}

#[tokio::test]
async fn a_stack_is_its_template_and_its_parameters_without_those_that_are_kept_secret() {
    let parameter = |name: &str, value: &str| {
        format!(
            "<member><ParameterKey>{name}</ParameterKey><ParameterValue>{value}</ParameterValue>\
             </member>"
        )
    };
    let parameters = parameter("NodeType", "cache.t4g.small") + &parameter("Password", "****");
    let (cloud, stacks) = stacks(move |asked| match asked.operation.as_str() {
        "DescribeStacks" => result(
            "DescribeStacks",
            &format!(
                "<Stacks><member><StackName>{STACK}</StackName><StackStatus>UPDATE_COMPLETE\
                 </StackStatus><CreationTime>2026-01-05T09:00:00Z</CreationTime><Parameters>\
                 {parameters}</Parameters></member></Stacks>"
            ),
        ),
        "GetTemplate" => result("GetTemplate", "<TemplateBody>Resources: {}</TemplateBody>"),
        other => panic!("no one should ask for {other}"),
    });
    let read = stacks.stack(&target(), STACK).await.unwrap();
    assert_eq!(read.template, Hash::of_json(&"Resources: {}"));
    let node_type = read.parameters["NodeType"].as_deref();
    assert_eq!(node_type, Some("cache.t4g.small"));
    assert_eq!(read.parameters["Password"], None);
    let asked = &cloud.asked("GetTemplate")[0];
    assert_eq!(asked["TemplateStage"], "Original");
    assert!(asked.get("ChangeSetName").is_none(), "the stack's own");
}
