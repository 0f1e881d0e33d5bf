//! Every operation does its work once, and its answer is lost: nothing happens twice, and every story
//! ends as it does without.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::config::{Config, Database};
use sluice_core::id::{ClusterName, EcsServiceName};
use sluice_sim::cloud::{Fault, Load, Operation};
use sluice_sim::world::World;

use crate::failure_matrix::cases::{self, case, rehearse};
use crate::failure_matrix::{Case, tell};
use crate::source::{BUILDS, REPOSITORY};

/// What no story here asks for, and why.
const ELSEWHERE: [(&str, &[Operation]); 9] = [
    (
        "`parity` loses them",
        &[Operation::DescribeStacks, Operation::DescribeTargetGroups],
    ),
    (
        "`signed` loses them",
        &[
            Operation::ListImageReferrers,
            Operation::GetDownloadUrlForLayer,
        ],
    ),
    (
        "the restores of `restore` lose these",
        &[
            Operation::RestoreDbInstanceToPointInTime,
            Operation::RestoreDbClusterToPointInTime,
            Operation::ModifyDbCluster,
        ],
    ),
    ("`origin` loses it", &[Operation::LookupUser]),
    ("`source` loses it", &REPOSITORY),
    ("`source::builds` loses it", &BUILDS),
    (
        "`monitored` loses each of its answers",
        &[Operation::TellMonitor],
    ),
    (
        "it shows something: whoever does not see it asks again",
        &[Operation::OpenModal, Operation::PublishHome],
    ),
    (
        "only the wire knows it: a port of the simulator's answers under the name of another call",
        &[
            Operation::GetTemplateSummary,
            Operation::GetTemplate,
            Operation::RebootDbInstance,
            Operation::DescribeTaskDefinition,
            Operation::DescribeServiceDeployments,
            Operation::DescribeServiceRevisions,
            Operation::DescribeSecret,
            Operation::DescribeParameters,
            Operation::DescribeRules,
            Operation::DescribeListeners,
            Operation::CreateDbClusterSnapshot,
            Operation::DescribeDbClusterSnapshots,
            Operation::DeleteDbClusterSnapshot,
            Operation::AssumeRole,
        ],
    ),
];

fn cluster(config: &mut Config) {
    let environments = config.environments.iter_mut();
    for backup in environments.filter_map(|environment| environment.backup.as_mut()) {
        backup.database = Database::Cluster("erp-production".to_owned());
    }
}

fn rehearse_on_a_cluster(config: &mut Config) {
    cluster(config);
    rehearse(config);
}

/// So many requests that both versions can be compared.
fn users_ask(world: &World) {
    let (cluster, web) = (
        ClusterName::new("erp-production"),
        EcsServiceName::new("erp-web"),
    );
    let load = Load::steady(3_000.0);
    world.with_cloud(|cloud| cloud.set_load(&cluster, &web, &load));
}

fn stories() -> Vec<Case> {
    let good = || case("Succeeded", "nothing", "Succeeded");
    let mut stories = vec![
        good(),
        good().configured(rehearse),
        good().configured(rehearse_on_a_cluster),
        good()
            .configured(cases::with_stack)
            .in_a_cloud(cases::stack_changes),
        good().in_a_cloud(users_ask),
    ];
    stories.extend(cases::all());
    stories
}

fn calls(world: &World, operation: Operation) -> u32 {
    world.with_cloud(|cloud| cloud.faults().calls(operation))
}

/// How often each operation is asked for once the story has begun.
fn calls_in(
    story: &Case,
) -> (
    BTreeMap<Operation, u32>,
    (&'static str, Option<&'static str>),
) {
    let mut before = BTreeMap::new();
    let told = tell(story, |world| {
        before.extend(Operation::ALL.iter().map(|one| (*one, calls(world, *one))));
    });
    let counted = before.into_iter().map(|(operation, before)| {
        let since = calls(&told.world, operation) - before;
        (operation, since)
    });
    (counted.collect(), told.ends())
}

#[test]
fn every_operation_may_lose_its_answer_once_and_nothing_happens_twice() {
    let elsewhere = ELSEWHERE.iter().flat_map(|(_, operations)| *operations);
    let elsewhere: BTreeSet<Operation> = elsewhere.copied().collect();
    let mut never: BTreeSet<Operation> = Operation::ALL.iter().copied().collect();
    for story in stories() {
        let (calls, ends) = calls_in(&story);
        let first_here: Vec<Operation> = never
            .iter()
            .copied()
            .filter(|operation| calls[operation] > 0)
            .collect();
        for operation in first_here {
            never.remove(&operation);
            for nth in 1..=calls[&operation].min(2) {
                let told = tell(&story, |world| {
                    world.with_cloud(|cloud| cloud.faults().nth(operation, nth, Fault::LoseAnswer));
                });
                let said = format!("{}, call {nth}, in {}", operation.name(), story.name());
                assert_eq!(told.ends(), ends, "{said}");
                let struck = told.world.with_cloud(|cloud| cloud.faults().struck());
                assert_eq!(struck, 1, "{said}");
            }
        }
    }
    assert_eq!(never, elsewhere);
}
