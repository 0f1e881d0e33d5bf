//! What every port of the workplace goes through: the crash point and the cloud's fault plan.

use std::sync::MutexGuard;

use jiff::Timestamp;
use sluice_core::failure::PortError;

use super::crash::CrashPoint;
use crate::cloud::{Cloud, Operation, Read, SharedCloud};

/// The way into the workplace.
#[derive(Clone)]
pub struct Gate {
    cloud: SharedCloud,
    crash: CrashPoint,
}

impl Gate {
    /// A gate that shares the cloud's clock and fault plan.
    pub fn new(cloud: SharedCloud, crash: CrashPoint) -> Self {
        Self { cloud, crash }
    }

    fn cloud(&self) -> MutexGuard<'_, Cloud> {
        self.cloud
            .lock()
            .expect("no port panics while it holds the cloud")
    }

    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        self.cloud().now()
    }

    /// From when a read of this kind sees what is written now; `None` if at once.
    pub(super) fn seen_at(&self, read: Read) -> Option<Timestamp> {
        self.cloud().seen_at(read)
    }

    /// Does `act`, unless the fault plan wants it otherwise. After a crash it never answers.
    pub(super) async fn call<T>(
        &self,
        operation: Operation,
        act: impl FnOnce() -> T,
    ) -> Result<T, PortError> {
        self.crash.pass().await;
        let reply = self.cloud().ask(operation)?;
        reply.with(act())
    }
}
