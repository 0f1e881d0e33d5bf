//! The Lambda function `rollout-hook`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use sluice_runtime::{Function, Queue, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = start::<Queue>(Function::RolloutHook).await?;
    let app = &started.app;
    run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<_, Error>(sluice_rollout_hook::handler(app, &event.payload).await)
    }))
    .await
}
