//! The Lambda function `advance`.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use sluice_runtime::{Everything, Function, start, stop_at};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = start::<Everything>(Function::Advance).await?;
    let app = &started.app;
    run(service_fn(async |event: LambdaEvent<Value>| {
        let stop_at = stop_at(event.context.deadline);
        Ok::<_, Error>(sluice_advance::handler(app, &event.payload, stop_at).await?)
    }))
    .await
}
