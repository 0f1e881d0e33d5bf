use serde_json::json;

use super::*;
use crate::test_cloud::{Answer, TestCloud, target, target_with_role};

async fn told(status: u16, code: &'static str, message: &'static str) -> PortError {
    let cloud = TestCloud::new(move |_| Answer::error(status, code, message));
    let clients = cloud.clients.of(&target()).await.unwrap();
    let error = clients.ecs().list_tasks().send().await.unwrap_err();
    port_error("ecs:ListTasks", "the tasks of erp", error)
}

/// Status, code, text, and what it means.
type Told = (u16, &'static str, &'static str, ErrorClass);

const RETRYABLE: ErrorClass = ErrorClass::Retryable;
const PERSON: ErrorClass = ErrorClass::NeedsPerson;
const PERMANENT: ErrorClass = ErrorClass::Permanent;

#[tokio::test]
async fn each_code_has_its_class() {
    let cases: [Told; 12] = [
        (400, "ThrottlingException", "Rate exceeded", RETRYABLE),
        (429, "SomethingNew", "slow down", RETRYABLE),
        (500, "ServerException", "Service Unavailable", RETRYABLE),
        (503, "SomethingNew", "try later", RETRYABLE),
        (400, "UpdateInProgressException", "busy", RETRYABLE),
        (400, "AccessDeniedException", "no", PERSON),
        (400, "UnrecognizedClientException", "bad token", PERSON),
        (400, "LimitExceededException", "too many tasks", PERSON),
        (400, "SnapshotQuotaExceeded", "too many snapshots", PERSON),
        (
            400,
            "InvalidParameterException",
            "Unable to assume the service linked role. Please verify that it exists.",
            PERSON,
        ),
        (
            400,
            "InvalidParameterException",
            "TaskDefinition is inactive",
            PERMANENT,
        ),
        (
            400,
            "ServiceNotFoundException",
            "Service not found.",
            PERMANENT,
        ),
    ];
    for (status, code, message, class) in cases {
        let error = told(status, code, message).await;
        assert_eq!(error.class, class, "{code}: {error}");
        assert!(error.message.contains("ecs:ListTasks"), "{error}");
    }
}

#[tokio::test]
async fn throttles_and_missing_room_are_known_under_any_name() {
    for (code, said, told_so) in [
        (
            "InvalidParameterException",
            "Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)",
            "AWS throttles",
        ),
        (
            "InvalidParameterException",
            "Error retrieving security group information for [sg-1]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)",
            "AWS throttles",
        ),
        (
            "ClientException",
            "Too many concurrent attempts to create a new revision of the specified family.",
            "AWS throttles",
        ),
        (
            "DecryptionFailure",
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls. (Service: AWSKMS; Status Code: 400; Error Code: ThrottlingException)",
            "AWS throttles",
        ),
        ("LimitExceededException", "Rate exceeded", "AWS throttles"),
        (
            "ClientException",
            "You've reached the limit on the number of vCPUs you can run concurrently",
            "AWS has no capacity",
        ),
        (
            "ClientException",
            "You've reached the limit on the number of tasks you can run concurrently",
            "AWS has no capacity",
        ),
        (
            "ClientException",
            "Capacity is unavailable at this time. Please try again later or in a different availability zone",
            "AWS has no capacity",
        ),
        (
            "ClientException",
            "Tasks provisioning capacity limit exceeded.",
            "AWS has no capacity",
        ),
        (
            "InsufficientDBInstanceCapacity",
            "We currently do not have sufficient capacity in the region you requested.",
            "AWS has no capacity",
        ),
        (
            "ClientException",
            "Service Unavailable. Please try again later.",
            "right now",
        ),
        (
            "ServiceUnavailable",
            "The request has failed due to a temporary failure of the server.",
            "right now",
        ),
    ] {
        let error = told(400, code, said).await;
        assert_eq!(error.class, RETRYABLE, "{code}: {error}");
        assert!(error.message.contains(told_so), "{code}: {error}");
    }
}

#[tokio::test]
async fn what_does_not_pass_is_not_taken_for_missing_room() {
    for (code, said, class) in [
        (
            "ClientException",
            "The requested CPU configuration is above your limit",
            PERSON,
        ),
        (
            "ClientException",
            "User: arn:aws:sts::111111111111:assumed-role/ThrottlingException/dep-1 is not \
             authorized to perform: ecs:RunTask on resource: *",
            PERSON,
        ),
        (
            "LimitExceededException",
            "The limit for your resource type has been exceeded.",
            PERSON,
        ),
        (
            "InvalidParameterException",
            "No Container Instances were found",
            PERMANENT,
        ),
        (
            "ClientException",
            "Family contains invalid characters.",
            PERMANENT,
        ),
    ] {
        let error = told(400, code, said).await;
        assert_eq!(error.class, class, "{code}: {error}");
    }
}

#[tokio::test]
async fn a_denial_names_who_may_not_do_what_on_what() {
    let error = told(
        400,
        "ClientException",
        "User: arn:aws:sts::111111111111:assumed-role/sluice-deploys/dep-1 is not authorized \
         to perform: iam:PassRole on resource: arn:aws:iam::111111111111:role/erp-task because \
         no identity-based policy allows the iam:PassRole action",
    )
    .await;
    assert_eq!(error.class, ErrorClass::NeedsPerson);
    let start = "`arn:aws:sts::111111111111:assumed-role/sluice-deploys/dep-1` is not allowed to do \
                 iam:PassRole on arn:aws:iam::111111111111:role/erp-task: allow it";
    assert!(error.message.starts_with(start), "{error}");
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_for_a_person() {
    let cloud = TestCloud::new(|asked| match asked.operation.as_str() {
        "AssumeRole" => Answer::xml_error(
            403,
            "AccessDenied",
            "User: arn:aws:sts::222222222222:assumed-role/sluice/fn is not authorized to \
             perform: sts:AssumeRole on resource: arn:aws:iam::111111111111:role/sluice-deploys",
        ),
        _ => Answer::json(&json!({})),
    });
    let clients = cloud.clients.of(&target_with_role()).await.unwrap();
    let error = clients.ecs().list_tasks().send().await.unwrap_err();
    let error = port_error("ecs:ListTasks", "the tasks of erp", error);
    assert_eq!(error.class, ErrorClass::NeedsPerson);
    let needed = "sts:AssumeRole on arn:aws:iam::111111111111:role/sluice-deploys";
    assert!(error.message.contains(needed), "{error}");
    assert!(error.message.contains("trust policy"), "{error}");
    assert!(cloud.asked("ListTasks").is_empty());
}

#[tokio::test]
async fn nobody_at_the_other_end_passes() {
    // Port 1 of this machine: nothing listens there.
    let region = target().region;
    let clients = crate::Clients::at_endpoint("http://127.0.0.1:1", &region, None).await;
    let error = clients.own().ecs().list_tasks().send().await.unwrap_err();
    let error = port_error("ecs:ListTasks", "the tasks of erp", error);
    assert_eq!(error.class, ErrorClass::Retryable);
    assert!(
        error.message.starts_with("AWS could not be reached"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_passes() {
    let cloud = TestCloud::new(|_| Answer::xml("<html>a proxy's words</html>"));
    let clients = cloud.clients.of(&target()).await.unwrap();
    let error = clients.ecs().list_tasks().send().await.unwrap_err();
    let error = port_error("ecs:ListTasks", "the tasks of erp", error);
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
}
