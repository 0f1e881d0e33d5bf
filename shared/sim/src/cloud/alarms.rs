//! CloudWatch alarms: their states, and the service deployments that watch them.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_core::id::AlarmName;
use sluice_core::observation::AlarmState;

use super::Cloud;
use super::agenda::Due;
use super::place::Place;

#[derive(Debug)]
pub(super) struct Alarm {
    pub(super) place: Arc<Place>,
    pub(super) name: AlarmName,
    pub(super) state: AlarmState,
}

impl Cloud {
    pub(super) fn furnish_alarm(&mut self, place: &Arc<Place>, name: &AlarmName) {
        if self.alarm(place, name).is_none() {
            let alarm = Alarm {
                place: place.clone(),
                name: name.clone(),
                state: AlarmState::Ok,
            };
            self.alarms.push(alarm);
        }
    }

    fn alarm(&self, place: &Place, name: &AlarmName) -> Option<usize> {
        self.alarms
            .iter()
            .position(|alarm| *alarm.place == *place && alarm.name == *name)
    }

    /// Sets the state of an alarm in every account that has one of that name. ECS sees it at once.
    pub fn set_alarm(&mut self, name: &AlarmName, state: AlarmState) {
        for at in 0..self.alarms.len() {
            if self.alarms[at].name == *name {
                self.alarm_changes(at, state);
            }
        }
    }

    pub(super) fn alarm_changes(&mut self, at: usize, state: AlarmState) {
        let before = std::mem::replace(&mut self.alarms[at].state, state);
        if state == AlarmState::Alarm && before != AlarmState::Alarm {
            let (place, name) = (self.alarms[at].place.clone(), self.alarms[at].name.clone());
            self.alarm_fires(&place, &name);
        }
    }

    /// The alarm fires now, and recovers once its cause has been gone for a while.
    pub(super) fn fire_for_a_while(&mut self, place: &Place, name: &AlarmName) {
        let Some(alarm) = self.alarm(place, name) else {
            return;
        };
        self.alarm_changes(alarm, AlarmState::Alarm);
        let over = Due::AlarmChanges {
            alarm,
            state: AlarmState::Ok,
        };
        self.agenda.plan(self.now + self.tempo.alarm_recovery, over);
    }

    pub(super) fn is_in_alarm(&self, place: &Place, name: &AlarmName) -> bool {
        self.alarm(place, name)
            .is_some_and(|at| self.alarms[at].state == AlarmState::Alarm)
    }

    /// DescribeAlarms.
    pub(super) fn describe_alarms(
        &self,
        place: &Place,
        names: &[AlarmName],
    ) -> BTreeMap<AlarmName, AlarmState> {
        let found = names.iter().filter_map(|name| {
            let at = self.alarm(place, name)?;
            Some((name.clone(), self.alarms[at].state))
        });
        found.collect()
    }
}
