//! Secrets Manager.

use serde_json::{Value, json};
use sluice_sim::cloud::{Cloud, SecretDescription};

use crate::caller::Caller;
use crate::json::{require, seconds};
use crate::refusal::Refusal;

const CURRENT: &str = "AWSCURRENT";

pub(crate) fn answer(
    cloud: &Cloud,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    match operation {
        "DescribeSecret" => {
            let secret = find(cloud, caller, input)?;
            Ok(json!({
                "ARN": secret.arn,
                "Name": secret.name,
                "VersionIdsToStages": {secret.version.as_str(): [CURRENT]},
                "RotationEnabled": false,
                "Tags": [],
            }))
        }
        "GetSecretValue" => {
            let secret = find(cloud, caller, input)?;
            let version = input["VersionId"].as_str();
            let stage = input["VersionStage"].as_str();
            if version.is_some_and(|version| version != secret.version.as_str())
                || stage.is_some_and(|stage| stage != CURRENT)
            {
                return Err(not_found("secret value for the version"));
            }
            Ok(json!({
                "ARN": secret.arn,
                "Name": secret.name,
                "VersionId": secret.version,
                "SecretString": secret.value,
                "VersionStages": [CURRENT],
                "CreatedDate": seconds(cloud.now()),
            }))
        }
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

fn find(cloud: &Cloud, caller: &Caller, input: &Value) -> Result<SecretDescription, Refusal> {
    let place = caller.place(cloud)?;
    let secret = cloud.secret_in(&place, require(input, "SecretId")?);
    secret.ok_or_else(|| not_found("secret"))
}

fn not_found(what: &str) -> Refusal {
    Refusal::new(
        "ResourceNotFoundException",
        format!("Secrets Manager can't find the specified {what}."),
    )
}
