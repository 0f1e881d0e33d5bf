//! Sluice's own queue, table and secrets.

use sluice_words::doctor::{Check, Finding, NotSeen, installation as words};

use crate::facts::{Facts, Seen, Table};
use crate::sheet::Sheet;

/// AWS's recommendation, in time limits of the function.
const VISIBILITY: i64 = 6;
/// AWS's recommendation: attempts that are throttled count.
const LEAST_RECEIVES: i64 = 5;

pub(crate) fn examine(facts: &Facts, sheet: &mut Sheet) {
    queue(facts, sheet);
    table(facts, sheet);
    for secret in &facts.own_secrets {
        let stack = &facts.stack;
        sheet.check(
            Check::OwnSecret,
            secret.what,
            &secret.seen,
            |seen| match seen {
                Some(seen) if !seen.deleted => {
                    (!seen.has_value).then(|| words::empty_own_secret(secret.what, &secret.arn))
                }
                _ => Some(words::no_own_secret(stack, secret.what, &secret.arn)),
            },
        );
    }
}

fn queue(facts: &Facts, sheet: &mut Sheet) {
    let stack = &facts.stack;
    let url = facts
        .setting("advance", "SLUICE_QUEUE_URL")
        .unwrap_or_else(|| "of wake-ups".to_owned());
    let name = url.rsplit('/').next().unwrap_or(&url).to_owned();
    let queue = sheet.there(Check::Queue, &name, &facts.queue, || {
        words::no_queue(stack, &url)
    });
    if let Err(not_seen) = &facts.queue {
        sheet.unknown(
            &[Check::QueueVisibility, Check::QueueRedrive],
            &name,
            not_seen,
        );
    }
    if let Some(queue) = queue {
        sheet.check(
            Check::QueueVisibility,
            &name,
            &time_limit(facts),
            |limit_s| {
                let needed_s = VISIBILITY * limit_s;
                (queue.visibility_s < needed_s)
                    .then(|| words::visibility(&url, queue.visibility_s, needed_s))
            },
        );
        sheet.check(
            Check::QueueRedrive,
            &name,
            &Ok(queue.receives),
            |receives| match receives {
                None => Some(words::no_redrive(stack, &url)),
                Some(count) => {
                    (*count < LEAST_RECEIVES).then(|| words::redrive_too_early(stack, *count))
                }
            },
        );
    }
    // Without a dead-letter queue there is nothing to look into, which is told already.
    if !matches!(facts.dead_letters, Ok(None)) {
        sheet.check(Check::DeadLetters, &name, &facts.dead_letters, |letters| {
            let letters = letters.as_ref().filter(|letters| letters.count > 0)?;
            let name = letters.arn.rsplit(':').next().unwrap_or(&letters.arn);
            Some(words::dead_letters(name, letters.count))
        });
    }
}

fn time_limit(facts: &Facts) -> Seen<i64> {
    match facts.functions.get("advance") {
        Some(Ok(Some(advance))) => Ok(advance.timeout_s),
        Some(Err(not_seen)) => Err(not_seen.clone()),
        _ => Err(NotSeen::because(
            "The time limit of advance is not known, because there is no function advance.",
        )),
    }
}

fn table(facts: &Facts, sheet: &mut Sheet) {
    let stack = &facts.stack;
    let name = facts
        .setting("advance", "SLUICE_TABLE")
        .unwrap_or_else(|| "of the state".to_owned());
    sheet.check(Check::Table, &name, &facts.table, |table| match table {
        None => Some(words::no_table(stack, &name)),
        Some(table) => odd(stack, table),
    });
    if let Err(not_seen) = &facts.table {
        sheet.unknown(
            &[Check::TableIndex, Check::TableProtection],
            &name,
            not_seen,
        );
    }
    if let Ok(Some(table)) = &facts.table {
        sheet.check(Check::TableIndex, &name, &Ok(&table.indexes), |indexes| {
            let due = indexes.get("due").map(Vec::as_slice);
            (due != Some(&["due_shard".to_owned(), "due_at".to_owned()]))
                .then(|| words::no_index(stack, &name))
        });
        sheet.check(
            Check::TableProtection,
            &name,
            &Ok(table.protected),
            |protected| (!protected).then(|| words::table_unprotected(&name)),
        );
    }
    if !matches!(facts.table, Ok(None)) {
        sheet.check(Check::TableRecovery, &name, &facts.table_recovery, |on| {
            (!on).then(|| words::table_without_recovery(&name))
        });
    }
}

fn odd(stack: &str, table: &Table) -> Option<Finding> {
    let wrong = |what: String| Some(words::table_is_otherwise(stack, &table.name, &what));
    if table.key != ["pk", "sk"] {
        return wrong(format!(
            "has the key {}, not pk and sk",
            table.key.join(", ")
        ));
    }
    match table.status.as_str() {
        "ACTIVE" | "UPDATING" => None,
        status => wrong(format!("is {status}")),
    }
}
