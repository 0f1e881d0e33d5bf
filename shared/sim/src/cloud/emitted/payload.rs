//! AWS's own JSON for what it tells, as in `events/`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sluice_core::command::Direction;
use sluice_core::source::BuildStatus;

use super::{
    BuildChange, DeploymentEventName, DeploymentStateChange, EcsHookCall, Emitted, Envelope,
    ImageAction, ImageActionType, ImageScan, PullRequestChange, ReferenceChange, SnapshotEvent,
    SnapshotEventKind, TaskStateChange, uuid,
};

impl Emitted {
    /// The payload as AWS sends it.
    pub fn payload(&self) -> Value {
        match self {
            Self::ImageAction(event) => event.payload(),
            Self::ImageScan(event) => event.payload(),
            Self::SnapshotEvent(event) => event.payload(),
            Self::DeploymentStateChange(event) => event.payload(),
            Self::TaskStateChange(event) => event.payload(),
            Self::Reference(event) => event.payload(),
            Self::PullRequest(event) => event.payload(),
            Self::Build(event) => event.payload(),
            Self::Hook(call) => call.payload(),
        }
    }
}

impl Envelope {
    fn wrap(&self, source: &str, detail_type: &str, resources: &[String], detail: Value) -> Value {
        json!({
            "version": "0",
            "id": self.event_id(),
            "detail-type": detail_type,
            "source": source,
            "account": self.place.account,
            "time": self.at.to_string(),
            "region": self.place.region,
            "resources": resources,
            "detail": detail,
        })
    }
}

impl ImageAction {
    fn payload(&self) -> Value {
        let mut detail = Map::new();
        let action = match self.action {
            ImageActionType::Push => "PUSH",
            ImageActionType::Delete => "DELETE",
        };
        detail.insert("action-type".into(), action.into());
        detail.insert(
            "result".into(),
            if self.succeeded { "SUCCESS" } else { "FAILURE" }.into(),
        );
        detail.insert("repository-name".into(), json!(self.repository));
        detail.insert("image-digest".into(), json!(self.digest));
        if let Some(tag) = &self.tag {
            detail.insert("image-tag".into(), json!(tag));
        }
        if let Some(media_type) = self.manifest_media_type {
            detail.insert("manifest-media-type".into(), media_type.into());
        }
        if let Some(media_type) = self.artifact_media_type {
            detail.insert("artifact-media-type".into(), media_type.into());
        }
        self.envelope
            .wrap("aws.ecr", "ECR Image Action", &[], Value::Object(detail))
    }
}

impl ImageScan {
    fn payload(&self) -> Value {
        let repository = format!("repository/{}", self.repository);
        let detail = json!({
            "scan-status": if self.findings.is_some() { "COMPLETE" } else { "FAILED" },
            "repository-name": self.repository,
            "finding-severity-counts": self.findings.clone().unwrap_or_default(),
            "image-digest": self.digest,
            "image-tags": self.tags,
        });
        let arn = self.envelope.place.arn("ecr", repository);
        self.envelope
            .wrap("aws.ecr", "ECR Image Scan", &[arn], detail)
    }
}

impl SnapshotEvent {
    fn payload(&self) -> Value {
        let arn = self
            .envelope
            .place
            .arn("rds", format!("snapshot:{}", self.snapshot));
        let (category, message, id) = match self.kind {
            SnapshotEventKind::Created => ("creation", "Manual snapshot created", "RDS-EVENT-0042"),
            SnapshotEventKind::Deleted => ("deletion", "Manual snapshot deleted", "RDS-EVENT-0041"),
        };
        let detail = json!({
            "EventCategories": [category],
            "SourceType": "SNAPSHOT",
            "SourceArn": arn,
            "Date": self.envelope.at.to_string(),
            "Message": message,
            "SourceIdentifier": self.snapshot,
            "EventID": id,
        });
        self.envelope
            .wrap("aws.rds", "RDS DB Snapshot Event", &[arn], detail)
    }
}

impl DeploymentStateChange {
    fn payload(&self) -> Value {
        let service = format!("service/{}/{}", self.cluster, self.service);
        let (kind, name) = match self.name {
            DeploymentEventName::InProgress => ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
            DeploymentEventName::Completed => ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
            DeploymentEventName::Failed => ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
        };
        let detail = json!({
            "eventType": kind,
            "eventName": name,
            "deploymentId": format!("ecs-svc/{}", self.revision),
            "updatedAt": self.envelope.at.to_string(),
            "reason": self.reason,
        });
        let arn = self.envelope.place.arn("ecs", service);
        self.envelope
            .wrap("aws.ecs", "ECS Deployment State Change", &[arn], detail)
    }
}

impl TaskStateChange {
    fn payload(&self) -> Value {
        let place = &self.envelope.place;
        let containers: Vec<Value> = self
            .containers
            .iter()
            .map(|(name, image, exit_code)| {
                let mut container = json!({
                    "name": name,
                    "image": image,
                    "imageDigest": image.split_once('@').map(|(_, digest)| digest),
                    "lastStatus": self.last_status,
                    "taskArn": self.task,
                });
                if let Some(exit_code) = exit_code {
                    container["exitCode"] = json!(exit_code);
                }
                container
            })
            .collect();
        let mut detail = json!({
            "taskArn": self.task,
            "clusterArn": place.arn("ecs", format!("cluster/{}", self.cluster)),
            "taskDefinitionArn": self.task_definition,
            "group": self.group,
            "lastStatus": self.last_status,
            "desiredStatus": self.last_status,
            "version": self.version,
            "launchType": "FARGATE",
            "updatedAt": self.envelope.at.to_string(),
            "containers": containers,
        });
        if let Some(started_by) = &self.started_by {
            detail["startedBy"] = json!(started_by);
        }
        if let Some(reason) = &self.stopped_reason {
            detail["stoppedReason"] = json!(reason);
            detail["stopCode"] = json!(if self.containers.is_empty() {
                "TaskFailedToStart"
            } else {
                "EssentialContainerExited"
            });
        }
        let resources = [self.task.to_string()];
        self.envelope
            .wrap("aws.ecs", "ECS Task State Change", &resources, detail)
    }
}

