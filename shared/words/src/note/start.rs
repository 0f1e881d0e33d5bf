//! What happens before anything is changed: the plan, its approvals, the gate, and people who stop it.

use std::collections::BTreeMap;

use sluice_core::controls::{ControlsObservation, Lapse};
use sluice_core::deployment::Deployment;
use sluice_core::id::{EnvironmentName, Hash, UserId};
use sluice_core::plan::Remark;

use crate::controls::{self, overriders};
use crate::plan::remark;

pub(super) fn plan_drawn(plan: &Hash) -> String {
    format!(
        "plan {} is ready; nothing has been changed yet",
        plan.short()
    )
}

pub(super) fn plan_changed(plan: &Hash, changes: &[String], d: &Deployment) -> String {
    let (plan, changes) = (plan.short(), changes.join("\n"));
    match d.settings.environment.approval {
        None => format!("the plan has changed since it was drawn; it is now {plan}:\n{changes}"),
        Some(_) => format!(
            "the plan has changed since it was approved; it is now {plan}, and the approvals given \
             are void:\n{changes}"
        ),
    }
}

pub(super) fn plan_confirmed(plan: &Hash, remarks: &[Remark]) -> String {
    let new = remarks
        .iter()
        .map(|one| format!("\nnew since it was shown: {}", remark(one)));
    format!(
        "plan {} re-checked: unchanged{}",
        plan.short(),
        new.collect::<String>()
    )
}

pub(super) fn approved(by: &UserId, missing: usize) -> String {
    match missing {
        0 => format!("<@{by}> approved the plan"),
        _ => format!("<@{by}> approved the plan; {missing} more needed"),
    }
}

pub(super) fn approvals_lapsed(lapsed: &BTreeMap<UserId, Lapse>) -> String {
    let why = lapsed.iter().map(|(by, why)| controls::lapse(why, by));
    let why: Vec<String> = why.collect();
    format!(
        "approval is needed again before anything is touched: {}",
        why.join("; ")
    )
}

pub(super) fn window_closed(seen: &ControlsObservation, d: &Deployment) -> String {
    let environment = &d.settings.environment;
    format!(
        "waiting for {} to open: {}. {}",
        environment.name,
        controls::closed(seen, environment, &d.requested_by),
        overriders(environment)
    )
}

pub(super) fn overridden(by: &UserId, reason: &str, environment: &EnvironmentName) -> String {
    format!("<@{by}> overrides that {environment} is closed: {reason}")
}

pub(super) fn paused(by: &UserId, reason: &str) -> String {
    format!(
        "<@{by}> paused it: {reason}. Nothing new is started; what ECS and RDS have started \
         continues"
    )
}

pub(super) fn stop_taken(by: &UserId, d: &Deployment) -> String {
    match d.may_have_migrated() {
        false => format!(
            "<@{by}> cancelled it. CloudFormation is updating the stack and is not interrupted; \
             the deployment stops when that has ended, and the stack stays as it is then"
        ),
        true => format!(
            "<@{by}> cancelled it. The migration is running and is not interrupted; the deployment \
             stops when it has ended, before any service is changed"
        ),
    }
}
