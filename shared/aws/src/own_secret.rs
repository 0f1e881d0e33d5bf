//! Sluice's own secrets: what its functions need before they can begin.

use secrecy::SecretString;
use sluice_core::failure::PortError;

use crate::clients::Clients;
use crate::error::port_error;

/// The value of a secret of Sluice's own, such as the Slack app's bot token.
///
/// # Errors
/// It cannot be read, or holds bytes instead of text.
pub async fn own_secret(clients: &Clients, arn: &str) -> Result<SecretString, PortError> {
    let request = clients
        .own()
        .secrets_manager()
        .get_secret_value()
        .secret_id(arn);
    let answer = request
        .send()
        .await
        .map_err(|error| port_error("secretsmanager:GetSecretValue", arn, error))?;
    // A newline at the end comes from the shell that the value was piped through.
    let value = answer
        .secret_string()
        .map(str::trim)
        .filter(|value| !value.is_empty());
    value.map(SecretString::from).ok_or_else(|| {
        PortError::needs_person(format!(
            "the secret {arn} has no text: store the value itself, not JSON around it"
        ))
    })
}
