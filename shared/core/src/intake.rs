//! What a push asks for: which environments it is deployed to, or why it is not.

use std::sync::Arc;

use jiff::Timestamp;

use crate::config::{Config, Environment};
use crate::deployment::{Opening, Requester};
use crate::id::{AppName, DeploymentId, Digest, ImageTag, RepositoryName};
use crate::registry::Registry;
use crate::release::Release;
use crate::request::DeploymentKind;

/// An image that appeared in the registry, as its event tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePush {
    /// The event's own id: the same when it is delivered again.
    pub event: String,
    /// The registry's host.
    pub registry: String,
    /// The repository.
    pub repository: RepositoryName,
    /// The tag; a push by digest alone has none.
    pub tag: Option<ImageTag>,
    /// The digest.
    pub digest: Digest,
    /// When.
    pub pushed_at: Timestamp,
    /// The manifest's media type, if the event says it.
    pub manifest_media_type: Option<String>,
    /// The artifact's media type, if the event says it.
    pub artifact_media_type: Option<String>,
}

/// Why a push deploys nothing. None of these is an error. `sluice_words::refusal` puts it in
/// words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// It has no tag: the manifest of one platform, or a push by digest. The index that names it
    /// is pushed with a tag.
    Untagged,
    /// It is not an image but something about one.
    NotAnImage {
        /// What it is.
        what: &'static str,
    },
    /// No application is deployed from that repository.
    UnknownRepository(RepositoryName),
    /// It was pushed to another registry than the one that the application is deployed from. Anybody
    /// may have such an account, and send its events here.
    OtherRegistry {
        /// The registry that it was pushed to.
        pushed: String,
        /// The application that is deployed from a repository of that name.
        app: AppName,
        /// Where it is deployed from, if that is known.
        configured: Option<Registry>,
    },
    /// No environment takes that tag.
    TagNotTaken {
        /// The tag.
        tag: ImageTag,
        /// What environments take.
        taken: String,
    },
}

/// The deployments a push opens: one for each environment that takes its tag. Several files may
/// name the repository; each deploys its own services from it.
///
/// # Errors
/// Why it opens none.
pub fn openings(configs: &[Arc<Config>], push: &ImagePush) -> Result<Vec<Opening>, Ignored> {
    let Some(tag) = &push.tag else {
        return Err(Ignored::Untagged);
    };
    if let Some(what) = about_an_image(tag, push.artifact_media_type.as_deref()) {
        return Err(Ignored::NotAnImage { what });
    }
    let named = configs.iter();
    let named: Vec<&Arc<Config>> = named
        .filter(|config| config.repository == push.repository)
        .collect();
    let first = named
        .first()
        .ok_or_else(|| Ignored::UnknownRepository(push.repository.clone()))?;
    let is_from = |config: &&&Arc<Config>| {
        let registry = config.registry.as_ref();
        registry.is_some_and(|registry| registry.host() == push.registry)
    };
    let configs: Vec<&Arc<Config>> = named.iter().filter(is_from).copied().collect();
    if configs.is_empty() {
        return Err(Ignored::OtherRegistry {
            pushed: push.registry.clone(),
            app: first.app.clone(),
            configured: first.registry.clone(),
        });
    }
    let openings: Vec<Opening> = configs
        .iter()
        .flat_map(|config| {
            let environments = config.environments.iter();
            let takes = |environment: &&Environment| {
                environment.tags.iter().any(|pattern| pattern.matches(tag))
            };
            let taking = environments.filter(takes);
            taking.map(|environment| opening(config, environment, push, tag))
        })
        .collect();
    if openings.is_empty() {
        return Err(Ignored::TagNotTaken {
            tag: tag.clone(),
            taken: configs
                .iter()
                .map(|config| taken(config))
                .collect::<Vec<_>>()
                .join("; "),
        });
    }
    Ok(openings)
}

fn opening(
    config: &Config,
    environment: &Environment,
    push: &ImagePush,
    tag: &ImageTag,
) -> Opening {
    Opening {
        id: DeploymentId::derive(&config.app, &environment.name, &push.digest, &push.event),
        settings: Arc::new(config.settings(environment)),
        release: Release {
            registry: push.registry.clone(),
            repository: push.repository.clone(),
            tag: tag.clone(),
            digest: push.digest.clone(),
            pushed_at: push.pushed_at,
        },
        requested_by: Requester::Push,
        kind: DeploymentKind::Release,
        hotfix: None,
    }
}

fn taken(config: &Config) -> String {
    let said: Vec<String> = config
        .environments
        .iter()
        .map(|environment| {
            let tags: Vec<String> = environment.tags.iter().map(ToString::to_string).collect();
            format!("{} takes {}", environment.name, tags.join(", "))
        })
        .collect();
    said.join("; ")
}

/// Signatures, attestations and bills of material are pushed beside the image they are about:
/// under a tag made from its digest (cosign: `sha256-….sig`), or as a referrer with a media type of
/// its own.
pub fn about_an_image(tag: &ImageTag, artifact_media_type: Option<&str>) -> Option<&'static str> {
    if let Some((_, kind)) = tag
        .as_str()
        .strip_prefix("sha256-")
        .and_then(|rest| rest.split_once('.'))
    {
        return Some(match kind {
            "sig" => "a signature",
            "att" => "an attestation",
            "sbom" => "a bill of materials",
            _ => "an artifact about an image",
        });
    }
    // Ordinary images name their config's type here.
    let artifact = artifact_media_type?;
    let is_image = artifact.contains("container.image") || artifact.contains("oci.image");
    match artifact {
        _ if is_image => None,
        _ if artifact.contains("in-toto") || artifact.contains("dsse") => Some("an attestation"),
        _ if artifact.contains("cosign") || artifact.contains("notary") => Some("a signature"),
        _ if artifact.contains("spdx") || artifact.contains("cyclonedx") => {
            Some("a bill of materials")
        }
        _ => Some("an artifact about an image"),
    }
}
