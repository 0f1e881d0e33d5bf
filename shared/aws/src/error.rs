//! What AWS's errors mean for a deployment: try again, give up, or ask a person.
//!
//! By the error's code where AWS has a name for it, else by the HTTP status. The SDK has tried
//! again by itself before an error comes here.

use std::error::Error;

use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use sluice_core::failure::{ErrorClass, PortError};

/// What an error of the SDK means.
///
/// `action` is the IAM action that the call needs, such as `ecs:UpdateService`; `on` is what it was
/// about, in words for people.
pub(crate) fn port_error<E>(action: &str, on: &str, error: SdkError<E>) -> PortError
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    if let Some(refused) = assume_role_error(&error) {
        return about_the_role(on, refused);
    }
    if let SdkError::ServiceError(service) = &error {
        return of_answer(action, on, service.err(), service.raw());
    }
    let reason = innermost(&error);
    match &error {
        SdkError::ConstructionFailure(_) => PortError::permanent(format!(
            "{action} on {on} could not be asked of AWS: {reason}"
        )),
        SdkError::TimeoutError(_) => PortError::retryable(format!(
            "AWS did not answer {action} on {on} in time: {reason}"
        )),
        SdkError::DispatchFailure(failure) if failure.is_user() => PortError::permanent(format!(
            "{action} on {on} could not be sent to AWS: {reason}"
        )),
        SdkError::DispatchFailure(_) => PortError::retryable(format!(
            "AWS could not be reached for {action} on {on}: {reason}"
        )),
        // An answer that cannot be read comes from a proxy or a half-closed connection.
        _ => PortError::retryable(format!(
            "AWS's answer to {action} on {on} was lost: {reason}"
        )),
    }
}

/// An answer of AWS without what it must have: only a fault of AWS, or of a stand-in for it.
pub(crate) fn incomplete(action: &str, on: &str, missing: &str) -> PortError {
    PortError::retryable(format!("AWS's answer to {action} on {on} has no {missing}"))
}

fn of_answer<E>(action: &str, on: &str, error: &E, raw: &HttpResponse) -> PortError
where
    E: Error + ProvideErrorMetadata,
{
    let code = error.code().unwrap_or("an error without a name");
    let said = error.message().unwrap_or("and nothing more");
    match class_of(code, said, raw.status().as_u16()) {
        Meaning::Throttled => PortError::retryable(format!(
            "AWS throttles {action} on {on} ({code}): it is tried again by itself"
        )),
        Meaning::Busy => PortError::retryable(format!(
            "AWS could not do {action} on {on} just now ({code}: {said}): it is tried again by \
             itself"
        )),
        Meaning::Denied => denied(action, on, said),
        Meaning::Credentials => PortError::needs_person(format!(
            "AWS does not accept the credentials for {action} on {on} ({code}: {said}): see that \
             the role and the account are in order"
        )),
        Meaning::Quota => PortError::needs_person(format!(
            "{action} on {on} is over a quota of the account ({code}: {said}): raise the quota or \
             remove what is not needed"
        )),
        Meaning::Role => PortError::needs_person(format!(
            "{action} on {on} was refused because of a role ({code}: {said}): see that the role \
             exists and that ECS may use it"
        )),
        Meaning::Refused => {
            PortError::permanent(format!("AWS refused {action} on {on} ({code}: {said})"))
        }
    }
}

enum Meaning {
    Throttled,
    Busy,
    Denied,
    Credentials,
    Quota,
    Role,
    Refused,
}

fn class_of(code: &str, said: &str, status: u16) -> Meaning {
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "SlowDown"
        | "EC2ThrottledException" => Meaning::Throttled,
        "UpdateInProgressException"
        | "TransactionInProgressException"
        | "TransactionConflictException"
        | "PriorRequestNotComplete"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "RequestExpired"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "ServerException"
        | "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServiceError"
        | "InternalServiceErrorException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => Meaning::Busy,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "KMSAccessDeniedException"
        | "KMSKeyNotAccessibleFault" => Meaning::Denied,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "OptInRequired"
        | "SubscriptionRequiredException"
        | "BlockedException" => Meaning::Credentials,
        _ if code.contains("LimitExceeded") || code.contains("QuotaExceeded") => Meaning::Quota,
        _ if is_denial(said) => Meaning::Denied,
        _ if names_a_missing_role(said) => Meaning::Role,
        _ if status == 429 => Meaning::Throttled,
        _ if status >= 500 => Meaning::Busy,
        _ => Meaning::Refused,
    }
}

/// Some calls report a missing permission as a client error, `iam:PassRole` above all.
fn is_denial(said: &str) -> bool {
    said.contains("is not authorized to perform")
}

fn names_a_missing_role(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    said.contains("unable to assume") || said.contains("service linked role")
}

