//! Sluice's functions, as Lambda has them.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_app::ports::{Http as _, HttpRequest};
use sluice_core::config::Config;
use sluice_core::observation::HttpObservation;
use sluice_doctor::facts::{Function, FunctionUrl, Mapping, Seen};
use sluice_words::doctor::NotSeen;

use super::policy::source_arns;
use super::seen::{found, seen};
use crate::HttpsHttp;
use crate::clients::ClientSet;

/// Functions that every installation has.
const FUNCTIONS: [&str; 6] = [
    "registry-push",
    "slack",
    "operate",
    "rollout-hook",
    "advance",
    "health-check",
];
/// Only where source code is watched.
const SOURCE_PUSH: &str = "source-push";
/// Lambda's code for what it does not have.
const MISSING: &str = "ResourceNotFoundException";
/// A cold start and a little more.
const ANSWERS_WITHIN: SignedDuration = SignedDuration::from_secs(10);

pub(super) async fn read(
    clients: &ClientSet,
    configs: &[Config],
    stack: &str,
) -> BTreeMap<String, Seen<Option<Function>>> {
    let watches = configs
        .iter()
        .any(|config| config.in_codecommit().is_some());
    let names = FUNCTIONS.into_iter().chain(watches.then_some(SOURCE_PUSH));
    let mut functions = BTreeMap::new();
    for name in names {
        let function = function(clients, &format!("{stack}-{name}")).await;
        functions.insert(name.to_owned(), function);
    }
    functions
}

async fn function(clients: &ClientSet, name: &str) -> Seen<Option<Function>> {
    let call = clients
        .lambda()
        .get_function_configuration()
        .function_name(name)
        .send();
    let there = found("lambda:GetFunctionConfiguration", name, &[MISSING], call).await?;
    let Some(there) = there else {
        return Ok(None);
    };
    let text = |text: Option<String>| text.unwrap_or_default();
    let settings = there
        .environment
        .and_then(|environment| environment.variables);
    let settings = settings.unwrap_or_default().into_iter();
    Ok(Some(Function {
        arn: text(there.function_arn),
        role: text(there.role),
        state: there
            .state
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        last_update: there
            .last_update_status
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        reason: text(there.last_update_status_reason.or(there.state_reason)),
        timeout_s: i64::from(there.timeout.unwrap_or_default()),
        settings: settings
            .filter(|(name, _)| name.starts_with("SLUICE_"))
            .collect(),
        called_by: called_by(clients, name).await,
    }))
}

/// Whether a function of that name is there.
pub(super) async fn is_there(clients: &ClientSet, name: &str) -> Seen<bool> {
    let call = clients
        .lambda()
        .get_function_configuration()
        .function_name(name)
        .send();
    let there = found("lambda:GetFunctionConfiguration", name, &[MISSING], call).await?;
    Ok(there.is_some())
}

async fn called_by(clients: &ClientSet, name: &str) -> Seen<Vec<String>> {
    let call = clients.lambda().get_policy().function_name(name).send();
    let there = found("lambda:GetPolicy", name, &[MISSING], call).await?;
    let policy = there.and_then(|answer| answer.policy);
    Ok(policy
        .map(|policy| source_arns(&policy))
        .unwrap_or_default())
}

pub(super) async fn mappings(clients: &ClientSet, stack: &str) -> Seen<Vec<Mapping>> {
    let name = format!("{stack}-advance");
    let call = clients
        .lambda()
        .list_event_source_mappings()
        .function_name(&name)
        .send();
    let action = "lambda:ListEventSourceMappings";
    let there = found(action, &name, &[MISSING], call).await?;
    let mappings = there.and_then(|answer| answer.event_source_mappings);
    let mappings = mappings.unwrap_or_default().into_iter().map(|one| Mapping {
        uuid: one.uuid.unwrap_or_default(),
        source: one.event_source_arn.unwrap_or_default(),
        state: one.state.unwrap_or_default(),
        reports_failures: one
            .function_response_types
            .unwrap_or_default()
            .iter()
            .any(|kind| kind.as_str() == "ReportBatchItemFailures"),
    });
    Ok(mappings.collect())
}

pub(super) async fn recursion(clients: &ClientSet, stack: &str) -> Seen<String> {
    let name = format!("{stack}-advance");
    let call = clients
        .lambda()
        .get_function_recursion_config()
        .function_name(&name)
        .send();
    let answer = seen("lambda:GetFunctionRecursionConfig", &name, call).await?;
    let recursion = answer.recursive_loop.map(|kind| kind.as_str().to_owned());
    recursion.ok_or_else(|| NotSeen::because("Lambda does not say what it does with loops."))
}

pub(super) async fn hook_concurrency(clients: &ClientSet, stack: &str) -> Seen<Option<i32>> {
    let name = format!("{stack}-rollout-hook");
    let call = clients
        .lambda()
        .get_function_concurrency()
        .function_name(&name)
        .send();
    let answer = seen("lambda:GetFunctionConcurrency", &name, call).await?;
    Ok(answer.reserved_concurrent_executions)
}

pub(super) async fn url(clients: &ClientSet, name: &str) -> Seen<Option<FunctionUrl>> {
    let call = clients
        .lambda()
        .get_function_url_config()
        .function_name(name)
        .send();
    let there = found("lambda:GetFunctionUrlConfig", name, &[MISSING], call).await?;
    Ok(there.map(|answer| FunctionUrl {
        auth_type: answer.auth_type.as_str().to_owned(),
        url: answer.function_url,
    }))
}

/// The status of the answer to a request that nobody signed.
pub(super) async fn answers(url: &Seen<Option<FunctionUrl>>) -> Seen<u16> {
    let url = url.as_ref().map_err(Clone::clone)?.as_ref();
    let url = url.ok_or_else(|| NotSeen::because("There is no URL to send a request to."))?;
    let request = HttpRequest {
        method: "POST".to_owned(),
        url: url.url.clone(),
        timeout: ANSWERS_WITHIN,
    };
    match HttpsHttp::new().request(&request).await {
        HttpObservation::Answered { status, .. } => Ok(status),
        HttpObservation::NoAnswer(why) | HttpObservation::Unreachable(why) => Err(
            NotSeen::because(format!("{} did not answer: {why}.", request.url)),
        ),
    }
}
