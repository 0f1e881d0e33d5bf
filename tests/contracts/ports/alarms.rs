//! Alarms. moto does not speak the protocol in which they are asked for: see `moto::cannot`.

use std::collections::BTreeMap;

use sluice_app::ports::{Alarms, Target};
use sluice_core::id::AlarmName;
use sluice_core::observation::AlarmState;

/// A place with one alarm, `errors`.
pub(crate) trait Stage {
    fn alarms(&self) -> &dyn Alarms;
    fn target(&self) -> Target;

    /// Puts the alarm into this state.
    fn set(&self, state: AlarmState);
}

async fn each_is_in_the_state_it_was_put_in(stage: &impl Stage) {
    let errors = AlarmName::new("errors");
    for state in [
        AlarmState::Ok,
        AlarmState::Alarm,
        AlarmState::InsufficientData,
    ] {
        stage.set(state);
        let states = stage
            .alarms()
            .states(&stage.target(), std::slice::from_ref(&errors))
            .await;
        let expected = BTreeMap::from([(errors.clone(), state)]);
        assert_eq!(states.unwrap(), expected);
    }
}

async fn those_that_do_not_exist_are_left_out(stage: &impl Stage) {
    stage.set(AlarmState::Ok);
    let asked = ["nothing", "errors", "error"].map(AlarmName::new);
    let states = stage.alarms().states(&stage.target(), &asked).await;
    let expected = BTreeMap::from([(AlarmName::new("errors"), AlarmState::Ok)]);
    assert_eq!(states.unwrap(), expected);
}

async fn of_none_there_are_none(stage: &impl Stage) {
    stage.set(AlarmState::Alarm);
    let states = stage.alarms().states(&stage.target(), &[]).await;
    assert_eq!(states.unwrap(), BTreeMap::new());
}

contract! {
    each_is_in_the_state_it_was_put_in on sim, wire;
    those_that_do_not_exist_are_left_out on sim, wire;
    of_none_there_are_none on sim, wire;
}
