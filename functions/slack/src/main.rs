//! The Lambda function `slack`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use sluice_runtime::{Function, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = start(Function::Slack).await?;
    let (app, secret) = (&started.app, started.signing_secret()?);
    run(service_fn(async |event: LambdaEvent<Value>| {
        let now = app.ports().clock.now();
        let response = sluice_slack_function::handler(app, &event.payload, secret, now).await;
        if let Some(reply) = &response.reply {
            started.reply(&reply.response_url, &reply.text).await;
        }
        Ok::<_, Error>(response)
    }))
    .await
}
