//! Answers of AWS as facts: what is there, what is not, and what could not be seen.

use std::error::Error;

use aws_sdk_sts::error::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::FutureExt as _;
use sluice_doctor::facts::Seen;
use sluice_words::doctor::NotSeen;

use crate::error::{innermost, refused_action};

/// What a call that only reads comes to. `action` is the right that it needs.
pub(super) async fn seen<T, E>(
    action: &str,
    on: &str,
    call: impl Future<Output = Result<T, SdkError<E>>> + Send,
) -> Seen<T>
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    // The SDK's futures are large: many of them in one would not fit a stack.
    let answer = call.boxed().await;
    answer.map_err(|error| not_seen(action, on, &error))
}

/// The same of something that may not be there: AWS then answers with one of these codes.
pub(super) async fn found<T, E>(
    action: &str,
    on: &str,
    missing: &[&str],
    call: impl Future<Output = Result<T, SdkError<E>>> + Send,
) -> Seen<Option<T>>
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match call.boxed().await {
        Ok(answer) => Ok(Some(answer)),
        Err(SdkError::ServiceError(service))
            if service
                .err()
                .code()
                .is_some_and(|code| missing.contains(&code)) =>
        {
            Ok(None)
        }
        Err(error) => Err(not_seen(action, on, &error)),
    }
}

fn not_seen<E>(action: &str, on: &str, error: &SdkError<E>) -> NotSeen
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    NotSeen {
        why: said(action, on, error),
        needs: refused_action(action, error),
    }
}

/// Why a call failed, in words.
pub(super) fn said<E>(action: &str, on: &str, error: &SdkError<E>) -> String
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    if let SdkError::ServiceError(service) = error {
        let (code, said) = (service.err().code(), service.err().message());
        let status = service.raw().status().as_u16();
        if let Some(code) = code {
            let said = said.unwrap_or("and nothing more");
            return format!("AWS refused {action} on {on} ({code}: {said}).");
        }
        let why = innermost(error);
        return format!("AWS's answer to {action} on {on} (HTTP {status}) cannot be read: {why}.");
    }
    format!("AWS did not answer {action} on {on}: {}.", innermost(error))
}
