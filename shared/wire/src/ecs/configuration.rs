//! `deploymentConfiguration`: written, and read back into the model's words.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use sluice_core::command::Direction;
use sluice_core::config::{Steps, Strategy};
use sluice_core::id::{AlarmName, DeploymentId};
use sluice_core::observation::Stage;
use sluice_sim::cloud::{ConfigurationDescription, HookDescription};

use crate::json::texts;
use crate::refusal::Refusal;

/// The longest time that ECS takes anywhere here, in minutes.
const LONGEST_BAKE_MIN: i64 = 1440;

pub(super) fn write(configuration: &ConfigurationDescription) -> Value {
    if let Some(sent) = &configuration.as_sent {
        return (**sent).clone();
    }
    let ConfigurationDescription {
        strategy, alarms, ..
    } = configuration;
    let singleton = *strategy == Strategy::Singleton;
    let breaker = configuration.circuit_breaker && !strategy.shifts_traffic();
    let mut told = json!({
        "strategy": match strategy {
            Strategy::Rolling | Strategy::Singleton => "ROLLING",
            Strategy::BlueGreen => "BLUE_GREEN",
            Strategy::Canary(_) => "CANARY",
            Strategy::Linear(_) => "LINEAR",
        },
        "minimumHealthyPercent": if singleton { 0 } else { 100 },
        "maximumPercent": if singleton { 100 } else { 200 },
        "deploymentCircuitBreaker": {"enable": breaker, "rollback": breaker},
        "alarms": {
            "alarmNames": alarms, "enable": !alarms.is_empty(), "rollback": !alarms.is_empty(),
        },
        "lifecycleHooks": configuration.hook.iter().map(write_hook).collect::<Value>(),
    });
    if strategy.shifts_traffic() {
        told["bakeTimeInMinutes"] = json!(configuration.bake.as_mins());
    }
    match strategy {
        Strategy::Canary(Steps { percent, bake }) => {
            told["canaryConfiguration"] =
                json!({"canaryPercent": percent, "canaryBakeTimeInMinutes": bake.as_mins()});
        }
        Strategy::Linear(Steps { percent, bake }) => {
            told["linearConfiguration"] =
                json!({"stepPercent": percent, "stepBakeTimeInMinutes": bake.as_mins()});
        }
        Strategy::Rolling | Strategy::Singleton | Strategy::BlueGreen => {}
    }
    told
}

fn write_hook(hook: &HookDescription) -> Value {
    json!({
        "lifecycleStages": hook.stages.iter().map(|stage| stage.as_str()).collect::<Vec<_>>(),
        "hookDetails": {
            "deployment": hook.deployment,
            "direction": match hook.direction {
                Direction::Forward => "forward",
                Direction::Back => "back",
            },
        },
    })
}

/// What UpdateService sends over what was there: members that are not sent stay.
pub(super) fn read(
    before: &ConfigurationDescription,
    sent: &Value,
) -> Result<ConfigurationDescription, Refusal> {
    let mut told = write(before);
    for (name, member) in sent.as_object().into_iter().flatten() {
        told[name] = member.clone();
    }
    let strategy = strategy(&told)?;
    let alarms = &told["alarms"];
    let watched = alarms["enable"] == true && alarms["rollback"] == true;
    let names = texts(alarms, "alarmNames").into_iter().filter(|_| watched);
    Ok(ConfigurationDescription {
        bake: minutes(&told, "bakeTimeInMinutes")?,
        alarms: names.map(AlarmName::new).collect(),
        circuit_breaker: told["deploymentCircuitBreaker"]["enable"] == true
            && told["deploymentCircuitBreaker"]["rollback"] == true,
        hook: hook(&told).filter(|_| strategy.shifts_traffic()),
        strategy,
        as_sent: Some(Arc::new(told)),
    })
}

