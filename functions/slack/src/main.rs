//! The Lambda function `slack`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use sluice_runtime::{Function, Looks, start};
use sluice_slack_function::{Clocked, Door, handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = start::<Looks>(Function::Slack).await?;
    let app = &started.app;
    let door = Door {
        secrets: started.signing_secrets()?.clone(),
        team: started.slack_team.clone(),
    };
    run(service_fn(async |event: LambdaEvent<Value>| {
        let now = app.ports().clock.now();
        let response = handler(app, &event.payload, &door, &Clocked, now).await;
        // Lambda halts the function once it has answered, so the message is posted first.
        if let Some(reply) = &response.reply {
            started.reply(&reply.response_url, &reply.message).await;
        }
        Ok::<_, Error>(response)
    }))
    .await
}
