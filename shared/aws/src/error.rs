//! What AWS's errors mean for a deployment: try again, give up, or ask a person.
//!
//! By the error's code and by what AWS says ([`meaning`]), else by the HTTP status. The SDK has
//! tried again by itself before an error comes here.

use std::error::Error;

use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use sluice_core::failure::{ErrorClass, PortError};

use meaning::Meaning;

pub(crate) use meaning::passes_by_itself;

mod meaning;

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
        SdkError::ConstructionFailure(_) => {
            PortError::permanent(format!("{action} on {on} could not be called: {reason}"))
        }
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

/// The action that AWS says is not allowed, if that is what the error says.
#[cfg(feature = "doctor")]
pub(crate) fn refused_action<E>(action: &str, error: &SdkError<E>) -> Option<String>
where
    E: ProvideErrorMetadata,
{
    let SdkError::ServiceError(service) = error else {
        return None;
    };
    let code = service.err().code().unwrap_or_default();
    let said = service.err().message().unwrap_or_default();
    match Meaning::of(code, said, service.raw().status().as_u16()) {
        Meaning::Denied => {
            let denial = Denial::parse(said);
            Some(denial.map_or(action, |denial| denial.action).to_owned())
        }
        _ => None,
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
    let code = error.code().unwrap_or("an error without a code");
    let said = error.message().unwrap_or("and nothing more");
    match Meaning::of(code, said, raw.status().as_u16()) {
        Meaning::Throttled => PortError::retryable(format!(
            "AWS throttles {action} on {on} ({code}): it is retried automatically"
        )),
        Meaning::Busy => PortError::retryable(format!(
            "AWS could not do {action} on {on} right now ({code}: {said}): it is retried \
             automatically"
        )),
        Meaning::NoRoom => PortError::retryable(format!(
            "AWS has no capacity for {action} on {on} right now ({code}: {said}): it is retried \
             automatically. If this persists, raise the limit or check what else uses the capacity"
        )),
        Meaning::Denied => denied(action, on, said),
        Meaning::Credentials => PortError::needs_person(format!(
            "AWS does not accept the credentials for {action} on {on} ({code}: {said}): check the \
             role and the account"
        )),
        Meaning::Quota => PortError::needs_person(format!(
            "{action} on {on} is over a quota of the account ({code}: {said}): raise the quota or \
             remove unused resources"
        )),
        Meaning::Role => PortError::needs_person(format!(
            "{action} on {on} was refused because of a role ({code}: {said}): check that the role \
             exists and that ECS may use it"
        )),
        Meaning::Refused => {
            PortError::permanent(format!("AWS refused {action} on {on} ({code}: {said})"))
        }
    }
}

fn denied(action: &str, on: &str, said: &str) -> PortError {
    let Some(denial) = Denial::parse(said) else {
        return PortError::needs_person(format!(
            "Sluice is not allowed to do {action} on {on}: allow it in the policy of its role \
             (AWS says: {said})"
        ));
    };
    let Denial {
        who,
        action,
        resource,
    } = denial;
    let resource = resource.unwrap_or(on);
    PortError::needs_person(format!(
        "`{who}` is not allowed to do {action} on {resource}: allow it in the policy of that role \
         (AWS says: {said})"
    ))
}

/// AWS's own words about who may not do what: they name `iam:PassRole` where that is missing.
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
        // AWS says `AccessDenied` of a role that does not exist, so that names cannot be guessed.
        ErrorClass::NeedsPerson => PortError::needs_person(format!(
            "{}; check also that the role exists and that its trust policy names Sluice's role",
            told.message
        )),
        ErrorClass::Permanent => PortError::needs_person(told.message),
        ErrorClass::Retryable | ErrorClass::Newer => told,
    }
}

fn assume_role_error<'a>(
    error: &'a (dyn Error + 'static),
) -> Option<&'a SdkError<AssumeRoleError>> {
    sources(error).find_map(|error| error.downcast_ref())
}

/// The reason of all: the SDK wraps it in several layers that say nothing more.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
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
mod tests;
