//! Whether what people are told is so: every fact of a report, and of the story, against the world
//! as it is. What a read of Sluice's shows late is no excuse, but where a release has only just been
//! replaced or taken back: the truth is the cloud itself.

use jiff::{SignedDuration, Timestamp};
use sluice_core::deployment::Deployment;
use sluice_core::id::{ServiceName, TaskDefinitionArn};
use sluice_core::note::Note;
use sluice_core::phase::Phase;
use sluice_words::report::{DatabaseFact, Fact, Fits, Revision, Schema, StackStands, standing};

use super::facts::migrates;
use super::{Invariant, Watcher};
use crate::cloud::{Cloud, ServiceView};
use crate::workplace::Change;

/// The longest that a read lies behind in any weather.
const READ_WITHIN: SignedDuration = SignedDuration::from_mins(1);

impl Watcher {
    /// Holds what is told anew with this save against the world.
    pub(super) fn judge_account(&mut self, change: &Change<'_>) {
        let after = change.after;
        let facts = standing(after);
        let news = change.before.is_none_or(|before| standing(before) != facts);
        if news {
            for fact in &facts {
                self.judge(after, fact, change.controls.hold.is_some());
            }
            let silent = self.silent(after, &facts);
            self.tell_wrong(after, Invariant::NoFalseAccount, silent);
        }
        let told = change.before.map_or(0, |before| before.story.len());
        for entry in after.story.iter().skip(told) {
            let wrong = self.wrong_note(after, &entry.note);
            self.tell_wrong(after, Invariant::NoFalseAccount, wrong);
        }
    }

    fn judge(&mut self, d: &Deployment, fact: &Fact, held: bool) {
        let invariant = match (&d.phase, fact) {
            (Phase::RolledBack { .. }, Fact::Runs { .. }) => Invariant::RolledBackIsBack,
            _ => Invariant::NoFalseAccount,
        };
        let wrong = match fact {
            Fact::Held => (!held).then(|| "its environment is not held".to_owned()),
            fact => self.wrong(d, fact),
        };
        self.tell_wrong(d, invariant, wrong);
    }

    fn tell_wrong(&mut self, d: &Deployment, invariant: Invariant, wrong: Option<String>) {
        if let Some(wrong) = wrong {
            let detail = format!("{} although {wrong}", d.phase.name());
            self.broken(self.now(), invariant, &d.id, detail);
        }
    }

    /// What is not so; `None` of a fact that is true.
    fn wrong(&self, d: &Deployment, fact: &Fact) -> Option<String> {
        match fact {
            Fact::NothingChanged => self
                .services_changed(d)
                .or_else(|| self.schema_changed(d))
                .or_else(|| self.migration_runs(d))
                .or_else(|| self.stack_changed(d)),
            Fact::ServicesUnchanged => self.services_changed(d),
            Fact::Runs { service, revision } => self.not_running(d, service, revision),
            Fact::HasTheTraffic => {
                let plan = &d.plan.as_ref()?.plan;
                let mut services = plan.services.iter().map(|planned| &planned.service);
                services.find_map(|service| self.not_running(d, service, &Revision::Release))
            }
            Fact::Schema(schema) => self.wrong_schema(d, schema),
            Fact::Snapshot(_) => self.no_such_snapshot(d),
            Fact::CopyRemoved => {
                let mut left = self.facts.copies.iter();
                let (copy, _) = left.find(|(_, of)| **of == *d.id.as_str())?;
                Some(format!("its copy {copy} is still there"))
            }
            Fact::Database(fact) => self.wrong_about_databases(d, fact),
            Fact::Stack { name, stands } => self.wrong_about_stack(d, name, *stands),
            Fact::NotBrought { .. }
            | Fact::MigratedSince(_)
            | Fact::CopyLeft { .. }
            | Fact::Held
            | Fact::NotTheRelease
            | Fact::StopsHere
            | Fact::LastLogLine(_) => None,
        }
    }

