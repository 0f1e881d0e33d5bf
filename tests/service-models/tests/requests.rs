//! What the checker must find: it is worth no more than what it can refuse.

use serde_json::{Value, json};
use sluice_service_models::{Request, Verdict, check};

fn signed(service: &str) -> (String, String) {
    let scope = format!("key/20260105/eu-central-1/{service}/aws4_request");
    let value = format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=0");
    ("Authorization".to_owned(), value)
}

fn asked(service: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Verdict {
    let mut all = vec![signed(service)];
    let headers = headers.iter();
    all.extend(headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    check(&Request {
        path: path.to_owned(),
        headers: all,
        body: body.to_vec(),
    })
}

fn ecs(operation: &str, body: &Value) -> Verdict {
    let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
    let headers = [
        ("x-amz-target", target.as_str()),
        ("content-type", "application/x-amz-json-1.1"),
    ];
    asked("ecs", "/", &headers, body.to_string().as_bytes())
}

fn rds(form: &str) -> Verdict {
    let form = format!("Version=2014-10-31&{form}");
    asked("rds", "/", &[], form.as_bytes())
}

fn cloudwatch(operation: &str, cbor: &[u8]) -> Verdict {
    let path = format!("/service/GraniteServiceVersion20100801/operation/{operation}");
    let headers = [
        ("smithy-protocol", "rpc-v2-cbor"),
        ("content-type", "application/cbor"),
    ];
    asked("monitoring", &path, &headers, cbor)
}

fn whole_update() -> Value {
    json!({
        "service": "erp-web",
        "deploymentConfiguration": {
            "strategy": "BLUE_GREEN",
            "alarms": {"alarmNames": ["errors"], "enable": true, "rollback": true},
            "lifecycleHooks": [{"hookDetails": {"deployment": "dep-1"}}],
        },
    })
}

#[test]
fn what_aws_knows_is_known_in_every_protocol() {
    let verdicts = [
        ("ecs:UpdateService", ecs("UpdateService", &whole_update())),
        (
            "rds:CreateDBSnapshot",
            rds(
                "Action=CreateDBSnapshot&DBInstanceIdentifier=erp&DBSnapshotIdentifier=s-1\
                 &Tags.Tag.1.Key=a&Tags.Tag.1.Value=b",
            ),
        ),
        // {"AlarmNames": ["errors"]}
        (
            "cloudwatch:DescribeAlarms",
            cloudwatch("DescribeAlarms", b"\xa1\x6aAlarmNames\x81\x66errors"),
        ),
    ];
    for (call, verdict) in verdicts {
        let expected = Verdict {
            call: call.to_owned(),
            problems: Vec::new(),
        };
        assert_eq!(verdict, expected);
    }
}

fn problem(mut verdict: Verdict) -> String {
    assert_eq!(verdict.problems.len(), 1, "{verdict:?}");
    verdict.problems.remove(0)
}

#[test]
fn a_member_that_aws_does_not_know_is_named_with_its_path() {
    let mut update = whole_update();
    update["deploymentConfiguration"]["alarms"]["mute"] = json!(true);
    assert_eq!(
        problem(ecs("UpdateService", &update)),
        "deploymentConfiguration.alarms.mute: DeploymentAlarms has no such member"
    );
    assert_eq!(
        problem(rds(
            "Action=DescribeDBInstances&Filters.Filter.1.Name=a&Filters.Filter.1.Values.Value.1=b\
             &Filters.Filter.1.Colour=red"
        )),
        "Filters.Filter.1.Colour: DescribeDBInstances has no such member"
    );
    // {"Alarms": []}
    assert_eq!(
        problem(cloudwatch("DescribeAlarms", b"\xa1\x66Alarms\x80")),
        "Alarms: DescribeAlarmsInput has no such member"
    );
}

#[test]
fn a_required_member_that_is_missing_is_named_however_deep_it_is() {
    let mut update = whole_update();
    let alarms = &mut update["deploymentConfiguration"]["alarms"];
    alarms.as_object_mut().unwrap().remove("rollback");
    assert_eq!(
        problem(ecs("UpdateService", &update)),
        "deploymentConfiguration.alarms.rollback: DeploymentAlarms must have it"
    );
    assert_eq!(
        problem(rds("Action=CreateDBSnapshot&DBInstanceIdentifier=erp")),
        "DBSnapshotIdentifier: CreateDBSnapshotMessage must have it"
    );
    assert_eq!(
        problem(rds(
            "Action=DescribeDBInstances&Filters.Filter.1.Values.Value.1=b"
        )),
        "Filters.Filter.1.Name: Filter must have it"
    );
}

#[test]
fn a_value_of_another_type_is_named() {
    let mut update = whole_update();
    update["deploymentConfiguration"]["alarms"]["enable"] = json!("true");
    assert_eq!(
        problem(ecs("UpdateService", &update)),
        "deploymentConfiguration.alarms.enable: true or false is wanted, not a str"
    );
    assert_eq!(
        problem(rds("Action=DescribeDBInstances&MaxRecords=many")),
        "MaxRecords: a whole number is wanted, not `many`"
    );
    // {"AlarmNames": [7]}
    assert_eq!(
        problem(cloudwatch("DescribeAlarms", b"\xa1\x6aAlarmNames\x81\x07")),
        "AlarmNames[0]: a text is wanted, not a int"
    );
}

#[test]
fn a_value_that_is_none_of_the_enumeration_is_named_with_those_that_are() {
    let mut update = whole_update();
    update["deploymentConfiguration"]["strategy"] = json!("RED_BLACK");
    let said = problem(ecs("UpdateService", &update));
    let expected = "deploymentConfiguration.strategy: `RED_BLACK` is none of ROLLING, BLUE_GREEN";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn an_operation_that_aws_does_not_have_is_named() {
    let unknown = "has no operation `PromoteService`";
    assert_eq!(
        problem(ecs("PromoteService", &json!({}))),
        format!("ecs {unknown}")
    );
    assert_eq!(
        problem(rds("Action=PromoteService")),
        format!("rds {unknown}")
    );
    assert_eq!(
        problem(cloudwatch("PromoteService", b"\xa0")),
        format!("cloudwatch {unknown}")
    );
}

#[test]
fn a_request_in_another_protocol_or_to_another_service_is_named() {
    let target = [
        (
            "x-amz-target",
            "AmazonEC2ContainerServiceV20141113.ListTasks",
        ),
        ("content-type", "application/x-amz-json-1.0"),
    ];
    assert_eq!(
        problem(asked("ecs", "/", &target, b"{}")),
        "content-type: `application/x-amz-json-1.1` is wanted, not `application/x-amz-json-1.0`"
    );
    assert_eq!(
        problem(asked("ecr", "/", &target, b"{}")),
        "`AmazonEC2ContainerServiceV20141113` is not ecr's prefix of x-amz-target"
    );
    assert_eq!(
        problem(asked("s3", "/", &[], b"")),
        "no service signs as `s3`, of those that Sluice calls"
    );
    let unsigned = Request {
        path: "/".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    assert_eq!(problem(check(&unsigned)), "it is not signed");
}
