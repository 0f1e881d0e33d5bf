//! How a scene is set up.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sluice_aws::{Clients, DynamoStore, RdsDatabases};
use sluice_core::config::Config;
use sluice_core::id::Region;

use super::Scene;
use crate::account::{Account, Process, free_port, wait_for};
use crate::binaries::{Build, scratch, sluice};
use crate::counter::Counter;
use crate::http::Http;
use crate::slack::Slack;

/// The ERP's own configuration.
const ERP: &str = include_str!("../../../erp/sluice.toml");
pub(super) const REGION: &str = "eu-central-1";
/// Sluice's own account, production's, and the registry's.
pub(super) const ACCOUNT: &str = "222222222222";
/// Virtual seconds of the cloud in a second.
const SPEED: &str = "30";
/// The functions.
pub(super) const FUNCTIONS: [&str; 7] = [
    "registry-push",
    "source-push",
    "slack",
    "operate",
    "rollout-hook",
    "advance",
    "health-check",
];

/// What the cloud has told: EventBridge's events and ECS's hook calls.
pub(super) type Told = Arc<Mutex<Vec<Value>>>;

impl Scene {
    /// Starts everything. Files and logs go to a folder of this name.
    pub async fn open(name: &str, build: Build) -> Self {
        let home = scratch().join(format!("account-{name}"));
        fs::create_dir_all(&home).unwrap();
        let port = free_port();
        let cloud = format!("http://127.0.0.1:{port}");
        let (config, file) = configuration(&home, &cloud);
        let account = Account::start(&home.join("ministack.log"));
        let (process, told) = start_cloud(port, &file, &account.url);
        let own = clients(&account.url).await;
        let own_secrets = SecretArns::read(&cloud).await;
        let (to_account, to_cloud) = (
            Counter::before(&account.url).await,
            Counter::before(&cloud).await,
        );
        let made = account.install(&json!({
            "url": account.url,
            "home": home,
            "config": file,
            "functions": functions(build),
            "overrides": overrides(&to_account.url, &to_cloud.url, &own_secrets),
        }));
        let function_url = made["slack_url"].as_str().unwrap();
        Self {
            slack: Slack::new(&cloud, &account.url, function_url),
            store: DynamoStore::new(&own, made["table"].as_str().unwrap()),
            databases: RdsDatabases::new(clients(&cloud).await),
            http: Http::new(),
            counters: [to_account, to_cloud],
            environment: made["variables"].clone(),
            build,
            config,
            cloud,
            told,
            account,
            _cloud: process,
        }
    }
}

async fn clients(url: &str) -> Arc<Clients> {
    Arc::new(Clients::at_endpoint(url, &Region::new(REGION), None).await)
}

/// The ERP's configuration in one account, with addresses on this machine, and a bake that ends
/// while one waits.
fn configuration(home: &Path, cloud: &str) -> (Config, PathBuf) {
    let mut text = ERP.to_owned();
    for (from, to) in [
        // It is always the right time, and the books are open.
        (
            r#"windows = ["Mon-Thu 08:00-18:00 Europe/Berlin", "Fri 08:00-14:00 Europe/Berlin"]"#,
            String::new(),
        ),
        ("2026-12-19", "2019-12-19".to_owned()),
        ("2027-01-04", "2020-01-04".to_owned()),
        // ministack carries no events from one account to another.
        ("111111111111", ACCOUNT.to_owned()),
        (
            "https://erp.example.com:8443",
            format!("{cloud}/production-test"),
        ),
        ("https://erp.example.com", format!("{cloud}/production")),
        (
            "https://erp-staging.example.com:8443",
            format!("{cloud}/staging-test"),
        ),
        (
            "https://erp-staging.example.com",
            format!("{cloud}/staging"),
        ),
        (
            r#"bake = { duration = "5m" }"#,
            r#"bake = { duration = "0m" }"#.to_owned(),
        ),
        (
            r#"duration = "15m", every = "1m", failures = 3, samples = 10"#,
            r#"duration = "1m", every = "10s", failures = 3, samples = 2"#.to_owned(),
        ),
    ] {
        assert!(text.contains(from), "the ERP's configuration has `{from}`");
        text = text.replace(from, &to);
    }
    let file = home.join("sluice.toml");
    fs::write(&file, &text).unwrap();
    let config = Config::parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
    (config, file)
}

/// Starts `sluice cloud`, and keeps what it tells.
fn start_cloud(port: u16, config: &Path, account: &str) -> (Process, Told) {
    let child = Command::new(sluice())
        .args(["cloud", "--port", &port.to_string(), "--speed", SPEED])
        .args(["--deliver-to", account, "--config"])
        .arg(config)
        .stdout(Stdio::piped())
        .spawn();
    let mut process = Process(child.unwrap());
    let output = process.0.stdout.take().unwrap();
    let told = Told::default();
    let keeps = told.clone();
    std::thread::spawn(move || listen(output, &keeps));
    wait_for(port, "sluice cloud");
    (process, told)
}

fn listen(output: ChildStdout, told: &Told) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        // It begins with words for people.
        if let Ok(event) = serde_json::from_str(&line) {
            told.lock().unwrap().push(event);
        }
    }
}

/// Where Sluice's own secrets are.
struct SecretArns {
    bot_token: String,
    signing_secret: String,
}

impl SecretArns {
    async fn read(cloud: &str) -> Self {
        Self {
            bot_token: secret_arn(cloud, "sluice/slack-bot-token").await,
            signing_secret: secret_arn(cloud, "sluice/slack-signing-secret").await,
        }
    }
}

async fn secret_arn(cloud: &str, name: &str) -> String {
    let key = format!(
        "AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/secretsmanager/aws4_request"
    );
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "secretsmanager.DescribeSecret"),
        ("authorization", &key),
    ];
    let asked = json!({"SecretId": name}).to_string();
    let (_, answer) = Http::new().post(cloud, &headers, asked).await.unwrap();
    answer["ARN"].as_str().unwrap().to_owned()
}

/// Each function's binary.
fn functions(build: Build) -> Value {
    let functions = FUNCTIONS.map(|name| (name.to_owned(), json!(build.function(name))));
    Value::Object(functions.into_iter().collect())
}

/// What the functions are told beside what the template says: AWS is in two places on this machine,
/// and Slack in one of them with its secrets.
fn overrides(account: &str, cloud: &str, secrets: &SecretArns) -> Value {
    json!({
        "SLUICE_SLACK_BOT_TOKEN_ARN": secrets.bot_token,
        "SLUICE_SLACK_SIGNING_SECRET_ARN": secrets.signing_secret,
        "SLUICE_SLACK_URL": format!("{cloud}/slack/api"),
        "AWS_ENDPOINT_URL": cloud,
        "AWS_ENDPOINT_URL_DYNAMODB": account,
        "AWS_ENDPOINT_URL_SQS": account,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_SESSION_TOKEN": "",
    })
}
