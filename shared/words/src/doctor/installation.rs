//! Sluice's own functions, queue and table.

use super::Finding;

/// How the stack is deployed again: it puts right whatever somebody changed in it by hand.
fn redeploy(stack: &str) -> String {
    format!("infra/deploy sluice \"$BUCKET\" --stack-name {stack}")
}

/// A function that does not exist.
pub fn no_function(stack: &str, function: &str) -> Finding {
    Finding::new(
        format!("There is no function {function}."),
        "Its part of Sluice does not work. If the stack has another name, say so with --stack.",
        redeploy(stack),
    )
}

/// A function that Lambda cannot run.
pub fn broken_function(stack: &str, function: &str, state: &str, reason: &str) -> Finding {
    Finding::new(
        format!("Lambda reports {function} as {state}: {reason}."),
        "Lambda does not run the function, or runs an older version of it.",
        redeploy(stack),
    )
}

/// A function with other settings than `advance`.
pub fn other_setting(stack: &str, function: &str, name: &str, is: &str, wanted: &str) -> Finding {
    let is = if is.is_empty() { "not set" } else { is };
    Finding::new(
        format!("{name} of {function} is {is}; of advance it is {wanted}."),
        "The functions must share one table and one queue, or one does not see what another did.",
        redeploy(stack),
    )
}

/// No mapping from the queue to `advance`.
pub fn no_mapping(stack: &str, function: &str) -> Finding {
    Finding::new(
        format!("No event source mapping of {function} reads the queue of wake-ups."),
        "Nothing advances a deployment.",
        redeploy(stack),
    )
}

/// A mapping that is not enabled.
pub fn mapping_disabled(function: &str, uuid: &str, state: &str) -> Finding {
    Finding::new(
        format!("The event source mapping of {function} is {state}."),
        "Nothing advances a deployment while it is not enabled.",
        format!("aws lambda update-event-source-mapping --uuid {uuid} --enabled"),
    )
}

/// A mapping without partial batch responses.
pub fn no_batch_failures(function: &str, uuid: &str) -> Finding {
    Finding::new(
        format!("The event source mapping of {function} lacks ReportBatchItemFailures."),
        "Lambda then ignores which wake-up of a batch failed: failed wake-ups are lost until \
         health-check finds them.",
        format!(
            "aws lambda update-event-source-mapping --uuid {uuid} --function-response-types \
             ReportBatchItemFailures"
        ),
    )
}

/// Lambda would stop `advance` as a loop.
pub fn recursion_terminates(function: &str) -> Finding {
    Finding::new(
        format!("Lambda ends recursive loops of {function} (RecursiveLoop is Terminate)."),
        "A wake-up sends the next one. Lambda takes that for a loop and stops it after 16: \
         deployments then continue only once a minute, and dead letters pile up.",
        format!(
            "aws lambda put-function-recursion-config --function-name {function} --recursive-loop \
             Allow"
        ),
    )
}

/// A reserved concurrency of 0.
pub fn hook_throttled(function: &str) -> Finding {
    Finding::new(
        format!("The reserved concurrency of {function} is 0: Lambda throttles every call."),
        "ECS treats a throttled hook as a failure and rolls back every deployment.",
        format!("aws lambda delete-function-concurrency --function-name {function}"),
    )
}

/// A function without its URL.
pub fn no_url(stack: &str, function: &str) -> Finding {
    Finding::new(
        format!("{function} has no function URL."),
        "No one can reach it. If the stack is deployed again, the URL may be a new one: put it into \
         the Slack app (SlackUrl) or into installations.toml (OperateUrl).",
        redeploy(stack),
    )
}

/// A URL of Slack that wants IAM.
pub fn slack_url_wants_iam(function: &str) -> Finding {
    Finding::new(
        format!("The URL of {function} requires IAM (AuthType AWS_IAM)."),
        "Slack has no AWS credentials: Lambda refuses all its requests. Sluice verifies Slack's \
         signature itself.",
        format!(
            "aws lambda update-function-url-config --function-name {function} --auth-type NONE"
        ),
    )
}

/// A URL of `operate` that is open to the world.
pub fn operate_url_is_open(function: &str) -> Finding {
    Finding::new(
        format!("The URL of {function} is open to everyone (AuthType NONE)."),
        "operate believes Lambda who the caller is. Without IAM no one is verified.",
        format!(
            "aws lambda update-function-url-config --function-name {function} --auth-type AWS_IAM"
        ),
    )
}

