//! Sluice's functions, and who calls them.

use sluice_words::doctor::{Check, Finding, NotSeen, installation as words};

use crate::facts::{Facts, Function, FunctionUrl, Mapping, Seen};
use crate::sheet::Sheet;

/// Settings that all functions share, if they have them.
const SHARED: [&str; 2] = ["SLUICE_TABLE", "SLUICE_QUEUE_URL"];

pub(crate) fn examine(facts: &Facts, sheet: &mut Sheet) {
    let stack = &facts.stack;
    for (name, seen) in &facts.functions {
        let full = full(stack, name);
        sheet.check(Check::Function, &full, seen, |function| match function {
            None => Some(words::no_function(stack, &full)),
            Some(function) => broken(stack, &full, function),
        });
        if let Ok(Some(function)) = seen {
            sheet.check(Check::FunctionSettings, &full, &advance(facts), |advance| {
                otherwise(stack, &full, function, advance)
            });
        }
    }
    called(facts, sheet);
    urls(facts, sheet);
}

/// A function's name in Lambda.
pub(crate) fn full(stack: &str, name: &str) -> String {
    format!("{stack}-{name}")
}

fn broken(stack: &str, full: &str, function: &Function) -> Option<Finding> {
    let (state, update) = (function.state.as_str(), function.last_update.as_str());
    let wrong = match (state, update) {
        ("Failed", _) => state,
        (_, "Failed") => "an update that failed",
        _ => return None,
    };
    Some(words::broken_function(stack, full, wrong, &function.reason))
}

/// `advance`, whose settings the others are compared with.
fn advance(facts: &Facts) -> Seen<&Function> {
    match facts.functions.get("advance") {
        Some(Ok(Some(function))) => Ok(function),
        Some(Err(not_seen)) => Err(not_seen.clone()),
        Some(Ok(None)) | None => Err(NotSeen::because(
            "There is no function advance to compare its settings with.",
        )),
    }
}

fn otherwise(stack: &str, full: &str, function: &Function, advance: &Function) -> Option<Finding> {
    // `source-push` wakes nobody, and has no queue.
    let shared = SHARED
        .iter()
        .filter(|name| **name == "SLUICE_TABLE" || function.settings.contains_key(**name));
    shared.into_iter().find_map(|name| {
        let of = |function: &Function| function.settings.get(*name).cloned().unwrap_or_default();
        let (is, wanted) = (of(function), of(advance));
        (is != wanted).then(|| words::other_setting(stack, full, name, &is, &wanted))
    })
}

fn called(facts: &Facts, sheet: &mut Sheet) {
    let stack = &facts.stack;
    let advance = full(stack, "advance");
    let ours = ours(facts);
    sheet.check(Check::WakeUps, &advance, &ours, |mapping| match mapping {
        None => Some(words::no_mapping(stack, &advance)),
        Some(mapping) if !["Enabled", "Enabling"].contains(&mapping.state.as_str()) => Some(
            words::mapping_disabled(&advance, &mapping.uuid, &mapping.state),
        ),
        Some(_) => None,
    });
    // Without a mapping there is nothing more to say of it.
    if !matches!(ours, Ok(None)) {
        sheet.check(Check::BatchFailures, &advance, &ours, |mapping| {
            let mapping = mapping.filter(|mapping| !mapping.reports_failures)?;
            Some(words::no_batch_failures(&advance, &mapping.uuid))
        });
    }
    sheet.check(Check::Recursion, &advance, &facts.recursion, |recursion| {
        (recursion != "Allow").then(|| words::recursion_terminates(&advance))
    });
    let hook = full(stack, "rollout-hook");
    sheet.check(
        Check::HookConcurrency,
        &hook,
        &facts.hook_concurrency,
        |reserved| (*reserved == Some(0)).then(|| words::hook_throttled(&hook)),
    );
}

/// The mapping from the queue of wake-ups to `advance`.
fn ours(facts: &Facts) -> Seen<Option<&Mapping>> {
    let mappings = facts.mappings.as_ref().map_err(Clone::clone)?;
    let queue = facts.queue.as_ref().map_err(Clone::clone)?.as_ref();
    let queue = queue.ok_or_else(|| NotSeen::because("There is no queue to be called by."))?;
    Ok(mappings.iter().find(|mapping| mapping.source == queue.arn))
}

fn urls(facts: &Facts, sheet: &mut Sheet) {
    let stack = &facts.stack;
    let (slack, operate) = (full(stack, "slack"), full(stack, "operate"));
    let url = |sheet: &mut Sheet,
               check,
               full: &str,
               seen: &Seen<Option<FunctionUrl>>,
               wrong: &str,
               finding: fn(&str) -> Finding| {
        sheet.check(check, full, seen, |url| match url {
            None => Some(words::no_url(stack, full)),
            Some(url) if url.auth_type == wrong => Some(finding(full)),
            Some(_) => None,
        });
        matches!(seen, Ok(Some(url)) if url.auth_type != wrong) || seen.is_err()
    };
    let callable = url(
        sheet,
        Check::SlackUrl,
        &slack,
        &facts.slack_url,
        "AWS_IAM",
        words::slack_url_wants_iam,
    );
    // Without a URL that anyone may call, what it answers is the same finding once more.
    if callable {
        sheet.check(
            Check::SlackAnswers,
            &slack,
            &facts.slack_answers,
            |status| {
                (*status != 401).then(|| words::slack_answers_otherwise(stack, &slack, *status))
            },
        );
    }
    url(
        sheet,
        Check::OperateUrl,
        &operate,
        &facts.operate_url,
        "NONE",
        words::operate_url_is_open,
    );
}
