//! What stands before a service: its production listener rule, and the health check of its target
//! group.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::LoadBalancer;
use aws_sdk_elasticloadbalancingv2::types::{Rule, RuleCondition, TargetGroup};
use futures::try_join;
use sluice_core::failure::PortError;
use sluice_core::parity::{Front, Value};

use crate::clients::ClientSet;
use crate::error::{incomplete, port_error};

/// The front of a service with these load balancers; `None` where no target group is behind it. Of
/// several load balancers the first with a production listener rule counts, as for its traffic.
pub(crate) async fn read(
    clients: &ClientSet,
    load_balancers: &[LoadBalancer],
) -> Result<Option<Front>, PortError> {
    let production = |balancer: &LoadBalancer| {
        let advanced = balancer.advanced_configuration()?;
        advanced.production_listener_rule().map(str::to_owned)
    };
    let mut all = load_balancers.iter();
    let with_rule = all.find_map(|balancer| Some((balancer, production(balancer)?)));
    let (balancer, arn) = match (with_rule, load_balancers.first()) {
        (Some((balancer, arn)), _) => (balancer, Some(arn)),
        (None, Some(first)) => (first, None),
        (None, None) => return Ok(None),
    };
    let Some(group) = balancer.target_group_arn() else {
        return Ok(None);
    };
    // A listener in place of a rule has no conditions.
    let arn = arn.filter(|arn| arn.contains(":listener-rule/"));
    let (rule, group) = try_join!(rule(clients, arn), target_group(clients, group))?;
    Ok(Some(Front {
        rule: rule.as_ref().map(told).unwrap_or_default(),
        health_check: health_check(&group),
    }))
}

async fn rule(clients: &ClientSet, arn: Option<String>) -> Result<Option<Rule>, PortError> {
    const ACTION: &str = "elasticloadbalancing:DescribeRules";
    let Some(arn) = arn else {
        return Ok(None);
    };
    let answer = clients.elb().describe_rules().rule_arns(&arn).send().await;
    let answer = answer.map_err(|error| port_error(ACTION, &arn, error))?;
    let found = answer.rules.unwrap_or_default().pop();
    let found = found.ok_or_else(|| incomplete(ACTION, &arn, "rule"));
    found.map(Some)
}

async fn target_group(clients: &ClientSet, arn: &str) -> Result<TargetGroup, PortError> {
    const ACTION: &str = "elasticloadbalancing:DescribeTargetGroups";
    let answer = clients
        .elb()
        .describe_target_groups()
        .target_group_arns(arn)
        .send()
        .await
        .map_err(|error| port_error(ACTION, arn, error))?;
    let found = answer.target_groups.unwrap_or_default().pop();
    found.ok_or_else(|| incomplete(ACTION, arn, "target group"))
}

/// The conditions of a rule, and what it does with requests. Weights move with each deployment.
fn told(rule: &Rule) -> BTreeMap<String, Value> {
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for condition in rule.conditions() {
        let (name, mut values) = values(condition);
        told.entry(name).or_default().append(&mut values);
    }
    let actions = rule.actions().iter();
    let actions = actions.filter_map(|action| Some(action.r#type()?.as_str().to_owned()));
    told.insert("actions".to_owned(), actions.collect());
    told.into_iter()
        .map(|(name, values)| (name, Value::text(values.join(", "))))
        .collect()
}

/// A condition by its field, with the name of the header where it is about one. Old rules have their
/// values beside the configuration and not in it.
fn values(condition: &RuleCondition) -> (String, Vec<String>) {
    let field = condition.field().unwrap_or_default();
    let (name, own) = match field {
        "host-header" => (None, condition.host_header_config().map(|own| own.values())),
        "path-pattern" => (
            None,
            condition.path_pattern_config().map(|own| own.values()),
        ),
        "source-ip" => (None, condition.source_ip_config().map(|own| own.values())),
        "http-request-method" => {
            let own = condition.http_request_method_config();
            (None, own.map(|own| own.values()))
        }
        "http-header" => {
            let own = condition.http_header_config();
            let name = own.and_then(|own| own.http_header_name());
            (name, own.map(|own| own.values()))
        }
        _ => (None, None),
    };
    let mut values = match (own, condition.query_string_config()) {
        (Some(own), _) if !own.is_empty() => own.to_vec(),
        (_, Some(query)) => query
            .values()
            .iter()
            .map(|pair| {
                format!(
                    "{}={}",
                    pair.key().unwrap_or("*"),
                    pair.value().unwrap_or("")
                )
            })
            .collect(),
        _ => condition.values().to_vec(),
    };
    // Any of them is enough, in whatever order.
    values.sort();
    let name = name.map_or_else(|| field.to_owned(), |name| format!("{field} {name}"));
    (name, values)
}

fn health_check(group: &TargetGroup) -> BTreeMap<String, Value> {
    let seconds = |seconds: Option<i32>| seconds.map(|seconds| format!("{seconds} s"));
    let count = |count: Option<i32>| count.map(|count| count.to_string());
    let text = |text: Option<&str>| text.map(str::to_owned);
    let matcher = group.matcher();
    let codes = matcher.and_then(|one| one.http_code().or(one.grpc_code()));
    let protocol = group.health_check_protocol();
    let settings = [
        ("protocol", text(protocol.map(|one| one.as_str()))),
        ("path", text(group.health_check_path())),
        ("healthy codes", text(codes)),
        ("interval", seconds(group.health_check_interval_seconds())),
        ("timeout", seconds(group.health_check_timeout_seconds())),
        ("healthy after", count(group.healthy_threshold_count())),
        ("unhealthy after", count(group.unhealthy_threshold_count())),
    ];
    let settings = settings.into_iter();
    settings
        .filter_map(|(name, value)| Some((name.to_owned(), Value::text(value?))))
        .collect()
}
