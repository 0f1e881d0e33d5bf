//! Secrets and parameters of the application.

use std::collections::BTreeMap;

use super::Finding;

/// A secret that is not there.
pub fn no_secret(name: &str, variable: &str) -> Finding {
    Finding::new(
        format!("The secret {name} of {variable} does not exist."),
        "Planning fails: tasks could not start without it.",
        format!("aws secretsmanager create-secret --name {name} --secret-string '…'"),
    )
}

/// A secret that is about to go.
pub fn deleted(name: &str) -> Finding {
    Finding::new(
        format!("The secret {name} is scheduled for deletion."),
        "Tasks that start after it fail, also those of the running version.",
        format!("aws secretsmanager restore-secret --secret-id {name}"),
    )
}

/// A secret without a value.
pub fn empty(name: &str) -> Finding {
    Finding::new(
        format!("The secret {name} has no value."),
        "Tasks that need it do not start.",
        format!("aws secretsmanager put-secret-value --secret-id {name} --secret-string '…'"),
    )
}

/// A secret that rotates.
pub fn rotates(name: &str) -> Finding {
    Finding::new(
        format!("The secret {name} rotates automatically."),
        "Sluice pins the version of each secret in the task definition. After a rotation the tasks \
         that ECS starts still get the old value; after the second one they do not start.",
        "Deploy after each rotation (deploy the running version again), or let the application \
         read this secret itself and take it out of sluice.toml.",
    )
}

/// A parameter that is not there.
pub fn no_parameter(name: &str, variable: &str) -> Finding {
    Finding::new(
        format!("The parameter {name} of {variable} does not exist."),
        "Planning fails: tasks could not start without it.",
        format!("aws ssm put-parameter --name {name} --type SecureString --value '…'"),
    )
}

/// An execution role that may not read them: actions, by their resource and whether a policy denies
/// them.
pub fn unreadable(
    role: &str,
    service: &str,
    refused: &BTreeMap<(String, bool), Vec<String>>,
) -> Finding {
    let each = refused.iter().map(|((resource, denied), actions)| {
        let how = if *denied { "denies" } else { "does not allow" };
        format!("{how} {} on {resource}", actions.join(", "))
    });
    let each: Vec<String> = each.collect();
    let allow = refused.iter().map(|((resource, _), actions)| {
        let actions: Vec<String> = actions
            .iter()
            .map(|action| format!("\"{action}\""))
            .collect();
        let actions = actions.join(",");
        format!("{{\"Effect\":\"Allow\",\"Action\":[{actions}],\"Resource\":\"{resource}\"}}")
    });
    let allow: Vec<String> = allow.collect();
    Finding::new(
        format!(
            "The execution role {role} of {service} {}.",
            each.join("; it ")
        ),
        "ECS reads secrets with it: a task of the new version does not start.",
        format!(
            "aws iam put-role-policy --role-name {role} --policy-name sluice-secrets \
             --policy-document '{{\"Version\":\"2012-10-17\",\"Statement\":[{}]}}'",
            allow.join(",")
        ),
    )
}

/// A service without an execution role.
pub fn no_execution_role(service: &str) -> Finding {
    Finding::new(
        format!("The task definition of {service} has no execution role."),
        "ECS can read no secrets for it: a task of the new version does not start.",
        "Give the task definition an `executionRoleArn`.",
    )
}
