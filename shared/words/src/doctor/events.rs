//! What reaches Sluice by EventBridge.

use super::Finding;

/// No rule takes the event to where Sluice expects it.
pub fn no_rule(stack: &str, event: &str, bus: &str, target: &str) -> Finding {
    Finding::new(
        format!("No rule on the bus {bus} takes the event \"{event}\" to {target}."),
        "Sluice does not learn of it: nothing is deployed, or only when health-check looks.",
        format!(
            "infra/deploy sluice \"$BUCKET\" --stack-name {stack} --parameter-overrides … with this \
             repository in Repositories, and this account in EnvironmentAccounts"
        ),
    )
}

/// A rule that is disabled.
pub fn rule_disabled(rule: &str, bus: &str, event: &str) -> Finding {
    Finding::new(
        format!("The rule {rule} for the event \"{event}\" is disabled."),
        "Sluice does not learn of it.",
        format!("aws events enable-rule --event-bus-name {bus} --name {rule}"),
    )
}

/// A target without a dead-letter queue.
pub fn no_dead_letters(stack: &str, rule: &str, bus: &str) -> Finding {
    Finding::new(
        format!("The target of the rule {rule} on the bus {bus} has no dead-letter queue."),
        "An event that EventBridge cannot deliver is lost without a trace.",
        format!("infra/deploy sluice \"$BUCKET\" --stack-name {stack}"),
    )
}

/// A function that EventBridge may not call.
pub fn not_permitted(rule_arn: &str, function: &str) -> Finding {
    let name = rule_arn.rsplit('/').next().unwrap_or(rule_arn);
    Finding::new(
        format!("{function} has no permission for the rule {name}."),
        "EventBridge may not call the function: the event ends in the dead letters.",
        format!(
            "aws lambda add-permission --function-name {function} --statement-id {name} --action \
             lambda:InvokeFunction --principal events.amazonaws.com --source-arn {rule_arn}"
        ),
    )
}

/// A queue that EventBridge may not write to.
pub fn queue_not_permitted(stack: &str, rule: &str, queue: &str) -> Finding {
    Finding::new(
        format!("The policy of the queue {queue} does not name the rule {rule}."),
        "EventBridge may not put the event into it: deployments continue only when health-check \
         looks, once a minute.",
        format!("infra/deploy sluice \"$BUCKET\" --stack-name {stack}"),
    )
}

/// An account whose events are not forwarded.
pub fn not_forwarded(stack: &str, event: &str, account: &str, own: bool) -> Finding {
    let template = if own { "sluice" } else { "environment" };
    let more = if own {
        ""
    } else {
        " --parameter-overrides AccountWide=yes …"
    };
    Finding::new(
        format!("Account {account} does not forward the event \"{event}\" to Sluice's bus."),
        "Sluice does not learn of it: nothing is deployed, or only when health-check looks.",
        format!("infra/deploy {template} \"$BUCKET\" --stack-name {stack}{more}"),
    )
}

/// An account that the bus does not take events from.
pub fn bus_refuses(stack: &str, bus: &str, account: &str) -> Finding {
    Finding::new(
        format!("The policy of the bus {bus} does not let account {account} put events."),
        "What that account forwards is refused. Add the account to EnvironmentAccounts.",
        format!(
            "infra/deploy sluice \"$BUCKET\" --stack-name {stack} --parameter-overrides \
             EnvironmentAccounts=…,{account}"
        ),
    )
}

/// Nothing calls `health-check`.
pub fn no_minute(stack: &str, function: &str) -> Finding {
    Finding::new(
        format!("No enabled rule calls {function} every minute."),
        "Deadlines do not pass, health is not measured, and a lost wake-up stops its deployment.",
        format!("infra/deploy sluice \"$BUCKET\" --stack-name {stack}"),
    )
}
