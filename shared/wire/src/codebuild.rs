//! CodeBuild: the newest builds of a project.

use serde_json::{Value, json};
use sluice_core::id::BuildProject;
use sluice_sim::cloud::{Cloud, SimulatedBuild, status_word};

use crate::caller::Caller;
use crate::json::require;
use crate::refusal::Refusal;

pub(crate) fn answer(
    cloud: &mut Cloud,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    match operation {
        "ListBuildsForProject" => {
            let project = BuildProject::new(require(input, "projectName")?);
            let builds = cloud.builds_in(&place, &project).ok_or_else(|| {
                Refusal::new(
                    "ResourceNotFoundException",
                    format!("The provided project {project} does not exist"),
                )
            })?;
            let ids = builds.iter().map(|build| json!(build.id));
            let mut ids: Vec<Value> = ids.collect();
            if input["sortOrder"] == "ASCENDING" {
                ids.reverse();
            }
            Ok(json!({"ids": ids}))
        }
        "BatchGetBuilds" => {
            let asked = input["ids"].as_array().cloned().unwrap_or_default();
            let projects = asked.iter().filter_map(|id| id.as_str()?.split_once(':'));
            let projects: std::collections::BTreeSet<&str> =
                projects.map(|(project, _)| project).collect();
            let builds = projects.into_iter().filter_map(|project| {
                let project = BuildProject::new(project);
                let builds = cloud.builds_in(&place, &project)?;
                let builds = builds.into_iter().map(|build| written(&project, &build));
                Some(builds.collect::<Vec<_>>())
            });
            let builds = builds.flatten();
            let found: Vec<Value> = builds
                .filter(|build| asked.contains(&build["id"]))
                .collect();
            let missing = asked
                .iter()
                .filter(|id| !found.iter().any(|build| build["id"] == **id));
            Ok(json!({"builds": found, "buildsNotFound": Vec::from_iter(missing)}))
        }
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

fn written(project: &BuildProject, build: &SimulatedBuild) -> Value {
    let started = build.started_at.as_second();
    let status = status_word(build.status);
    let mut phases =
        vec![json!({"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED", "startTime": started})];
    if let Some((phase, why)) = build.failed() {
        phases.push(json!({
            "phaseType": phase,
            "phaseStatus": status,
            "startTime": started,
            "contexts": [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": why}],
        }));
    }
    json!({
        "id": build.id,
        "projectName": project,
        "startTime": started,
        "buildStatus": status,
        "buildComplete": status != "IN_PROGRESS",
        "sourceVersion": build.commit,
        "resolvedSourceVersion": build.commit,
        "phases": phases,
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_MEDIUM",
            "environmentVariables": [{"name": "CI_REF", "value": build.of, "type": "PLAINTEXT"}],
        },
    })
}
