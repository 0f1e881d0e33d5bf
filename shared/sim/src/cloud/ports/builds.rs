//! Builds: CodeBuild.

use async_trait::async_trait;
use sluice_app::ports::Builds;
use sluice_core::failure::PortError;
use sluice_core::id::BuildProject;
use sluice_core::registry::Registry;
use sluice_core::source::{Build, Built, FailedPhase};

use super::CloudPorts;
use crate::cloud::Operation;

#[async_trait]
impl Builds for CloudPorts {
    async fn newest_builds(
        &self,
        place: &Registry,
        project: &BuildProject,
    ) -> Result<Vec<Build>, PortError> {
        let mut cloud = self.cloud();
        let place = cloud.place_of(&place.account, &place.region);
        let missing = || {
            PortError::needs_person(format!(
                "ResourceNotFoundException: there is no project {project}: check `build` in [source]"
            ))
        };
        let place = place.ok_or_else(missing)?;
        let reply = cloud.ask(Operation::ListBuildsForProject)?;
        let builds = cloud.builds_in(&place, project);
        reply
            .with(builds.as_ref().map(Vec::len))?
            .ok_or_else(missing)?;
        let reply = cloud.ask(Operation::BatchGetBuilds)?;
        let builds = builds.unwrap_or_default().into_iter();
        let builds = builds.map(|build| Build {
            of: Built::of_ref(&build.of),
            failed: build
                .failed()
                .map(|(phase, why)| FailedPhase::new(phase, why)),
            id: build.id,
            commit: Some(build.commit),
            started_at: build.started_at,
            status: build.status,
        });
        reply.with(builds.collect())
    }
}
