//! Secrets Manager and SSM Parameter Store. Values never leave this file through a port.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_core::config::SecretSource;
use sluice_core::id::{AccountId, Region, SecretVersion};
use sluice_core::observation::{PinnedSecret, SecretProblem};

use super::Cloud;
use super::api::{ParameterDescription, SecretDescription};
use super::place::Place;

/// What a secret holds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    Json(BTreeMap<String, String>),
}

impl Value {
    /// As Secrets Manager gives it.
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Json(keys) => serde_json::json!(keys).to_string(),
        }
    }
}

#[derive(Debug)]
struct Secret {
    place: Arc<Place>,
    source_is_parameter: bool,
    name: String,
    arn: String,
    value: Value,
    version: SecretVersion,
    /// Versions from before, which Secrets Manager keeps for a while.
    older: Vec<(SecretVersion, Value)>,
    rotations: u32,
    /// Whether RDS manages it.
    managed: bool,
}

/// Every secret of every account.
#[derive(Debug, Default)]
pub(super) struct Vault(Vec<Secret>);

impl Vault {
    fn find(&self, place: &Place, source: &SecretSource) -> Option<usize> {
        let (wanted, is_parameter) = match source {
            SecretSource::SecretsManager { name, .. } => (name, false),
            SecretSource::Parameter { name } => (name, true),
        };
        self.0.iter().position(|secret| {
            *secret.place == *place
                && secret.source_is_parameter == is_parameter
                && (secret.name == *wanted || secret.arn == *wanted)
        })
    }
}

impl Vault {
    pub(super) fn manage(&mut self, name: &str) {
        for secret in self.0.iter_mut().filter(|secret| secret.name == name) {
            secret.managed = true;
        }
    }

    /// Whether it names a version of a password that is neither the current one nor the one before.
    pub(super) fn is_dead(&self, value_from: &str) -> bool {
        let named = |secret: &&Secret| secret.managed && value_from.starts_with(&secret.arn);
        let Some(secret) = self.0.iter().find(named) else {
            return false;
        };
        let version = value_from.rsplit(':').next().unwrap_or_default();
        let before = secret.older.last().map(|(version, _)| version);
        let lives = [Some(&secret.version), before];
        let is_named = value_from.len() > secret.arn.len() && !version.is_empty();
        is_named && !lives.contains(&Some(&SecretVersion::new(version)))
    }
}

/// A value that nobody writes by chance, so that finding it anywhere proves a leak.
fn value_of(name: &str, key: &str, rotation: u32) -> String {
    format!("hunter2-{name}-{key}-{rotation}")
}

impl Cloud {
    /// Every value of every secret, to look for where none may be.
    pub fn secret_values(&self) -> Vec<&str> {
        let mut values = Vec::new();
        for secret in &self.vault.0 {
            let older = secret.older.iter().map(|(_, value)| value);
            for value in std::iter::once(&secret.value).chain(older) {
                match value {
                    Value::Text(text) => values.push(text.as_str()),
                    Value::Json(keys) => values.extend(keys.values().map(String::as_str)),
                }
            }
        }
        values
    }

    /// Makes the secret be there with the key it names; one that is there gets the key besides.
    pub(super) fn furnish_secret(&mut self, place: &Arc<Place>, source: &SecretSource) {
        let at = match self.vault.find(place, source) {
            Some(at) => at,
            None => self.create_secret(place, source),
        };
        let secret = &mut self.vault.0[at];
        if let (SecretSource::SecretsManager { key: Some(key), .. }, Value::Json(keys)) =
            (source, &mut secret.value)
        {
            let value = value_of(&secret.name, key, 0);
            keys.insert(key.clone(), value);
        }
    }

    /// Puts a secret of this value into Secrets Manager of a place; its ARN.
    pub fn put_secret(
        &mut self,
        account: &AccountId,
        region: &Region,
        name: &str,
        value: &str,
    ) -> String {
        let place = self.ensure_place(account, region);
        let source = SecretSource::SecretsManager {
            name: name.to_owned(),
            key: None,
        };
        let at = match self.vault.find(&place, &source) {
            Some(at) => at,
            None => self.create_secret(&place, &source),
        };
        self.vault.0[at].value = Value::Text(value.to_owned());
        self.vault.0[at].arn.clone()
    }

    fn create_secret(&mut self, place: &Arc<Place>, source: &SecretSource) -> usize {
        let (name, arn, value, version) = match source {
            SecretSource::SecretsManager { name, key } => {
                let value = match key {
                    Some(_) => Value::Json(BTreeMap::new()),
                    None => Value::Text(value_of(name, "", 0)),
                };
                // Secrets Manager ends every ARN with six characters of its own.
                let suffix = &self.ids.hex()[..6];
                let arn = place.arn("secretsmanager", format!("secret:{name}-{suffix}"));
                (name, arn, value, SecretVersion::new(self.ids.hex()))
            }
            SecretSource::Parameter { name } => {
                let arn = place.arn("ssm", format!("parameter/{}", name.trim_start_matches('/')));
                (
                    name,
                    arn,
                    Value::Text(value_of(name, "", 0)),
                    SecretVersion::new("1"),
                )
            }
        };
        self.vault.0.push(Secret {
            place: place.clone(),
            source_is_parameter: matches!(source, SecretSource::Parameter { .. }),
            name: name.clone(),
            arn,
            value,
            version,
            older: Vec::new(),
            rotations: 0,
            managed: false,
        });
        self.vault.0.len() - 1
    }

