//! The plans of a push, drawn from a world furnished for it.

use std::sync::Arc;

use sluice_app::{App, Preview};
use sluice_core::config::Config;
use sluice_core::failure::PortError;
use sluice_core::intake::{Ignored, ImagePush};
use sluice_events::Envelope;
use sluice_events::ecr::ImageAction;
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

use crate::play::start;
use crate::rehearsal::{PayloadFile, furnished};

/// A world in which a push has just arrived.
pub struct Rehearsed {
    world: World,
    app: App,
    push: ImagePush,
}

impl Rehearsed {
    /// Furnishes the world.
    ///
    /// # Errors
    /// The file holds no push of an image, in words.
    pub fn new(file: &PayloadFile, config: &Config) -> Result<Self, String> {
        let push = push(file)?;
        let start = file.happened_at().unwrap_or_else(start);
        let configs = std::slice::from_ref(config);
        let world = World::new(1, start, configs, Weather::default());
        let scan = config
            .environments
            .iter()
            .map(|environment| environment.scan.wait)
            .max();
        world.with_cloud(|cloud| {
            furnished(cloud, &file.payload, std::slice::from_ref(file), config);
            // By then the image has been scanned.
            cloud.advance_to(start + scan.unwrap_or_default());
        });
        let app = App::new(world.ports(), vec![Arc::new(config.clone())]);
        Ok(Self { world, app, push })
    }

    /// The plans.
    ///
    /// # Errors
    /// The world could not be read.
    pub async fn previews(&self) -> Result<Result<Vec<Preview>, Ignored>, PortError> {
        self.app.preview(&self.push).await
    }

    /// The world, to be looked into.
    pub fn world(&self) -> &World {
        &self.world
    }
}

/// The push that an ECR Image Action event reports.
fn push(file: &PayloadFile) -> Result<ImagePush, String> {
    let event = Envelope::read(&file.payload).map_err(|error| error.to_string())?;
    if (event.source.as_str(), event.detail_type.as_str()) != ("aws.ecr", "ECR Image Action") {
        return Err(not_a_push(&event.detail_type));
    }
    let action: ImageAction = event.detail().map_err(|error| error.to_string())?;
    if (action.action_type.as_str(), action.result.as_str()) != ("PUSH", "SUCCESS") {
        return Err(not_a_push(&format!(
            "{} with {}",
            action.action_type, action.result
        )));
    }
    Ok(ImagePush {
        registry: event.registry().host(),
        event: event.id,
        repository: action.repository_name,
        tag: action.image_tag,
        digest: action.image_digest,
        pushed_at: event.time,
        manifest_media_type: action.manifest_media_type,
        artifact_media_type: action.artifact_media_type,
    })
}

fn not_a_push(what: &str) -> String {
    format!(
        "`{what}` is not an image push: expected an ECR Image Action event with action-type PUSH \
         and result SUCCESS; `sluice run` takes the others"
    )
}