    fn wrong_note(&self, d: &Deployment, note: &Note) -> Option<String> {
        match note {
            Note::MigrationConfirmed { .. } => self.wrong_schema(d, &Schema::New(Fits::NotJudged)),
            Note::ServiceReturned(service) => {
                let planned = d.plan.as_ref()?.plan.service(service)?;
                self.not_running(d, service, &Revision::Before(planned.from.clone()))
            }
            Note::ServiceUpdated(service) | Note::TrafficShifted(service) => {
                self.not_running(d, service, &Revision::Release)
            }
            Note::SnapshotVerified(_) => self.no_such_snapshot(d),
            _ => None,
        }
    }

    /// Where a release does not succeed, it is said what became of the schema that its migration has
    /// changed.
    fn silent(&self, d: &Deployment, facts: &[Fact]) -> Option<String> {
        let is_said = facts.iter().any(|fact| matches!(fact, Fact::Schema(_)));
        let must = d.phase.is_terminal() && d.phase != Phase::Succeeded && !is_said;
        let changed = must.then(|| self.schema_changed(d)).flatten()?;
        Some(format!("{changed}, and nothing is said of it"))
    }

    fn services_changed(&self, d: &Deployment) -> Option<String> {
        let changed = self.facts.updated_a_service(&d.id);
        changed.then(|| "it had ECS update a service".to_owned())
    }

    fn schema_changed(&self, d: &Deployment) -> Option<String> {
        let changed = self.facts.applied.contains(d.id.as_str());
        changed.then(|| "its migration has changed the schema".to_owned())
    }

    fn migration_runs(&self, d: &Deployment) -> Option<String> {
        let runs = self.cloud(|cloud| {
            let tasks = cloud.tasks();
            let mut ours = tasks
                .iter()
                .filter(|task| migrates(&task.token) == d.id.as_str());
            ours.any(|task| task.stopped_at.is_none())
        });
        runs.then(|| "its migration's task still runs".to_owned())
    }

    fn wrong_schema(&self, d: &Deployment, schema: &Schema) -> Option<String> {
        match schema {
            Schema::Unchanged | Schema::Undone => {
                self.schema_changed(d).or_else(|| self.migration_runs(d))
            }
            Schema::New(_) => (!self.facts.applied.contains(d.id.as_str()))
                .then(|| "its migration has changed nothing".to_owned()),
            Schema::Between => self.migration_runs(d),
            Schema::Unknown | Schema::MayStillChange { .. } => None,
        }
    }

    /// The snapshot is there, whole, and older than the migration.
    fn no_such_snapshot(&self, d: &Deployment) -> Option<String> {
        let snapshot = d.touched.snapshot.as_ref()?;
        let there = self.cloud(|cloud| {
            let views = cloud.snapshots();
            views
                .into_iter()
                .any(|view| view.snapshot.id == *snapshot && view.snapshot.status == "available")
        });
        if !there && !self.facts.deleted_by_hand.contains_key(snapshot) {
            return Some(format!("the snapshot {snapshot} is not available"));
        }
        let since = self.facts.available.get(snapshot)?;
        let (migrated, _) = self.facts.migrations.get(d.id.as_str())?;
        (since > migrated).then(|| format!("the snapshot {snapshot} is younger than the migration"))
    }

    /// What the service runs in truth, if it is not that.
    fn not_running(
        &self,
        d: &Deployment,
        service: &ServiceName,
        revision: &Revision,
    ) -> Option<String> {
        let expected = match revision {
            Revision::Unknown => return None,
            Revision::Before(from) => from,
            Revision::Release => {
                let planned = d.plan.as_ref()?.plan.service(service);
                let made = d.touched.task_definitions.get(service);
                made.or_else(|| planned.and_then(|planned| planned.revision.as_ref()))?
            }
        };
        let cluster = &d.settings.environment.cluster;
        let ecs_service = &d.settings.placement(service).ecs_service;
        let looked = self.seen.get(&d.id)?.looked.get(service);
        let place = (cluster.clone(), ecs_service.clone());
        // It had the traffic when Sluice read so, and was replaced or taken back before that was told.
        let late = match revision {
            Revision::Release => READ_WITHIN,
            Revision::Before(_) | Revision::Unknown => SignedDuration::ZERO,
        };
        let is_news = |at: &Timestamp| looked.is_none_or(|looked| *looked <= *at + late);
        let by_hand = self.facts.by_hand.get(&place);
        let back = self.facts.taken_back.get(&place);
        if by_hand.is_some_and(is_news)
            || (late > SignedDuration::ZERO && back.is_some_and(is_news))
        {
            return None;
        }
        let view = self.cloud(|cloud| cloud.service(cluster, ecs_service))?;
        let weights_are_ecss = !self.facts.weights_by_hand.contains(&place);
        runs_another(&view, expected, weights_are_ecss)
    }

