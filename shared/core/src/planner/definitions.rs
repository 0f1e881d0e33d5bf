//! What a service's new revision is made from: what it runs, the base family that infrastructure
//! code owns, or a newer revision that someone else registered.

use super::draw::Findings;
use crate::config::{NewerRevisions, Service};
use crate::deployment::Deployment;
use crate::id::{TaskDefinitionArn, TaskFamily};
use crate::note::short_arn;
use crate::observation::ServiceObservation;
use crate::plan::survey::Survey;
use crate::plan::{PlannedBase, Remark};
use crate::task_definition::{BaseReading, DefinitionObservation, FamilyRevision, RevisionOrder};

/// What the new revision of a service is made from, where it gets, and what goes from it.
#[derive(Default)]
pub(super) struct Made {
    pub(super) base: Option<PlannedBase>,
    pub(super) family: Option<TaskFamily>,
    pub(super) removes: Vec<String>,
}

/// Whether nothing about task definitions is in the way of a plan. Nothing is run before.
pub(super) fn definitions_fit(d: &Deployment, survey: &Survey) -> bool {
    let mut findings = Findings::default();
    for service in &d.settings.services {
        if let Some(running) = survey.service(&service.name) {
            findings.judge_definition(d, service, running);
        }
    }
    findings.problems.is_empty()
}

/// The revision that the migration is looked at with: made as the service's own will be.
pub(super) fn inspector(
    d: &Deployment,
    service: &Service,
    running: &ServiceObservation,
) -> RevisionOrder {
    let made = Findings::default().judge_definition(d, service, running);
    let from = made.base.map(|base| base.revision);
    let own = made
        .family
        .unwrap_or_else(|| running.task_definition.family());
    RevisionOrder {
        from: from.unwrap_or_else(|| running.task_definition.clone()),
        family: Some(own.of_inspections()),
        container: service.container.clone(),
        removes: made.removes,
        stop_timeout: service.stop_timeout,
    }
}

impl Findings {
    /// A release makes its revisions from what there is now; what leads back has revisions already.
    pub(super) fn judge_definition(
        &mut self,
        d: &Deployment,
        service: &Service,
        running: &ServiceObservation,
    ) -> Made {
        if !d.kind.is_release() {
            return Made::default();
        }
        let placement = d.settings.placement(&service.name);
        let nothing = DefinitionObservation::default();
        let seen = running.definition.as_deref().unwrap_or(&nothing);
        match &placement.task_definition {
            Some(base) => {
                let own = own_family(service, running, base);
                let made_from = self.judge_base(service, seen, base);
                if let (Some(newest), Some(from)) = (&seen.newest, &made_from)
                    && running.task_definition.family() == own
                {
                    self.remark_newer(running, newest, Some(from.revision.clone()));
                }
                Made {
                    base: made_from,
                    family: Some(own),
                    removes: Vec::new(),
                }
            }
            None => self.judge_newer(d, service, running, seen),
        }
    }

    fn judge_base(
        &mut self,
        service: &Service,
        seen: &DefinitionObservation,
        base: &TaskFamily,
    ) -> Option<PlannedBase> {
        match &seen.base {
            Some(BaseReading::Newest(newest)) => self.judge_fit(service, seen, newest),
            Some(BaseReading::NotThere) | None => {
                self.problems.push(format!(
                    "{}: ECS has no active revision of the task definition family {base} that is \
                     not Sluice's own: create it with your infrastructure code, or correct \
                     `task_definition`",
                    service.name
                ));
                None
            }
        }
    }

    /// The revision, if the service could run one that is made from it.
    fn judge_fit(
        &mut self,
        service: &Service,
        seen: &DefinitionObservation,
        revision: &FamilyRevision,
    ) -> Option<PlannedBase> {
        let unmet = seen.needs.unmet(&service.container, &revision.outline);
        if !unmet.is_empty() {
            self.problems.push(format!(
                "{} cannot run a revision made from {}: {}. Change it in your infrastructure \
                 code, or the service",
                service.name,
                short(&revision.task_definition),
                unmet.join("; ")
            ));
            return None;
        }
        Some(PlannedBase {
            revision: revision.task_definition.clone(),
            differs: revision.differs.clone(),
        })
    }

    /// Made from what runs, unless someone has registered another one since, and that is to be used.
    fn judge_newer(
        &mut self,
        d: &Deployment,
        service: &Service,
        running: &ServiceObservation,
        seen: &DefinitionObservation,
    ) -> Made {
        if let Some(newest) = &seen.newest {
            match d.settings.environment.newer_revisions {
                NewerRevisions::Leave => self.remark_newer(running, newest, None),
                NewerRevisions::Take => {
                    return Made {
                        base: self.judge_fit(service, seen, newest),
                        ..Made::default()
                    };
                }
                NewerRevisions::Refuse => self.problems.push(format!(
                    "{} runs {}, and {} was registered since, not by Sluice{}: deploy it to the \
                     service, deregister it, or write newer_revisions = \"take\"",
                    service.name,
                    short(&running.task_definition),
                    short(&newest.task_definition),
                    in_brackets(&newest.differs),
                )),
            }
        }
        let (ours, others): (Vec<_>, Vec<_>) = seen
            .others
            .iter()
            .cloned()
            .partition(|name| seen.ours.contains(name));
        if !others.is_empty() {
            self.remarks.push(Remark::KeepsVariables {
                service: service.name.clone(),
                variables: others,
            });
        }
        Made {
            removes: ours,
            ..Made::default()
        }
    }

    fn remark_newer(
        &mut self,
        running: &ServiceObservation,
        newest: &FamilyRevision,
        base: Option<TaskDefinitionArn>,
    ) {
        self.remarks.push(Remark::NewerRevision {
            service: running.service.clone(),
            runs: running.task_definition.clone(),
            newest: newest.task_definition.clone(),
            differs: newest.differs.clone(),
            base,
        });
    }
}

/// The family that Sluice registers a service's revisions in. Infrastructure code may have created
/// the service with a revision of its own family: Sluice does not register there.
fn own_family(service: &Service, running: &ServiceObservation, base: &TaskFamily) -> TaskFamily {
    let runs = running.task_definition.family();
    match runs == *base {
        true => base.of_service(&service.name),
        false => runs,
    }
}

fn short(arn: &TaskDefinitionArn) -> &str {
    short_arn(arn.as_str())
}

fn in_brackets(differs: &[String]) -> String {
    match differs.is_empty() {
        true => String::new(),
        false => format!(" ({})", differs.join(", ")),
    }
}
