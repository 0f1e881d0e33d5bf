//! The stack of production, changed by change set before the release.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sluice_core::config::{Config, RiskRule, Stack};
use sluice_core::stack::{StackAction, StackCause, StackChange, StackRisk};
use sluice_sim::cloud::StackFate;

use super::{Act, Check, Scenario, TO_PRODUCTION, When};

/// The stack of `infra/app` in production.
pub(super) const STACK: &str = "erp-production";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![changed(), would_replace_database(), rolls_back()]
}

/// Production has a stack, and `sluice.toml` has larger cache nodes for it.
fn with_stack(config: &mut Config) {
    let stack = Stack {
        name: STACK.to_owned(),
        template: None,
        parameters: BTreeMap::from([("RedisType".to_owned(), "cache.t4g.small".to_owned())]),
        waivers: Vec::new(),
        rules: BTreeMap::from([
            (StackRisk::HoldsData, RiskRule::Refuse),
            (StackRisk::ServesTraffic, RiskRule::Refuse),
            (StackRisk::Other, RiskRule::Allow),
        ]),
    };
    let mut environments = config.environments.iter_mut();
    let production = environments.find(|one| one.name.as_str() == "production");
    if let Some(production) = production {
        production.stack = Some(stack);
    }
}

fn change(resource: &str, kind: &str, action: StackAction, cause: StackCause) -> StackChange {
    StackChange {
        resource: resource.to_owned(),
        kind: kind.to_owned(),
        action,
        retained: false,
        causes: vec![cause],
        waiver: None,
    }
}

fn larger_cache() -> StackChange {
    let [from, to] = ["cache.t4g.micro", "cache.t4g.small"];
    let cause = StackCause::new("CacheNodeType", false, Some(from), Some(to));
    let kind = "AWS::ElastiCache::ReplicationGroup";
    change("Redis", kind, StackAction::Modify, cause)
}

fn another_database() -> StackChange {
    let cause = StackCause::new("StorageEncrypted", true, Some("false"), Some("true"));
    let kind = "AWS::RDS::DBInstance";
    change("Database", kind, StackAction::Replace, cause)
}

fn with(name: &'static str, shows: &'static str, changes: Vec<StackChange>) -> Scenario {
    let mut scenario = Scenario::new(name, shows).scene(
        When::At(SignedDuration::ZERO),
        Act::NextStackChanges(STACK, changes),
    );
    scenario.config = with_stack;
    scenario
}

fn changed() -> Scenario {
    with(
        "stack-changed",
        "the release needs a larger cache: people see it in the plan, and CloudFormation updates the \
         stack before the backup",
        vec![larger_cache()],
    )
    .check(Check::Told(
        TO_PRODUCTION,
        "1 change (Redis CacheNodeType cache.t4g.micro → cache.t4g.small), nothing replaced",
    ))
    .check(Check::InOrder(
        TO_PRODUCTION,
        &[
            "approved the plan",
            "CloudFormation updates the stack erp-production",
            "the stack erp-production is updated",
            "verified: available",
        ],
    ))
}

fn would_replace_database() -> Scenario {
    with(
        "stack-would-replace-database",
        "the template would replace the database: there is no plan, and the change set is removed",
        vec![larger_cache(), another_database()],
    )
    .ends("Failed")
    .check(Check::Told(
        TO_PRODUCTION,
        "would REPLACE Database (AWS::RDS::DBInstance)",
    ))
    .check(Check::NothingDeployed("production"))
    .production_as_before()
}

fn rolls_back() -> Scenario {
    let reason = "There is no capacity for cache.t4g.small in eu-central-1a";
    with(
        "stack-rolls-back",
        "CloudFormation cannot change a resource and rolls the stack back: nothing of the release \
         has happened yet",
        vec![larger_cache()],
    )
    .scene(
        When::At(SignedDuration::ZERO),
        Act::NextStackUpdate(STACK, StackFate::RollsBack(reason.to_owned())),
    )
    .ends("Failed")
    .check(Check::Told(TO_PRODUCTION, "There is no capacity for"))
    .check(Check::Told(TO_PRODUCTION, "is as it was before"))
    .check(Check::Snapshots {
        environment: "production",
        count: 0,
    })
    .check(Check::NothingDeployed("production"))
    .production_as_before()
}