    /// How the updates of stacks that the deployment asked for ended; `None` of one that runs.
    fn stack_updates(&self, d: &Deployment) -> impl Iterator<Item = Option<&str>> {
        let ours = format!("sluice-{}-", d.id);
        let updates = self.facts.stack_updates.iter();
        let ours = updates.filter(move |(token, _)| token.starts_with(&ours));
        ours.map(|(_, status)| status.as_deref())
    }

    fn stack_changed(&self, d: &Deployment) -> Option<String> {
        let found = self.stack_updates(d).next().is_some();
        found.then(|| "it had CloudFormation update its stack".to_owned())
    }

    fn wrong_about_stack(&self, d: &Deployment, name: &str, stands: StackStands) -> Option<String> {
        let expected = match stands {
            StackStands::Updated => "UPDATE_COMPLETE",
            StackStands::AsBefore => "UPDATE_ROLLBACK_COMPLETE",
            StackStands::Stuck => "UPDATE_ROLLBACK_FAILED",
            StackStands::Unknown => return None,
        };
        let last = self.stack_updates(d).last();
        (last != Some(Some(expected))).then(|| format!("the update of {name} is {last:?}"))
    }

    fn wrong_about_databases(&self, d: &Deployment, fact: &DatabaseFact) -> Option<String> {
        let runs = |service: &ServiceName| {
            let cluster = &d.settings.environment.cluster;
            let ecs_service = &d.settings.placement(service).ecs_service;
            let view = self.cloud(|cloud| cloud.service(cluster, ecs_service))?;
            (view.desired > 0).then(|| format!("{service} is to run {} tasks", view.desired))
        };
        match fact {
            DatabaseFact::Down { .. } => {
                let plan = &d.plan.as_ref()?.plan;
                plan.services.iter().find_map(|one| runs(&one.service))
            }
            DatabaseFact::LeftStopped(services) => services.iter().find_map(runs),
            // `TrueRestore` knows of names and of what is in a database.
            DatabaseFact::Restored { .. }
            | DatabaseFact::OldKept { .. }
            | DatabaseFact::AsBefore { .. }
            | DatabaseFact::CopyMayBeThere { .. }
            | DatabaseFact::NothingDeleted
            | DatabaseFact::Had { .. }
            | DatabaseFact::NotStarted { .. }
            | DatabaseFact::ChecksFailed => None,
        }
    }

    fn cloud<T>(&self, look: impl FnOnce(&Cloud) -> T) -> T {
        look(
            &self
                .cloud
                .lock()
                .expect("no port panics while it holds the cloud"),
        )
    }
}

/// A service runs a revision if ECS names it, all traffic is on it, and no task is of another but
/// what ECS is still taking down.
fn runs_another(
    view: &ServiceView,
    expected: &TaskDefinitionArn,
    weights_are_ecss: bool,
) -> Option<String> {
    let named = &view.task_definition;
    if named != expected {
        return Some(format!("{} is to run {named}, not {expected}", view.name));
    }
    let elsewhere = view.revisions.iter().find(|revision| {
        revision.task_definition != *expected && revision.production_percent.unwrap_or(0) > 0
    });
    if let Some(other) = elsewhere.filter(|_| weights_are_ecss) {
        let (percent, other) = (other.production_percent, &other.task_definition);
        return Some(format!(
            "{} per cent of the traffic of {} are on {other}, not on {expected}",
            percent.unwrap_or(0),
            view.name
        ));
    }
    // Of a task that has just died ECS starts the next: that no task runs is no other revision.
    let tasks = |ours: bool| {
        let is_it = |definition: &TaskDefinitionArn| (definition == expected) == ours;
        let mut revisions = view.revisions.iter();
        revisions.any(|one| is_it(&one.task_definition) && one.running > 0)
    };
    (!tasks(true) && tasks(false)).then(|| format!("no task of {} is of {expected}", view.name))
}
