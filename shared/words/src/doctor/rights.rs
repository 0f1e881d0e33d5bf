//! What roles allow.

use super::Finding;

/// A role that lacks rights.
pub fn lacks(role: &str, actions: &[String], resource: &str, explicit: bool) -> Finding {
    let actions = actions.join(", ");
    let how = if explicit { "denies" } else { "does not allow" };
    Finding::new(
        format!("The role {role} {how} {actions} on {resource}."),
        "Sluice is refused when it needs it, in the middle of a deployment if need be.",
        "Deploy the stack that created the role again: infra/deploy sluice … or infra/deploy \
         environment …; its parameters name what the role may use.",
    )
}

/// A role that does not exist.
pub fn no_role(role: &str, environment: &str) -> Finding {
    Finding::new(
        format!("The role {role} of {environment} does not exist."),
        "Sluice cannot read or change anything there.",
        "infra/deploy environment \"$BUCKET\" --stack-name … --parameter-overrides RoleName=… \
         (docs/install.md, step 3)",
    )
}

/// A role that Sluice may not assume.
pub fn no_trust(stack: &str, role: &str, missing: &str) -> Finding {
    Finding::new(
        format!("The trust policy of the role {role} does not name {missing}."),
        "Sluice cannot assume the role: nothing is read or changed there.",
        format!(
            "infra/deploy environment \"$BUCKET\" --stack-name … --parameter-overrides \
             Sluice={stack} SluiceAccount=…"
        ),
    )
}
