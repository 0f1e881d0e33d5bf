//! Load balancers: target groups, and where requests come in.

use aws_sdk_ecs::types::LoadBalancer;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, Listener, LoadBalancerSchemeEnum, ProtocolEnum, RuleCondition, TargetGroup as Group,
};
use sluice_draft::facts::{Balancer, Entrance, GroupFacts, Seen, TargetGroup};
use sluice_words::doctor::NotSeen;

use crate::clients::ClientSet;
use crate::doctor::seen::{found, seen};
use crate::elb::groups_of;

pub(super) async fn balancer(clients: &ClientSet, balancer: &LoadBalancer) -> Balancer {
    let advanced = balancer.advanced_configuration();
    let alternate = advanced.and_then(|one| one.alternate_target_group_arn());
    let mut groups = Vec::new();
    for arn in balancer.target_group_arn().into_iter().chain(alternate) {
        groups.push(TargetGroup {
            arn: arn.to_owned(),
            about: group(clients, arn).await,
        });
    }
    let production = advanced.and_then(|one| one.production_listener_rule());
    let test = advanced.and_then(|one| one.test_listener_rule());
    let found = match (production, groups.first()) {
        (None, Some(group)) => entrances(clients, group).await,
        _ => Ok(Vec::new()),
    };
    Balancer {
        container: balancer.container_name().unwrap_or_default().to_owned(),
        port: balancer.container_port().unwrap_or_default(),
        groups,
        has_role: advanced.and_then(|one| one.role_arn()).is_some(),
        production: named(clients, production).await,
        test: named(clients, test).await,
        found,
    }
}

async fn group(clients: &ClientSet, arn: &str) -> Seen<GroupFacts> {
    let call = clients
        .elb()
        .describe_target_groups()
        .target_group_arns(arn)
        .send();
    let answer = seen("elasticloadbalancing:DescribeTargetGroups", arn, call).await?;
    let group = answer.target_groups.unwrap_or_default().pop();
    let group = group.unwrap_or_else(|| Group::builder().build());
    Ok(GroupFacts {
        healthy_codes: group
            .matcher()
            .and_then(|one| one.http_code())
            .map(str::to_owned),
        health_path: group.health_check_path,
        vpc: group.vpc_id,
        balancers: group.load_balancer_arns.unwrap_or_default(),
    })
}

async fn named(clients: &ClientSet, arn: Option<&str>) -> Option<Seen<Entrance>> {
    let arn = arn?;
    Some(Box::pin(of_rule(clients, arn)).await)
}

/// The entrance of a rule, or of a listener in place of one.
async fn of_rule(clients: &ClientSet, arn: &str) -> Seen<Entrance> {
    let conditions = match arn.contains(":listener-rule/") {
        false => Vec::new(),
        true => {
            let call = clients.elb().describe_rules().rule_arns(arn).send();
            let missing = ["RuleNotFound", "RuleNotFoundException"];
            let there = found("elasticloadbalancing:DescribeRules", arn, &missing, call).await?;
            let rule = there.and_then(|answer| answer.rules.unwrap_or_default().pop());
            let rule = rule.ok_or_else(|| {
                NotSeen::because(format!("The listener rule {arn} does not exist."))
            })?;
            rule.conditions.unwrap_or_default()
        }
    };
    let listener = listener_of(arn);
    let call = clients
        .elb()
        .describe_listeners()
        .listener_arns(&listener)
        .send();
    let answer = seen("elasticloadbalancing:DescribeListeners", &listener, call).await?;
    let there = answer.listeners.unwrap_or_default().pop();
    let there = there
        .ok_or_else(|| NotSeen::because(format!("The listener {listener} does not exist.")))?;
    let (balancer, internal) =
        address(clients, there.load_balancer_arn().unwrap_or_default()).await?;
    Ok(entrance(&there, &conditions, &balancer, internal))
}

/// `arn:…:listener-rule/app/NAME/BALANCER/LISTENER/RULE` is a rule of
/// `arn:…:listener/app/NAME/BALANCER/LISTENER`.
fn listener_of(arn: &str) -> String {
    match (arn.split_once(":listener-rule/"), arn.rsplit_once('/')) {
        (Some(_), Some((before, _))) => before.replacen(":listener-rule/", ":listener/", 1),
        _ => arn.to_owned(),
    }
}

