//! ECR: images and what their scans found.

mod put;
mod signatures;

use serde_json::{Map, Value, json};
use sluice_core::id::{AccountId, RepositoryName};
use sluice_core::observation::ScanObservation;
use sluice_core::scan::Findings;
use sluice_sim::cloud::{Cloud, ImageDescription, Media};

use crate::caller::Caller;
use crate::json::{page, require, seconds, without_nulls};
use crate::refusal::Refusal;

pub(crate) use signatures::layer;

/// The most that DescribeImages gives on a page.
const ON_A_PAGE: usize = 1000;

pub(crate) fn answer(
    cloud: &mut Cloud,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    match operation {
        "PutImage" => put::image(cloud, caller, input),
        "DescribeImages" => describe_images(&Repository::find(cloud, caller, input)?, input),
        "DescribeImageScanFindings" => {
            describe_scan(&Repository::find(cloud, caller, input)?, input)
        }
        "BatchGetImage" => batch_get(cloud, &Repository::find(cloud, caller, input)?, input),
        "ListImageReferrers" => {
            signatures::list(cloud, &Repository::find(cloud, caller, input)?, input)
        }
        "GetDownloadUrlForLayer" => {
            let repository = Repository::find(cloud, caller, input)?;
            signatures::download_url(cloud, &repository, &caller.host, input)
        }
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

/// The repository that is asked for.
struct Repository {
    registry: AccountId,
    name: RepositoryName,
    images: Vec<ImageDescription>,
    now: Value,
}

impl Repository {
    fn find(cloud: &Cloud, caller: &Caller, input: &Value) -> Result<Self, Refusal> {
        let name = RepositoryName::new(require(input, "repositoryName")?);
        let registry = match input["registryId"].as_str() {
            Some(id) => cloud.place_of(&AccountId::new(id), &caller.region),
            None => Some(caller.place(cloud)?),
        };
        let Some(registry) = registry.filter(|place| cloud.has_repository(place, &name)) else {
            return Err(Refusal::new(
                "RepositoryNotFoundException",
                format!("The repository with name '{name}' does not exist in the registry"),
            ));
        };
        Ok(Self {
            registry: registry.account.clone(),
            images: cloud.images_in(&name),
            now: seconds(cloud.now()),
            name,
        })
    }

    fn image(&self, id: &Value) -> Option<&ImageDescription> {
        let (digest, tag) = (id["imageDigest"].as_str(), id["imageTag"].as_str());
        self.images.iter().rfind(|image| {
            digest.is_none_or(|digest| image.digest.as_str() == digest)
                && tag.is_none_or(|tag| image.tags.iter().any(|t| t.as_str() == tag))
        })
    }

    fn require(&self, id: &Value) -> Result<&ImageDescription, Refusal> {
        self.image(id).ok_or_else(|| {
            Refusal::new(
                "ImageNotFoundException",
                format!(
                    "The image with imageId {id} does not exist within the repository with name \
                     '{}' in the registry with id '{}'",
                    self.name, self.registry
                ),
            )
        })
    }

    fn detail(&self, image: &ImageDescription) -> Value {
        let (manifest, artifact) = image.media.types();
        let mut detail = without_nulls(json!({
            "registryId": self.registry,
            "repositoryName": self.name,
            "imageDigest": image.digest,
            "imagePushedAt": seconds(image.pushed_at),
            "imageManifestMediaType": manifest,
            "artifactMediaType": artifact,
            "imageStatus": "ACTIVE",
        }));
        if !image.tags.is_empty() {
            detail["imageTags"] = json!(image.tags);
        }
        detail
    }
}

fn describe_images(repository: &Repository, input: &Value) -> Result<Value, Refusal> {
    let details: Vec<Value> = match input["imageIds"].as_array() {
        Some(ids) => ids
            .iter()
            .map(|id| Ok(repository.detail(repository.require(id)?)))
            .collect::<Result<_, Refusal>>()?,
        None => repository
            .images
            .iter()
            .map(|image| repository.detail(image))
            .collect(),
    };
    let (details, next) = page(input, details, ON_A_PAGE);
    Ok(without_nulls(
        json!({"imageDetails": details, "nextToken": next}),
    ))
}

fn describe_scan(repository: &Repository, input: &Value) -> Result<Value, Refusal> {
    let id = &input["imageId"];
    let image = repository.require(id)?;
    let mut answer = json!({
        "registryId": repository.registry,
        "repositoryName": repository.name,
        "imageId": {"imageDigest": image.digest},
    });
    answer["imageScanStatus"] = match &image.scan {
        ScanObservation::NotScanned => {
            return Err(Refusal::new(
                "ScanNotFoundException",
                format!("Image scan does not exist for the image with {id}"),
            ));
        }
        ScanObservation::Pending => json!({"status": "IN_PROGRESS"}),
        ScanObservation::Failed(reason) => json!({"status": "FAILED", "description": reason}),
        ScanObservation::Complete(_) if !image.has_findings => {
            answer["imageScanFindings"] = json!({"findings": []});
            json!({"status": "COMPLETE", "description": "The scan was completed successfully."})
        }
        ScanObservation::Complete(findings) => {
            let counts: Map<String, Value> = findings
                .all()
                .iter()
                .filter_map(|(severity, count)| {
                    Some((json!(severity).as_str()?.to_owned(), json!(count)))
                })
                .collect();
            answer["imageScanFindings"] = json!({
                "imageScanCompletedAt": repository.now,
                "findingSeverityCounts": counts,
                "findings": listed(findings),
            });
            json!({"status": "COMPLETE", "description": "The scan was completed successfully."})
        }
    };
    Ok(answer)
}

/// The findings one by one: those whose ids the model knows.
fn listed(findings: &Findings) -> Vec<Value> {
    let named = findings.named.iter();
    let each = named.flat_map(|(id, counts)| counts.iter().map(move |count| (id, count)));
    each.flat_map(|(id, (severity, count))| {
        let one = json!({ "name": id, "severity": severity });
        std::iter::repeat_n(one, *count as usize)
    })
    .collect()
}

fn batch_get(cloud: &Cloud, repository: &Repository, input: &Value) -> Result<Value, Refusal> {
    let ids = input["imageIds"]
        .as_array()
        .ok_or_else(|| Refusal::missing("imageIds"))?;
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in ids {
        match repository.image(id) {
            Some(image) => images.push(json!({
                "registryId": repository.registry,
                "repositoryName": repository.name,
                "imageId": {"imageDigest": image.digest},
                "imageManifest": manifest(image),
                "imageManifestMediaType": image.media.types().0,
            })),
            None if let Some(artifact) = signatures::artifact(cloud, repository, id) => {
                images.push(artifact.answer(repository));
            }
            None => failures.push(json!({
                "imageId": id,
                "failureCode": "ImageNotFound",
                "failureReason": "Requested image not found",
            })),
        }
    }
    Ok(json!({"images": images, "failures": failures}))
}

/// The manifest as it was pushed; of an image that the model made, as much as says what is in it.
fn manifest(image: &ImageDescription) -> String {
    match &image.manifest {
        Some(manifest) => manifest.to_string(),
        None => made_manifest(image).to_string(),
    }
}

fn made_manifest(image: &ImageDescription) -> Value {
    let (media_type, config) = image.media.types();
    let mut manifest = match &image.media {
        Media::Index(children) => {
            let manifests = children
                .iter()
                .map(|digest| json!({"mediaType": Media::Image.types().0, "digest": digest}));
            json!({
                "schemaVersion": 2,
                "mediaType": media_type,
                "manifests": manifests.collect::<Value>(),
            })
        }
        Media::Image | Media::Signature | Media::Attestation => json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": {"mediaType": config},
            "layers": [],
        }),
    };
    if !image.annotations.is_empty() {
        manifest["annotations"] = json!(image.annotations);
    }
    manifest
}
