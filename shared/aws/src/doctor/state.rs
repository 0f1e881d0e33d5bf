//! Sluice's queues, table and secrets.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{IndexStatus, KeySchemaElement, PointInTimeRecoveryStatus};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;
use sluice_doctor::facts::{DeadLetters, Facts, OwnSecret, Queue, Secret, Seen, Table};
use sluice_words::doctor::NotSeen;

use super::policy::source_arns;
use super::seen::{found, seen};
use crate::clients::ClientSet;

/// SQS's code for a queue that it does not have, in its old protocol and its new one.
const NO_QUEUE: [&str; 3] = [
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "com.amazonaws.sqs#QueueDoesNotExist",
];
/// The secrets of Slack, the setting that names each, and a function that has it.
const OWN_SECRETS: [(&str, &str, &str); 2] = [
    ("bot token", "SLUICE_SLACK_BOT_TOKEN_ARN", "advance"),
    ("signing secret", "SLUICE_SLACK_SIGNING_SECRET_ARN", "slack"),
];

/// Everything that the functions' settings name.
pub(super) async fn read(clients: &ClientSet, facts: &mut Facts) {
    match setting(facts, "advance", "SLUICE_QUEUE_URL") {
        Ok(url) => queues(clients, &url, facts).await,
        Err(why) => {
            facts.queue = Err(why.clone());
            facts.dead_letters = Err(why);
        }
    }
    match setting(facts, "advance", "SLUICE_TABLE") {
        Ok(name) => {
            facts.table = table(clients, &name).await;
            facts.table_recovery = recovery(clients, &name).await;
        }
        Err(why) => {
            facts.table = Err(why.clone());
            facts.table_recovery = Err(why);
        }
    }
    for (what, name, function) in OWN_SECRETS {
        let (arn, seen) = match setting(facts, function, name) {
            Ok(arn) => (arn.clone(), secret(clients, &arn).await),
            Err(why) => (name.to_owned(), Err(why)),
        };
        facts.own_secrets.push(OwnSecret { what, arn, seen });
    }
}

fn setting(facts: &Facts, function: &str, name: &str) -> Seen<String> {
    let because = |what: &str| {
        let stack = &facts.stack;
        NotSeen::because(format!(
            "{name} names it, a setting of {stack}-{function}, {what}."
        ))
    };
    match facts.functions.get(function) {
        Some(Ok(Some(function))) => {
            let value = function.settings.get(name).cloned();
            value.ok_or_else(|| because("which lacks it"))
        }
        Some(Err(why)) => Err(NotSeen {
            needs: why.needs.clone(),
            ..because("which could not be read")
        }),
        Some(Ok(None)) | None => Err(because("which does not exist")),
    }
}

async fn queues(clients: &ClientSet, url: &str, facts: &mut Facts) {
    let attributes = attributes(clients, url).await;
    let redrive = attributes.as_ref().ok().and_then(Option::as_ref);
    let redrive = redrive.and_then(|all| redrive_of(all.get(&QueueAttributeName::RedrivePolicy)?));
    facts.dead_letters = match (&attributes, &redrive) {
        (Err(why), _) => Err(why.clone()),
        (Ok(_), None) => Ok(None),
        (Ok(_), Some((arn, _))) => dead_letters(clients, url, arn).await,
    };
    facts.queue = attributes.map(|all| {
        all.map(|all| Queue {
            url: url.to_owned(),
            arn: all
                .get(&QueueAttributeName::QueueArn)
                .cloned()
                .unwrap_or_default(),
            visibility_s: number(&all, &QueueAttributeName::VisibilityTimeout),
            receives: redrive.map(|(_, receives)| receives),
            written_by: all
                .get(&QueueAttributeName::Policy)
                .map(|policy| source_arns(policy))
                .unwrap_or_default(),
        })
    });
}

type Attributes = std::collections::HashMap<QueueAttributeName, String>;

async fn attributes(clients: &ClientSet, url: &str) -> Seen<Option<Attributes>> {
    let call = clients
        .sqs()
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::All)
        .send();
    let there = found("sqs:GetQueueAttributes", url, &NO_QUEUE, call).await?;
    Ok(there.map(|answer| answer.attributes.unwrap_or_default()))
}

