//! Which environment of which application.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::deployment::Deployment;
use crate::id::{AppName, EnvironmentName};

/// An environment of an application. Everything in the store is read by key: nothing lists all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EnvironmentKey {
    /// The application.
    pub app: AppName,
    /// Its environment.
    pub environment: EnvironmentName,
}

impl EnvironmentKey {
    /// Where the deployment goes.
    pub fn of(deployment: &Deployment) -> Self {
        Self {
            app: deployment.app().clone(),
            environment: deployment.environment().clone(),
        }
    }
}

impl fmt::Display for EnvironmentKey {
    /// `erp/production`: how people write it where several applications have a `production`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.app, self.environment)
    }
}
