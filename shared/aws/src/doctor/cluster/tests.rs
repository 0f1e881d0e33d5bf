//! Answers of AWS as facts of a cluster, and every read refused.

use std::collections::BTreeSet;

use aws_smithy_cbor::Encoder;
use serde_json::{Value, json};
use sluice_core::id::{AccountId, Region};
use sluice_draft::facts::Cluster;
use sluice_draft::{Wanted, draft};

use super::*;
use crate::test_cloud::{Answer, Asked, TestCloud};

const ACCOUNT: &str = "222222222222";
const GROUP: &str = "arn:aws:elasticloadbalancing:eu-central-1:222222222222:targetgroup/shop/1";
const BALANCER: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:222222222222:loadbalancer/app/shop/2";
const LISTENER: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:222222222222:listener/app/shop/2/3";
const RULE: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:222222222222:listener-rule/app/shop/2/3/4";
const SECRET: &str = "arn:aws:secretsmanager:eu-central-1:222222222222:secret:shop/database-AbCdEf";

fn eyes(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Eyes {
    let cloud = TestCloud::in_account(ACCOUNT, answer);
    Eyes {
        own: std::sync::Arc::into_inner(cloud.clients).unwrap(),
        account: AccountId::new(ACCOUNT),
        region: Region::new("eu-central-1"),
        others: BTreeMap::new(),
    }
}

async fn looked(
    cluster: &str,
    answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
) -> Result<Vec<Cluster>, Blind> {
    let named = [Named {
        environment: Some("production".into()),
        cluster: cluster.into(),
    }];
    Box::pin(look_at(&eyes(answer), &named)).await
}

fn refusal(asked: &Asked) -> Answer {
    let said = "User: arn:aws:iam::222222222222:user/ada is not authorized to perform this";
    match asked.body.get("Action").is_some() {
        true => Answer::xml_error(403, "AccessDenied", said),
        // CloudWatch alone speaks CBOR.
        false if asked.operation == "DescribeAlarms" => {
            Answer::cbor_error(403, "AccessDeniedException", said)
        }
        false => Answer::error(403, "AccessDeniedException", said),
    }
}

fn service(name: &str, in_place: bool) -> Value {
    let advanced = json!({
        "alternateTargetGroupArn": GROUP, "productionListenerRule": RULE, "testListenerRule": LISTENER,
        "roleArn": "arn:aws:iam::222222222222:role/shift",
    });
    let mut balancer =
        json!({ "targetGroupArn": GROUP, "containerName": "app", "containerPort": 8000 });
    if !in_place {
        balancer["advancedConfiguration"] = advanced;
    }
    json!({
        "serviceName": name, "status": "ACTIVE", "serviceArn": format!("arn:{name}"),
        "taskDefinition": "shop:7", "desiredCount": 2, "schedulingStrategy": "REPLICA",
        "deploymentConfiguration": {
            "strategy": "CANARY", "maximumPercent": 200,
            "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 7 },
            "alarms": { "alarmNames": ["shop-5xx"], "enable": true, "rollback": true },
        },
        "loadBalancers": [balancer],
    })
}

fn elb(operation: &str) -> Option<Answer> {
    let answer = |operation: &str, list: &str, member: &str| {
        Answer::xml(&format!(
            "<{operation}Response><{operation}Result><{list}><member>{member}</member></{list}>\
             </{operation}Result></{operation}Response>"
        ))
    };
    Some(match operation {
        "DescribeTargetGroups" => answer(
            operation,
            "TargetGroups",
            &format!(
                "<TargetGroupArn>{GROUP}</TargetGroupArn><HealthCheckPath>/up</HealthCheckPath>\
             <Matcher><HttpCode>200-399</HttpCode></Matcher><TargetType>ip</TargetType><VpcId>vpc-1</VpcId>\
             <LoadBalancerArns><member>{BALANCER}</member></LoadBalancerArns>"
            ),
        ),
        "DescribeListeners" => answer(
            operation,
            "Listeners",
            &format!(
                "<ListenerArn>{LISTENER}</ListenerArn><LoadBalancerArn>{BALANCER}</LoadBalancerArn>\
             <Port>443</Port><Protocol>HTTPS</Protocol>"
            ),
        ),
        "DescribeRules" => answer(
            operation,
            "Rules",
            &format!(
                "<RuleArn>{RULE}</RuleArn><Conditions><member><Field>host-header</Field><HostHeaderConfig>\
             <Values><member>shop.example.com</member></Values></HostHeaderConfig></member></Conditions>\
             <Actions><member><Type>authenticate-oidc</Type></member><member><Type>forward</Type>\
             <TargetGroupArn>{GROUP}</TargetGroupArn></member></Actions>"
            ),
        ),
        "DescribeLoadBalancers" => answer(
            operation,
            "LoadBalancers",
            "<DNSName>shop-1.elb.amazonaws.com</DNSName><Scheme>internal</Scheme>",
        ),
        _ => return None,
    })
}

/// An account, in the shapes that AWS documents. Lists have two pages.
fn account(asked: &Asked) -> Answer {
    if let Some(answer) = elb(&asked.operation) {
        return answer;
    }
    let second = asked.body["nextToken"].is_string() || asked.body["Marker"].is_string();
    match asked.operation.as_str() {
        "ListServices" if second => Answer::json(&json!({ "serviceArns": ["arn:shop-jobs"] })),
        "ListServices" => {
            Answer::json(&json!({ "serviceArns": ["arn:shop-web"], "nextToken": "2" }))
        }
        "DescribeServices" => {
            let mut gone = service("shop-old", true);
            gone["status"] = json!("INACTIVE");
            Answer::json(
                &json!({ "services": [service("shop-web", false), service("shop-jobs", true), gone] }),
            )
        }
        "DescribeTaskDefinition" => Answer::json(&json!({ "taskDefinition": {
            "family": "shop", "executionRoleArn": "arn:aws:iam::222222222222:role/execution",
            "containerDefinitions": [{
                "name": "app", "image": "222222222222.dkr.ecr.eu-central-1.amazonaws.com/shop:v1.2.3",
                "entryPoint": ["sh", "-c"], "command": ["alembic upgrade head"], "stopTimeout": 30,
                "portMappings": [{ "containerPort": 8000 }],
                "environment": [{ "name": "DB_PASSWORD", "value": "hunter2" }],
                "secrets": [{ "name": "DATABASE_URL", "valueFrom": format!("{SECRET}:url::") }],
                "healthCheck": { "command": ["CMD", "curl", "http://localhost:8000/live"] },
                "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "/ecs/shop" } },
            }],
        } })),
        "ListTaskDefinitionFamilies" if second => {
            Answer::json(&json!({ "families": ["shop-Migrate"] }))
        }
        "ListTaskDefinitionFamilies" => {
            Answer::json(&json!({ "families": ["shop", "wiki"], "nextToken": "2" }))
        }
        "DescribeSecret" => Answer::json(&json!({ "ARN": SECRET, "Name": "shop/database" })),
        "DescribeDBInstances" if !second => Answer::xml(
            "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance>\
             <DBInstanceIdentifier>shop-1</DBInstanceIdentifier>\
             <DBClusterIdentifier>shop</DBClusterIdentifier><DBSubnetGroup><VpcId>vpc-1</VpcId></DBSubnetGroup>\
             </DBInstance></DBInstances><Marker>2</Marker></DescribeDBInstancesResult>\
             </DescribeDBInstancesResponse>",
        ),
        "DescribeDBInstances" => Answer::xml(
            "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance>\
             <DBInstanceIdentifier>wiki</DBInstanceIdentifier><Endpoint><Address>wiki.rds</Address></Endpoint>\
             <MasterUserSecret><SecretArn>arn:secret</SecretArn></MasterUserSecret>\
             </DBInstance></DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>",
        ),
        "DescribeDBClusters" => Answer::xml(
            "<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster>\
             <DBClusterIdentifier>shop</DBClusterIdentifier><Endpoint>shop.rds</Endpoint>\
             <ReaderEndpoint>shop-ro.rds</ReaderEndpoint></DBCluster></DBClusters>\
             </DescribeDBClustersResult></DescribeDBClustersResponse>",
        ),
        "DescribeAlarms" => refusal(asked),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn answers_are_read_as_aws_documents_them() {
    let clusters = looked("shop", account).await.unwrap();
    let [cluster] = clusters.as_slice() else {
        panic!("{clusters:?}");
    };
    assert_eq!(
        (cluster.account.as_str(), cluster.region.as_str()),
        (ACCOUNT, "eu-central-1")
    );
    let services = cluster.services.as_ref().unwrap();
    let names: Vec<&str> = services.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        names,
        ["shop-jobs", "shop-web"],
        "of both pages, without what is gone"
    );
    let [jobs, web] = services.as_slice() else {
        panic!("{services:?}");
    };
    assert_eq!(
        (web.controller.as_str(), web.strategy.as_str()),
        ("ECS", "CANARY")
    );
    assert_eq!(
        (web.steps, web.maximum_percent, web.desired),
        (Some((10.0, 7)), Some(200), 2)
    );
    assert_eq!(web.alarms, ["shop-5xx"]);
    let balancer = &web.balancers[0];
    assert!(balancer.has_role && balancer.groups.len() == 2);
    let about = balancer.groups[0].about.as_ref().unwrap();
    assert_eq!(about.health_path.as_deref(), Some("/up"));
    assert_eq!(about.healthy_codes.as_deref(), Some("200-399"));
    assert_eq!(
        (about.vpc.as_deref(), about.balancers.as_slice()),
        (Some("vpc-1"), &[BALANCER.to_owned()][..])
    );
    let production = balancer.production.as_ref().unwrap().as_ref().unwrap();
    assert_eq!(production.hosts, ["shop.example.com"]);
    assert_eq!(
        (production.port, production.secure, production.internal),
        (443, true, true)
    );
    let test = balancer.test.as_ref().unwrap().as_ref().unwrap();
    assert!(
        test.hosts.is_empty(),
        "a listener in place of a rule has no conditions"
    );
    let found = jobs.balancers[0].found.as_ref().unwrap();
    assert_eq!(found.len(), 1, "behind an action that authenticates");
    let definition = web.definition.as_ref().unwrap();
    let container = &definition.containers[0];
    assert_eq!(container.command.len(), 3, "entry point and command");
    assert_eq!(
        (container.stop_timeout_s, container.ports.as_slice()),
        (Some(30), &[8000][..])
    );
    assert_eq!(container.secrets["DATABASE_URL"], format!("{SECRET}:url::"));
    assert_eq!(
        cluster.secrets[SECRET].as_ref().unwrap().as_deref(),
        Some("shop/database")
    );
    let databases = cluster.databases.as_ref().unwrap();
    let named: Vec<_> = databases
        .iter()
        .map(|one| (one.identifier.as_str(), one.is_cluster, one.vpc.as_deref()))
        .collect();
    assert_eq!(
        named,
        [("shop", true, Some("vpc-1")), ("wiki", false, None)]
    );
    assert_eq!(databases[0].hosts, ["shop.rds", "shop-ro.rds"]);
    assert_eq!(databases[1].secret.as_deref(), Some("arn:secret"));
    assert_eq!(cluster.migrations.as_ref().unwrap().len(), 1);
    assert!(
        !format!("{clusters:?}").contains("hunter2"),
        "the facts show no value"
    );
    let draft = draft(&clusters, &Wanted::default()).unwrap();
    assert!(!draft.text.contains("hunter2"), "{}", draft.text);
    assert!(
        draft
            .text
            .contains("command = [\"alembic\", \"upgrade\", \"head\"]"),
        "{}",
        draft.text
    );
}

/// Only the first read answers: everything else is unknown, with a right of the policy.
#[tokio::test]
async fn what_aws_refuses_is_unknown_and_names_a_right_of_the_policy() {
    let policy: Value =
        serde_json::from_str(include_str!("../../../../../infra/doctor-policy.json")).unwrap();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap();
    let actions: BTreeSet<&str> = actions.iter().filter_map(Value::as_str).collect();
    let mut told = BTreeSet::new();
    for refused in [
        "DescribeAlarms",
        "DescribeDBClusters",
        "DescribeDBInstances",
        "DescribeListeners",
        "DescribeLoadBalancers",
        "DescribeRules",
        "DescribeSecret",
        "DescribeServices",
        "DescribeTargetGroups",
        "DescribeTaskDefinition",
        "ListServices",
        "ListTaskDefinitionFamilies",
    ] {
        let answer = move |asked: &Asked| match asked.operation == refused {
            true => refusal(asked),
            false => account(asked),
        };
        let clusters = looked("shop", answer).await.unwrap();
        let needs = match draft(&clusters, &Wanted::default()) {
            Ok(draft) => draft
                .unknown
                .into_iter()
                .filter_map(|why| why.needs)
                .collect(),
            Err(sluice_draft::Undecided::NotSeen(why)) => why.needs.into_iter().collect::<Vec<_>>(),
            Err(other) => panic!("{refused}: {other:?}"),
        };
        let right = needs
            .iter()
            .find(|right| right.ends_with(&format!(":{refused}")));
        let right = right.unwrap_or_else(|| panic!("{refused}: {needs:?}"));
        assert!(
            actions.contains(right.as_str()),
            "{right} is not in infra/doctor-policy.json"
        );
        told.insert(right.clone());
    }
    assert_eq!(told.len(), 12);
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_told_with_what_to_do() {
    let none = |_: &Asked| Answer::error(400, "ClusterNotFoundException", "Cluster not found.");
    let blind = looked("shop", none).await.unwrap_err();
    assert!(
        blind
            .0
            .contains("there is no cluster shop in eu-central-1 of the account 222222222222"),
        "{blind}"
    );
    let elsewhere = looked("arn:aws:ecs:eu-west-1:222222222222:cluster/shop", none)
        .await
        .unwrap_err();
    assert!(
        elsewhere.0.contains("give --region eu-west-1"),
        "{elsewhere}"
    );
    let other = looked("arn:aws:ecs:eu-central-1:333333333333:cluster/shop", none)
        .await
        .unwrap_err();
    assert!(other.0.contains("--also PROFILE"), "{other}");
}

/// Two accounts with a cluster of the same name, as accounts made from one template have.
#[tokio::test]
async fn a_cluster_of_two_accounts_is_named_by_its_arn() {
    let mut both = eyes(account);
    let other = TestCloud::in_account("333333333333", account);
    let other = std::sync::Arc::into_inner(other.clients).unwrap();
    both.others.insert(AccountId::new("333333333333"), other);
    let named = |cluster: &str| {
        [Named {
            environment: None,
            cluster: cluster.into(),
        }]
    };
    let blind = Box::pin(look_at(&both, &named("shop"))).await.unwrap_err();
    let arn = "arn:aws:ecs:eu-central-1:333333333333:cluster/shop";
    assert!(blind.0.contains(arn), "{blind}");
    let clusters = Box::pin(look_at(&both, &named(arn))).await.unwrap();
    assert_eq!(clusters[0].account, "333333333333");
    assert_eq!(clusters[0].name, "shop");
    let empty = |asked: &Asked| match asked.operation.as_str() {
        "ListServices" => Answer::json(&json!({ "serviceArns": [] })),
        _ => account(asked),
    };
    let mut one = eyes(account);
    let other = TestCloud::in_account("333333333333", empty).clients;
    let other = std::sync::Arc::into_inner(other).unwrap();
    one.others.insert(AccountId::new("333333333333"), other);
    let clusters = Box::pin(look_at(&one, &named("shop"))).await.unwrap();
    assert_eq!(clusters[0].account, ACCOUNT, "the other has no services");
}

/// As CloudWatch sends them: a metric alarm on a metric, one on an expression, one of autoscaling, and
/// a composite one.
fn alarms() -> Answer {
    let mut cbor = Encoder::new(Vec::new());
    let pair = |cbor: &mut Encoder, (name, value): (&str, &str)| {
        cbor.begin_map()
            .str("Name")
            .str(name)
            .str("Value")
            .str(value)
            .end();
    };
    cbor.begin_map().str("MetricAlarms").array(3);
    cbor.begin_map()
        .str("AlarmName")
        .str("latency")
        .str("StateValue")
        .str("ALARM");
    cbor.str("Dimensions").array(1);
    pair(&mut cbor, ("LoadBalancer", "app/shop/2"));
    cbor.end();
    cbor.begin_map()
        .str("AlarmName")
        .str("errors")
        .str("StateValue")
        .str("OK");
    cbor.str("Metrics")
        .array(1)
        .begin_map()
        .str("Id")
        .str("m1")
        .str("MetricStat")
        .begin_map();
    cbor.str("Period")
        .integer(60)
        .str("Stat")
        .str("Sum")
        .str("Metric")
        .begin_map()
        .str("Dimensions")
        .array(1);
    pair(&mut cbor, ("TargetGroup", "targetgroup/shop/1"));
    cbor.end().end().end().end();
    cbor.begin_map()
        .str("AlarmName")
        .str("busy")
        .str("StateValue")
        .str("OK")
        .str("AlarmActions")
        .array(1);
    cbor.str("arn:aws:autoscaling:eu-central-1:222222222222:scalingPolicy:1")
        .end();
    cbor.str("CompositeAlarms").array(1);
    cbor.begin_map()
        .str("AlarmName")
        .str("all")
        .str("StateValue")
        .str("ALARM")
        .end();
    cbor.end();
    Answer::cbor(cbor.into_writer())
}

#[tokio::test]
async fn alarms_are_read_with_the_dimensions_of_all_their_metrics() {
    let answer = |asked: &Asked| match asked.operation.as_str() {
        "DescribeAlarms" => alarms(),
        _ => account(asked),
    };
    let clusters = looked("shop", answer).await.unwrap();
    let alarms = clusters[0].alarms.as_ref().unwrap();
    let seen: Vec<_> = alarms
        .iter()
        .map(|one| {
            (
                one.name.as_str(),
                one.firing,
                one.of_autoscaling,
                one.dimensions.len(),
            )
        })
        .collect();
    let expected = [
        ("latency", true, false, 1),
        ("errors", false, false, 1),
        ("busy", false, true, 0),
        ("all", true, false, 0),
    ];
    assert_eq!(seen, expected);
}
