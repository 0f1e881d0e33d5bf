//! What becomes of the database schema: judged from what looking at the migration showed.

use super::draw::Findings;
use crate::config::{Environment, RiskRule};
use crate::deployment::Deployment;
use crate::migration::{Inspection, Judgement, Risk};
use crate::plan::survey::Survey;
use crate::plan::{Plan, PlannedMigration, SealedPlan};

/// What becomes of the database schema.
pub(super) enum Schema {
    /// The application has none.
    None,
    /// The database stands at the image's head already: this revision.
    AtHead(String),
    /// The migration runs.
    Pending(Box<PlannedMigration>),
}

impl Findings {
    pub(super) fn judge_migration(&mut self, d: &Deployment, survey: &Survey) -> Schema {
        let Some(migration) = &d.settings.migration else {
            return Schema::None;
        };
        let pending = |inspection: Option<Inspection>| {
            Schema::Pending(Box::new(PlannedMigration {
                command: migration.command.clone(),
                service: migration.service.clone(),
                timeout: migration.timeout,
                additive: migration.additive,
                inspection,
            }))
        };
        if migration.inspect.is_none() {
            return pending(None);
        }
        match &survey.inspection {
            Some(Ok(seen)) if seen.pending.is_empty() => Schema::AtHead(seen.head.clone()),
            Some(Ok(seen)) => {
                self.judge_risks(&d.settings.environment, seen);
                pending(Some((**seen).clone()))
            }
            Some(Err(why)) => {
                self.problems
                    .push(format!("the migration could not be looked at: {why}"));
                Schema::None
            }
            None => {
                // Without a task nobody was to look: something else is in the way of a plan, or it
                // is a preview, for which no task is run.
                if let Some(inspecting) = &survey.inspecting {
                    self.problems.push(format!(
                        "the task {} was to inspect the migration and has reported nothing: see \
                         its \
                         log. It needs the `awslogs` driver with a stream prefix; without, write \
                         `inspect = false` in [migration]",
                        inspecting.task
                    ));
                }
                pending(None)
            }
        }
    }

    fn judge_risks(&mut self, environment: &Environment, seen: &Inspection) {
        let refused =
            |risk: &Risk| environment.migration_rules.get(risk) == Some(&RiskRule::Refuse);
        for risk in Risk::ALL.into_iter().rev().filter(refused) {
            for finding in seen.judgement.standing().filter(|found| found.risk == risk) {
                let revision = finding.revision.as_deref().unwrap_or("the migration");
                self.problems.push(format!(
                    "{} takes no migration that is {risk}, and {revision} is ({}): {}. Change it, \
                     or have someone answer for it in `waivers` of [migration]",
                    environment.name, finding.rule, finding.means
                ));
            }
        }
    }
}

/// The plan with the words of the one that people have seen, where the same was found in the same
/// SQL. Tables grow by themselves, and a yes must not be void for a size that is said with a finding.
pub(super) fn with_words_of(seen: Option<&SealedPlan>, mut plan: Plan) -> Plan {
    let before = seen.and_then(|seen| seen.plan.judgement());
    let now = plan
        .migration
        .as_mut()
        .and_then(|migration| migration.inspection.as_mut());
    if let (Some(before), Some(now)) = (before, now)
        && is_same(before, &now.judgement)
    {
        now.judgement.findings.clone_from(&before.findings);
    }
    plan
}

/// Whether the same was found, in whatever words.
fn is_same(before: &Judgement, now: &Judgement) -> bool {
    let wordless = |judgement: &Judgement| {
        let mut judgement = judgement.clone();
        for finding in &mut judgement.findings {
            finding.means.clear();
        }
        judgement
    };
    wordless(before) == wordless(now)
}
