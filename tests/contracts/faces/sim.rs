//! The simulated cloud's own ports.

use std::sync::Arc;

use sluice_sim::cloud::CloudPorts;

use super::Model;
use super::model::{Ports, furnished};

/// A furnished cloud, and its own ports.
pub(crate) async fn stage() -> Model {
    let cloud = furnished();
    let ports = Arc::new(CloudPorts(cloud.clone()));
    let ports = Ports {
        registry: ports.clone(),
        repository: ports.clone(),
        builds: ports.clone(),
        secrets: ports.clone(),
        services: ports.clone(),
        tasks: ports.clone(),
        databases: ports.clone(),
        alarms: ports.clone(),
        metrics: ports.clone(),
        stacks: ports,
    };
    Model::new(cloud, ports, None)
}
