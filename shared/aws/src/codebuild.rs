//! Builds: CodeBuild.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_codebuild::types::{self, EnvironmentVariableType, SortOrderType, StatusType};
use sluice_app::ports::{Builds, Target};
use sluice_core::failure::PortError;
use sluice_core::id::{BuildId, BuildProject, ClusterName, CommitId, DeploymentId};
use sluice_core::registry::Registry;
use sluice_core::source::{Build, BuildStatus, Built, FailedPhase};

use crate::clients::Clients;
use crate::error::port_error;
use crate::time::timestamp;

/// The variable that says which branch or tag is built: the rule of `infra/ci/pipeline.yaml` sets it.
const REF: &str = "CI_REF";

/// The [`Builds`] port: ListBuildsForProject, BatchGetBuilds. The project is in Sluice's own account.
#[derive(Clone, Debug)]
pub struct CodeBuildProjects {
    clients: Arc<Clients>,
}

impl CodeBuildProjects {
    /// The port over shared clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }
}

#[async_trait]
impl Builds for CodeBuildProjects {
    async fn newest_builds(
        &self,
        place: &Registry,
        project: &BuildProject,
    ) -> Result<Vec<Build>, PortError> {
        const LIST: &str = "codebuild:ListBuildsForProject";
        const GET: &str = "codebuild:BatchGetBuilds";
        // Without a role: whether the account is Sluice's own is asked once.
        let target = Target {
            account: place.account.clone(),
            region: place.region.clone(),
            role: None,
            cluster: ClusterName::new(""),
            deployment: DeploymentId::from_outside("source"),
        };
        let clients = self.clients.of(&target).await?;
        let on = format!("the CodeBuild project {project}");
        let request = clients.codebuild().list_builds_for_project();
        let request = request
            .project_name(project.as_str())
            .sort_order(SortOrderType::Descending);
        // The first page: as many as BatchGetBuilds takes.
        let answer = request.send().await;
        let answer = answer.map_err(|error| port_error(LIST, &on, error))?;
        let ids = answer.ids.unwrap_or_default();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let request = clients.codebuild().batch_get_builds().set_ids(Some(ids));
        let answer = request.send().await;
        let answer = answer.map_err(|error| port_error(GET, &on, error))?;
        let builds = answer.builds.unwrap_or_default();
        Ok(builds.into_iter().filter_map(seen).collect())
    }
}

/// A build; `None` if it has no id or no beginning, which only a read that is behind shows.
fn seen(build: types::Build) -> Option<Build> {
    let named = build.source_version.as_deref();
    let commits = [build.resolved_source_version.as_deref(), named];
    let commit = commits.into_iter().flatten().find(|text| is_commit(text));
    let variables = build.environment.and_then(|one| one.environment_variables);
    let is_ref = |variable: &types::EnvironmentVariable| {
        let kind = variable.r#type.as_ref();
        let is_plain = kind.is_none_or(|kind| *kind == EnvironmentVariableType::Plaintext);
        variable.name == REF && is_plain
    };
    let of = variables.into_iter().flatten().find(is_ref);
    let of = of.and_then(|variable| Built::of_ref(&variable.value));
    Some(Build {
        of: of.or_else(|| Built::of_ref(named?)),
        commit: commit.map(CommitId::new),
        started_at: timestamp(&build.start_time?)?,
        status: status(build.build_status.as_ref()),
        failed: build.phases.unwrap_or_default().iter().find_map(failed),
        id: BuildId::new(build.id?),
    })
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// One that CodeBuild has no word for yet has not ended: nothing is said of it.
fn status(status: Option<&StatusType>) -> BuildStatus {
    match status {
        Some(StatusType::Succeeded) => BuildStatus::Succeeded,
        Some(StatusType::Failed) => BuildStatus::Failed,
        Some(StatusType::Fault) => BuildStatus::Fault,
        Some(StatusType::TimedOut) => BuildStatus::TimedOut,
        Some(StatusType::Stopped) => BuildStatus::Stopped,
        _ => BuildStatus::Running,
    }
}

fn failed(phase: &types::BuildPhase) -> Option<FailedPhase> {
    let status = status(phase.phase_status.as_ref());
    let name = phase.phase_type.as_ref()?;
    let contexts = phase.contexts.as_deref().unwrap_or_default();
    let mut reasons = contexts
        .iter()
        .filter_map(|context| context.message.as_deref());
    let reason = reasons.find(|reason| !reason.trim().is_empty());
    status
        .is_failure()
        .then(|| FailedPhase::new(name.as_str(), reason.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_codebuild::types::{
        BuildPhaseType, EnvironmentVariable, PhaseContext, ProjectEnvironment,
    };
    use aws_smithy_types::DateTime;

    use super::*;

    const COMMIT: &str = "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d";

    fn build() -> types::builders::BuildBuilder {
        types::Build::builder()
            .id("erp-ci:0c1d")
            .start_time(DateTime::from_secs(1_767_603_600))
            .build_status(StatusType::Failed)
            .source_version(COMMIT)
    }

    fn variable(kind: EnvironmentVariableType) -> ProjectEnvironment {
        let variable = EnvironmentVariable::builder();
        let variable = variable.name(REF).value("refs/heads/develop").r#type(kind);
        ProjectEnvironment::builder()
            .r#type(types::EnvironmentType::LinuxContainer)
            .image("aws/codebuild/standard:7.0")
            .compute_type(types::ComputeType::BuildGeneral1Small)
            .environment_variables(variable.build().unwrap())
            .build()
            .unwrap()
    }

    #[test]
    fn the_first_phase_that_failed_is_why_and_the_variable_says_for_what() {
        let phase = |kind, status, message: &str| {
            let context = PhaseContext::builder().message(message).build();
            types::BuildPhase::builder()
                .phase_type(kind)
                .phase_status(status)
                .contexts(context)
                .build()
        };
        let plain = variable(EnvironmentVariableType::Plaintext);
        let build = build()
            .environment(plain)
            .phases(phase(BuildPhaseType::Install, StatusType::Succeeded, ""))
            .phases(phase(
                BuildPhaseType::Build,
                StatusType::Failed,
                "exit status 1",
            ))
            .phases(phase(
                BuildPhaseType::PostBuild,
                StatusType::Failed,
                "later",
            ))
            .build();
        let seen = seen(build).unwrap();
        assert_eq!(seen.of, Built::of_ref("refs/heads/develop"));
        assert_eq!(seen.commit, Some(CommitId::new(COMMIT)));
        assert_eq!(seen.status, BuildStatus::Failed);
        assert_eq!(
            seen.failed,
            Some(FailedPhase::new("BUILD", "exit status 1"))
        );
    }

    #[test]
    fn a_value_from_a_secret_is_not_read_and_what_was_fetched_counts() {
        let secret = variable(EnvironmentVariableType::SecretsManager);
        let seen = seen(build().environment(secret).build()).unwrap();
        assert_eq!(seen.of, None);
        let by_hand = types::Build::builder()
            .id("erp-ci:0c1e")
            .start_time(DateTime::from_secs(1_767_603_600))
            .source_version("refs/heads/main")
            .resolved_source_version(COMMIT)
            .build();
        let seen = super::seen(by_hand).unwrap();
        assert_eq!(seen.of, Built::of_ref("refs/heads/main"));
        assert_eq!(seen.commit, Some(CommitId::new(COMMIT)));
        assert_eq!(seen.status, BuildStatus::Running);
    }
}
