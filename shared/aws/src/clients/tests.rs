use serde_json::json;
use sluice_core::failure::ErrorClass;

use super::*;
use crate::test_cloud::{Answer, TestCloud, target, target_with_role};

const ASSUMED: &str = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
    <AssumeRoleResult><Credentials><AccessKeyId>role-key</AccessKeyId>
    <SecretAccessKey>role-secret</SecretAccessKey><SessionToken>token</SessionToken>
    <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>
    </AssumeRoleResponse>"#;

async fn list_tasks(cloud: &TestCloud, target: &Target) {
    cloud
        .clients
        .of(target)
        .await
        .unwrap()
        .ecs()
        .list_tasks()
        .send()
        .await
        .unwrap();
}

fn sts_and_ecs() -> TestCloud {
    TestCloud::new(|asked| match asked.operation.as_str() {
        "AssumeRole" => Answer::xml(ASSUMED),
        _ => Answer::json(&json!({ "taskArns": [] })),
    })
}

#[tokio::test]
async fn a_role_is_assumed_once_in_a_session_named_after_the_deployment() {
    let cloud = sts_and_ecs();
    list_tasks(&cloud, &target_with_role()).await;
    list_tasks(&cloud, &target_with_role()).await;
    let assumed = cloud.asked("AssumeRole");
    assert_eq!(assumed.len(), 1);
    assert_eq!(
        assumed[0]["RoleArn"],
        "arn:aws:iam::111111111111:role/sluice-deploys"
    );
    assert_eq!(assumed[0]["RoleSessionName"], "dep-0123456789abcdef");
    let signers: Vec<String> = cloud
        .everything_asked()
        .into_iter()
        .map(|asked| asked.signed_by)
        .collect();
    assert_eq!(signers, ["own-key", "role-key", "role-key"]);
}

#[tokio::test]
async fn a_function_that_only_looks_assumes_a_role_of_its_own() {
    let TestCloud { clients, asked } = sts_and_ecs();
    let clients = Arc::into_inner(clients).unwrap().with_role_suffix("-read");
    let cloud = TestCloud {
        clients: Arc::new(clients),
        asked,
    };
    list_tasks(&cloud, &target_with_role()).await;
    let assumed = cloud.asked("AssumeRole");
    assert_eq!(
        assumed[0]["RoleArn"],
        "arn:aws:iam::111111111111:role/sluice-deploys-read"
    );
}

#[tokio::test]
async fn another_deployment_has_a_session_of_its_own() {
    let cloud = sts_and_ecs();
    list_tasks(&cloud, &target_with_role()).await;
    let other = DeploymentId::from_outside("dep-fedcba9876543210");
    list_tasks(
        &cloud,
        &Target {
            deployment: other,
            ..target_with_role()
        },
    )
    .await;
    assert_eq!(cloud.asked("AssumeRole").len(), 2);
}

#[tokio::test]
async fn without_a_role_the_own_credentials_work_in_the_targets_region() {
    let cloud = sts_and_ecs();
    list_tasks(
        &cloud,
        &Target {
            region: Region::new("us-east-1"),
            ..target()
        },
    )
    .await;
    let asked = &cloud.everything_asked()[0];
    assert_eq!(
        (asked.signed_by.as_str(), asked.host.as_str()),
        ("own-key", "ecs.us-east-1.amazonaws.com",)
    );
}

#[tokio::test]
async fn a_role_of_another_account_is_never_assumed() {
    let cloud = sts_and_ecs();
    let wrong = Target {
        account: AccountId::new("222222222222"),
        ..target_with_role()
    };
    let error = cloud.clients.of(&wrong).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NeedsPerson);
    assert!(error.message.contains("222222222222"), "{error}");
    assert!(cloud.everything_asked().is_empty());
}

#[tokio::test]
async fn without_a_role_an_environment_of_another_account_is_never_touched() {
    let cloud = TestCloud::in_account("333333333333", |_| Answer::json(&json!({})));
    let error = cloud.clients.of(&target()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NeedsPerson);
    for account in ["333333333333", "111111111111"] {
        assert!(error.message.contains(account), "{error}");
    }
    assert!(cloud.everything_asked().is_empty());
    // A role leads out of Sluice's own account: nothing is wrong with it.
    cloud.clients.of(&target_with_role()).await.unwrap();
}

#[tokio::test]
async fn whose_the_own_credentials_are_is_asked_once() {
    let cloud = sts_and_ecs();
    for region in ["eu-central-1", "us-east-1", "eu-central-1"] {
        let there = Target {
            region: Region::new(region),
            ..target()
        };
        list_tasks(&cloud, &there).await;
    }
    assert_eq!(cloud.asked("GetCallerIdentity").len(), 1);
}

#[tokio::test]
async fn whose_the_own_credentials_are_may_have_to_be_asked_again() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let cloud = TestCloud::without_identity(move |_| {
        match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Answer::xml_error(400, "ExpiredToken", "the token has expired"),
            _ => crate::test_cloud::caller_identity("111111111111"),
        }
    });
    let error = cloud.clients.of(&target()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    assert!(error.message.contains("sts:GetCallerIdentity"), "{error}");
    cloud.clients.of(&target()).await.unwrap();
}

#[tokio::test]
async fn old_sessions_are_forgotten() {
    let cloud = sts_and_ecs();
    for n in 0..=SESSIONS_KEPT {
        let deployment = DeploymentId::from_outside(format!("dep-{n:016x}"));
        cloud
            .clients
            .of(&Target {
                deployment,
                ..target_with_role()
            })
            .await
            .unwrap();
    }
    assert_eq!(cloud.clients.sessions().len(), SESSIONS_KEPT);
}

#[test]
fn one_hook_setting_serves_every_account_and_region() {
    let hook = RolloutHook {
        function_arn: "arn:aws:lambda:{region}:{account}:function:hook".into(),
        role_arn: "arn:aws:iam::{account}:role/hook".into(),
    };
    let of_target = hook.of(&target());
    assert_eq!(
        of_target.function_arn,
        "arn:aws:lambda:eu-central-1:111111111111:function:hook"
    );
    assert_eq!(of_target.role_arn, "arn:aws:iam::111111111111:role/hook");
}

#[test]
fn every_request_is_bounded_and_so_is_a_change_with_its_looks() {
    let bound = timeouts();
    assert_eq!(bound.operation_timeout(), Some(REQUEST_WITHIN));
    assert!(bound.operation_attempt_timeout() < bound.operation_timeout());
    assert!(bound.connect_timeout() < bound.operation_attempt_timeout());
    assert!(REQUEST_WITHIN <= Duration::from_secs(20));
    assert!(CHANGE_WITHIN < Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn what_a_slow_change_has_not_asked_in_time_is_never_asked() {
    let asked = std::sync::atomic::AtomicU32::new(0);
    let began = tokio::time::Instant::now();
    let left_off = bounded(async {
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(19)).await;
            asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(())
    });
    let error = left_off.await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    assert_eq!(began.elapsed(), CHANGE_WITHIN);
    assert_eq!(asked.into_inner(), 2);
    assert_eq!(bounded(async { Ok(7) }).await, Ok(7));
}
