//! What AWS sends: events of EventBridge, batches of SQS, calls of a lifecycle hook.

use futures::executor::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};
use sluice_events::{Envelope, hint};
use sluice_hostile_tests::{holds, json, text};

use crate::stage::{events, is_told, now, sluice};

#[test]
fn an_event_of_the_registry_is_taken_or_refused_in_words() {
    let corpus = events(&["ecr-", "inspector2-", "foreign-", "malformed", "schedule-"]);
    holds(
        "an_event_of_the_registry_is_taken_or_refused_in_words",
        200,
        &json(corpus),
        |event| {
            let (world, app) = sluice();
            match block_on(sluice_registry_push::handler(&app, &event)) {
                Ok(answer) => is_told(&serde_json::to_string(&answer).unwrap())?,
                Err(error) => is_told(&error.to_string())?,
            }
            for stored in world.store().deployments() {
                let tag = &stored.deployment.release.tag;
                prop_assert!(
                    tag.as_str().len() <= 128,
                    "a tag of {} bytes",
                    tag.as_str().len()
                );
            }
            Ok(())
        },
    );
}

#[test]
fn an_event_of_source_code_is_taken_or_refused_in_words() {
    let corpus = events(&["codebuild-", "codecommit-", "foreign-"]);
    let name = "an_event_of_source_code_is_taken_or_refused_in_words";
    holds(name, 200, &json(corpus), |event| {
        let (_world, app) = sluice();
        match block_on(sluice_source_push::handler(&app, &event)) {
            Ok(answer) => is_told(&serde_json::to_string(&answer).unwrap())?,
            Err(error) => is_told(&error.to_string())?,
        }
        Ok(())
    });
}

#[test]
fn a_batch_of_the_queue_is_taken_or_refused_in_words() {
    let mut corpus = events(&["sqs-"]);
    for event in events(&["ecs-"]) {
        corpus.push(json!({"Records": [{"messageId": "m1", "body": event.to_string()}]}));
    }
    let name = "a_batch_of_the_queue_is_taken_or_refused_in_words";
    holds(name, 200, &json(corpus), |batch| {
        let (_world, app) = sluice();
        // Nothing is begun: what is read is what matters here.
        let answer = block_on(sluice_advance::handler(&app, &batch, now()));
        if let Err(error) = answer {
            is_told(&error.to_string())?;
        }
        Ok(())
    });
}

#[test]
fn the_body_of_a_message_is_taken_or_left_in_the_queue() {
    let mut corpus: Vec<String> = events(&["ecs-"]).iter().map(Value::to_string).collect();
    let wake_up = json!({"deployment": "dep-b11602caf023131a", "due": "2026-01-05T09:50:00Z"});
    corpus.push(wake_up.to_string());
    let name = "the_body_of_a_message_is_taken_or_left_in_the_queue";
    holds(name, 300, &text(corpus, &["detail-type", "due"]), |body| {
        let (_world, app) = sluice();
        let batch = json!({"Records": [{"messageId": "m1", "body": body}]});
        let answer = block_on(sluice_advance::handler(&app, &batch, now())).unwrap();
        prop_assert!(answer.batch_item_failures.len() <= 1);
        Ok(())
    });
}

#[test]
fn an_event_of_the_queue_hints_at_something_or_nothing() {
    let corpus = events(&["ecs-", "foreign-", "malformed"]);
    let name = "an_event_of_the_queue_hints_at_something_or_nothing";
    holds(name, 1_000, &json(corpus), |event| {
        match Envelope::read(&event) {
            Err(error) => is_told(&error.to_string()),
            Ok(envelope) => match hint(&envelope) {
                Err(error) => is_told(&error.to_string()),
                Ok(_) => Ok(()),
            },
        }
    });
}

/// Never with an error, and never with leave to go on for a call that is not ours.
#[test]
fn a_call_of_the_hook_is_always_answered() {
    let name = "a_call_of_the_hook_is_always_answered";
    holds(name, 300, &json(events(&["hook-"])), |call| {
        let (_world, app) = sluice();
        let answer = block_on(sluice_rollout_hook::handler(&app, &call));
        prop_assert!(["SUCCEEDED", "FAILED", "IN_PROGRESS"].contains(&answer.hook_status));
        prop_assert!(answer.hook_status != "FAILED", "ECS would go back");
        Ok(())
    });
}

/// Whatever is changed in a request: nothing is done in the name of anyone but the one whom Lambda
/// names.
#[test]
fn a_request_of_a_terminal_is_answered_in_words() {
    let name = "a_request_of_a_terminal_is_answered_in_words";
    let corpus = events(&["operate-"]);
    holds(name, 300, &json(corpus), |request| {
        let (world, app) = sluice();
        let before = world.store().deployments();
        let response = block_on(sluice_operate::handler(&app, &request));
        is_told(&response.body)?;
        let answer: Value = serde_json::from_str(&response.body).unwrap();
        let iam = &request["requestContext"]["authorizer"]["iam"];
        if !iam.is_object() {
            prop_assert!(answer["outcome"] != "done", "{answer}");
            prop_assert!(world.store().deployments() == before);
        }
        Ok(())
    });
}

#[test]
fn a_command_of_a_terminal_is_answered_in_words() {
    let name = "a_command_of_a_terminal_is_answered_in_words";
    let corpus = [
        "show production",
        "export dep-b11602caf023131a",
        "keep production",
        "status",
    ];
    let corpus = corpus.map(str::to_owned).to_vec();
    holds(
        name,
        300,
        &text(corpus, &["hold", "<@U1>", "dep-"]),
        |command| {
            let (_world, app) = sluice();
            let body = json!({"version": 1, "request": "r", "command": command});
            let iam = json!({"userArn": "arn:aws:iam::222222222222:user/anna", "accountId": "2"});
            let request = json!({
                "requestContext": {"authorizer": {"iam": iam}},
                "body": body.to_string(),
            });
            let response = block_on(sluice_operate::handler(&app, &request));
            is_told(&response.body)
        },
    );
}
