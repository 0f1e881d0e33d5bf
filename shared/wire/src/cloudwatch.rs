//! CloudWatch: alarms, and the metrics of load balancers. The SDK for Rust asks in CBOR, the `aws`
//! command in JSON; it gets no metrics.

mod metrics;

use ciborium::Value as Cbor;
use serde_json::{Value, json};
use sluice_core::id::AlarmName;
use sluice_core::observation::AlarmState;
use sluice_sim::cloud::{Cloud, Place};

use crate::caller::Caller;
use crate::cbor::{self, map, time};
use crate::json::{seconds, texts};
use crate::refusal::Refusal;

pub(crate) fn answer_cbor(
    cloud: &Cloud,
    caller: &Caller,
    operation: &str,
    input: &Cbor,
) -> Result<Cbor, Refusal> {
    if operation == "GetMetricData" {
        return metrics::answer(cloud, caller, input);
    }
    let names = cbor::texts(input, "AlarmNames");
    let kinds = cbor::texts(input, "AlarmTypes");
    let names = names.into_iter().map(AlarmName::new).collect();
    let place = caller.place(cloud)?;
    let alarms = alarms(cloud, &place, operation, names, &kinds)?;
    let told = alarms.into_iter().map(|(name, state)| {
        map([
            ("AlarmArn", Cbor::Text(arn(&place, &name))),
            ("AlarmName", Cbor::Text(name.to_string())),
            ("StateValue", Cbor::Text(word(state).to_owned())),
            ("StateUpdatedTimestamp", time(cloud.now().as_second())),
            ("ActionsEnabled", Cbor::Bool(true)),
        ])
    });
    Ok(map([
        ("MetricAlarms", Cbor::Array(told.collect())),
        ("CompositeAlarms", Cbor::Array(Vec::new())),
    ]))
}

pub(crate) fn answer_json(
    cloud: &Cloud,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    let names = texts(input, "AlarmNames").into_iter();
    let names = names.map(AlarmName::new).collect();
    let kinds = texts(input, "AlarmTypes").into_iter();
    let kinds: Vec<String> = kinds.map(str::to_owned).collect();
    let place = caller.place(cloud)?;
    let alarms = alarms(cloud, &place, operation, names, &kinds)?;
    let told = alarms.into_iter().map(|(name, state)| {
        json!({
            "AlarmArn": arn(&place, &name),
            "AlarmName": name,
            "StateValue": word(state),
            "StateUpdatedTimestamp": seconds(cloud.now()),
            "ActionsEnabled": true,
        })
    });
    Ok(json!({"MetricAlarms": told.collect::<Value>(), "CompositeAlarms": []}))
}

/// The alarms that are asked for. The model has metric alarms only.
fn alarms(
    cloud: &Cloud,
    place: &Place,
    operation: &str,
    names: Vec<AlarmName>,
    kinds: &[String],
) -> Result<Vec<(AlarmName, AlarmState)>, Refusal> {
    if operation != "DescribeAlarms" {
        return Err(Refusal::unknown_operation(operation));
    }
    let wanted = kinds.is_empty() || kinds.iter().any(|kind| kind == "MetricAlarm");
    Ok(if wanted {
        cloud.alarms_in(place, &names)
    } else {
        Vec::new()
    })
}

fn arn(place: &Place, name: &AlarmName) -> String {
    place.arn("cloudwatch", format!("alarm:{name}"))
}

fn word(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Ok => "OK",
        AlarmState::Alarm => "ALARM",
        AlarmState::InsufficientData => "INSUFFICIENT_DATA",
    }
}
