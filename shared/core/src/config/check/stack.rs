//! The stack of an environment, and what becomes of a plan by what it replaces or removes.

use std::collections::BTreeMap;

use super::migration::nobody_is_asked;
use super::variables::{holds_password, names_secret, words_of};
use crate::config::reader::{At, Field};
use crate::config::report::Report;
use crate::config::text::LogicalId;
use crate::config::values::Unshown;
use crate::config::{RiskRule, Stack, WaivedChange, raw};
use crate::migration::Waiver;
use crate::stack::StackRisk;

/// The stack, if there is one. Rules without one have no effect, and say so.
pub(super) fn one(
    raw: &raw::Environment,
    is_asked: bool,
    report: &mut Report,
) -> Option<Option<Stack>> {
    let rules = rules(raw.stack_rules.as_ref(), is_asked, report);
    let Some(stack) = &raw.stack else {
        if let Some(at) = raw.stack_rules.as_ref().and_then(Field::at) {
            let message = "there is no stack here that these rules could be about";
            report.advise(&at.place, message, "remove `stack_rules`, or add a `stack`");
        }
        return rules.map(|_| None);
    };
    let raw = stack.get()?;
    let parameters = match &raw.parameters {
        None => Some(BTreeMap::new()),
        Some(parameters) => {
            let entries = parameters.get()?.entries.iter();
            let read = entries.map(|(name, value)| parameter(name, value, report));
            read.collect()
        }
    };
    let waivers = match &raw.waivers {
        None => Some(Vec::new()),
        Some(list) => waivers(list.get()?, report),
    };
    Some(Some(Stack {
        name: raw.name.get()?.as_str().to_owned(),
        template: match &raw.template {
            None => None,
            Some(template) => Some(template.get()?.as_str().to_owned()),
        },
        parameters: parameters?,
        waivers: waivers?,
        rules: rules?,
    }))
}

/// People are shown the parameters: a secret has no place among them.
fn parameter(
    name: &At<LogicalId>,
    value: &Field<Unshown>,
    report: &mut Report,
) -> Option<(String, String)> {
    let (at, name) = (value.at()?, name.value.as_str());
    if names_secret(&words_of(name)) || holds_password(&at.value.0) {
        let message = format!("`{name}` looks like a secret, and people are shown parameters");
        let advice =
            "leave it out: a parameter that is not here keeps the value that the stack has";
        report.advise(&at.place, message, advice);
    }
    Some((name.to_owned(), at.value.0.clone()))
}

fn waivers(list: &[Field<raw::StackWaiver>], report: &mut Report) -> Option<Vec<WaivedChange>> {
    let mut read: Vec<WaivedChange> = Vec::new();
    for waiver in list {
        let at = waiver.at()?;
        let one = &at.value;
        let waived = WaivedChange {
            resource: one.resource.get()?.as_str().to_owned(),
            property: match &one.property {
                None => None,
                Some(property) => Some(property.get()?.as_str().to_owned()),
            },
            waiver: Waiver {
                by: one.by.get()?.as_str().to_owned(),
                reason: one.reason.get()?.as_str().to_owned(),
            },
        };
        let same = |other: &WaivedChange| {
            (&other.resource, &other.property) == (&waived.resource, &waived.property)
        };
        if read.iter().any(same) {
            let message = format!("this change of {} is waived twice", waived.resource);
            report.advise(&at.place, message, "remove one of the two");
        }
        read.push(waived);
    }
    Some(read)
}

/// The rules: what is not written has its default.
fn rules(
    raw: Option<&Field<raw::StackRules>>,
    is_asked: bool,
    report: &mut Report,
) -> Option<BTreeMap<StackRisk, RiskRule>> {
    let mut rules = BTreeMap::from([
        (StackRisk::HoldsData, RiskRule::Refuse),
        (StackRisk::ServesTraffic, RiskRule::Refuse),
        (StackRisk::Other, RiskRule::Allow),
    ]);
    let Some(raw) = raw else { return Some(rules) };
    let at: &At<raw::StackRules> = raw.at()?;
    let written = [
        (StackRisk::HoldsData, &at.value.holds_data),
        (StackRisk::ServesTraffic, &at.value.serves_traffic),
        (StackRisk::Other, &at.value.other),
    ];
    for (risk, rule) in written {
        let Some(rule) = rule else { continue };
        let rule = rule.at()?;
        if rule.value == RiskRule::FourEyes && !is_asked {
            nobody_is_asked(&rule.place, report);
        }
        rules.insert(risk, rule.value);
    }
    Some(rules)
}
