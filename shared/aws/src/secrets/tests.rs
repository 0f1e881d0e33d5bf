use serde_json::{Value, json};

use super::*;
use crate::test_cloud::{Answer, TestCloud, target};

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:111111111111:secret:erp/db-AbCdEf";
const NOW: &str = "11111111-1111-1111-1111-111111111111";
const BEFORE: &str = "00000000-0000-0000-0000-000000000000";

/// The secret `erp/db`, with a version before the current one, and with these members.
fn cloud(members: &Value) -> TestCloud {
    let mut secret = json!({
        "ARN": ARN,
        "Name": "erp/db",
        "VersionIdsToStages": { NOW: ["AWSCURRENT"], BEFORE: ["AWSPREVIOUS"] },
    });
    for (name, member) in members.as_object().into_iter().flatten() {
        secret[name] = member.clone();
    }
    TestCloud::new(move |asked| {
        Answer::json(&match asked.operation.as_str() {
            "DescribeSecret" => secret.clone(),
            "GetSecretValue" => json!({ "SecretString": r#"{"password": "hunter2"}"# }),
            other => panic!("no one should ask for {other}"),
        })
    })
}

async fn pin(cloud: &TestCloud, key: Option<&str>) -> PinnedSecret {
    let source = SecretSource::SecretsManager {
        name: "erp/db".to_owned(),
        key: key.map(str::to_owned),
    };
    let secrets = AwsSecrets::new(cloud.clients.clone());
    let pinned = secrets.pin(&target(), "PASSWORD", &source).await;
    pinned.unwrap().unwrap()
}

async fn is_there(cloud: &TestCloud, pinned: &PinnedSecret) -> bool {
    let secrets = AwsSecrets::new(cloud.clients.clone());
    secrets.is_there(&target(), pinned).await.unwrap()
}

fn standing_still() -> [Value; 2] {
    [json!({}), json!({ "RotationEnabled": false })]
}

fn rotating() -> [Value; 2] {
    [
        json!({ "RotationEnabled": true }),
        json!({ "OwningService": "rds" }),
    ]
}

#[tokio::test]
async fn a_secret_that_rotates_by_itself_is_read_as_it_is_when_a_task_starts() {
    for members in rotating() {
        for (key, value_from) in [
            (Some("password"), format!("{ARN}:password::")),
            (None, ARN.to_owned()),
        ] {
            let expected = PinnedSecret {
                variable: "PASSWORD".to_owned(),
                value_from,
                version: SecretVersion::new(NOW),
                pinned: false,
                rotates: true,
            };
            assert_eq!(pin(&cloud(&members), key).await, expected, "{members}");
        }
    }
    for members in standing_still() {
        let pinned = pin(&cloud(&members), Some("password")).await;
        assert_eq!(pinned.value_from, format!("{ARN}:password::{NOW}"));
        assert!(pinned.pinned && !pinned.rotates, "{members}");
    }
}

#[tokio::test]
async fn no_rollback_brings_back_a_version_of_what_rotates_by_now() {
    let mut then = pin(&cloud(&json!({})), Some("password")).await;
    then.version = SecretVersion::new(BEFORE);
    for members in standing_still() {
        assert!(is_there(&cloud(&members), &then).await, "{members}");
    }
    for members in rotating() {
        assert!(!is_there(&cloud(&members), &then).await, "{members}");
    }
}

#[test]
fn the_secret_is_named_without_key_and_version() {
    let arn = "arn:aws:secretsmanager:eu-central-1:111111111111:secret:erp/db-AbCdEf";
    for rest in [":password::v1", ":::v1"] {
        assert_eq!(secret_arn(&format!("{arn}{rest}")), Some(arn));
    }
    assert_eq!(secret_arn("arn:aws:ssm:eu-central-1:1:parameter/x"), None);
}

#[test]
fn keys_are_found_whatever_their_values_are() {
    let json = r#"{"password": "hunter2", "port": 5432, "nested": {"inner": 1}}"#;
    assert_eq!(keys_hold(json, "password"), Some(true));
    assert_eq!(keys_hold(json, "port"), Some(true));
    assert_eq!(keys_hold(json, "inner"), Some(false));
    for no_object in [
        "hunter2",
        "\"hunter2\"",
        "[\"password\"]",
        "",
        "{\"password\": ",
    ] {
        assert_eq!(keys_hold(no_object, "password"), None, "{no_object}");
    }
}