fn strategy(told: &Value) -> Result<Strategy, Refusal> {
    let steps = |of: &str, percent: &str, bake: &str| {
        let there = &told[of];
        let percent = there[percent]
            .as_f64()
            .filter(|percent| (1.0..=100.0).contains(percent))
            .ok_or_else(|| invalid(format!("{of} needs a {percent} between 1 and 100")))?;
        Ok::<_, Refusal>(Steps {
            percent: whole(percent),
            bake: minutes(there, bake)?,
        })
    };
    let is_singleton = told["maximumPercent"] == 100 && told["minimumHealthyPercent"] == 0;
    match told["strategy"].as_str() {
        None | Some("ROLLING") if is_singleton => Ok(Strategy::Singleton),
        None | Some("ROLLING") => Ok(Strategy::Rolling),
        Some("BLUE_GREEN") => Ok(Strategy::BlueGreen),
        Some("CANARY") => Ok(Strategy::Canary(steps(
            "canaryConfiguration",
            "canaryPercent",
            "canaryBakeTimeInMinutes",
        )?)),
        Some("LINEAR") => Ok(Strategy::Linear(steps(
            "linearConfiguration",
            "stepPercent",
            "stepBakeTimeInMinutes",
        )?)),
        Some(other) => Err(invalid(format!("{other} is no deployment strategy"))),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the caller has seen that it is between 1 and 100"
)]
fn whole(percent: f64) -> u8 {
    percent.round() as u8
}

fn minutes(told: &Value, member: &str) -> Result<SignedDuration, Refusal> {
    let minutes = told[member].as_i64().unwrap_or(0);
    if (0..=LONGEST_BAKE_MIN).contains(&minutes) {
        Ok(SignedDuration::from_mins(minutes))
    } else {
        Err(invalid(format!(
            "{member} must be between 0 and {LONGEST_BAKE_MIN}"
        )))
    }
}

/// Sluice's own hook, told by its details. The model calls no other.
fn hook(told: &Value) -> Option<HookDescription> {
    let hooks = told["lifecycleHooks"].as_array()?;
    hooks.iter().find_map(|hook| {
        let details = &hook["hookDetails"];
        let stages = texts(hook, "lifecycleStages");
        Some(HookDescription {
            deployment: DeploymentId::from_outside(details["deployment"].as_str()?),
            direction: match details["direction"].as_str()? {
                "back" => Direction::Back,
                _ => Direction::Forward,
            },
            stages: stages.into_iter().filter_map(Stage::parse).collect(),
        })
    })
}

fn invalid(message: String) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(strategy: Strategy) -> ConfigurationDescription {
        ConfigurationDescription {
            bake: if strategy.shifts_traffic() {
                SignedDuration::from_mins(10)
            } else {
                SignedDuration::ZERO
            },
            alarms: vec![AlarmName::new("errors")],
            circuit_breaker: !strategy.shifts_traffic(),
            hook: strategy.shifts_traffic().then(|| HookDescription {
                stages: vec![Stage::PostTestTrafficShift],
                deployment: DeploymentId::from_outside("dep-1"),
                direction: Direction::Forward,
            }),
            strategy,
            as_sent: None,
        }
    }

    #[test]
    fn what_is_written_is_read_back_for_every_strategy() {
        let steps = Steps {
            percent: 20,
            bake: SignedDuration::from_mins(3),
        };
        for strategy in [
            Strategy::Rolling,
            Strategy::Singleton,
            Strategy::BlueGreen,
            Strategy::Canary(steps.clone()),
            Strategy::Linear(steps),
        ] {
            let before = told(Strategy::Rolling);
            let sent = write(&told(strategy.clone()));
            let read = read(&before, &sent).unwrap();
            let as_sent = read.as_sent.clone();
            assert_eq!(
                ConfigurationDescription {
                    as_sent: None,
                    ..read
                },
                told(strategy)
            );
            assert_eq!(
                as_sent.map(|sent| sent["alarms"].clone()),
                Some(sent["alarms"].clone())
            );
        }
    }

    #[test]
    fn what_is_not_sent_stays_and_what_is_not_known_is_kept() {
        let before = told(Strategy::BlueGreen);
        let sent = json!({"bakeTimeInMinutes": 5, "somethingNew": {"a": 1}});
        let after = read(&before, &sent).unwrap();
        assert_eq!(after.strategy, Strategy::BlueGreen);
        assert_eq!(after.bake, SignedDuration::from_mins(5));
        assert_eq!(after.hook, before.hook);
        assert_eq!(write(&after)["somethingNew"], json!({"a": 1}));
    }

    #[test]
    fn what_ecs_refuses_is_refused() {
        let before = told(Strategy::Rolling);
        for sent in [
            json!({"strategy": "SIDEWAYS"}),
            json!({"strategy": "CANARY"}),
            json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1441}),
        ] {
            let refused = read(&before, &sent).unwrap_err();
            assert_eq!(refused.code, "InvalidParameterException", "{sent}");
        }
    }
}
