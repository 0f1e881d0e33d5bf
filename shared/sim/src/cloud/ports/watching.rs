//! Alarms, the application's endpoints, and the time.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{Alarms, Clock, Http, HttpRequest, Target};
use sluice_core::failure::PortError;
use sluice_core::id::AlarmName;
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
