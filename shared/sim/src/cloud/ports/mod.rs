//! The ports onto the simulated cloud. Each call asks the fault plan under AWS's name for the
//! operation, does its work on the model, and answers unless the answer is lost.

mod builds;
mod databases;
mod images;
mod secrets;
mod services;
mod source;
mod stacks;
mod tasks;
mod watching;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Cloud;

/// The cloud, shared by its ports and the world that moves it.
pub type SharedCloud = Arc<Mutex<Cloud>>;

/// Every port onto the cloud, and the clock.
#[derive(Clone, Debug)]
pub struct CloudPorts(pub SharedCloud);

impl CloudPorts {
    // A test that panicked leaves the model as it was: it is still worth reading.
    fn cloud(&self) -> MutexGuard<'_, Cloud> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything has users, whose requests can be read.
    pub(crate) fn has_users(&self) -> bool {
        self.cloud().is_used()
    }
}
