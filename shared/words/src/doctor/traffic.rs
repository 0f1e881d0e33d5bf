//! Load balancers: what a shift of traffic needs.

use super::Finding;

/// A service that cannot shift traffic.
pub fn no_shift(service: &str, missing: &[&str]) -> Finding {
    Finding::new(
        format!(
            "{service} lacks what a shift of traffic needs: {}.",
            missing.join(", ")
        ),
        "sluice.toml deploys it blue-green, canary or linear, and ECS refuses that.",
        "docs/existing-service.md, steps 1 to 5, has the commands.",
    )
}

/// A rule that does not forward to both.
pub fn rule_lacks_group(rule: &str, group: &str, use_of_rule: &str) -> Finding {
    Finding::new(
        format!(
            "The {use_of_rule} listener rule does not forward to the target group {group}: {rule}"
        ),
        "ECS shifts traffic by this rule's weights, and must find the service's two target groups \
         on it.",
        format!(
            "aws elbv2 modify-rule --rule-arn {rule} --actions … (docs/existing-service.md, step 2)"
        ),
    )
}

/// A rule that does not exist.
pub fn no_rule(rule: &str, use_of_rule: &str) -> Finding {
    Finding::new(
        format!("The {use_of_rule} listener rule of the service does not exist: {rule}"),
        "ECS refuses to shift traffic.",
        "docs/existing-service.md, steps 2, 3 and 5, has the commands.",
    )
}

/// Traffic in two places with no deployment in progress.
pub fn split(rule: &str, weights: &str) -> Finding {
    Finding::new(
        format!("The production listener rule splits the traffic: {weights}."),
        "No deployment is in progress, so someone or something changed the weights. Some users \
         reach another version, or nothing. Sluice does not deploy over it.",
        format!(
            "aws elbv2 modify-rule --rule-arn {rule} --actions … with 100 for the group that has \
             the healthy targets, and 0 for the other"
        ),
    )
}

/// A health check on another path.
pub fn other_health_path(group: &str, arn: &str, is: &str, live: &str, ready: &str) -> Finding {
    Finding::new(
        format!(
            "The target group {group} checks {is}; sluice.toml has live = {live} and ready = {ready}."
        ),
        "The load balancer and Sluice judge health differently: targets may be healthy to one of \
         them alone, and a deployment then fails or passes by mistake.",
        format!(
            "aws elbv2 modify-target-group --target-group-arn {arn} --health-check-path {ready} \
             # or correct `live` or `ready` in sluice.toml"
        ),
    )
}
