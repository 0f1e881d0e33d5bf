//! One event: verified, read, one call made, answered.

use serde::Serialize;
use serde_json::Value;
use sluice_app::{App, Hint, Intake, Taken, TakenHow, why_ignored};
use sluice_core::failure::PortError;
use sluice_core::id::{DeploymentId, EnvironmentName};
use sluice_core::intake::ImagePush;
use sluice_events::ecr::{ImageAction, ImageScan};
use sluice_events::{Envelope, Malformed, shown};

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The push was taken, in each environment that takes its tag.
    Taken(Vec<TakenPush>),
    /// A scan ended: these deployments were woken to read it.
    Woken(Vec<DeploymentId>),
    /// Nothing, and why.
    Ignored(Ignored),
}

/// Why nothing was done, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Ignored(pub String);

/// What a push came to in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TakenPush {
    /// The environment.
    pub environment: EnvironmentName,
    /// The deployment.
    pub deployment: DeploymentId,
    /// `opened`, `again` or `same-image`.
    pub how: &'static str,
}

/// Why an event was not taken. Lambda tries twice more and then hands it to the function's
/// destination for failures: nothing is lost.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// No one should send this here.
    #[error(
        "the event is `{detail_type}` of `{from}`: registry-push takes aws.ecr and aws.inspector2; \
         fix the rule that sends it"
    )]
    ForeignSource {
        /// EventBridge's `source`.
        from: String,
        /// EventBridge's `detail-type`.
        detail_type: String,
    },
    /// The store or the queue did not take it.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Takes an event.
///
/// # Errors
/// See [`PushError`].
pub async fn handler(app: &App, event: &Value) -> Result<Answer, PushError> {
    let event = Envelope::read(event)?;
    let app = &app.refreshed().await?;
    let answer = match (event.source.as_str(), event.detail_type.as_str()) {
        ("aws.ecr", "ECR Image Action") => image_action(app, &event).await?,
        ("aws.ecr", "ECR Image Scan") | ("aws.inspector2", "Inspector2 Scan") => {
            image_scan(app, &event).await?
        }
        ("aws.ecr" | "aws.inspector2", other) => {
            ignored(format!("`{}` is not about an image", shown(other)))
        }
        (from, detail_type) => {
            return Err(PushError::ForeignSource {
                from: shown(from),
                detail_type: shown(detail_type),
            });
        }
    };
    if let Answer::Ignored(Ignored(why)) = &answer {
        tracing::info!(event.id = %event.id, "event {} is ignored: {why}", event.id);
    }
    Ok(answer)
}

async fn image_action(app: &App, event: &Envelope) -> Result<Answer, PushError> {
    let action: ImageAction = event.detail()?;
    if action.action_type != "PUSH" {
        let what = format!("the action is {}, not PUSH", shown(&action.action_type));
        return Ok(ignored(what));
    }
    if action.result != "SUCCESS" {
        let result = shown(&action.result);
        return Ok(ignored(format!("the push ended with {result}")));
    }
    let push = ImagePush {
        event: event.id.clone(),
        registry: event.registry().host(),
        repository: action.repository_name,
        tag: action.image_tag,
        digest: action.image_digest,
        pushed_at: event.time,
        manifest_media_type: action.manifest_media_type,
        artifact_media_type: action.artifact_media_type,
    };
    Ok(match app.image_pushed(&push).await? {
        Intake::Ignored(why) => ignored(why_ignored(&why)),
        Intake::Taken(taken) => Answer::Taken(taken.into_iter().map(taken_push).collect()),
    })
}

async fn image_scan(app: &App, event: &Envelope) -> Result<Answer, PushError> {
    let scan: ImageScan = event.detail()?;
    let hint = Hint::ImageScanned {
        repository: scan.repository(),
        digest: scan.image_digest,
    };
    Ok(Answer::Woken(app.hint(&hint).await?))
}

fn taken_push(taken: Taken) -> TakenPush {
    let how = match taken.how {
        TakenHow::Opened => "opened",
        TakenHow::Again => "again",
        TakenHow::SameImage => "same-image",
    };
    tracing::info!(
        deployment.id = %taken.deployment,
        environment = %taken.environment,
        how,
        "the push is {} to {}",
        taken.deployment,
        taken.environment
    );
    TakenPush {
        environment: taken.environment,
        deployment: taken.deployment,
        how,
    }
}

fn ignored(why: impl Into<String>) -> Answer {
    Answer::Ignored(Ignored(why.into()))
}
