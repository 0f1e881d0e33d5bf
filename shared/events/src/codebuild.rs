//! Events of CodeBuild. They name a project and a build; how it ended is read from CodeBuild itself.

use serde::Deserialize;
use sluice_core::id::BuildProject;

use crate::bounded;

/// `CodeBuild Build State Change`: a build was started, or has ended.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "an object")]
pub struct BuildChange {
    /// `IN_PROGRESS`, `SUCCEEDED`, `FAILED`, `STOPPED` and others.
    #[serde(deserialize_with = "bounded::text")]
    pub build_status: String,
    /// The project's name.
    #[serde(deserialize_with = "bounded::build_project")]
    pub project_name: BuildProject,
    /// The build's ARN.
    #[serde(deserialize_with = "bounded::text")]
    pub build_id: String,
}
