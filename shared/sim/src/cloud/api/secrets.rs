//! Secrets and parameters as AWS describes them.

use sluice_core::id::SecretVersion;

/// A secret of Secrets Manager. Has no `Debug`: it holds the value.
#[derive(Clone)]
pub struct SecretDescription {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Whether RDS manages it, and rotates it.
    pub managed: bool,
    /// The current version.
    pub version: SecretVersion,
    /// The value: text, or a JSON object.
    pub value: String,
    /// Versions from before that are still kept, and their values.
    pub older: Vec<(SecretVersion, String)>,
}

/// A parameter of SSM, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterDescription {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The current version.
    pub version: SecretVersion,
}