/// The URL's answer to an unsigned request is not Sluice's.
pub fn slack_answers_otherwise(stack: &str, function: &str, status: u16) -> Finding {
    let what =
        format!("An unsigned POST to the URL of {function} is answered with {status}, not 401.");
    match status {
        403 => Finding {
            what,
            why: "Lambda itself refuses it, before Sluice sees it: Slack is refused in the same \
                  way. A URL without IAM needs two permissions."
                .into(),
            fix: vec![
                format!(
                    "aws lambda add-permission --function-name {function} --statement-id \
                     AnyoneCallsTheUrl --action lambda:InvokeFunctionUrl --principal '*' \
                     --function-url-auth-type NONE"
                ),
                format!(
                    "aws lambda add-permission --function-name {function} --statement-id \
                     TheUrlCallsTheFunction --action lambda:InvokeFunction --principal '*' \
                     --invoked-via-function-url"
                ),
            ],
        },
        200..=299 => Finding::new(
            what,
            "The function accepts requests that no one signed, or the URL is another program's: \
             anyone can act as anyone.",
            redeploy(stack),
        ),
        _ => Finding::new(
            what,
            "The function fails before it can verify a request; mostly a secret of Slack has no \
             value, or sluice.toml in its package is invalid. Its log says which.",
            format!("aws logs tail /aws/lambda/{function} --since 10m"),
        ),
    }
}

/// No queue.
pub fn no_queue(stack: &str, url: &str) -> Finding {
    Finding::new(
        format!("There is no queue {url}."),
        "Nothing advances a deployment.",
        redeploy(stack),
    )
}

/// A visibility timeout that is too short.
pub fn visibility(url: &str, is_s: i64, needed_s: i64) -> Finding {
    Finding::new(
        format!(
            "The visibility timeout of the queue is {is_s} s; six times the time limit of advance \
             is {needed_s} s."
        ),
        "SQS delivers a wake-up again while advance still works on it, and moves it to the dead \
         letters although nothing failed.",
        format!(
            "aws sqs set-queue-attributes --queue-url {url} --attributes \
             VisibilityTimeout={needed_s}"
        ),
    )
}

/// No dead-letter queue behind the queue.
pub fn no_redrive(stack: &str, url: &str) -> Finding {
    Finding::new(
        format!("The queue {url} has no dead-letter queue."),
        "A wake-up that always fails is delivered again for four days, and no alarm tells.",
        redeploy(stack),
    )
}

/// A dead-letter queue that is reached too early.
pub fn redrive_too_early(stack: &str, count: i64) -> Finding {
    Finding::new(
        format!("A wake-up goes to the dead letters after {count} attempts."),
        "Attempts that Lambda throttles count too. AWS recommends at least 5.",
        redeploy(stack),
    )
}

/// Dead letters.
pub fn dead_letters(queue: &str, count: i64) -> Finding {
    let letters = if count == 1 { "message" } else { "messages" };
    Finding::new(
        format!("The dead-letter queue {queue} has {count} {letters}."),
        "Each is an event or a wake-up that could not be handled. Deployments continue without \
         them, because health-check finds what is due, but their reason may still be there.",
        "docs/runbook.md, \"Drain dead letters\", says how to read them and send them again.",
    )
}

/// No table.
pub fn no_table(stack: &str, table: &str) -> Finding {
    Finding::new(
        format!("There is no table {table}."),
        "Sluice has lost its state: nothing works. Restore the table (docs/runbook.md) before you \
         deploy the stack again.",
        redeploy(stack),
    )
}

/// A table that is not as docs/table.md says.
pub fn table_is_otherwise(stack: &str, table: &str, what: &str) -> Finding {
    Finding::new(
        format!("The table {table} {what}."),
        "Sluice cannot store or find deployments in it. docs/table.md describes the table.",
        redeploy(stack),
    )
}

/// No index of what is due.
pub fn no_index(stack: &str, table: &str) -> Finding {
    Finding::new(
        format!(
            "The table {table} has no index `due` that can be queried by due_shard and due_at."
        ),
        "health-check finds nothing that is due: a lost wake-up stops its deployment for good, and \
         deadlines do not pass.",
        redeploy(stack),
    )
}

/// A table that anyone can delete.
pub fn table_unprotected(table: &str) -> Finding {
    Finding::new(
        format!("The table {table} is not protected against deletion."),
        "It has the whole history, and what to roll back to.",
        format!("aws dynamodb update-table --table-name {table} --deletion-protection-enabled"),
    )
}

/// A table without point-in-time recovery.
pub fn table_without_recovery(table: &str) -> Finding {
    Finding::new(
        format!("The table {table} has no point-in-time recovery."),
        "What is written or deleted by mistake cannot be brought back.",
        format!(
            "aws dynamodb update-continuous-backups --table-name {table} \
             --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
        ),
    )
}

/// A secret of Slack that does not exist.
pub fn no_own_secret(stack: &str, what: &str, arn: &str) -> Finding {
    Finding::new(
        format!("The secret of the {what} does not exist, or is about to be deleted: {arn}."),
        "The functions that need it do not start.",
        format!(
            "aws secretsmanager restore-secret --secret-id {arn} # or: {}",
            redeploy(stack)
        ),
    )
}

/// A secret of Slack without a value.
pub fn empty_own_secret(what: &str, arn: &str) -> Finding {
    Finding::new(
        format!("The secret of the {what} has no value."),
        "The functions that need it do not start. docs/slack-setup.md says where Slack shows the \
         value.",
        format!("aws secretsmanager put-secret-value --secret-id {arn} --secret-string '…'"),
    )
}
