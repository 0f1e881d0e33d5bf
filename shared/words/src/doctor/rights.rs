//! What roles allow.

use std::collections::BTreeMap;

use super::Finding;

/// A role that lacks rights: actions, by their resource and whether a policy denies them.
pub fn lacks(role: &str, refused: &BTreeMap<(String, bool), Vec<String>>) -> Finding {
    let each = refused.iter().map(|((resource, denied), actions)| {
        let how = if *denied { "denies" } else { "does not allow" };
        format!("{how} {} on {resource}", actions.join(", "))
    });
    let each: Vec<String> = each.collect();
    Finding::new(
        format!("The role {role} {}.", each.join("; it ")),
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
