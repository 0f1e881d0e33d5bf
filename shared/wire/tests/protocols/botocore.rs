//! botocore, with AWS's own service models, calls every operation of the endpoint and parses what
//! comes back. It is installed into a virtual environment under `target/` by the first run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::endpoint::Endpoint;

const BOTOCORE: &str = "botocore==1.44.5";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn botocore_parses_every_answer() {
    let python = tokio::task::spawn_blocking(installed).await.unwrap();
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

/// The Python in which botocore is installed, after seeing to it that it is.
fn installed() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(BOTOCORE.replace("==", "-"));
    fs::create_dir_all(&home).unwrap();
    let (python, done) = (home.join("bin/python"), home.join("installed"));
    // Tests may run as processes of their own: one installs, the others wait.
    let lock = File::create(home.join("lock")).unwrap();
    lock.lock().unwrap();
    if !done.exists() {
        run(Command::new("python3").arg("-m").arg("venv").arg(&home));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", BOTOCORE]));
        fs::write(&done, BOTOCORE).unwrap();
    }
    python
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let remedy = "python3 with venv and pip is needed (Debian: apt-get install python3-venv)";
    assert!(
        output.status.success(),
        "{command:?} failed: {said}\n{remedy}"
    );
}
