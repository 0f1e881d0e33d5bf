//! The plans of a push, drawn from a world furnished for it, in which what came before it has
//! happened.

use std::sync::Arc;

use sluice_app::{App, Preview};
use sluice_core::config::Config;
use sluice_core::failure::PortError;
use sluice_core::intake::{Ignored, ImagePush};
use sluice_events::Envelope;
use sluice_events::ecr::ImageAction;
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

use crate::play::{Silence, start};
use crate::rehearsal::{Answer, PayloadFile, Rehearsal, furnished};

/// A world in which a push has just arrived.
pub struct Rehearsed {
    world: World,
    app: App,
    push: ImagePush,
}

impl Rehearsed {
    /// A world for the last of these files, the push; the ones before it go to the functions, at
    /// their own times.
    ///
    /// # Errors
    /// The last file holds no push of an image, or a function refused one of the others, in words.
    pub fn new(files: &[PayloadFile], config: &Config) -> Result<Self, String> {
        let (file, before) = files.split_last().ok_or("there is no push")?;
        let push = push(file)?;
        let world = if before.is_empty() {
            let start = file.happened_at().unwrap_or_else(start);
            World::new(1, start, std::slice::from_ref(config), Weather::default())
        } else {
            happened(before, config)?
        };
        let scan = config.environments.iter();
        let scan = scan.map(|environment| environment.scan.wait).max();
        world.with_cloud(|cloud| {
            furnished(cloud, &file.payload, files, config);
            // By then the image has been scanned.
            let scanned = cloud.now() + scan.unwrap_or_default();
            cloud.advance_to(scanned);
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

/// The world after these files.
fn happened(files: &[PayloadFile], config: &Config) -> Result<World, String> {
    let mut rehearsal = Rehearsal::new(files, config, 1);
    let answered = rehearsal
        .run(&mut Silence)
        .map_err(|error| error.to_string())?;
    for answered in answered {
        if let Answer::Error(error) = answered.answer {
            return Err(format!("{}: {error}", answered.file));
        }
    }
    Ok(rehearsal.into_world())
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
