//! One look at the new version: what the probes, the alarms and ECS say, made into a sample.

use jiff::Timestamp;

use super::{Sample, TaskCount};
use crate::id::{AlarmName, ServiceName};
use crate::observation::{AlarmState, HttpObservation, ServiceObservation};

/// A health path that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Of which service.
    pub service: ServiceName,
    /// Which path.
    pub path: String,
    /// What it came to.
    pub answer: HttpObservation,
}

/// Everything one look saw.
#[derive(Clone, Debug)]
pub struct Look<'a> {
    /// When.
    pub at: Timestamp,
    /// The health paths.
    pub probes: &'a [Probe],
    /// The alarms that are watched; `None` for one that CloudWatch does not have.
    pub alarms: &'a [(AlarmName, Option<AlarmState>)],
    /// The services as they run; none where they are not looked at.
    pub services: &'a [ServiceObservation],
    /// Their tasks.
    pub tasks: Vec<TaskCount>,
}

impl Look<'_> {
    /// Makes the sample.
    pub fn sample(self) -> Sample {
        let mut sample = Sample {
            at: self.at,
            ..Sample::default()
        };
        for probe in self.probes {
            self.probe(probe, &mut sample);
        }
        for (alarm, state) in self.alarms {
            match state {
                Some(AlarmState::Ok) => sample.checks += 1,
                Some(AlarmState::Alarm) => {
                    sample.checks += 1;
                    sample.bad.push(format!("alarm {alarm} is in ALARM"));
                }
                Some(AlarmState::InsufficientData) | None => {
                    sample.unknown.push(format!("alarm {alarm} has no data"));
                }
            }
        }
        if self.probes.is_empty() && self.alarms.is_empty() {
            // Where there is nothing else to ask, that the tasks run is what there is to know.
            sample.checks = u16::try_from(self.tasks.len()).unwrap_or(u16::MAX);
        }
        sample.tasks = self.tasks;
        sample
    }

    fn probe(&self, probe: &Probe, sample: &mut Sample) {
        let label = format!("{} {}", probe.service, probe.path);
        match &probe.answer {
            HttpObservation::Answered { status, .. } => {
                sample.checks += 1;
                if !(200..300).contains(status) {
                    sample.bad.push(format!("{label} answered {status}"));
                }
            }
            HttpObservation::Unreachable(reason) if self.is_well(&probe.service) => {
                sample.unreachable.push(format!(
                    "{label} cannot be reached from Sluice, and ECS calls its targets healthy: {reason}"
                ));
            }
            HttpObservation::NoAnswer(reason) | HttpObservation::Unreachable(reason) => {
                sample.checks += 1;
                sample.bad.push(format!("{label} did not answer: {reason}"));
            }
        }
    }

    /// Whether the load balancer finds all targets of the service healthy.
    fn is_well(&self, service: &ServiceName) -> bool {
        let mut services = self.services.iter();
        services.any(|seen| {
            let traffic = seen.traffic.as_ref().filter(|_| seen.service == *service);
            traffic.is_some_and(|traffic| traffic.healthy > 0 && traffic.unhealthy == 0)
        })
    }
}
