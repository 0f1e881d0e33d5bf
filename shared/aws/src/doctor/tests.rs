//! Every read refused, and answers in the shapes that AWS documents.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluice_core::config::Config;
use sluice_core::id::{AccountId, Region};
use sluice_doctor::examine;
use sluice_doctor::facts::{Decided, Facts};
use sluice_words::doctor::{Check, Report};

use super::*;
use crate::test_cloud::{Answer, Asked, TestCloud};

const ACCOUNT: &str = "222222222222";
const BLUE: &str = "arn:aws:elasticloadbalancing:eu-central-1:222222222222:targetgroup/blue/1";
const GREEN: &str = "arn:aws:elasticloadbalancing:eu-central-1:222222222222:targetgroup/green/2";
const RULE: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:222222222222:listener-rule/app/erp/1/2/3";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:222222222222:sluice-Queue-1";

/// The ERP's configuration, with production alone.
fn configs() -> Vec<Config> {
    let text = include_str!("../../../../tests/erp/sluice.toml");
    let mut config = Config::parse(text).unwrap();
    config.environments.remove(0);
    vec![config]
}

/// What an account says of itself that answers like this.
async fn looked(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Facts {
    counted(answer).await.0
}

/// The same with how many requests it took.
async fn counted(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> (Facts, usize) {
    let cloud = TestCloud::in_account(ACCOUNT, answer);
    let clients = std::sync::Arc::into_inner(cloud.clients).unwrap();
    let eyes = Eyes {
        own: clients,
        account: AccountId::new(ACCOUNT),
        region: Region::new("eu-central-1"),
        others: BTreeMap::new(),
    };
    let facts = Box::pin(look(&eyes, &configs(), "sluice")).await;
    let asked = cloud.asked.lock().unwrap().len();
    (facts, asked)
}

fn is_query(asked: &Asked) -> bool {
    asked.body.get("Action").is_some()
}

/// As the service's protocol has it.
fn refusal(asked: &Asked) -> Answer {
    let said = "User: arn:aws:iam::222222222222:user/ada is not authorized to perform this";
    match is_query(asked) {
        true => Answer::xml_error(403, "AccessDenied", said),
        false => Answer::error(403, "AccessDeniedException", said),
    }
}

fn policy() -> BTreeSet<String> {
    let policy = include_str!("../../../../infra/doctor-policy.json");
    let policy: Value = serde_json::from_str(policy).unwrap();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let actions = statements.flat_map(|one| match &one["Action"] {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    });
    actions
        .map(|one| one.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn what_aws_refuses_is_unknown_and_names_a_right_of_the_policy() {
    let facts = looked(refusal).await;
    let report = examine(&configs(), &facts);
    assert_eq!(report.exit_code(), 2);
    assert_eq!(
        report.unknown().count(),
        report.looked.len(),
        "{:#?}",
        report.findings().next()
    );
    let policy = policy();
    let needs: BTreeSet<&String> = report
        .unknown()
        .filter_map(|(_, why)| why.needs.as_ref())
        .collect();
    assert!(needs.len() > 10, "{needs:?}");
    for right in needs {
        assert!(
            policy.contains(right),
            "{right} is not in infra/doctor-policy.json"
        );
    }
}

#[tokio::test]
async fn an_account_without_credentials_is_unknown_and_says_what_to_give() {
    let cloud = TestCloud::in_account("333333333333", refusal);
    let clients = std::sync::Arc::into_inner(cloud.clients).unwrap();
    let eyes = Eyes::new(clients, Vec::new()).await.unwrap();
    assert_eq!(eyes.account().as_str(), "333333333333");
    let facts = Box::pin(look(&eyes, &configs(), "sluice")).await;
    let report = examine(&configs(), &facts);
    let service = report
        .unknown()
        .find(|(looked, _)| looked.check == Check::Service);
    let (_, why) = service.unwrap();
    assert!(why.why.contains("--also PROFILE"), "{}", why.why);
    assert_eq!(why.needs, None);
}

#[tokio::test]
async fn credentials_that_are_not_valid_are_told_and_nothing_is_looked_at() {
    let expired = |_: &Asked| Answer::xml_error(403, "ExpiredToken", "The security token expired");
    let cloud = TestCloud::without_identity(expired);
    let clients = std::sync::Arc::into_inner(cloud.clients).unwrap();
    let blind = Eyes::new(clients, Vec::new()).await.unwrap_err();
    assert!(blind.0.contains("nothing was looked at"), "{blind}");
    assert!(blind.0.contains("ExpiredToken"), "{blind}");
}

fn function(path: &str) -> Value {
    let name = path.split('/').nth(3).unwrap();
    json!({
        "FunctionName": name,
        "FunctionArn": format!("arn:aws:lambda:eu-central-1:{ACCOUNT}:function:{name}"),
        "Role": format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
        "State": "Active", "LastUpdateStatus": "Successful", "Timeout": 90,
        "Environment": { "Variables": {
            "SLUICE_TABLE": "sluice-Table-1",
            "SLUICE_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/222222222222/sluice-Queue-1",
            "SLUICE_SLACK_BOT_TOKEN_ARN": "arn:aws:secretsmanager:eu-central-1:222222222222:secret:BotToken-1",
            "OTHER": "is not kept",
        } },
    })
}

fn of_lambda(path: &str) -> Answer {
    let end = path.trim_end_matches('/').rsplit('/').next().unwrap();
    Answer::json(&match end {
        "configuration" => function(path),
        "policy" => json!({ "Policy": "{\"Statement\":[]}" }),
        "event-source-mappings" => json!({ "EventSourceMappings": [{
            "UUID": "u-1", "EventSourceArn": QUEUE, "State": "Enabled",
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }] }),
        "recursion-config" => json!({ "RecursiveLoop": "Terminate" }),
        "concurrency" => json!({ "ReservedConcurrentExecutions": 0 }),
        // Nobody listens there.
        "url" => json!({
            "FunctionUrl": "http://127.0.0.1:1/", "AuthType": "NONE", "FunctionArn": "arn",
            "CreationTime": "2026-01-05T09:00:00Z",
        }),
        other => panic!("{other}: {path}"),
    })
}

fn service(name: &Value) -> Value {
    json!({
        "serviceName": name, "status": "ACTIVE", "serviceArn": format!("arn:{name}"),
        "taskDefinition": "erp:1", "deploymentController": { "type": "CODE_DEPLOY" },
        "capacityProviderStrategy": [{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }],
        "loadBalancers": [{
            "targetGroupArn": BLUE, "containerName": "app", "containerPort": 8000,
            "advancedConfiguration": {
                "alternateTargetGroupArn": GREEN, "productionListenerRule": RULE,
                "testListenerRule": RULE, "roleArn": "arn:aws:iam::222222222222:role/shift",
            },
        }],
    })
}

/// An installation with several faults, as AWS documents its answers.
fn account(asked: &Asked) -> Answer {
    if asked.operation.starts_with("/20") {
        return of_lambda(&asked.operation);
    }
    let member = |arn: &str, weight: u32| {
        format!("<member><TargetGroupArn>{arn}</TargetGroupArn><Weight>{weight}</Weight></member>")
    };
    match asked.operation.as_str() {
        "GetQueueAttributes" => Answer::json(&json!({ "Attributes": {
            "QueueArn": QUEUE, "VisibilityTimeout": "60",
            "RedrivePolicy": "{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-central-1:222222222222:dead\",\"maxReceiveCount\":\"5\"}",
            "ApproximateNumberOfMessages": "2", "ApproximateNumberOfMessagesNotVisible": "1",
        } })),
        "DescribeTable" => Answer::json(&json!({ "Table": {
            "TableName": "sluice-Table-1", "TableStatus": "ACTIVE", "DeletionProtectionEnabled": true,
            "KeySchema": [
                { "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" },
            ],
            "GlobalSecondaryIndexes": [{
                "IndexName": "due", "IndexStatus": "CREATING",
                "KeySchema": [
                    { "AttributeName": "due_shard", "KeyType": "HASH" },
                    { "AttributeName": "due_at", "KeyType": "RANGE" },
                ],
            }],
        } })),
        "DescribeContinuousBackups" => Answer::json(&json!({ "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": { "PointInTimeRecoveryStatus": "DISABLED" },
        } })),
        "DescribeSecret" => Answer::json(&json!({
            "ARN": format!("arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:s-1"),
            "RotationEnabled": true, "VersionIdsToStages": { "v-1": ["AWSCURRENT"] },
            "KmsKeyId": "0a1b2c3d",
        })),
        "ListRuleNamesByTarget" => Answer::json(&json!({ "RuleNames": ["rule-1"] })),
        "DescribeRule" => Answer::json(&json!({
            "Name": "rule-1", "Arn": "arn:aws:events:eu-central-1:222222222222:rule/rule-1",
            "State": "ENABLED", "EventPattern": "{}", "ScheduleExpression": "rate(5 minutes)",
        })),
        "ListTargetsByRule" => {
            Answer::json(&json!({ "Targets": [{ "Id": "sluice", "Arn": QUEUE }] }))
        }
        "TestEventPattern" => Answer::json(&json!({ "Result": true })),
        "DescribeEventBus" => Answer::json(&json!({ "Name": "sluice" })),
        "DescribeServices" => {
            let names = asked.body["services"].as_array().unwrap();
            Answer::json(&json!({ "services": names.iter().map(service).collect::<Vec<_>>() }))
        }
        "ListServiceDeployments" => Answer::json(&json!({ "serviceDeployments": [] })),
        "DescribeTaskDefinition" => Answer::json(&json!({ "taskDefinition": {
            "family": "erp", "executionRoleArn": "arn:aws:iam::222222222222:role/execution",
            "containerDefinitions": [{ "name": "app", "logConfiguration": { "logDriver": "splunk" } }],
        } })),
        "DescribeRepositories" => Answer::json(&json!({ "repositories": [{
            "repositoryName": "erp", "imageTagMutability": "MUTABLE",
            "imageScanningConfiguration": { "scanOnPush": false },
        }] })),
        "GetRegistryScanningConfiguration" => Answer::json(&json!({ "scanningConfiguration": {
            "scanType": "ENHANCED", "rules": [
                { "scanFrequency": "MANUAL", "repositoryFilters": [{ "filter": "*", "filterType": "WILDCARD" }] },
                { "scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{ "filter": "er*", "filterType": "WILDCARD" }] },
            ],
        } })),
        "DescribeParameters" => {
            Answer::json(&json!({ "Parameters": [{ "Name": "/erp/production/sentry-dsn" }] }))
        }
        "DescribeTargetGroups" => Answer::xml(&format!(
            "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups><member>\
             <TargetGroupArn>{BLUE}</TargetGroupArn><HealthCheckPath>/</HealthCheckPath></member>\
             </TargetGroups></DescribeTargetGroupsResult></DescribeTargetGroupsResponse>"
        )),
        "DescribeRules" => Answer::xml(&format!(
            "<DescribeRulesResponse><DescribeRulesResult><Rules><member><Actions><member>\
             <Type>forward</Type><ForwardConfig><TargetGroups>{}{}</TargetGroups></ForwardConfig>\
             </member></Actions></member></Rules></DescribeRulesResult></DescribeRulesResponse>",
            member(BLUE, 80),
            member(GREEN, 20),
        )),
        "DescribeDBInstances" => Answer::xml(
            "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance>\
             <DBInstanceStatus>available</DBInstanceStatus><BackupRetentionPeriod>0\
             </BackupRetentionPeriod></DBInstance></DBInstances></DescribeDBInstancesResult>\
             </DescribeDBInstancesResponse>",
        ),
        "DescribeAccountAttributes" => Answer::xml(
            "<DescribeAccountAttributesResponse><DescribeAccountAttributesResult><AccountQuotas>\
             <AccountQuota><AccountQuotaName>ManualSnapshots</AccountQuotaName><Used>100</Used>\
             <Max>100</Max></AccountQuota></AccountQuotas></DescribeAccountAttributesResult>\
             </DescribeAccountAttributesResponse>",
        ),
        "GetRole" if asked.body["RoleName"] == "sluice-deployer-read" => {
            Answer::xml_error(404, "NoSuchEntity", "no such role")
        }
        "GetRole" => Answer::xml(
            "<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>r</RoleName>\
             <RoleId>AROA</RoleId><Arn>arn:aws:iam::222222222222:role/r</Arn>\
             <CreateDate>2026-01-05T09:00:00Z</CreateDate><AssumeRolePolicyDocument>\
             %7B%22aws%3APrincipalArn%22%3A%22arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fsluice-advance%22%7D\
             </AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>",
        ),
        "SimulatePrincipalPolicy" => simulated(asked),
        // CloudWatch speaks CBOR.
        "DescribeAlarms" => refusal(asked),
        other => panic!("{other}"),
    }
}

/// Only reads are allowed.
fn simulated(asked: &Asked) -> Answer {
    let names =
        (1..).map_while(|number| asked.body[format!("ActionNames.member.{number}")].as_str());
    let results: String = names
        .map(|name| {
            let decision = match name {
                "dynamodb:GetItem" | "dynamodb:Query" => "allowed",
                name if name.ends_with(":Decrypt") => "explicitDeny",
                _ => "implicitDeny",
            };
            format!(
                "<member><EvalActionName>{name}</EvalActionName><EvalDecision>{decision}\
                 </EvalDecision></member>"
            )
        })
        .collect();
    Answer::xml(&format!(
        "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>\
         {results}</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    ))
}

fn said(report: &Report, check: Check) -> Vec<&str> {
    let those = report
        .findings()
        .filter(|(looked, _)| looked.check == check);
    those.map(|(_, finding)| finding.what.as_str()).collect()
}

#[tokio::test]
async fn answers_are_read_as_aws_documents_them() {
    let (facts, requests) = counted(account).await;
    // One after the other, so that no rate limit of IAM's is reached.
    assert!((100..250).contains(&requests), "{requests} requests");
    let report = examine(&configs(), &facts);
    for (check, words) in [
        (Check::Recursion, "Terminate"),
        (Check::HookConcurrency, "is 0"),
        (Check::OperateUrl, "open to everyone"),
        (
            Check::QueueVisibility,
            "is 60 s; six times the time limit of advance is 540 s",
        ),
        (Check::DeadLetters, "dead has 3 messages"),
        (Check::TableIndex, "no index `due`"),
        (Check::TableRecovery, "no point-in-time recovery"),
        (
            Check::EventPermission,
            "has no permission for the rule rule-1",
        ),
        (Check::EventDeadLetters, "rule-1"),
        (Check::Minute, "every minute"),
        (Check::FunctionRights, "sluice-advance does not allow"),
        (Check::EnvironmentRole, "does not name sluice-health-check"),
        (
            Check::EnvironmentRole,
            "sluice-deployer-read of erp/production does not exist",
        ),
        (Check::HookRole, "does not name ecs.amazonaws.com"),
        (Check::Controller, "erp-web is CODE_DEPLOY"),
        (Check::Spot, "erp-beat"),
        (
            Check::Container,
            "erp-worker has no container worker, only: app",
        ),
        (Check::LogDriver, "splunk"),
        (Check::Weights, "blue 80, green 20"),
        (Check::HealthPath, "blue checks /"),
        (Check::SecretRotation, "rotates"),
        (
            Check::ExecutionRole,
            "denies kms:Decrypt on arn:aws:kms:eu-central-1:222222222222:key/0a1b2c3d",
        ),
        (Check::DatabaseRetention, "no automatic backups"),
        (Check::SnapshotQuota, "100 of 100"),
        (Check::TagMutability, "can be moved"),
    ] {
        let found = said(&report, check);
        assert!(
            found.iter().any(|what| what.contains(words)),
            "{check:?} {words}: {found:#?}"
        );
    }
    // The first rule of the registry scans only when somebody asks, the second always.
    for fine in [
        Check::ImageScan,
        Check::WakeUps,
        Check::Table,
        Check::Parameter,
        Check::Secret,
    ] {
        assert_eq!(said(&report, fine), Vec::<&str>::new());
    }
    let answers = report
        .unknown()
        .find(|(looked, _)| looked.check == Check::SlackAnswers);
    assert!(answers.is_some_and(|(_, why)| why.why.contains("did not answer")));
}

#[tokio::test]
async fn no_setting_but_sluice_s_own_is_kept() {
    let facts = looked(account).await;
    let advance = facts.functions["advance"]
        .as_ref()
        .unwrap()
        .as_ref()
        .unwrap();
    assert!(
        advance
            .settings
            .keys()
            .all(|name| name.starts_with("SLUICE_"))
    );
    assert!(!format!("{facts:?}").contains("is not kept"));
    let decided: BTreeSet<Decided> = facts
        .rights
        .iter()
        .flat_map(|one| one.decisions.as_ref().unwrap())
        .map(|one| one.decision)
        .collect();
    assert_eq!(decided, [Decided::Allowed, Decided::NotAllowed].into());
}
