//! The Lambda function `registry-push`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use sluice_runtime::{Function, Queue, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = start::<Queue>(Function::RegistryPush).await?;
    let app = &started.app;
    run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<_, Error>(sluice_registry_push::handler(app, &event.payload).await?)
    }))
    .await
}
