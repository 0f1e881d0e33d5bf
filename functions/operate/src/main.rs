//! The Lambda function `operate`.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use sluice_operate::{handler, too_slow};
use sluice_runtime::{Function, Looks, start};

/// The function's time limit is 60 seconds: an answer must come before.
const WITHIN: Duration = Duration::from_secs(50);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = start::<Looks>(Function::Operate).await?;
    let app = &started.app;
    run(service_fn(async |event: LambdaEvent<Value>| {
        let answer = tokio::time::timeout(WITHIN, handler(app, &event.payload)).await;
        Ok::<_, Error>(answer.unwrap_or_else(|_| too_slow()))
    }))
    .await
}
