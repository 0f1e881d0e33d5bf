//! The real adapters, at moto.
//!
//! Each stage has an account of its own: moto gives a session of a role the account that the role
//! is of. The table and the queue are in the account that Sluice lives in, and have names of their
//! own.

mod furnish;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use sluice_app::ports::Target;
use sluice_aws::{
    AwsSecrets, Clients, CloudWatchAlarms, DynamoStore, EcrRegistry, EcsServices, EcsTasks,
    RdsDatabases, SqsWakeups, create_table,
};
use sluice_core::id::{AccountId, ClusterName, DeploymentId, Region, RoleArn};

use crate::recorder::Recorder;

const REGION: &str = "eu-central-1";
/// The account of credentials that open nothing.
const OWN_ACCOUNT: &str = "123456789012";

/// An account of moto's, and the adapters at it.
pub(crate) struct Moto {
    pub(crate) clients: Arc<Clients>,
    account: AccountId,
    table: String,
    queue_url: String,
    recorder: Recorder,
    store: DynamoStore,
    wakeups: SqsWakeups,
    registry: EcrRegistry,
    secrets: AwsSecrets,
    services: EcsServices,
    tasks: EcsTasks,
    databases: RdsDatabases,
    pub(crate) alarms: CloudWatchAlarms,
}

/// A furnished account.
pub(crate) async fn stage() -> Moto {
    static STAGES: AtomicU64 = AtomicU64::new(1);
    let number = STAGES.fetch_add(1, Ordering::Relaxed);
    let recorder = Recorder::before(server::address()).await;
    let clients = Clients::at_endpoint(&recorder.url(), &Region::new(REGION), None).await;
    let clients = Arc::new(clients);
    let table = format!("sluice-{number}");
    create_table(&clients, &table).await.unwrap();
    let queue = json!({"QueueName": format!("advance-{number}")});
    let queue = own(("sqs", "AmazonSQS.CreateQueue"), &queue);
    let queue_url = queue["QueueUrl"].as_str().unwrap().to_owned();
    let stage = Moto {
        account: AccountId::new(format!("{:012}", 300_000_000_000 + number)),
        store: DynamoStore::new(&clients, &*table),
        wakeups: SqsWakeups::new(&clients, queue_url.clone()),
        registry: EcrRegistry::new(clients.clone()),
        secrets: AwsSecrets::new(clients.clone()),
        services: EcsServices::new(clients.clone()),
        tasks: EcsTasks::new(clients.clone()),
        databases: RdsDatabases::new(clients.clone()),
        alarms: CloudWatchAlarms::new(clients.clone()),
        table,
        queue_url,
        clients,
        recorder,
    };
    stage.furnish();
    stage
}

/// A call in the account that Sluice lives in.
fn own((service, target): (&str, &str), body: &Value) -> Value {
    server::json(&AccountId::new(OWN_ACCOUNT), service, target, body)
}

impl Moto {
    /// What the adapters asked.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The account, worked in through a role, on behalf of `dep-0000000000000001`.
    pub(crate) fn place(&self) -> Target {
        let role = format!("arn:aws:iam::{}:role/sluice-deployer", self.account);
        Target {
            account: self.account.clone(),
            region: Region::new(REGION),
            role: Some(RoleArn::new(role)),
            cluster: ClusterName::new("erp"),
            deployment: DeploymentId::from_outside("dep-0000000000000001"),
        }
    }

    /// Puts an item into the store's table, as DynamoDB writes it in JSON.
    pub(crate) fn put_item(&self, item: &Value) {
        let put = json!({"TableName": self.table, "Item": item});
        own(("dynamodb", "DynamoDB_20120810.PutItem"), &put);
    }

    /// Every item of the store's table, as DynamoDB writes it in JSON.
    pub(crate) fn items(&self) -> Vec<Value> {
        let scan = json!({"TableName": self.table});
        let answer = own(("dynamodb", "DynamoDB_20120810.Scan"), &scan);
        answer["Items"].as_array().cloned().unwrap_or_default()
    }

    /// The address of a queue of this name in the account that Sluice lives in.
    pub(crate) fn queue_url(&self, name: &str) -> String {
        format!("{}/{OWN_ACCOUNT}/{name}", self.recorder.url())
    }

    /// A call that furnishes the account, in JSON.
    pub(crate) fn json(&self, (service, target): (&str, &str), body: &Value) -> Value {
        server::json(&self.account, service, target, body)
    }

    /// The same in the query protocol.
    pub(crate) fn form(&self, service: &str, form: &str) -> String {
        server::form(&self.account, service, form)
    }
}
