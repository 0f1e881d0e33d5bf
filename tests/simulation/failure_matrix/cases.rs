//! The cases, in the order of a deployment's steps.

use jiff::SignedDuration;
use sluice_core::config::{Config, RiskRule, Stack};
use sluice_core::migration::Risk;
use sluice_core::stack::{StackAction, StackCause, StackChange, StackRisk};
use sluice_migrations::report::Trouble;
use sluice_sim::cloud::{
    ImageBehaviour, MigrationEnd, SnapshotFate, StackFate, Start, UnderTraffic,
};
use sluice_sim::world::World;

use super::{Case, Decision, PRODUCTION};

const DATABASE: &str = "erp-production";

pub(crate) fn case(step: &'static str, fault: &'static str, ends: &'static str) -> Case {
    Case {
        step,
        fault,
        decision: Decision::Approve,
        behaviour: ImageBehaviour::default(),
        configure: |_| {},
        upset: |_| {},
        ends,
        then: None,
    }
}

impl Case {
    fn image(mut self, behaviour: ImageBehaviour) -> Self {
        self.behaviour = behaviour;
        self
    }

    pub(crate) fn configured(mut self, configure: fn(&mut Config)) -> Self {
        self.configure = configure;
        self
    }

    pub(crate) fn in_a_cloud(mut self, upset: fn(&World)) -> Self {
        self.upset = upset;
        self
    }

    pub(crate) fn decided(mut self, decision: Decision) -> Self {
        self.decision = decision;
        self
    }

    fn then(mut self, then: &'static str) -> Self {
        self.then = Some(then);
        self
    }
}

/// Old code uses what this drops.
fn breaking() -> ImageBehaviour {
    ImageBehaviour::default().with_migration(
        "orders have no note any more",
        "ALTER TABLE orders DROP COLUMN note;",
    )
}

/// Outside a transaction: a failure leaves an invalid index.
fn half_done() -> ImageBehaviour {
    let mut image = ImageBehaviour::default().with_migration(
        "find orders by customer",
        "COMMIT;\n\nCREATE INDEX CONCURRENTLY ix_orders_customer ON orders (customer_id);\n\nBEGIN;",
    );
    image = image.with_failing_migration(1, &["ERROR: deadlock detected"]);
    image
}

fn trouble(trouble: Trouble) -> ImageBehaviour {
    let mut image = ImageBehaviour::default();
    image.migration.trouble = Some((trouble, String::new()));
    image
}

fn sick(image: ImageBehaviour) -> ImageBehaviour {
    image.with_trouble_under_traffic(SignedDuration::from_mins(1), 503)
}

fn snapshot(fate: SnapshotFate, world: &World) {
    world.with_cloud(|cloud| cloud.plan_snapshot_fate(DATABASE, fate));
}

/// Production has a stack.
pub(crate) fn with_stack(config: &mut Config) {
    let mut environments = config.environments.iter_mut();
    let production = environments.find(|e| e.name.as_str() == PRODUCTION);
    production.expect("the ERP has it").stack = Some(Stack {
        name: DATABASE.to_owned(),
        template: None,
        parameters: [("RedisType".to_owned(), "cache.t4g.small".to_owned())].into(),
        waivers: Vec::new(),
        rules: [
            (StackRisk::HoldsData, RiskRule::Refuse),
            (StackRisk::ServesTraffic, RiskRule::Refuse),
        ]
        .into(),
    });
}

fn change(resource: &str, kind: &str, action: StackAction, property: &str) -> StackChange {
    StackChange {
        resource: resource.to_owned(),
        kind: kind.to_owned(),
        action,
        retained: false,
        causes: vec![StackCause::new(
            property,
            action == StackAction::Replace,
            None,
            None,
        )],
        waiver: None,
    }
}

/// The next change set has this to change, and that becomes of it.
fn stack(change: &StackChange, fate: StackFate, world: &World) {
    world.with_cloud(|cloud| {
        cloud.plan_stack_changes(DATABASE, std::slice::from_ref(change));
        cloud.plan_stack_fate(DATABASE, &fate);
    });
}

fn larger_cache() -> StackChange {
    let kind = "AWS::ElastiCache::ReplicationGroup";
    change("Redis", kind, StackAction::Modify, "CacheNodeType")
}

/// The stack has something to change, and CloudFormation changes it.
pub(crate) fn stack_changes(world: &World) {
    stack(&larger_cache(), StackFate::Completes, world);
}

fn stack_fails(fate: fn(String) -> StackFate, world: &World) {
    let reason = "There is no capacity for cache.t4g.small".to_owned();
    stack(&larger_cache(), fate(reason), world);
}

fn stack_replaces_the_database(world: &World) {
    let kind = "AWS::RDS::DBInstance";
    let change = change("Database", kind, StackAction::Replace, "StorageEncrypted");
    stack(&change, StackFate::Completes, world);
}

pub(crate) fn rehearse(config: &mut Config) {
    let backups = config
        .environments
        .iter_mut()
        .filter_map(|e| e.backup.as_mut());
    backups.for_each(|backup| backup.rehearse = true);
}

fn refuse(config: &mut Config) {
    let production = config
        .environments
        .iter_mut()
        .find(|e| e.name.as_str() == PRODUCTION);
    let production = production.expect("the ERP has it");
    production
        .migration_rules
        .insert(Risk::Breaking, RiskRule::Refuse);
}

pub(crate) fn all() -> Vec<Case> {
    let mut all = before_anything_is_touched();
    all.extend(at_the_database());
    all.extend(at_the_services());
    all
}