    /// Rotates a secret, in every account that has one of that name: new values, a new version.
    pub fn rotate_secret(&mut self, name: &str) {
        for secret in self.vault.0.iter_mut().filter(|secret| secret.name == name) {
            secret.rotations += 1;
            let before = (secret.version.clone(), secret.value.clone());
            secret.older.push(before);
            secret.version = if secret.source_is_parameter {
                SecretVersion::new((secret.rotations + 1).to_string())
            } else {
                SecretVersion::new(self.ids.hex())
            };
            match &mut secret.value {
                Value::Text(text) => *text = value_of(name, "", secret.rotations),
                Value::Json(keys) => {
                    for (key, value) in keys {
                        *value = value_of(name, key, secret.rotations);
                    }
                }
            }
        }
    }

    /// Secrets Manager removes the versions from before a rotation, as it may at any time.
    pub fn forget_secret_versions(&mut self, name: &str) {
        for secret in self.vault.0.iter_mut().filter(|secret| secret.name == name) {
            secret.older.clear();
        }
    }

    /// GetSecretValue of a version, of which only its existence is passed on.
    pub(super) fn has_version(&self, place: &Place, pinned: &PinnedSecret) -> bool {
        self.vault.0.iter().any(|secret| {
            *secret.place == *place
                && pinned.value_from.starts_with(&secret.arn)
                && (secret.version == pinned.version
                    || secret
                        .older
                        .iter()
                        .any(|(older, _)| *older == pinned.version))
        })
    }

    /// Removes a secret, in every account that has one of that name.
    pub fn delete_secret(&mut self, name: &str) {
        self.vault.0.retain(|secret| secret.name != name);
    }

    /// Removes one key of a secret's JSON, in every account that has one of that name.
    pub fn delete_secret_key(&mut self, name: &str, key: &str) {
        for secret in self.vault.0.iter_mut().filter(|secret| secret.name == name) {
            if let Value::Json(keys) = &mut secret.value {
                keys.remove(key);
            }
        }
    }

    /// GetSecretValue or GetParameter, of which only the version is passed on.
    pub(super) fn pin_secret(
        &self,
        place: &Place,
        variable: &str,
        source: &SecretSource,
    ) -> Result<PinnedSecret, SecretProblem> {
        let refuse = |problem: String| SecretProblem {
            variable: variable.to_owned(),
            problem,
        };
        let Some(at) = self.vault.find(place, source) else {
            return Err(refuse(match source {
                SecretSource::SecretsManager { name, .. } => format!("there is no secret `{name}`"),
                SecretSource::Parameter { name } => format!("there is no parameter `{name}`"),
            }));
        };
        let secret = &self.vault.0[at];
        let value_from = match (source, &secret.value) {
            // ECS refuses a version behind a parameter's name.
            (SecretSource::Parameter { .. }, _) => secret.arn.clone(),
            (
                SecretSource::SecretsManager {
                    key: Some(key),
                    name,
                },
                Value::Text(_),
            ) => {
                return Err(refuse(format!(
                    "the secret `{name}` is not a JSON object, so it has no key `{key}`"
                )));
            }
            (
                SecretSource::SecretsManager {
                    key: Some(key),
                    name,
                },
                Value::Json(keys),
            ) if !keys.contains_key(key) => {
                return Err(refuse(format!("the secret `{name}` has no key `{key}`")));
            }
            (SecretSource::SecretsManager { key, .. }, _) => {
                let key = key.as_deref().unwrap_or_default();
                // A version of what rotates would be dead one day.
                let version = (!secret.managed).then(|| secret.version.as_str());
                format!("{}:{key}::{}", secret.arn, version.unwrap_or_default())
            }
        };
        let version = secret.version.clone();
        Ok(PinnedSecret {
            variable: variable.to_owned(),
            value_from,
            version,
            pinned: !secret.source_is_parameter && !secret.managed,
            rotates: secret.managed,
        })
    }
}

impl Cloud {
    /// The secret by name or ARN, with its value: for GetSecretValue over the wire.
    pub fn secret_in(&self, place: &Place, id: &str) -> Option<SecretDescription> {
        let secret = self.vault.0.iter().find(|secret| {
            *secret.place == *place
                && !secret.source_is_parameter
                && (secret.name == id || secret.arn == id)
        })?;
        Some(SecretDescription {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            version: secret.version.clone(),
            value: secret.value.text(),
            managed: secret.managed,
            older: secret
                .older
                .iter()
                .map(|(version, value)| (version.clone(), value.text()))
                .collect(),
        })
    }

    /// Every parameter of the place.
    pub fn parameters_in(&self, place: &Place) -> Vec<ParameterDescription> {
        let there = |secret: &&Secret| *secret.place == *place && secret.source_is_parameter;
        let describe = |secret: &Secret| ParameterDescription {
            arn: secret.arn.clone(),
            name: secret.name.clone(),
            version: secret.version.clone(),
        };
        self.vault.0.iter().filter(there).map(describe).collect()
    }
}
