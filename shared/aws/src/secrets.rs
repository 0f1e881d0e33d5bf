//! Whether secrets exist, and which version of each is current. Values stay where they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_ssm::types::ParameterStringFilter;
use serde::de::IgnoredAny;
use sluice_app::ports::{Secrets, Target};
use sluice_core::config::SecretSource;
use sluice_core::failure::PortError;
use sluice_core::id::SecretVersion;
use sluice_core::observation::{PinnedSecret, SecretProblem};
use zeroize::Zeroizing;

use crate::clients::Clients;
use crate::error::{incomplete, port_error};

/// The label of the version that an application gets if it does not ask for another.
const CURRENT: &str = "AWSCURRENT";

/// Secrets Manager and SSM Parameter Store.
///
/// **Secrets** are pinned by version id: a task that starts later, after a rotation or in a
/// rollback, gets the value that the plan saw. Those that rotate by themselves, or that a service
/// of
/// AWS's manages (RDS changes its master passwords every seven days), are not: their old versions
/// are
/// dead passwords, so that ECS reads the current one whenever a task starts. A secret that is
/// wanted whole is described, never
/// read. Only for the existence of a key in its JSON the value is read: the keys are looked at, the
/// values skipped, and the text is wiped before the answer is given. What the SDK and TLS had of it
/// in their buffers is freed, and not wiped.
///
/// **Parameters** cannot be pinned. ECS reads the latest value when a task starts; `valueFrom`
/// takes a parameter's name or ARN, documents no version, and refuses `NAME:VERSION` (containers
/// roadmap, 859). So the version goes into the plan and is compared when the plan is read again,
/// but a change after that reaches tasks that start later, and a rollback does not bring the old
/// value back. If that is needed, keep the value in Secrets Manager. Parameters are described,
/// never read.
#[derive(Clone, Debug)]
pub struct AwsSecrets {
    clients: Arc<Clients>,
}

/// What is wrong with a secret, in words without a value.
type Problem = String;

/// Where a task gets the value from.
struct Found {
    value_from: String,
    version: String,
    pinned: bool,
    rotates: bool,
}

impl AwsSecrets {
    /// Secrets, asked through these clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }

    /// `secretsmanager:DescribeSecret`, and for a key `secretsmanager:GetSecretValue`.
    async fn secret(
        &self,
        target: &Target,
        name: &str,
        key: Option<&str>,
    ) -> Result<Result<Found, Problem>, PortError> {
        let Some(secret) = self.describe(target, name).await? else {
            return Ok(Err(format!(
                "there is no secret `{name}` in {}",
                place(target)
            )));
        };
        if secret.deleted_date().is_some() {
            return Ok(Err(format!(
                "the secret `{name}` is being deleted: restore it"
            )));
        }
        let Some(version) = current(&secret) else {
            return Ok(Err(format!(
                "the secret `{name}` has no value yet: set one"
            )));
        };
        let arn = secret.arn().ok_or_else(|| {
            incomplete(
                "secretsmanager:DescribeSecret",
                &format!("the secret {name}"),
                "ARN",
            )
        })?;
        if let Some(key) = key
            && let Err(problem) = self.has_key(target, arn, version, name, key).await?
        {
            return Ok(Err(problem));
        }
        let rotates = rotates(&secret);
        // ECS's form: ARN, JSON key, stage, version id; what is left out is empty.
        let value_from = match key {
            _ if !rotates => format!("{arn}:{}::{version}", key.unwrap_or_default()),
            Some(key) => format!("{arn}:{key}::"),
            None => arn.to_owned(),
        };
        Ok(Ok(Found {
            value_from,
            version: version.to_owned(),
            pinned: !rotates,
            rotates,
        }))
    }

    async fn describe(
        &self,
        target: &Target,
        name: &str,
    ) -> Result<Option<DescribeSecretOutput>, PortError> {
        let clients = self.clients.of(target).await?;
        match clients
            .secrets_manager()
            .describe_secret()
            .secret_id(name)
            .send()
            .await
        {
            Ok(secret) => Ok(Some(secret)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                Ok(None)
            }
            Err(error) => {
                let on = format!("the secret {name}");
                Err(port_error("secretsmanager:DescribeSecret", &on, error))
            }
        }
    }

    async fn has_key(
        &self,
        target: &Target,
        arn: &str,
        version: &str,
        name: &str,
        key: &str,
    ) -> Result<Result<(), Problem>, PortError> {
        let clients = self.clients.of(target).await?;
        let request = clients.secrets_manager().get_secret_value();
        let answer = request.secret_id(arn).version_id(version).send().await;
        let answer = answer.map_err(|error| {
            let on = format!("the secret {name}");
            port_error("secretsmanager:GetSecretValue", &on, error)
        })?;
        let value = answer.secret_string.map(Zeroizing::new);
        let Some(value) = value else {
            return Ok(Err(format!(
                "the secret `{name}` is binary, so it has no key `{key}`"
            )));
        };
        Ok(match keys_hold(&value, key) {
            Some(true) => Ok(()),
            Some(false) => Err(format!("the secret `{name}` has no key `{key}`")),
            None => Err(format!(
                "the secret `{name}` is not a JSON object, so it has no key `{key}`"
            )),
        })
    }

