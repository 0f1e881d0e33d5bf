//! CloudWatch alarms.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use sluice_app::ports::{Alarms, Target};
use sluice_core::failure::PortError;
use sluice_core::id::AlarmName;
use sluice_core::observation::AlarmState;

use crate::clients::Clients;
use crate::error::port_error;

/// DescribeAlarms takes no more names at once.
const NAMES_A_CALL: usize = 100;

/// The [`Alarms`] port: DescribeAlarms.
#[derive(Clone, Debug)]
pub struct CloudWatchAlarms {
    clients: Arc<Clients>,
}

impl CloudWatchAlarms {
    /// The port over shared clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }
}

#[async_trait]
impl Alarms for CloudWatchAlarms {
    async fn states(
        &self,
        target: &Target,
        alarms: &[AlarmName],
    ) -> Result<BTreeMap<AlarmName, AlarmState>, PortError> {
        let clients = self.clients.of(target).await?;
        let mut states = BTreeMap::new();
        for names in alarms.chunks(NAMES_A_CALL) {
            let mut pages = clients
                .cloudwatch()
                .describe_alarms()
                .set_alarm_names(Some(names.iter().map(ToString::to_string).collect()))
                // Without this AWS answers with metric alarms only.
                .alarm_types(AlarmType::MetricAlarm)
                .alarm_types(AlarmType::CompositeAlarm)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                let page =
                    page.map_err(|e| port_error("cloudwatch:DescribeAlarms", "the alarms", e))?;
                let metric = page
                    .metric_alarms()
                    .iter()
                    .map(|a| (a.alarm_name(), a.state_value()));
                let composite = page
                    .composite_alarms()
                    .iter()
                    .map(|a| (a.alarm_name(), a.state_value()));
                for (name, state) in metric.chain(composite) {
                    if let (Some(name), Some(state)) = (name, state) {
                        states.insert(AlarmName::new(name), state_of(name, state)?);
                    }
                }
            }
        }
        Ok(states)
    }
}

fn state_of(alarm: &str, state: &StateValue) -> Result<AlarmState, PortError> {
    match state {
        StateValue::Ok => Ok(AlarmState::Ok),
        StateValue::Alarm => Ok(AlarmState::Alarm),
        StateValue::InsufficientData => Ok(AlarmState::InsufficientData),
        unknown => Err(PortError::needs_person(format!(
            "CloudWatch says that the alarm {alarm} is `{unknown}`, which this version of Sluice \
             does not know: upgrade Sluice"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_cbor::Encoder;
    use sluice_core::failure::ErrorClass;

    use super::*;
    use crate::test_cloud::{Answer, TestCloud, target};

    fn described(metric: &[(&str, &str)], composite: &[(&str, &str)]) -> Answer {
        let mut cbor = Encoder::new(Vec::new());
        cbor.begin_map();
        for (key, alarms) in [("MetricAlarms", metric), ("CompositeAlarms", composite)] {
            cbor.str(key).array(alarms.len());
            for (name, state) in alarms {
                cbor.begin_map()
                    .str("AlarmName")
                    .str(name)
                    .str("StateValue")
                    .str(state)
                    .end();
            }
        }
        cbor.end();
        Answer::cbor(cbor.into_writer())
    }

    fn names(names: &[&str]) -> Vec<AlarmName> {
        names.iter().copied().map(AlarmName::new).collect()
    }

    #[tokio::test]
    async fn alarms_of_both_kinds_have_their_states_and_unknown_names_are_left_out() {
        let cloud = TestCloud::new(|_| {
            described(
                &[("erp-5xx", "OK"), ("erp-p99", "ALARM")],
                &[("erp", "INSUFFICIENT_DATA")],
            )
        });
        let alarms = CloudWatchAlarms::new(cloud.clients.clone());
        let asked = names(&["erp-5xx", "erp-p99", "erp", "no-such-alarm"]);
        let states = alarms.states(&target(), &asked).await.unwrap();
        let expected = [
            (AlarmName::new("erp"), AlarmState::InsufficientData),
            (AlarmName::new("erp-5xx"), AlarmState::Ok),
            (AlarmName::new("erp-p99"), AlarmState::Alarm),
        ];
        assert_eq!(states, BTreeMap::from(expected));
    }

    #[tokio::test]
    async fn no_alarms_are_not_asked_for() {
        let cloud = TestCloud::new(|_| described(&[], &[]));
        let alarms = CloudWatchAlarms::new(cloud.clients.clone());
        assert!(alarms.states(&target(), &[]).await.unwrap().is_empty());
        // Without names DescribeAlarms answers with every alarm of the account.
        assert!(cloud.everything_asked().is_empty());
    }

    #[tokio::test]
    async fn a_hundred_names_go_into_one_call() {
        let cloud = TestCloud::new(|_| described(&[], &[]));
        let many: Vec<AlarmName> = (0..101).map(|n| AlarmName::new(format!("a{n}"))).collect();
        let alarms = CloudWatchAlarms::new(cloud.clients.clone());
        alarms.states(&target(), &many).await.unwrap();
        assert_eq!(cloud.asked("DescribeAlarms").len(), 2);
    }

    #[tokio::test]
    async fn a_state_of_a_later_cloudwatch_is_for_a_person() {
        let cloud = TestCloud::new(|_| described(&[("erp-5xx", "MUTED")], &[]));
        let alarms = CloudWatchAlarms::new(cloud.clients.clone());
        let error = alarms
            .states(&target(), &names(&["erp-5xx"]))
            .await
            .unwrap_err();
        assert_eq!(error.class, ErrorClass::NeedsPerson);
        assert!(error.message.contains("MUTED"), "{error}");
    }
}