fn number(attributes: &Attributes, name: &QueueAttributeName) -> i64 {
    attributes
        .get(name)
        .and_then(|value| value.parse().ok())
        .unwrap_or_default()
}

/// The ARN of the dead-letter queue, and the number of receives; SQS writes it as a number or a text.
fn redrive_of(policy: &str) -> Option<(String, i64)> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let count = &policy["maxReceiveCount"];
    let count = count.as_i64().or_else(|| count.as_str()?.parse().ok())?;
    Some((policy["deadLetterTargetArn"].as_str()?.to_owned(), count))
}

/// A queue's address is that of its neighbour but for the name.
async fn dead_letters(clients: &ClientSet, url: &str, arn: &str) -> Seen<Option<DeadLetters>> {
    let name = arn.rsplit(':').next().unwrap_or(arn);
    let url = match url.rsplit_once('/') {
        Some((before, _)) => format!("{before}/{name}"),
        None => name.to_owned(),
    };
    let attributes = attributes(clients, &url).await?.unwrap_or_default();
    let count = number(
        &attributes,
        &QueueAttributeName::ApproximateNumberOfMessages,
    ) + number(
        &attributes,
        &QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    );
    Ok(Some(DeadLetters {
        arn: arn.to_owned(),
        count,
    }))
}

async fn table(clients: &ClientSet, name: &str) -> Seen<Option<Table>> {
    let call = clients.dynamodb().describe_table().table_name(name).send();
    let missing = ["ResourceNotFoundException"];
    let there = found("dynamodb:DescribeTable", name, &missing, call).await?;
    let Some(table) = there.and_then(|answer| answer.table) else {
        return Ok(None);
    };
    let indexes = table.global_secondary_indexes.unwrap_or_default();
    let usable = indexes.into_iter().filter(|index| {
        let gone = [Some(IndexStatus::Creating), Some(IndexStatus::Deleting)];
        !gone.contains(&index.index_status)
    });
    let indexes: BTreeMap<String, Vec<String>> = usable
        .map(|index| {
            let keys = key(index.key_schema.as_deref().unwrap_or_default());
            (index.index_name.unwrap_or_default(), keys)
        })
        .collect();
    Ok(Some(Table {
        name: table.table_name.unwrap_or_default(),
        status: table
            .table_status
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        key: key(table.key_schema.as_deref().unwrap_or_default()),
        indexes,
        protected: table.deletion_protection_enabled.unwrap_or(false),
    }))
}

fn key(schema: &[KeySchemaElement]) -> Vec<String> {
    schema
        .iter()
        .map(|element| element.attribute_name.clone())
        .collect()
}

async fn recovery(clients: &ClientSet, name: &str) -> Seen<bool> {
    let call = clients
        .dynamodb()
        .describe_continuous_backups()
        .table_name(name)
        .send();
    let answer = seen("dynamodb:DescribeContinuousBackups", name, call).await?;
    let status = answer
        .continuous_backups_description
        .and_then(|backups| backups.point_in_time_recovery_description)
        .and_then(|recovery| recovery.point_in_time_recovery_status);
    Ok(status == Some(PointInTimeRecoveryStatus::Enabled))
}

/// A secret, without its value.
pub(super) async fn secret(clients: &ClientSet, name: &str) -> Seen<Option<Secret>> {
    let call = clients
        .secrets_manager()
        .describe_secret()
        .secret_id(name)
        .send();
    let missing = ["ResourceNotFoundException"];
    let there = found("secretsmanager:DescribeSecret", name, &missing, call).await?;
    Ok(there.map(|secret| {
        let stages = secret.version_ids_to_stages.unwrap_or_default();
        let has = |stages: &Vec<String>| stages.iter().any(|stage| stage == "AWSCURRENT");
        Secret {
            arn: secret.arn.unwrap_or_default(),
            has_value: stages.values().any(has),
            deleted: secret.deleted_date.is_some(),
            rotates: secret.rotation_enabled.unwrap_or(false),
            key: secret.kms_key_id,
        }
    }))
}
