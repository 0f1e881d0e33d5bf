//! What a shift of traffic needs of the load balancer.

use sluice_core::config::Service as Own;
use sluice_words::doctor::{Check, Finding, traffic as words};

use crate::facts::{Balancer, ListenerRule, Service};
use crate::sheet::Sheet;

pub(crate) fn examine(own: &Own, name: &str, service: &Service, sheet: &mut Sheet) {
    // ECS shifts them together; Sluice looks at the first with a rule.
    let with_rule = service
        .balancers
        .iter()
        .find(|one| one.production.is_some());
    let balancer = with_rule.or_else(|| service.balancers.first());
    sheet.check(Check::TargetGroups, name, &Ok(balancer), |balancer| {
        let missing = lacks(*balancer);
        (!missing.is_empty()).then(|| words::no_shift(name, &missing))
    });
    if let Some(balancer) = balancer {
        if let Some(rule) = &balancer.production {
            on_rule(
                Check::ListenerRule,
                "production",
                balancer,
                rule,
                name,
                sheet,
            );
            weights(rule, service, name, sheet);
        }
        if let Some(rule) = &balancer.test {
            on_rule(Check::TestListener, "test", balancer, rule, name, sheet);
        }
    }
    health_paths(own, service, sheet);
}

fn lacks(balancer: Option<&Balancer>) -> Vec<&'static str> {
    let Some(balancer) = balancer else {
        return vec!["a load balancer"];
    };
    let needed = [
        (balancer.groups.len() >= 2, "a second target group"),
        (balancer.production.is_some(), "a production listener rule"),
        (balancer.test.is_some(), "a test listener rule"),
        (balancer.has_role, "a role for the load balancer"),
    ];
    let missing = needed.into_iter().filter(|(there, _)| !there);
    missing.map(|(_, what)| what).collect()
}

fn on_rule(
    check: Check,
    used_for: &str,
    balancer: &Balancer,
    rule: &ListenerRule,
    name: &str,
    sheet: &mut Sheet,
) {
    sheet.check(check, name, &rule.weights, |weights| {
        let Some(weights) = weights else {
            return Some(words::no_rule(&rule.arn, used_for));
        };
        // The test rule needs only the group that green gets; ECS sets its weights itself.
        let missing = balancer
            .groups
            .iter()
            .find(|group| !weights.contains_key(&group.arn));
        let has_one = balancer
            .groups
            .iter()
            .any(|group| weights.contains_key(&group.arn));
        match (check, missing) {
            (Check::TestListener, Some(_)) if has_one => None,
            (_, Some(group)) => Some(words::rule_lacks_group(
                &rule.arn,
                group_name(&group.arn),
                used_for,
            )),
            (_, None) => None,
        }
    });
}

fn weights(rule: &ListenerRule, service: &Service, name: &str, sheet: &mut Sheet) {
    // A rule that is not there is told already.
    if matches!(rule.weights, Ok(None)) {
        return;
    }
    // During a deployment ECS splits it on purpose.
    let deploying = match (&service.deploying, &rule.weights) {
        (Err(not_seen), _) | (_, Err(not_seen)) => Err(not_seen.clone()),
        (Ok(deploying), Ok(_)) => Ok(*deploying),
    };
    sheet.check(Check::Weights, name, &deploying, |deploying| {
        let weights = rule.weights.as_ref().ok()?.as_ref()?;
        let with_traffic = weights.values().filter(|weight| **weight > 0).count();
        (with_traffic > 1 && !deploying).then(|| words::split(&rule.arn, &said(weights)))
    });
}

fn said(weights: &std::collections::BTreeMap<String, u32>) -> String {
    let each = weights
        .iter()
        .map(|(arn, weight)| format!("{} {weight}", group_name(arn)));
    each.collect::<Vec<_>>().join(", ")
}

/// Each target group's health check, against the paths of `sluice.toml`.
pub(crate) fn health_paths(own: &Own, service: &Service, sheet: &mut Sheet) {
    let Some(health) = &own.health else { return };
    for group in service.balancers.iter().flat_map(|one| &one.groups) {
        let name = group_name(&group.arn);
        sheet.check(Check::HealthPath, name, &group.health_path, |path| {
            let path = path.as_deref()?;
            other_path(name, &group.arn, path, &health.live, &health.ready)
        });
    }
}

fn other_path(name: &str, arn: &str, path: &str, live: &str, ready: &str) -> Option<Finding> {
    let is_other = ![live, ready].contains(&path);
    is_other.then(|| words::other_health_path(name, arn, path, live, ready))
}

/// The name in `arn:…:targetgroup/NAME/ID`.
fn group_name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}
