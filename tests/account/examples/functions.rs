//! The functions as Lambda has them: size, start, memory, and what a deployment costs in calls.
//!
//! Prints the tables of docs/performance.md. An example and no benchmark, because it is built as the
//! tests are: what it measures is built for Lambda.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be measured ends the measurement"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use sluice_account_tests::{Build, Calls, Counts, Program, Scene, Started};

/// Starts of each program; the median counts.
const STARTS: usize = 21;

/// The functions, and the event of `events/` that each is started with.
const FUNCTIONS: [(&str, &str); 7] = [
    ("registry-push", "ecr-push-foreign-repository"),
    ("source-push", "codecommit-foreign-repository"),
    ("slack", "slack-wrong-signature"),
    ("operate", "operate-status"),
    ("advance", "sqs-advance"),
    ("rollout-hook", "hook-post-test-traffic-shift"),
    ("health-check", "schedule-minute"),
];

/// What the Python program is made of.
const PYTHON: &str = "boto3==1.44.5 slack_sdk==3.47.0";

/// List prices of us-east-1 in dollars, on demand, without the free tier. DynamoDB by request unit;
/// Lambda by request, and by second at 128 MB on x86-64; Secrets Manager, SQS by call.
const WRITE_UNIT: f64 = 0.625e-6;
const READ_UNIT: f64 = 0.125e-6;
const SQS_CALL: f64 = 0.4e-6;
const SECRET_CALL: f64 = 5e-6;
const LAMBDA_CALL: f64 = 0.2e-6;
const LAMBDA_SECOND: f64 = 0.0000166667 / 8.0;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let scene = runtime.block_on(Scene::open("measured", Build::Lambda));
    starts(scene.environment());
    runtime.block_on(deployment(&scene));
}

fn starts(environment: &Value) {
    println!("| Program | Size, MB | Start to first `/next`, ms | Peak memory, MiB |");
    println!("|---|---|---|---|");
    let mut slowest = Duration::ZERO;
    for (name, event) in FUNCTIONS {
        let binary = Build::Lambda.function(name);
        let size = fs::metadata(&binary).unwrap().len();
        let program = Program {
            command: vec![binary],
            environment: environment.clone(),
            event: payload(event),
        };
        let started = median(&program);
        slowest = slowest.max(started.to_first_next);
        row(&format!("`{name}`"), megabytes(size), &started);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/bootstrap.py");
    let python = Program::python(
        PYTHON,
        script,
        &with_files(environment),
        &payload("sqs-advance"),
    );
    let started = median(&python);
    row("Python, boto3 and slack_sdk", 0.0, &started);
    let times = started.to_first_next.as_secs_f64() / slowest.as_secs_f64();
    println!("\nPython takes {times:.0} times as long as the slowest of ours.\n");
}

/// Python finds its own packages; nothing else of this machine's environment reaches it.
fn with_files(environment: &Value) -> Value {
    let mut environment = environment.clone();
    environment["AWS_EC2_METADATA_DISABLED"] = json!("true");
    environment["AWS_DEFAULT_REGION"] = environment["AWS_REGION"].clone();
    environment
        .as_object_mut()
        .unwrap()
        .remove("AWS_SESSION_TOKEN");
    environment
}

fn payload(name: &str) -> Value {
    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../events")
        .join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Of all starts the one in the middle, each figure by itself.
fn median(program: &Program) -> Started {
    let starts: Vec<Started> = (0..STARTS).map(|_| program.start()).collect();
    let middle = |mut figures: Vec<Duration>| {
        figures.sort_unstable();
        figures[STARTS / 2]
    };
    Started {
        to_first_next: middle(starts.iter().map(|one| one.to_first_next).collect()),
        to_answer: middle(starts.iter().map(|one| one.to_answer).collect()),
        peak_kib: starts.iter().map(|one| one.peak_kib).max().unwrap(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "megabytes with one digit")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "mebibytes with one digit")]
fn row(name: &str, size: f64, started: &Started) {
    let ms = started.to_first_next.as_secs_f64() * 1e3;
    let mib = started.peak_kib as f64 / 1024.0;
    let size = if size > 0.0 {
        format!("{size:.1}")
    } else {
        "—".to_owned()
    };
    println!("| {name} | {size} | {ms:.1} | {mib:.1} |");
}

/// One deployment to staging and one to production, with everything they call.
async fn deployment(scene: &Scene) {
    scene.push("release-1.4.0").await;
    scene.ended("staging").await;
    scene.push("v1.4.0").await;
    scene.approve_in("#erp-production").await;
    scene.ended("production").await;
    let (counts, invocations) = (scene.counts(), scene.invocations());
    println!("| Service | Calls | Operations |\n|---|---|---|");
    for (service, operations) in by_service(&counts) {
        let calls: u64 = operations.values().map(|calls| calls.count).sum();
        let said: Vec<String> = operations
            .iter()
            .map(|(operation, calls)| format!("{operation} {}", calls.count))
            .collect();
        println!("| {service} | {calls} | {} |", said.join(", "));
    }
    prices(&counts, &invocations);
}

fn by_service(counts: &Counts) -> BTreeMap<&str, BTreeMap<&str, Calls>> {
    let mut services: BTreeMap<&str, BTreeMap<&str, Calls>> = BTreeMap::new();
    for ((service, operation), calls) in counts {
        services
            .entry(service)
            .or_default()
            .insert(operation, *calls);
    }
    services
}

#[expect(clippy::cast_precision_loss, reason = "dollars with a few digits")]
fn prices(counts: &Counts, invocations: &Value) {
    let sum = |service: &str, of: fn(&Calls) -> u64, which: fn(&str) -> bool| -> f64 {
        let ours = counts
            .iter()
            .filter(|((name, operation), _)| name == service && which(operation));
        ours.map(|(_, calls)| of(calls) as f64).sum()
    };
    let writes = sum(
        "dynamodb",
        |calls| calls.sent_kib,
        |name| name == "UpdateItem" || name == "PutItem",
    );
    // A transaction counts twice.
    let transactions = 2.0
        * sum(
            "dynamodb",
            |calls| calls.sent_kib,
            |name| name == "TransactWriteItems",
        );
    let reads = sum(
        "dynamodb",
        |calls| calls.answered_4_kib,
        |name| name == "GetItem" || name == "Query",
    );
    let ran = invocations.as_object().unwrap().values();
    let (calls, billed_ms) = ran.fold((0.0, 0.0), |(calls, ms), one| {
        (
            calls + one["count"].as_f64().unwrap(),
            ms + one["billed_ms"].as_f64().unwrap(),
        )
    });
    let all = |_: &str| true;
    let rows = [
        ("DynamoDB, write units", writes + transactions, WRITE_UNIT),
        ("DynamoDB, read units", reads, READ_UNIT),
        // Lambda's own receiving and deleting is as much again.
        (
            "SQS, calls",
            3.0 * sum("sqs", |calls| calls.count, all),
            SQS_CALL,
        ),
        (
            "Secrets Manager, calls",
            sum("secretsmanager", |calls| calls.count, all),
            SECRET_CALL,
        ),
        ("Lambda, invocations", calls, LAMBDA_CALL),
        ("Lambda, seconds at 128 MB", billed_ms / 1e3, LAMBDA_SECOND),
    ];
    println!("\n| What | Number | Dollars |\n|---|---|---|");
    for (what, number, price) in rows {
        println!("| {what} | {number:.0} | {:.6} |", number * price);
    }
    let total: f64 = rows.iter().map(|(_, number, price)| number * price).sum();
    println!("| together | | {total:.6} |");
}
