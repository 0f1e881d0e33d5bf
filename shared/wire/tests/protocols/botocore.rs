//! botocore, with AWS's own service models, calls every operation of the endpoint and parses what
//! comes back.

use std::path::Path;
use std::process::Command;

use sluice_service_models::python::python;

use crate::endpoint::Endpoint;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn botocore_parses_every_answer() {
    let python = tokio::task::spawn_blocking(python).await.unwrap();
    let cloud = Endpoint::new().await;
    cloud.push("v1");
    cloud.pass(1);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/protocols/botocore_looks.py");
    let url = cloud.url.clone();
    let looked = tokio::task::spawn_blocking(move || {
        Command::new(python).arg(script).arg(url).output().unwrap()
    });
    let looked = looked.await.unwrap();
    assert!(
        looked.status.success(),
        "{}{}",
        String::from_utf8_lossy(&looked.stdout),
        String::from_utf8_lossy(&looked.stderr)
    );
}
