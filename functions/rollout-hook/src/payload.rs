//! The payload of a lifecycle hook, in both forms that ECS has documented: the particulars under
//! `executionDetails`, or at the top level.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use sluice_core::command::Direction;
use sluice_core::hook::HookCall;
use sluice_core::id::{DeploymentId, ServiceDeploymentArn};
use sluice_core::observation::Stage;
use sluice_events::{Malformed, from_text, from_value};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Payload {
    resource_arn: ServiceDeploymentArn,
    lifecycle_stage: Option<String>,
    execution_details: Option<Execution>,
    /// An object, or the same as a string of JSON.
    #[serde(default)]
    hook_details: Value,
    #[serde(flatten)]
    flat: Execution,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Execution {
    target_service_revision_arn: Option<String>,
    test_traffic_weights: Option<Weights>,
    production_traffic_weights: Option<Weights>,
}

/// Per cent of the traffic, by service revision.
type Weights = BTreeMap<String, f64>;

/// What we wrote into `hookDetails` when we started the rollout.
#[derive(Default, Deserialize)]
#[serde(expecting = "an object")]
struct Details {
    deployment: Option<DeploymentId>,
    direction: Option<Direction>,
}

/// Reads the payload.
pub(crate) fn hook_call(payload: &Value) -> Result<HookCall, Malformed> {
    let payload: Payload = from_value("the hook's payload", payload)?;
    let details = match &payload.hook_details {
        Value::Null => Details::default(),
        Value::String(text) if text.is_empty() => Details::default(),
        Value::String(text) => from_value("hookDetails", &from_text("hookDetails", text)?)?,
        object => from_value("hookDetails", object)?,
    };
    let stage = payload.lifecycle_stage.as_deref().and_then(Stage::parse);
    let execution = payload.execution_details.as_ref().unwrap_or(&payload.flat);
    Ok(HookCall {
        deployment: details.deployment,
        direction: details.direction,
        going_back: is_going_back(stage, execution),
        service_deployment: payload.resource_arn,
        stage,
    })
}

/// During a rollback ECS calls the hooks of the shifts again, still naming green as the target.
/// Only the weights show it: green has nothing, another has all.
fn is_going_back(stage: Option<Stage>, execution: &Execution) -> bool {
    let weights = match stage {
        Some(Stage::TestTrafficShift) => &execution.test_traffic_weights,
        Some(Stage::ProductionTrafficShift) => &execution.production_traffic_weights,
        _ => return false,
    };
    let (Some(weights), Some(green)) = (weights, &execution.target_service_revision_arn) else {
        return false;
    };
    let green_has_nothing = weights.get(green).is_none_or(|weight| *weight <= 0.0);
    let another_has_all = weights
        .iter()
        .any(|(revision, weight)| revision != green && *weight >= 100.0);
    green_has_nothing && another_has_all
}

#[cfg(test)]
mod tests {
    use super::hook_call;
    use serde_json::{Value, json};
    use sluice_core::command::Direction;
    use sluice_core::observation::Stage;

    const GREEN: &str = "arn:aws:ecs:eu-central-1:111111111111:service-revision/c/s/2";
    const BLUE: &str = "arn:aws:ecs:eu-central-1:111111111111:service-revision/c/s/1";

    fn payload(stage: &str, details: Value) -> Value {
        json!({
            "executionDetails": {"targetServiceRevisionArn": GREEN},
            "lifecycleStage": stage,
            "resourceArn": "arn:aws:ecs:eu-central-1:111111111111:service-deployment/c/s/d",
            "hookDetails": details,
        })
    }

    fn going_back(stage: &str, weights: &str, green: f64, blue: f64) -> bool {
        let mut payload = payload(stage, Value::Null);
        payload["executionDetails"][weights] = json!({GREEN: green, BLUE: blue});
        hook_call(&payload).unwrap().going_back
    }

    #[test]
    fn only_weights_that_were_turned_round_are_a_way_back() {
        let production = "productionTrafficWeights";
        let test = "testTrafficWeights";
        assert!(going_back(
            "PRODUCTION_TRAFFIC_SHIFT",
            production,
            0.0,
            100.0
        ));
        assert!(going_back("TEST_TRAFFIC_SHIFT", test, 0.0, 100.0));
        assert!(!going_back(
            "PRODUCTION_TRAFFIC_SHIFT",
            production,
            100.0,
            0.0
        ));
        assert!(!going_back(
            "PRODUCTION_TRAFFIC_SHIFT",
            production,
            10.0,
            90.0
        ));
        assert!(!going_back(
            "PRODUCTION_TRAFFIC_SHIFT",
            production,
            0.5,
            99.5
        ));
        assert!(!going_back("PRODUCTION_TRAFFIC_SHIFT", test, 0.0, 100.0));
        assert!(!going_back(
            "POST_TEST_TRAFFIC_SHIFT",
            production,
            0.0,
            100.0
        ));
    }

    #[test]
    fn hook_details_come_as_an_object_or_as_a_string_of_one() {
        let details = json!({"deployment": "dep-78c09c6589e56604", "direction": "back"});
        for details in [details.clone(), json!(details.to_string())] {
            let call = hook_call(&payload("POST_TEST_TRAFFIC_SHIFT", details)).unwrap();
            assert_eq!(call.deployment.unwrap().as_str(), "dep-78c09c6589e56604");
            assert_eq!(call.direction, Some(Direction::Back));
            assert_eq!(call.stage, Some(Stage::PostTestTrafficShift));
        }
        for nothing in [Value::Null, json!(""), json!({}), json!("{}")] {
            let call = hook_call(&payload("A_STAGE_OF_NEXT_YEAR", nothing)).unwrap();
            assert_eq!((call.deployment, call.stage), (None, None));
        }
        assert!(hook_call(&payload("SCALE_UP", json!("{"))).is_err());
    }
}
