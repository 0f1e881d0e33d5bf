//! PutImage: how an image comes into the registry, or by another tag. `docker push` ends with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sluice_core::id::{Digest, ImageTag};
use sluice_sim::cloud::{Cloud, Media, Push};

use super::Repository;
use crate::caller::Caller;
use crate::json::require;
use crate::refusal::Refusal;

pub(super) fn image(cloud: &mut Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let repository = Repository::find(cloud, caller, input)?;
    let manifest = require(input, "imageManifest")?;
    let digest = digest(manifest)?;
    if let Some(said) = input["imageDigest"].as_str()
        && said != digest.as_str()
    {
        return Err(Refusal::new(
            "ImageDigestDoesNotMatchException",
            format!("The digest of the manifest is {digest}, not {said}"),
        ));
    }
    let tag = input["imageTag"].as_str();
    let id = json!({"imageDigest": digest, "imageTag": tag});
    if tag.is_some() && repository.image(&id).is_some() {
        return Err(Refusal::new(
            "ImageAlreadyExistsException",
            format!(
                "Image with digest '{digest}' and tag '{}' already exists",
                tag.unwrap_or_default()
            ),
        ));
    }
    let push = Push {
        tag: tag.map(ImageTag::new),
        media: media(manifest, tag)?,
        annotations: annotations(manifest),
        ..Push::image(&repository.name, "", digest)
    };
    cloud.push_manifest(push, manifest);
    Ok(json!({"image": {
        "registryId": repository.registry,
        "repositoryName": repository.name,
        "imageId": crate::json::without_nulls(id),
        "imageManifest": manifest,
    }}))
}

fn digest(manifest: &str) -> Result<Digest, Refusal> {
    let digest = format!("sha256:{}", hex::encode(Sha256::digest(manifest)));
    Digest::try_from(digest).map_err(|_| invalid("its digest is none"))
}

fn annotations(manifest: &str) -> BTreeMap<String, String> {
    let manifest: Value = serde_json::from_str(manifest).unwrap_or_default();
    let all = manifest["annotations"].as_object().into_iter().flatten();
    all.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// What a manifest is of. The model brings an index's children with it.
fn media(manifest: &str, tag: Option<&str>) -> Result<Media, Refusal> {
    let manifest: Value =
        serde_json::from_str(manifest).map_err(|why| invalid(&format!("it is no JSON: {why}")))?;
    if let Some(children) = manifest["manifests"].as_array() {
        let children: Option<Vec<Digest>> = children
            .iter()
            .map(|child| Digest::try_from(child["digest"].as_str()?.to_owned()).ok())
            .collect();
        return children
            .map(Media::Index)
            .ok_or_else(|| invalid("one of its manifests has no digest"));
    }
    let config = manifest["config"]["mediaType"].as_str().unwrap_or_default();
    Ok(if config.contains("in-toto") {
        Media::Attestation
    } else if tag.is_some_and(|tag| tag.starts_with("sha256-")) {
        Media::Signature
    } else {
        Media::Image
    })
}

fn invalid(why: &str) -> Refusal {
    Refusal::new(
        "InvalidParameterException",
        format!("Invalid parameter at 'imageManifest' failed to satisfy constraint: {why}"),
    )
}