fn before_anything_is_touched() -> Vec<Case> {
    let planning = |fault, what| case("Planning", fault, "Failed").image(trouble(what));
    let mut fails_on_the_copy = ImageBehaviour::default();
    fails_on_the_copy.migration.ends = MigrationEnd::Exits(1);
    vec![
        planning("the image has no Alembic", Trouble::NoAlembic),
        planning("the migrations have several heads", Trouble::SeveralHeads),
        planning(
            "the database stands at an unknown revision",
            Trouble::UnknownRevision,
        ),
        planning("the database does not answer", Trouble::NoDatabase),
        case(
            "Planning",
            "a breaking migration, and the rule refuses it",
            "Failed",
        )
        .image(breaking())
        .configured(refuse),
        case("Planning", "the stack would replace the database", "Failed")
            .configured(with_stack)
            .in_a_cloud(stack_replaces_the_database),
        case("Rehearsing", "the migration fails on the copy", "Failed")
            .image(fails_on_the_copy)
            .configured(rehearse),
        case(
            "Rehearsing",
            "RDS fails the snapshot for the copy",
            "Failed",
        )
        .configured(rehearse)
        .in_a_cloud(|world| snapshot(SnapshotFate::FailsAt(40), world)),
        case("AwaitingApproval", "someone rejects it", "Rejected").decided(Decision::Reject),
        case("AwaitingApproval", "no one decides in time", "Expired")
            .decided(Decision::NobodyApproves),
        case(
            "Provisioning",
            "CloudFormation rolls the stack back",
            "Failed",
        )
        .configured(with_stack)
        .in_a_cloud(|world| stack_fails(StackFate::RollsBack, world)),
        case(
            "Provisioning",
            "CloudFormation can neither update the stack nor roll it back",
            "Failed",
        )
        .configured(with_stack)
        .in_a_cloud(|world| stack_fails(StackFate::Sticks, world)),
    ]
}

fn at_the_database() -> Vec<Case> {
    let backup = |fault| case("BackingUp", fault, "Failed");
    let fails = |image: ImageBehaviour| {
        image.with_failing_migration(1, &["ERROR: column \"note\" already exists"])
    };
    let ends = |end| {
        let mut image = ImageBehaviour::default();
        image.migration.ends = end;
        image
    };
    let mut lies = ImageBehaviour::default();
    lies.migration.lies = true;
    vec![
        backup("RDS fails the snapshot")
            .in_a_cloud(|world| snapshot(SnapshotFate::FailsAt(40), world)),
        backup("the snapshot vanishes")
            .in_a_cloud(|world| snapshot(SnapshotFate::VanishesAt(60), world)),
        backup("the snapshot is not encrypted")
            .in_a_cloud(|world| snapshot(SnapshotFate::Unencrypted, world)),
        case("Migrating", "it fails, in one transaction", "Failed")
            .image(fails(ImageBehaviour::default())),
        case("Migrating", "its task never starts", "Failed").image(ends(MigrationEnd::NeverStarts)),
        case("Migrating", "another migration holds the lock", "Failed")
            .image(ends(MigrationEnd::Exits(75))),
        case("Migrating", "it never ends", "Failed").image(ends(MigrationEnd::Hangs)),
        case("Migrating", "it ends well and has done nothing", "Failed").image(lies),
        case(
            "Migrating",
            "it fails half way, outside a transaction",
            "RolledForward",
        )
        .image(half_done())
        .decided(Decision::RollForward),
        case(
            "Migrating",
            "it fails half way, outside a transaction",
            "Failed",
        )
        .image(half_done())
        .decided(Decision::NobodyDecides),
        case(
            "Migrating",
            "it fails half way, outside a transaction",
            "Failed",
        )
        .image(half_done())
        .decided(Decision::Restore)
        .then("Restored"),
    ]
}

fn at_the_services() -> Vec<Case> {
    let green = |image: ImageBehaviour| ImageBehaviour {
        web: Start::Crashes(1),
        ..image
    };
    let workers = |image: ImageBehaviour| ImageBehaviour {
        workers: Start::Crashes(1),
        ..image
    };
    let tested = |image: ImageBehaviour| image.with_answer("/login", 500, "Internal Server Error");
    let additive = ImageBehaviour::default;
    let alarms = ImageBehaviour {
        under_traffic: Some(UnderTraffic {
            after: SignedDuration::from_mins(1),
            status: 200,
            fires_alarms: true,
        }),
        ..additive()
    };
    let decided = |ends, decision| {
        case(
            "Baking",
            "unhealthy under traffic, after a breaking migration",
            ends,
        )
        .image(sick(breaking()))
        .decided(decision)
    };
    vec![
        case("RollingOut", "green never comes up", "RolledBack").image(green(additive())),
        case(
            "RollingOut",
            "green never comes up, after a breaking migration",
            "RolledBack",
        )
        .image(green(breaking())),
        case("UpdatingWorkers", "workers crash at start", "RolledBack").image(workers(additive())),
        case("Verifying", "a smoke test fails on green", "RolledBack").image(tested(additive())),
        case(
            "Verifying",
            "a smoke test fails, after a breaking migration",
            "RolledBack",
        )
        .image(tested(breaking())),
        case("Baking", "unhealthy under traffic", "RolledBack").image(sick(additive())),
        case(
            "Baking",
            "an alarm rings, and ECS rolls back by itself",
            "RolledBack",
        )
        .image(alarms),
        decided("RolledBack", Decision::RollBackAllTheSame),
        decided("RolledForward", Decision::RollForward),
        decided("RollbackFailed", Decision::NobodyDecides),
        decided("RolledBack", Decision::Restore).then("Restored"),
    ]
}
