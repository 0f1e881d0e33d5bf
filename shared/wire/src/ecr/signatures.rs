//! Signatures: the manifests and layers in which cosign stores them.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sluice_core::id::Digest;
use sluice_core::signature::{SIMPLE_SIGNING, Stored};
use sluice_sim::cloud::{Cloud, Media};

use super::Repository;
use crate::dispatch::Answer;
use crate::json::require;
use crate::refusal::Refusal;

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Where layers are downloaded from: S3, with an address that is its own permission.
const LAYERS: &str = "/layers/";

/// A manifest with signatures in it.
pub(super) struct Artifact {
    digest: String,
    manifest: String,
}

impl Artifact {
    fn new(manifest: &Value) -> Self {
        let manifest = manifest.to_string();
        Self {
            digest: digest(manifest.as_bytes()),
            manifest,
        }
    }

    /// As BatchGetImage answers.
    pub(super) fn answer(&self, repository: &Repository) -> Value {
        json!({
            "registryId": repository.registry,
            "repositoryName": repository.name,
            "imageId": {"imageDigest": self.digest},
            "imageManifest": self.manifest,
            "imageManifestMediaType": Media::Signature.types().0,
        })
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn bytes(stored: &Stored) -> &[u8] {
    match stored {
        Stored::Simple { payload, .. } => payload,
        Stored::Bundle(bundle) => bundle,
    }
}

fn descriptor(stored: &Stored) -> Value {
    let bytes = bytes(stored);
    let mut layer = json!({"digest": digest(bytes), "size": bytes.len()});
    match stored {
        Stored::Bundle(_) => layer["mediaType"] = BUNDLE.into(),
        Stored::Simple { signature, .. } => {
            layer["mediaType"] = SIMPLE_SIGNING.into();
            layer["annotations"] = json!({"dev.cosignproject.cosign/signature": signature});
        }
    }
    layer
}

/// The bundles that refer to an image: one manifest each.
fn referrers(cloud: &Cloud, repository: &Repository, image: &Digest) -> Vec<Artifact> {
    let stored = cloud.signatures_of(&repository.name, image).into_iter();
    let bundles = stored.filter(|one| matches!(one, Stored::Bundle(_)));
    let manifests = bundles.map(|bundle| {
        json!({
            "schemaVersion": 2,
            "mediaType": Media::Signature.types().0,
            "artifactType": BUNDLE,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json"},
            "layers": [descriptor(&bundle)],
            "subject": {"mediaType": Media::Image.types().0, "digest": image},
        })
    });
    manifests.map(|manifest| Artifact::new(&manifest)).collect()
}

/// The manifest under the tag in which cosign 2 stores all signatures of an image.
fn tagged(cloud: &Cloud, repository: &Repository, image: &Digest) -> Option<Artifact> {
    let stored = cloud.signatures_of(&repository.name, image).into_iter();
    let simple = stored.filter(|one| matches!(one, Stored::Simple { .. }));
    let layers: Vec<Value> = simple.map(|one| descriptor(&one)).collect();
    (!layers.is_empty()).then(|| {
        Artifact::new(&json!({
            "schemaVersion": 2,
            "mediaType": Media::Signature.types().0,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json"},
            "layers": layers,
        }))
    })
}

/// The signatures that BatchGetImage is asked for.
pub(super) fn artifact(cloud: &Cloud, repository: &Repository, id: &Value) -> Option<Artifact> {
    if let Some(tag) = id["imageTag"].as_str() {
        let hex = tag.strip_prefix("sha256-")?.strip_suffix(".sig")?;
        let image = Digest::try_from(format!("sha256:{hex}")).ok()?;
        return tagged(cloud, repository, &image);
    }
    let asked = id["imageDigest"].as_str()?;
    let images = repository.images.iter();
    let mut all = images.flat_map(|image| referrers(cloud, repository, &image.digest));
    all.find(|artifact| artifact.digest == asked)
}

pub(super) fn list(
    cloud: &Cloud,
    repository: &Repository,
    input: &Value,
) -> Result<Value, Refusal> {
    let subject = require(&input["subjectId"], "imageDigest")?;
    let wrong = |_| Refusal::new("InvalidParameterException", "this is no digest");
    let image = Digest::try_from(subject.to_owned()).map_err(wrong)?;
    let referrers = referrers(cloud, repository, &image).into_iter();
    let referrers = referrers.map(|artifact| {
        json!({
            "digest": artifact.digest,
            "mediaType": Media::Signature.types().0,
            "artifactType": BUNDLE,
            "size": artifact.manifest.len(),
            "artifactStatus": "ACTIVE",
        })
    });
    Ok(json!({"referrers": referrers.collect::<Vec<_>>()}))
}

pub(super) fn download_url(
    cloud: &Cloud,
    repository: &Repository,
    host: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    let asked = require(input, "layerDigest")?;
    if stored_as(cloud, asked).is_none() {
        let said = format!(
            "The layer with digest '{asked}' is not in '{}'",
            repository.name
        );
        return Err(Refusal::new("LayersNotFoundException", said));
    }
    let url = format!("http://{host}{LAYERS}{asked}");
    Ok(json!({"downloadUrl": url, "layerDigest": asked}))
}

fn stored_as(cloud: &Cloud, layer: &str) -> Option<Vec<u8>> {
    let mut all = cloud.all_signatures();
    all.find(|stored| digest(bytes(stored)) == layer)
        .map(|stored| bytes(stored).to_vec())
}

/// What S3 answers, if the path is a layer's.
pub(crate) fn layer(cloud: &Cloud, path: &str) -> Option<Answer> {
    let body = stored_as(cloud, path.strip_prefix(LAYERS)?)?;
    Some(Answer {
        status: 200,
        content_type: "application/octet-stream",
        headers: Vec::new(),
        body,
    })
}
