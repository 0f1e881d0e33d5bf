//! The rules by which events reach Sluice.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_eventbridge::operation::describe_rule::DescribeRuleOutput;
use aws_sdk_eventbridge::types::{RuleState, Target};
use sluice_core::config::Config;
use sluice_core::id::AccountId;
use sluice_doctor::facts::{Delivered, Facts, Rule, Seen};
use sluice_doctor::{Delivery, deliveries, sample};
use sluice_words::doctor::NotSeen;

use super::Eyes;
use super::policy::lets;
use super::seen::{found, seen};
use crate::clients::ClientSet;

const DEFAULT_BUS: &str = "default";
const EVERY_MINUTE: &str = "rate(1 minute)";

/// A rule with the target that it was looked for by.
struct Found {
    rule: DescribeRuleOutput,
    target: Option<Target>,
}

pub(super) async fn read(eyes: &Eyes, configs: &[Config], facts: &mut Facts) {
    let mut known: BTreeMap<(String, String, String), Seen<Vec<Found>>> = BTreeMap::new();
    for delivery in deliveries(configs, &facts.registry()) {
        let rules = match place(eyes, facts, &delivery) {
            Err(why) => Err(why),
            Ok((clients, bus, target)) => {
                let key = (delivery.account.clone(), bus.clone(), target.clone());
                if !known.contains_key(&key) {
                    known.insert(key.clone(), by_target(&clients, &bus, &target).await);
                }
                tested(&clients, facts, &delivery, &known[&key]).await
            }
        };
        facts.deliveries.push(Delivered { delivery, rules });
    }
    facts.bus_takes = bus_takes(eyes, facts).await;
    facts.minute = minute(eyes.own(), facts).await;
}

/// Where the rules of a leg are, the bus, and the ARN of what they should have as a target.
fn place(eyes: &Eyes, facts: &Facts, delivery: &Delivery) -> Seen<(ClientSet, String, String)> {
    let arn = |service: &str, rest: &str| {
        let Facts {
            region, account, ..
        } = facts;
        format!(
            "arn:{}:{service}:{region}:{account}:{rest}",
            facts.partition()
        )
    };
    if delivery.forwarded {
        let clients = eyes.of(&AccountId::new(&delivery.account), eyes.region())?;
        let bus = arn("events", &format!("event-bus/{}", facts.stack));
        return Ok((clients, DEFAULT_BUS.to_owned(), bus));
    }
    let target = match delivery.event.function() {
        Some(name) => arn("lambda", &format!("function:{}-{name}", facts.stack)),
        None => match &facts.queue {
            Ok(Some(queue)) => queue.arn.clone(),
            Ok(None) => return Err(NotSeen::because("There is no queue to look for rules of.")),
            Err(why) => return Err(why.clone()),
        },
    };
    Ok((
        eyes.own.looking_in(eyes.region()),
        facts.stack.clone(),
        target,
    ))
}

async fn by_target(clients: &ClientSet, bus: &str, target: &str) -> Seen<Vec<Found>> {
    let call = clients
        .event_bridge()
        .list_rule_names_by_target()
        .target_arn(target)
        .event_bus_name(bus)
        .send();
    let on = format!("the rules of {target} on the bus {bus}");
    // Without the bus there is no rule on it.
    let missing = ["ResourceNotFoundException"];
    let names = found("events:ListRuleNamesByTarget", &on, &missing, call).await?;
    let mut rules = Vec::new();
    for name in names
        .and_then(|answer| answer.rule_names)
        .unwrap_or_default()
    {
        let call = clients
            .event_bridge()
            .describe_rule()
            .name(&name)
            .event_bus_name(bus)
            .send();
        let rule = seen("events:DescribeRule", &name, call).await?;
        let call = clients
            .event_bridge()
            .list_targets_by_rule()
            .rule(&name)
            .event_bus_name(bus)
            .send();
        let targets = seen("events:ListTargetsByRule", &name, call).await?;
        let targets = targets.targets.unwrap_or_default();
        let target = targets.into_iter().find(|one| one.arn == target);
        rules.push(Found { rule, target });
    }
    Ok(rules)
}

/// The rules, with EventBridge's own answer whether each takes the event.
async fn tested(
    clients: &ClientSet,
    facts: &Facts,
    delivery: &Delivery,
    rules: &Seen<Vec<Found>>,
) -> Seen<Vec<Rule>> {
    let event = sample(&delivery.event, &delivery.account, &facts.region).to_string();
    let mut told = Vec::new();
    for Found { rule, target } in rules.as_ref().map_err(Clone::clone)? {
        let name = rule.name.clone().unwrap_or_default();
        let takes = match &rule.event_pattern {
            None => false,
            Some(pattern) => {
                let call = clients
                    .event_bridge()
                    .test_event_pattern()
                    .event_pattern(pattern)
                    .event(&event)
                    .send();
                seen("events:TestEventPattern", &name, call).await?.result
            }
        };
        let letters = target
            .as_ref()
            .and_then(|target| target.dead_letter_config.as_ref());
        told.push(Rule {
            name,
            arn: rule.arn.clone().unwrap_or_default(),
            enabled: rule.state == Some(RuleState::Enabled),
            takes,
            dead_letters: letters.is_some_and(|letters| letters.arn.is_some()),
        });
    }
    Ok(told)
}

async fn bus_takes(eyes: &Eyes, facts: &Facts) -> Seen<BTreeMap<String, bool>> {
    let call = eyes
        .own()
        .event_bridge()
        .describe_event_bus()
        .name(&facts.stack)
        .send();
    let missing = ["ResourceNotFoundException"];
    let bus = found("events:DescribeEventBus", &facts.stack, &missing, call).await?;
    let policy = bus.and_then(|bus| bus.policy).unwrap_or_default();
    let accounts: BTreeSet<&String> = facts
        .deliveries
        .iter()
        .map(|one| &one.delivery.account)
        .collect();
    let each = accounts
        .into_iter()
        .map(|account| (account.clone(), lets(&policy, account, "events:PutEvents")));
    Ok(each.collect())
}

async fn minute(clients: &ClientSet, facts: &Facts) -> Seen<bool> {
    let function = match facts.functions.get("health-check") {
        Some(Ok(Some(function))) => &function.arn,
        Some(Err(why)) => return Err(why.clone()),
        _ => return Ok(false),
    };
    let rules = by_target(clients, DEFAULT_BUS, function).await?;
    Ok(rules.iter().any(|Found { rule, .. }| {
        rule.state == Some(RuleState::Enabled)
            && rule.schedule_expression.as_deref() == Some(EVERY_MINUTE)
    }))
}
