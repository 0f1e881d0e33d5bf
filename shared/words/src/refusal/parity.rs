//! Why two environments cannot be compared.

use sluice_core::environment_key::EnvironmentKey;

/// Which two environments cannot be compared, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotComparable {
    /// None were named, and there is not exactly one that comes after another.
    #[error("name two environments: {0}")]
    NameTwo(String),
    /// One was named, and it comes after no other.
    #[error("{0} has no `after` in sluice.toml: name the environment to compare it with, too")]
    AfterNone(EnvironmentKey),
    /// They are the same.
    #[error("these are one environment, {0}: name two")]
    Same(EnvironmentKey),
    /// They are of two applications.
    #[error("{0} and {1} are of two applications: name two environments of one")]
    TwoApplications(EnvironmentKey, EnvironmentKey),
}
