//! The migration, and what becomes of a plan by what it does.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{Known, given, minutes, or};
use crate::config::reader::{At, Field};
use crate::config::report::{Place, Report};
use crate::config::{Inspect, Migration, RiskRule, WaivedFinding, is_alembic, raw};
use crate::migration::{Risk, Waiver};

pub(super) fn one(
    raw: &raw::Migration,
    known: &Known<'_>,
    report: &mut Report,
) -> Option<Migration> {
    if let Some(service) = raw.service.at() {
        known.kind(service, report);
    }
    let command = command(raw, report);
    let timeout = or(&raw.timeout, minutes(30), |time| time.get());
    let waivers = given(&raw.waivers, |list| waivers(&list.value, report));
    let inspect = given(&raw.inspect, |at| {
        if let (true, Some(command)) = (at.value, &command)
            && !command.is_empty()
            && !is_alembic(command)
        {
            let message = "only Alembic's own command can be looked at before it runs";
            let text = "inspect = false, or command = [\"alembic\", \"upgrade\", \"head\"]";
            report.instead(&at.place, message, text);
        }
        Some(at.value)
    });
    let inspects = inspect?.or_else(|| command.as_ref().map(|command| is_alembic(command)));
    let lock_wait = or(&raw.lock_wait, minutes(2), |time| time.get())?;
    let lock_timeout = or(&raw.lock_timeout, SignedDuration::from_secs(5), |time| {
        time.get()
    })?;
    let waivers = waivers?.unwrap_or_default();
    if let (Some(false), Some(Some(at))) = (inspects, raw.waivers.as_ref().map(Field::at))
        && !waivers.is_empty()
    {
        let message = "nothing is found in a migration that is not looked at";
        report.advise(
            &at.place,
            message,
            "remove `waivers`, or let it be inspected",
        );
    }
    let additive = given(&raw.additive, |at| {
        if at.value && inspects == Some(true) {
            let message = "what is inspected is judged, and needs no promise";
            report.advise(
                &at.place,
                message,
                "remove `additive`, or write inspect = false",
            );
        }
        Some(at.value)
    });
    Some(Migration {
        command: command?,
        service: raw.service.get()?.clone(),
        timeout: timeout?,
        inspect: inspects.unwrap_or(false).then_some(Inspect {
            lock_wait,
            lock_timeout,
            waivers,
        }),
        additive: additive?.unwrap_or(false),
    })
}

fn command(raw: &raw::Migration, report: &mut Report) -> Option<Vec<String>> {
    let command = raw.command.at()?;
    if command.value.is_empty() {
        let text = r#"command = ["alembic", "upgrade", "head"]"#;
        report.instead(&command.place, "an empty command", text);
    }
    command
        .value
        .iter()
        .map(|word| Some(word.get()?.as_str().to_owned()))
        .collect()
}

fn waivers(list: &[Field<raw::Waiver>], report: &mut Report) -> Option<Vec<WaivedFinding>> {
    let mut read: Vec<WaivedFinding> = Vec::new();
    for waiver in list {
        let at = waiver.at()?;
        let one = &at.value;
        let waived = WaivedFinding {
            revision: one.revision.get()?.as_str().to_owned(),
            rule: one.rule.get()?.as_str().to_owned(),
            waiver: Waiver {
                by: one.by.get()?.as_str().to_owned(),
                reason: one.reason.get()?.as_str().to_owned(),
            },
        };
        let same = |other: &WaivedFinding| {
            (&other.revision, &other.rule) == (&waived.revision, &waived.rule)
        };
        if read.iter().any(same) {
            let message = format!("{} of {} is waived twice", waived.rule, waived.revision);
            report.advise(&at.place, message, "remove one of the two");
        }
        read.push(waived);
    }
    Some(read)
}

/// The rules of an environment. Two people's yes can be demanded only where people are asked.
pub(super) fn rules(
    raw: Option<&Field<raw::MigrationRules>>,
    is_asked: bool,
    report: &mut Report,
) -> Option<BTreeMap<Risk, RiskRule>> {
    let Some(raw) = raw else {
        return Some(BTreeMap::new());
    };
    let at: &At<raw::MigrationRules> = raw.at()?;
    let raw = &at.value;
    let rules = [
        (Risk::Breaking, &raw.breaking),
        (Risk::DataLosing, &raw.data_losing),
        (Risk::Locking, &raw.locking),
        (Risk::NotTransactional, &raw.not_transactional),
        (Risk::Unjudged, &raw.unjudged),
    ];
    let mut read = BTreeMap::new();
    for (risk, rule) in rules {
        let Some(rule) = rule else { continue };
        let rule = rule.at()?;
        if rule.value == RiskRule::FourEyes && !is_asked {
            nobody_is_asked(&rule.place, report);
        }
        read.insert(risk, rule.value);
    }
    Some(read)
}

pub(super) fn nobody_is_asked(place: &Place, report: &mut Report) {
    let message = "this needs two approvals, and no one is asked here";
    let text = format!("{} = \"refuse\", or add an `approval`", place.name());
    report.instead(place, message, text);
}