/// Every listener and rule that forwards to a target group.
async fn entrances(clients: &ClientSet, group: &TargetGroup) -> Seen<Vec<Entrance>> {
    let about = group.about.as_ref().map_err(Clone::clone)?;
    let mut entrances = Vec::new();
    for arn in &about.balancers {
        let call = clients
            .elb()
            .describe_listeners()
            .load_balancer_arn(arn)
            .send();
        let answer = seen("elasticloadbalancing:DescribeListeners", arn, call).await?;
        let mut rules: Vec<(Listener, Vec<RuleCondition>)> = Vec::new();
        for listener in answer.listeners.unwrap_or_default() {
            for conditions in forwarding(clients, &listener, &group.arn).await? {
                rules.push((listener.clone(), conditions));
            }
        }
        if rules.is_empty() {
            continue;
        }
        let (balancer, internal) = address(clients, arn).await?;
        let each = rules.iter();
        entrances
            .extend(each.map(|(one, conditions)| entrance(one, conditions, &balancer, internal)));
    }
    Ok(entrances)
}

/// The conditions of a listener's rules that forward to a target group.
async fn forwarding(
    clients: &ClientSet,
    listener: &Listener,
    group: &str,
) -> Seen<Vec<Vec<RuleCondition>>> {
    // A network load balancer has listeners without rules.
    let has_rules = matches!(
        listener.protocol(),
        Some(ProtocolEnum::Http | ProtocolEnum::Https)
    );
    if !has_rules {
        let is_ours = forwards(listener.default_actions(), group);
        return Ok(if is_ours {
            vec![Vec::new()]
        } else {
            Vec::new()
        });
    }
    let arn = listener.listener_arn().unwrap_or_default();
    let call = clients.elb().describe_rules().listener_arn(arn).send();
    let answer = seen("elasticloadbalancing:DescribeRules", arn, call).await?;
    let rules = answer.rules.unwrap_or_default();
    let forwarding = rules
        .into_iter()
        .filter(|rule| forwards(rule.actions(), group));
    Ok(forwarding
        .map(|rule| rule.conditions.unwrap_or_default())
        .collect())
}

fn forwards(actions: &[Action], group: &str) -> bool {
    actions
        .iter()
        .any(|action| groups_of(action).contains_key(group))
}

/// The DNS name of a load balancer, and whether it is internal.
async fn address(clients: &ClientSet, arn: &str) -> Seen<(String, bool)> {
    let call = clients
        .elb()
        .describe_load_balancers()
        .load_balancer_arns(arn)
        .send();
    let answer = seen("elasticloadbalancing:DescribeLoadBalancers", arn, call).await?;
    let there = answer.load_balancers.unwrap_or_default().pop();
    let there = there
        .ok_or_else(|| NotSeen::because(format!("The load balancer {arn} does not exist.")))?;
    let internal = there.scheme() == Some(&LoadBalancerSchemeEnum::Internal);
    Ok((there.dns_name.unwrap_or_default(), internal))
}

fn entrance(
    listener: &Listener,
    conditions: &[RuleCondition],
    balancer: &str,
    internal: bool,
) -> Entrance {
    // Old rules have their values beside the configuration and not in it.
    let values = |field: &str| -> Vec<String> {
        let of_field = conditions.iter().filter(|one| one.field() == Some(field));
        let values = of_field.flat_map(|one| {
            let own = match field {
                "host-header" => one.host_header_config().map(|own| own.values()),
                _ => one.path_pattern_config().map(|own| own.values()),
            };
            own.filter(|own| !own.is_empty())
                .unwrap_or(one.values())
                .to_vec()
        });
        values.collect()
    };
    Entrance {
        secure: matches!(
            listener.protocol(),
            Some(ProtocolEnum::Https | ProtocolEnum::Tls)
        ),
        port: listener.port().unwrap_or_default(),
        hosts: values("host-header"),
        paths: values("path-pattern"),
        balancer: balancer.to_owned(),
        internal,
    }
}