    /// `ssm:DescribeParameters`: `GetParameter` would give the value.
    async fn parameter(
        &self,
        target: &Target,
        name: &str,
    ) -> Result<Result<Found, Problem>, PortError> {
        let on = format!("the parameter {name}");
        let failed = |why| PortError::permanent(format!("{on} cannot be asked for: {why}"));
        let filter = ParameterStringFilter::builder()
            .key("Name")
            .option("Equals")
            .values(name)
            .build()
            .map_err(failed)?;
        let clients = self.clients.of(target).await?;
        let request = clients
            .ssm()
            .describe_parameters()
            .parameter_filters(filter);
        // A page may be empty and have another behind it.
        let pages = request
            .into_paginator()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await;
        let pages = pages.map_err(|error| port_error("ssm:DescribeParameters", &on, error))?;
        let Some(parameter) = pages.iter().flat_map(|page| page.parameters()).next() else {
            return Ok(Err(format!(
                "there is no parameter `{name}` in {}",
                place(target)
            )));
        };
        Ok(Ok(Found {
            value_from: parameter.arn().unwrap_or(name).to_owned(),
            version: parameter.version().to_string(),
            pinned: false,
            rotates: false,
        }))
    }
}

#[async_trait]
impl Secrets for AwsSecrets {
    async fn pin(
        &self,
        target: &Target,
        variable: &str,
        source: &SecretSource,
    ) -> Result<Result<PinnedSecret, SecretProblem>, PortError> {
        let found = match source {
            SecretSource::SecretsManager { name, key } => {
                self.secret(target, name, key.as_deref()).await?
            }
            SecretSource::Parameter { name } => self.parameter(target, name).await?,
        };
        let variable = variable.to_owned();
        Ok(match found {
            Ok(found) => Ok(PinnedSecret {
                variable,
                value_from: found.value_from,
                version: SecretVersion::new(found.version),
                pinned: found.pinned,
                rotates: found.rotates,
            }),
            Err(problem) => Err(SecretProblem { variable, problem }),
        })
    }

    /// `secretsmanager:DescribeSecret` names the versions that carry a label. Of any other
    /// `secretsmanager:GetSecretValue` alone says whether it is still kept; the value is wiped.
    ///
    /// No version of a secret that rotates by now is there: kept or not, the password no longer
    /// works.
    async fn is_there(&self, target: &Target, pinned: &PinnedSecret) -> Result<bool, PortError> {
        let Some(arn) = secret_arn(&pinned.value_from) else {
            return Ok(false);
        };
        let Some(secret) = self.describe(target, arn).await? else {
            return Ok(false);
        };
        if secret.deleted_date().is_some() || rotates(&secret) {
            return Ok(false);
        }
        let version = pinned.version.as_str();
        let labelled = secret.version_ids_to_stages();
        if labelled.is_some_and(|versions| versions.contains_key(version)) {
            return Ok(true);
        }
        let clients = self.clients.of(target).await?;
        let request = clients.secrets_manager().get_secret_value();
        match request.secret_id(arn).version_id(version).send().await {
            Ok(answer) => {
                drop(answer.secret_string.map(Zeroizing::new));
                Ok(true)
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                Ok(false)
            }
            Err(error) => {
                let on = format!("version {version} of the secret {arn}");
                Err(port_error("secretsmanager:GetSecretValue", &on, error))
            }
        }
    }
}

/// The secret in ECS's `valueFrom`: the first seven parts of seven and three more.
fn secret_arn(value_from: &str) -> Option<&str> {
    let (end, _) = value_from.match_indices(':').nth(6)?;
    Some(&value_from[..end])
}

/// Whether its value changes without anyone who deploys: by rotation, or by the service of AWS's
/// that owns it.
fn rotates(secret: &DescribeSecretOutput) -> bool {
    secret.rotation_enabled() == Some(true) || secret.owning_service().is_some()
}

fn place(target: &Target) -> String {
    format!("account {}, region {}", target.account, target.region)
}

fn current(secret: &DescribeSecretOutput) -> Option<&str> {
    let versions = secret.version_ids_to_stages()?;
    let is_current = |stages: &[String]| stages.iter().any(|stage| stage == CURRENT);
    versions
        .iter()
        .find(|(_, stages)| is_current(stages))
        .map(|(version, _)| version.as_str())
}

/// Whether a JSON object has the key; `None` if the text is no JSON object. The parser's error is
/// dropped: it quotes what it stumbled over.
fn keys_hold(json: &str, key: &str) -> Option<bool> {
    let keys: BTreeMap<String, IgnoredAny> = serde_json::from_str(json).ok()?;
    Some(keys.contains_key(key))
}

#[cfg(test)]
mod tests;
