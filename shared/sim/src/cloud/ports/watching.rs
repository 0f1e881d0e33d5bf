//! Alarms, the application's endpoints, and the time.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{Alarms, Clock, Http, HttpRequest, Metrics, MetricsQuery, Target};
use sluice_core::failure::PortError;
use sluice_core::id::AlarmName;
use sluice_core::metrics::Measured;
use sluice_core::observation::{AlarmState, HttpObservation};

use super::CloudPorts;
use crate::cloud::Operation;

#[async_trait]
impl Alarms for CloudPorts {
    async fn states(
        &self,
        target: &Target,
        alarms: &[AlarmName],
    ) -> Result<BTreeMap<AlarmName, AlarmState>, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeAlarms)?;
        let place = cloud.place(target)?;
        reply.with(cloud.describe_alarms(&place, alarms))
    }
}

#[async_trait]
impl Metrics for CloudPorts {
    /// Where no user asks anything there is nothing to be read, and nothing goes wrong.
    async fn measured(&self, target: &Target, query: &MetricsQuery) -> Result<Measured, PortError> {
        let mut cloud = self.cloud();
        let place = cloud.place(target)?;
        let service = cloud.service_or_refuse(&place, &target.cluster, &query.ecs_service)?;
        if !cloud.has_users(service) {
            return Ok(Measured::default());
        }
        let reply = cloud.ask(Operation::GetMetricData)?;
        let time = (query.from, query.until);
        reply.with(cloud.measured(service, &query.task_definition, query.since, time))
    }
}

#[async_trait]
impl Http for CloudPorts {
    async fn request(&self, request: &HttpRequest) -> HttpObservation {
        let mut cloud = self.cloud();
        let reply = match cloud.ask(Operation::HttpRequest) {
            Ok(reply) => reply,
            Err(error) => return HttpObservation::NoAnswer(error.message),
        };
        let answer = cloud.answer(&request.method, &request.url, request.timeout);
        reply
            .with(answer)
            .unwrap_or_else(|error| HttpObservation::NoAnswer(error.message))
    }
}

#[async_trait]
impl Clock for CloudPorts {
    fn now(&self) -> Timestamp {
        self.cloud().now()
    }

    async fn pass(&self, _: SignedDuration) {
        std::future::pending().await
    }
}
