//! Secrets Manager and SSM parameters.

use std::sync::Arc;

use aws_sdk_secretsmanager::primitives::Blob;
use aws_sdk_ssm::types::ParameterType;
use sluice_app::ports::Secrets as _;
use sluice_aws::AwsSecrets;
use sluice_core::config::SecretSource;
use sluice_core::observation::{PinnedSecret, SecretProblem};

use crate::{server, target};

async fn pin(source: SecretSource) -> Result<PinnedSecret, SecretProblem> {
    let secrets = AwsSecrets::new(Arc::clone(&server::clients().await));
    secrets
        .pin(&target("dep-1"), "PASSWORD", &source)
        .await
        .unwrap()
}

fn secret(name: &str, key: Option<&str>) -> SecretSource {
    SecretSource::SecretsManager {
        name: name.to_owned(),
        key: key.map(str::to_owned),
    }
}

async fn furnish(name: &str, value: &str) -> (aws_sdk_secretsmanager::Client, String, String) {
    let client = aws_sdk_secretsmanager::Client::new(&server::config().await);
    let created = client
        .create_secret()
        .name(name)
        .secret_string(value)
        .send()
        .await
        .unwrap();
    let arn = created.arn.unwrap();
    (client, arn, created.version_id.unwrap())
}

#[tokio::test]
async fn a_secret_is_pinned_to_the_version_it_has_now() {
    let (client, arn, first) = furnish("erp/database", r#"{"password": "hunter2"}"#).await;
    let pinned = pin(secret("erp/database", Some("password"))).await.unwrap();
    assert_eq!(pinned.value_from, format!("{arn}:password::{first}"));
    assert_eq!(
        (pinned.version.as_str(), pinned.variable.as_str()),
        (&*first, "PASSWORD")
    );
    let whole = pin(secret(&arn, None)).await.unwrap();
    assert_eq!(whole.value_from, format!("{arn}:::{first}"));

    let rotated = client
        .put_secret_value()
        .secret_id(&arn)
        .secret_string("{}")
        .send()
        .await
        .unwrap();
    let second = rotated.version_id.unwrap();
    assert_ne!(first, second);
    assert_eq!(
        pin(secret(&arn, None)).await.unwrap().version.as_str(),
        second
    );
}

#[tokio::test]
async fn a_version_is_there_until_secrets_manager_forgets_it() {
    let (client, arn, _) = furnish("erp/versions", r#"{"password": "hunter2"}"#).await;
    let pinned = pin(secret("erp/versions", Some("password"))).await.unwrap();
    let secrets = AwsSecrets::new(Arc::clone(&server::clients().await));
    let is_there =
        async |pinned: &PinnedSecret| secrets.is_there(&target("dep-1"), pinned).await.unwrap();
    assert!(is_there(&pinned).await);
    for value in ["{}", "[]"] {
        let put = client.put_secret_value().secret_id(&arn);
        put.secret_string(value).send().await.unwrap();
    }
    assert!(is_there(&pinned).await, "kept without a label");

    let mut forgotten = pinned.clone();
    forgotten.version = sluice_core::id::SecretVersion::new("00000000-0000-0000-0000-000000000000");
    assert!(!is_there(&forgotten).await);
    let mut elsewhere = pinned.clone();
    elsewhere.value_from = pinned.value_from.replace("erp/versions", "erp/missing");
    assert!(!is_there(&elsewhere).await);
    client.delete_secret().secret_id(&arn).send().await.unwrap();
    assert!(!is_there(&pinned).await, "it is being deleted");
}

#[tokio::test]
async fn what_is_wrong_with_a_secret_is_said_without_its_value() {
    let json = furnish("erp/json", r#"{"password": "hunter2"}"#).await;
    furnish("erp/text", "hunter2").await;
    let binary = json
        .0
        .create_secret()
        .name("erp/binary")
        .secret_binary(Blob::new("hunter2"));
    binary.send().await.unwrap();
    furnish("erp/gone", "hunter2").await;
    json.0
        .delete_secret()
        .secret_id("erp/gone")
        .send()
        .await
        .unwrap();
    let cases = [
        (
            secret("erp/missing", None),
            "there is no secret `erp/missing`",
        ),
        (secret("erp/json", Some("user")), "has no key `user`"),
        (secret("erp/text", Some("password")), "is no JSON object"),
        (secret("erp/binary", Some("password")), "is binary"),
        (secret("erp/gone", None), "is being deleted"),
        (
            SecretSource::Parameter {
                name: "/erp/missing".to_owned(),
            },
            "there is no parameter",
        ),
    ];
    for (source, expected) in cases {
        let wrong = pin(source).await.unwrap_err();
        assert!(wrong.problem.contains(expected), "{wrong:?}");
        assert!(!format!("{wrong:?}").contains("hunter2"), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_parameter_has_a_version_that_ecs_cannot_be_held_to() {
    let client = aws_sdk_ssm::Client::new(&server::config().await);
    let name = "/erp/staging/sentry-dsn";
    for (value, version) in [("one", "1"), ("two", "2")] {
        let put = client
            .put_parameter()
            .name(name)
            .value(value)
            .overwrite(true);
        put.r#type(ParameterType::SecureString)
            .send()
            .await
            .unwrap();
        let pinned = pin(SecretSource::Parameter {
            name: name.to_owned(),
        })
        .await
        .unwrap();
        assert_eq!(pinned.version.as_str(), version);
        // moto leaves out the ARN. ECS takes the name as well, within one account and region.
        assert_eq!(pinned.value_from, name);
    }
}
