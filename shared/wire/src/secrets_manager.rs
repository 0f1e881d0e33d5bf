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
            let mut told = json!({
                "ARN": secret.arn,
                "Name": secret.name,
                "VersionIdsToStages": {secret.version.as_str(): [CURRENT]},
                "RotationEnabled": secret.managed,
                "Tags": [],
            });
            if secret.managed {
                told["OwningService"] = json!("rds");
            }
            Ok(told)
        }
        "GetSecretValue" => {
            let secret = find(cloud, caller, input)?;
            let version = input["VersionId"].as_str();
            let is_current = version.is_none_or(|version| version == secret.version.as_str());
            if input["VersionStage"]
                .as_str()
                .is_some_and(|stage| stage != CURRENT || !is_current)
            {
                return Err(not_found("secret value for the version"));
            }
            let mut older = secret.older.iter();
            let older = older.find(|(older, _)| Some(older.as_str()) == version);
            let (version, value, stages) = match older {
                _ if is_current => (&secret.version, &secret.value, vec![CURRENT]),
                Some((version, value)) => (version, value, Vec::new()),
                None => return Err(not_found("secret value for the version")),
            };
            Ok(json!({
                "ARN": secret.arn,
                "Name": secret.name,
                "VersionId": version,
                "SecretString": value,
                "VersionStages": stages,
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
