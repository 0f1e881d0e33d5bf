//! The real adapters, at the simulated cloud behind AWS's own protocols.

use std::sync::Arc;

use sluice_aws::{
    AwsSecrets, Clients, CloudFormationStacks, CloudWatchAlarms, CloudWatchMetrics,
    CodeBuildProjects, CodeCommitRepository, EcrRegistry, EcsServices, EcsTasks, RdsDatabases,
    RolloutHook,
};
use sluice_core::id::Region;
use tokio::net::TcpListener;

use super::Model;
use super::model::{Ports, furnished};
use crate::recorder::Recorder;

/// A furnished cloud served from the runtime of the test, and the adapters at it.
pub(crate) async fn stage() -> Model {
    let cloud = furnished();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let recorder = Recorder::before(listener.local_addr().unwrap()).await;
    tokio::spawn(sluice_wire::serve(cloud.clone(), listener));
    let hook = RolloutHook {
        function_arn: "arn:aws:lambda:{region}:{account}:function:sluice-rollout-hook".into(),
        role_arn: "arn:aws:iam::{account}:role/sluice-rollout-hook-caller".into(),
    };
    let region = Region::new("eu-central-1");
    let clients = Arc::new(Clients::at_endpoint(&recorder.url(), &region, Some(hook)).await);
    let ports = Ports {
        registry: Arc::new(EcrRegistry::new(clients.clone())),
        repository: Arc::new(CodeCommitRepository::new(clients.clone())),
        builds: Arc::new(CodeBuildProjects::new(clients.clone())),
        secrets: Arc::new(AwsSecrets::new(clients.clone())),
        services: Arc::new(EcsServices::new(clients.clone())),
        tasks: Arc::new(EcsTasks::new(clients.clone())),
        databases: Arc::new(RdsDatabases::new(clients.clone())),
        alarms: Arc::new(CloudWatchAlarms::new(clients.clone())),
        metrics: Arc::new(CloudWatchMetrics::new(clients.clone())),
        stacks: Arc::new(CloudFormationStacks::new(clients)),
    };
    Model::new(cloud, ports, Some(recorder))
}