fn denied(action: &str, on: &str, said: &str) -> PortError {
    let Some(denial) = Denial::parse(said) else {
        return PortError::needs_person(format!(
            "Sluice may not do {action} on {on}: allow it in the policy of its role (AWS says: \
             {said})"
        ));
    };
    let Denial {
        who,
        action,
        resource,
    } = denial;
    let resource = resource.unwrap_or(on);
    PortError::needs_person(format!(
        "`{who}` may not do {action} on {resource}: allow it in the policy of that role (AWS says: \
         {said})"
    ))
}

/// AWS's own words about who may not do what: they name `iam:PassRole` where that is what lacks.
struct Denial<'a> {
    who: &'a str,
    action: &'a str,
    resource: Option<&'a str>,
}

impl<'a> Denial<'a> {
    /// Reads `User: ARN is not authorized to perform: ACTION on resource: ARN because …`.
    fn parse(said: &'a str) -> Option<Self> {
        let (before, after) = said.split_once("is not authorized to perform:")?;
        let who = before.split_whitespace().last()?;
        let mut words = after.split_whitespace();
        let action = words.next()?;
        let resource = match (words.next(), words.next()) {
            (Some("on"), Some("resource:")) => words.next(),
            _ => None,
        };
        Some(Self {
            who,
            action,
            resource: resource.map(|arn| arn.trim_end_matches('.')),
        })
    }
}

fn about_the_role(on: &str, error: &SdkError<AssumeRoleError>) -> PortError {
    let SdkError::ServiceError(service) = error else {
        return PortError::retryable(format!(
            "AWS could not be reached for sts:AssumeRole, needed for {on}: {}",
            innermost(error)
        ));
    };
    let needed = format!("the environment's role, needed for {on}");
    let told = of_answer("sts:AssumeRole", &needed, service.err(), service.raw());
    match told.class {
        // AWS says `AccessDenied` of a role that does not exist, so that nobody can guess names.
        ErrorClass::NeedsPerson => PortError::needs_person(format!(
            "{}; see also that the role exists and that its trust policy names Sluice's role",
            told.message
        )),
        ErrorClass::Permanent => PortError::needs_person(told.message),
        ErrorClass::Retryable => told,
    }
}

fn assume_role_error<'a>(
    error: &'a (dyn Error + 'static),
) -> Option<&'a SdkError<AssumeRoleError>> {
    sources(error).find_map(|error| error.downcast_ref())
}

/// The reason of all: the SDK wraps it in several layers that say nothing more.
fn innermost(error: &(dyn Error + 'static)) -> String {
    sources(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        (*error).source()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test_cloud::{Answer, TestCloud, target, target_with_role};

    async fn told(status: u16, code: &'static str, message: &'static str) -> PortError {
        let cloud = TestCloud::new(move |_| Answer::error(status, code, message));
        let clients = cloud.clients.of(&target()).await.unwrap();
        let error = clients.ecs().list_tasks().send().await.unwrap_err();
        port_error("ecs:ListTasks", "the tasks of erp", error)
    }

    #[tokio::test]
    async fn each_code_has_its_class() {
        let cases = [
            (
                400,
                "ThrottlingException",
                "Rate exceeded",
                ErrorClass::Retryable,
            ),
            (429, "SomethingNew", "slow down", ErrorClass::Retryable),
            (
                500,
                "ServerException",
                "Service Unavailable",
                ErrorClass::Retryable,
            ),
            (503, "SomethingNew", "try later", ErrorClass::Retryable),
            (
                400,
                "UpdateInProgressException",
                "busy",
                ErrorClass::Retryable,
            ),
            (400, "AccessDeniedException", "no", ErrorClass::NeedsPerson),
            (
                400,
                "UnrecognizedClientException",
                "bad token",
                ErrorClass::NeedsPerson,
            ),
            (
                400,
                "LimitExceededException",
                "too many tasks",
                ErrorClass::NeedsPerson,
            ),
            (
                400,
                "SnapshotQuotaExceeded",
                "too many snapshots",
                ErrorClass::NeedsPerson,
            ),
            (
                400,
                "InvalidParameterException",
                "Unable to assume the service linked role. Please verify that it exists.",
                ErrorClass::NeedsPerson,
            ),
            (
                400,
                "InvalidParameterException",
                "TaskDefinition is inactive",
                ErrorClass::Permanent,
            ),
            (
                400,
                "ServiceNotFoundException",
                "Service not found.",
                ErrorClass::Permanent,
            ),
        ];
        for (status, code, message, class) in cases {
            let error = told(status, code, message).await;
            assert_eq!(error.class, class, "{code}: {error}");
            assert!(error.message.contains("ecs:ListTasks"), "{error}");
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
        let start = "`arn:aws:sts::111111111111:assumed-role/sluice-deploys/dep-1` may not do \
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
}
