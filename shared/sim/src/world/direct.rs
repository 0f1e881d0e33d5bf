//! The application's entry points in place of the Lambda functions: what the functions do, without
//! JSON on the way.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::WakeUp;
use sluice_app::{App, BuildHint, Decide, Hint, SourceHint};
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;
use sluice_core::id::{PullRequestId, SourceName};
use sluice_core::intake::ImagePush;
use sluice_core::registry::Registry;

use super::functions::{Click, ClickReply, Functions};
use crate::cloud::{EcsHookCall, Emitted, Envelope, ImageAction, ImageActionType};

/// What a function may take, as its timeout in Lambda says.
const FUNCTION_TIMEOUT: SignedDuration = SignedDuration::from_secs(60);

/// The application, called directly.
pub struct DirectFunctions(pub App);

impl DirectFunctions {
    fn stop_at(&self) -> Timestamp {
        self.0.ports().clock.now() + FUNCTION_TIMEOUT
    }

    async fn source(
        &self,
        envelope: &Envelope,
        repository: &SourceName,
        pull: Option<&PullRequestId>,
    ) -> Result<(), PortError> {
        let hint = SourceHint {
            place: registry_of(envelope),
            repository: repository.clone(),
            pull: pull.cloned(),
        };
        self.0.source_changed(&hint).await.map(drop)
    }

    async fn image(&self, image: &ImageAction) -> Result<(), PortError> {
        if image.action != ImageActionType::Push || !image.succeeded {
            return Ok(());
        }
        let push = ImagePush {
            event: image.envelope.event_id(),
            registry: image.envelope.place.registry_host(),
            repository: image.repository.clone(),
            tag: image.tag.clone(),
            digest: image.digest.clone(),
            pushed_at: image.envelope.at,
            manifest_media_type: image.manifest_media_type.map(str::to_owned),
            artifact_media_type: image.artifact_media_type.map(str::to_owned),
        };
        self.0.image_pushed(&push).await.map(drop)
    }
}

fn registry_of(envelope: &Envelope) -> Registry {
    Registry {
        account: envelope.place.account.clone(),
        region: envelope.place.region.clone(),
    }
}

#[async_trait]
impl Functions for DirectFunctions {
    async fn cloud_event(&self, event: &Emitted) -> Result<(), PortError> {
        let hint = match event {
            Emitted::ImageAction(image) => return self.image(image).await,
            Emitted::ImageScan(scan) => Hint::ImageScanned {
                repository: scan.repository.clone(),
                digest: scan.digest.clone(),
            },
            Emitted::SnapshotEvent(event) => Hint::Snapshot(event.snapshot.clone()),
            Emitted::DeploymentStateChange(change) => Hint::Service {
                account: change.envelope.place.account.clone(),
                cluster: change.cluster.clone(),
                ecs_service: change.service.clone(),
            },
            Emitted::TaskStateChange(change) => match &change.started_by {
                Some(started_by) => Hint::Task {
                    started_by: started_by.clone(),
                },
                None => return Ok(()),
            },
            Emitted::Reference(change) => {
                let (envelope, name) = (&change.envelope, &change.repository);
                return self.source(envelope, name, None).await;
            }
            Emitted::PullRequest(change) => {
                let (envelope, name) = (&change.envelope, &change.repository);
                return self.source(envelope, name, Some(&change.id)).await;
            }
            Emitted::Build(change) => {
                let hint = BuildHint {
                    place: registry_of(&change.envelope),
                    project: change.project.clone(),
                };
                return self.0.build_changed(&hint).await.map(drop);
            }
            // A call, not an event: the world asks `hook`.
            Emitted::Hook(_) => return Ok(()),
        };
        self.0.hint(&hint).await.map(drop)
    }

    async fn wake_up(&self, wake_up: &WakeUp) -> Result<(), PortError> {
        self.0.advance(wake_up, self.stop_at()).await.map(drop)
    }

    async fn hook(&self, call: &EcsHookCall) -> Result<HookAnswer, String> {
        Ok(self.0.hook(&call.hook_call()).await)
    }

    async fn minute(&self) -> Result<(), PortError> {
        self.0.minute(self.stop_at()).await.map(drop)
    }

    async fn click(&self, click: &Click) -> Result<ClickReply, PortError> {
        let decide = Decide {
            action: click.button.action,
            deployment: click.button.deployment.clone(),
            plan: click.button.plan.clone(),
            by: click.user.clone(),
            reason: None,
        };
        match self.0.click(&decide, None).await {
            Ok(decided) => Ok(ClickReply {
                text: decided.map_or_else(String::new, |decided| decided.reply),
            }),
            Err(failed) => match failed.port() {
                Some(error) => Err(error.clone()),
                None => Ok(ClickReply {
                    text: failed.to_string(),
                }),
            },
        }
    }
}