impl ReferenceChange {
    fn payload(&self) -> Value {
        let (event, commit) = match (&self.commit, &self.old) {
            (Some(commit), None) => ("referenceCreated", Some(commit)),
            (Some(commit), Some(_)) => ("referenceUpdated", Some(commit)),
            (None, _) => ("referenceDeleted", None),
        };
        let mut detail = json!({
            "event": event,
            "repositoryName": self.repository,
            "repositoryId": "12345678-1234-5678-abcd-12345678abcd",
            "referenceType": "branch",
            "referenceName": self.branch,
            "referenceFullName": format!("refs/heads/{}", self.branch),
        });
        if let Some(commit) = commit {
            detail["commitId"] = json!(commit);
        }
        if let Some(old) = &self.old {
            detail["oldCommitId"] = json!(old);
        }
        let kind = "CodeCommit Repository State Change";
        let arn = self.envelope.place.arn("codecommit", &self.repository);
        self.envelope.wrap("aws.codecommit", kind, &[arn], detail)
    }
}

impl PullRequestChange {
    fn payload(&self) -> Value {
        let pull = &self.pull;
        let mut detail = json!({
            "event": self.event,
            "pullRequestId": self.id,
            "repositoryNames": [self.repository],
            "title": format!("Merge {} into {}", pull.source, pull.destination),
            "author": pull.author,
            "callerUserArn": pull.merged.as_ref().map_or(&pull.author, |merged| &merged.by),
            "pullRequestStatus": if pull.open { "Open" } else { "Closed" },
            "isMerged": if pull.merged.is_some() { "True" } else { "False" },
            "sourceReference": format!("refs/heads/{}", pull.source),
            "sourceCommit": pull.source_commit,
            "destinationReference": format!("refs/heads/{}", pull.destination),
            "destinationCommit": pull.destination_commit,
            "revisionId": self.envelope.event_id(),
        });
        if let Some(merged) = &pull.merged {
            detail["mergeOption"] = json!(merged.option.name());
        }
        let kind = "CodeCommit Pull Request State Change";
        let arn = self.envelope.place.arn("codecommit", &self.repository);
        self.envelope.wrap("aws.codecommit", kind, &[arn], detail)
    }
}

impl BuildChange {
    fn payload(&self) -> Value {
        let (build, place) = (&self.build, &self.envelope.place);
        let arn = place.arn("codebuild", format!("build/{}", build.id));
        let phases = build.failed().map(|(phase, why)| {
            json!({
                "phase-type": phase,
                "phase-status": status_word(build.status),
                "phase-context": [why],
            })
        });
        let detail = json!({
            "build-status": status_word(build.status),
            "project-name": self.project,
            "build-id": arn,
            "current-phase": "COMPLETED",
            "current-phase-context": "[]",
            "version": "1",
            "additional-information": {
                "build-complete": true,
                "source-version": build.commit,
                "phases": Vec::from_iter(phases),
            },
        });
        let kind = "CodeBuild Build State Change";
        self.envelope.wrap("aws.codebuild", kind, &[arn], detail)
    }
}

/// CodeBuild's word for how a build is.
pub fn status_word(status: BuildStatus) -> &'static str {
    match status {
        BuildStatus::Running => "IN_PROGRESS",
        BuildStatus::Succeeded => "SUCCEEDED",
        BuildStatus::Failed => "FAILED",
        BuildStatus::Fault => "FAULT",
        BuildStatus::TimedOut => "TIMED_OUT",
        BuildStatus::Stopped => "STOPPED",
    }
}

impl EcsHookCall {
    /// The payload as ECS sends it to the Lambda function.
    pub fn payload(&self) -> Value {
        let of = |kind: &str, rest: String| {
            self.place.arn(
                "ecs",
                format!("{kind}/{}/{}{rest}", self.cluster, self.service),
            )
        };
        let weights = |weights: &BTreeMap<u64, u32>| -> BTreeMap<String, u32> {
            weights
                .iter()
                .map(|(id, w)| (of("service-revision", format!("/{id}")), *w))
                .collect()
        };
        json!({
            "executionDetails": {
                "testTrafficWeights": weights(&self.test_weights),
                "productionTrafficWeights": weights(&self.production_weights),
                "serviceArn": of("service", String::new()),
                "targetServiceRevisionArn":
                    of("service-revision", format!("/{}", self.target_revision)),
            },
            "executionId": uuid(self.execution_id),
            "lifecycleStage": self.stage.as_str(),
            "resourceArn": self.service_deployment,
            "hookDetails": {
                "deployment": self.deployment,
                "direction": match self.direction {
                    Direction::Forward => "forward",
                    Direction::Back => "back",
                },
            },
        })
    }
}
