//! What would happen, with nothing happening: the plan of a push, drawn from the world as it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_core::command::CommandKind;
use sluice_core::deployment::Deployment;
use sluice_core::event::Event;
use sluice_core::failure::PortError;
use sluice_core::id::EnvironmentName;
use sluice_core::intake::{Ignored, ImagePush, openings};
use sluice_core::phase::Phase;
use sluice_core::plan::SealedPlan;
use sluice_core::plan::survey::Survey;
use sluice_core::planner::draw;

use crate::App;

/// What a push would come to in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The environment.
    pub environment: EnvironmentName,
    /// The plan, or everything that is in its way.
    pub plan: Result<SealedPlan, Vec<String>>,
    /// The deployment as it would wait for approval, if it has a plan and would wait.
    pub waiting: Option<Deployment>,
}

impl App {
    /// Draws the plans of a push and carries nothing out.
    ///
    /// # Errors
    /// The world could not be read.
    pub async fn preview(
        &self,
        push: &ImagePush,
    ) -> Result<Result<Vec<Preview>, Ignored>, PortError> {
        let openings = match openings(self.configs.of_repository(&push.repository), push) {
            Ok(openings) => openings,
            Err(ignored) => return Ok(Err(ignored)),
        };
        let now = self.ports.clock.now();
        let mut previews = Vec::new();
        for opening in openings {
            let deployment = Deployment::open(&opening, now);
            let survey = self.survey(&deployment).await?;
            let plan = draw(&deployment, &survey, now);
            let asks = opening.settings.environment.approval.is_some();
            let drawn = plan.as_ref().ok().filter(|_| asks);
            let waiting = drawn.map(|plan| Deployment {
                phase: Phase::AwaitingApproval,
                plan: Some(Arc::new(plan.clone())),
                ..deployment.clone()
            });
            previews.push(Preview {
                environment: deployment.environment().clone(),
                plan,
                waiting,
            });
        }
        Ok(Ok(previews))
    }

    async fn survey(&self, deployment: &Deployment) -> Result<Survey, PortError> {
        let mut survey = Survey::default();
        let mut read = BTreeSet::new();
        // What a migration would do takes a task to be seen, and here nothing is run.
        while let Some(command) = survey
            .missing_facts(deployment)
            .into_iter()
            .find(|command| !read.contains(&command.key()))
        {
            debug_assert!(!command.changes_the_world(), "planning only reads");
            read.insert(command.key());
            match self.execute(deployment, &command).await {
                Some(Event::Done { outcome, .. }) => {
                    survey.take(&outcome, self.ports.clock.now());
                }
                // That the source code could not be read, the plan says.
                Some(Event::CommandFailed { command, .. })
                    if command.kind == CommandKind::ReadSource => {}
                Some(Event::CommandFailed { error, .. }) => return Err(error),
                _ => {}
            }
        }
        Ok(survey)
    }
}
