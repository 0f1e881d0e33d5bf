//! Images and what their scans found, in ECR.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ecr::Client;
use aws_sdk_ecr::error::ProvideErrorMetadata;
use aws_sdk_ecr::operation::describe_images::DescribeImagesError;
use aws_sdk_ecr::types::{ImageDetail, ImageIdentifier, ImageStatus};
use futures::future::{try_join, try_join_all};
use serde::Deserialize;
use sluice_app::ports::{DescribedImage, FoundImage, ImageQuery, Registry, Target};
use sluice_core::failure::PortError;
use sluice_core::id::{AccountId, Digest, FindingId, ImageTag, Region, RepositoryName};
use sluice_core::observation::ScanObservation;
use sluice_core::origin::Annotations;
use sluice_core::release::Release;
use sluice_core::rollback::ImageReference;
use sluice_core::signature::Stored;

use crate::clients::{ClientSet, Clients};
use crate::error::{incomplete, port_error};
use crate::http::HttpsHttp;
use crate::time::timestamp;

mod scan;
mod signatures;

/// The media types of an index: one name for an image on several platforms.
const INDEXES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

const BATCH_GET: &str = "ecr:BatchGetImage";

/// The annotation by which BuildKit marks a manifest of an index that is no image.
const NO_IMAGE: &str = "vnd.docker.reference.type";

/// ECR.
///
/// A registry in the target's account is asked with the target's role. Any other is asked with
/// Sluice's own: where several accounts share one registry, Sluice lives in the same account, and a
/// repository that lets an account pull does not let it describe.
#[derive(Clone, Debug)]
pub struct EcrRegistry {
    clients: Arc<Clients>,
    http: Arc<HttpsHttp>,
}

impl EcrRegistry {
    /// ECR, asked through these clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        let http = Arc::new(HttpsHttp::new());
        Self { clients, http }
    }

    async fn repository<'a>(
        &self,
        target: &Target,
        registry: &'a str,
        name: &'a RepositoryName,
    ) -> Result<Repository<'a>, PortError> {
        let host = Host::parse(registry).ok_or_else(|| {
            PortError::permanent(format!(
                "`{registry}` is not the host of an ECR registry: Sluice reads images only from ECR"
            ))
        })?;
        let clients = if host.account == target.account {
            let there = Target {
                region: host.region,
                ..target.clone()
            };
            self.clients.of(&there).await?
        } else {
            self.clients.own_in(&host.region, target).await?
        };
        Ok(Repository {
            clients,
            account: host.account,
            registry,
            name,
        })
    }
}

#[async_trait]
impl Registry for EcrRegistry {
    /// `ecr:DescribeImages`, of the digest and of the tag: it reports an archived image, which
    /// cannot be
    /// pulled, from one that can. `ecr:BatchGetImage`, of one that can, for its annotations.
    async fn image(&self, target: &Target, release: &Release) -> Result<DescribedImage, PortError> {
        let repository = self
            .repository(target, &release.registry, &release.repository)
            .await?;
        let by_digest = ImageIdentifier::builder()
            .image_digest(release.digest.as_str())
            .build();
        let by_tag = ImageIdentifier::builder()
            .image_tag(release.tag.as_str())
            .build();
        let both = try_join(repository.describe(by_digest), repository.describe(by_tag));
        let (image, tagged) = both.await?;
        let digest = tagged.and_then(|tagged| tagged.image_digest);
        let digest = digest.map(|digest| {
            Digest::try_from(digest)
                .map_err(|_| incomplete("ecr:DescribeImages", &repository.name(), "valid digest"))
        });
        let image = image.filter(can_be_pulled);
        let annotations = match &image {
            Some(_) => repository.annotations(&release.digest).await?,
            None => Annotations::default(),
        };
        Ok(DescribedImage {
            present: image.is_some(),
            tag_points_at: digest.transpose()?,
            tags: image.map(tags).unwrap_or_default(),
            annotations,
        })
    }

    /// `ecr:DescribeImages`. What ECR takes for no tag at all names no image either.
    async fn find(
        &self,
        target: &Target,
        query: &ImageQuery,
    ) -> Result<Option<FoundImage>, PortError> {
        let repository = self
            .repository(target, &query.registry, &query.repository)
            .await?;
        let id = match &query.image {
            ImageReference::Tag(tag) => ImageIdentifier::builder().image_tag(tag.as_str()),
            ImageReference::Digest(digest) => {
                ImageIdentifier::builder().image_digest(digest.as_str())
            }
        };
        let found = repository.describe(id.build()).await?;
        let Some(found) = found.filter(can_be_pulled) else {
            return Ok(None);
        };
        let without = |what| incomplete("ecr:DescribeImages", &repository.name(), what);
        let digest = found.image_digest.clone();
        let digest = digest.and_then(|d| Digest::try_from(d).ok());
        let pushed_at = found.image_pushed_at.as_ref().and_then(timestamp);
        let artifact_media_type = found.artifact_media_type.clone();
        Ok(Some(FoundImage {
            digest: digest.ok_or_else(|| without("valid digest"))?,
            pushed_at: pushed_at.ok_or_else(|| without("time of push"))?,
            tags: tags(found),
            artifact_media_type,
        }))
    }

    /// `ecr:DescribeImageScanFindings`; of an index, those of each of its images.
    async fn scan(
        &self,
        target: &Target,
        release: &Release,
        named: &[FindingId],
    ) -> Result<ScanObservation, PortError> {
        let repository = self
            .repository(target, &release.registry, &release.repository)
            .await?;
        let by_digest = ImageIdentifier::builder()
            .image_digest(release.digest.as_str())
            .build();
        let image = repository.describe(by_digest).await?;
        let media = image
            .as_ref()
            .and_then(|image| image.image_manifest_media_type());
        let digests = match media {
            Some(media) if INDEXES.contains(&media) => repository.children(&release.digest).await?,
            _ => vec![release.digest.to_string()],
        };
        let scans = digests
            .iter()
            .map(|digest| repository.findings(digest, named));
        Ok(scan::of_all(try_join_all(scans).await?))
    }

    /// `ecr:ListImageReferrers`; of what refers to the image, and of the tag under which older
    /// versions of cosign store signatures, `ecr:BatchGetImage` and `ecr:GetDownloadUrlForLayer`.
    async fn signatures(
        &self,
        target: &Target,
        release: &Release,
    ) -> Result<Vec<Stored>, PortError> {
        let repository = self
            .repository(target, &release.registry, &release.repository)
            .await?;
        repository.signatures(&self.http, &release.digest).await
    }
}

/// An image's tags, in alphabetical order.
fn tags(image: ImageDetail) -> Vec<ImageTag> {
    let tags = image.image_tags.unwrap_or_default().into_iter();
    let mut tags: Vec<ImageTag> = tags.map(ImageTag::new).collect();
    tags.sort();
    tags
}

/// Images that are archived can be described, and not pulled.
fn can_be_pulled(image: &ImageDetail) -> bool {
    image
        .image_status()
        .is_none_or(|status| *status == ImageStatus::Active)
}

/// People write what is no tag, and ECR refuses the whole request as malformed.
fn is_no_tag(error: &DescribeImagesError) -> bool {
    let about_the_tag = |message: &str| message.contains("imageTag");
    error.is_invalid_parameter_exception() && error.message().is_some_and(about_the_tag)
}

/// A repository of a registry.
struct Repository<'a> {
    clients: Arc<ClientSet>,
    account: AccountId,
    registry: &'a str,
    name: &'a RepositoryName,
}

impl Repository<'_> {
    fn client(&self) -> &Client {
        self.clients.ecr()
    }

    fn name(&self) -> String {
        format!("the repository {}/{}", self.registry, self.name)
    }

    async fn describe(&self, id: ImageIdentifier) -> Result<Option<ImageDetail>, PortError> {
        let request = self
            .client()
            .describe_images()
            .registry_id(self.account.as_str())
            .repository_name(self.name.as_str())
            .image_ids(id);
        match request.send().await {
            Ok(answer) => Ok(answer.image_details.unwrap_or_default().into_iter().next()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_image_not_found_exception() || is_no_tag(e)) =>
            {
                Ok(None)
            }
            Err(error) => Err(port_error("ecr:DescribeImages", &self.name(), error)),
        }
    }

    /// What the image says about itself. An index says it in its own annotations; what it leaves
    /// out its first image may say.
    async fn annotations(&self, digest: &Digest) -> Result<Annotations, PortError> {
        let Some(manifest) = self.manifest(digest.as_str()).await? else {
            return Ok(Annotations::default());
        };
        let annotations = Annotations::read(&manifest.annotations);
        if annotations.are_complete() {
            return Ok(annotations);
        }
        let Some(first) = manifest.images().into_iter().next() else {
            return Ok(annotations);
        };
        let first = self.manifest(&first).await?;
        let first = first.map(|first| Annotations::read(&first.annotations));
        Ok(annotations.or(first.unwrap_or_default()))
    }

    /// The images in the index that is deployed.
    async fn children(&self, digest: &Digest) -> Result<Vec<String>, PortError> {
        let index = self.manifest(digest.as_str()).await?;
        let index = index.ok_or_else(|| incomplete(BATCH_GET, &self.name(), "manifest"))?;
        Ok(index.images())
    }

    /// The manifest of that digest; `None` where it is gone.
    async fn manifest(&self, digest: &str) -> Result<Option<Index>, PortError> {
        let request = self
            .client()
            .batch_get_image()
            .registry_id(self.account.as_str())
            .repository_name(self.name.as_str())
            .image_ids(ImageIdentifier::builder().image_digest(digest).build());
        let answer = request.send().await;
        let answer = answer.map_err(|error| port_error(BATCH_GET, &self.name(), error))?;
        let image = answer.images().first();
        let Some(manifest) = image.and_then(|image| image.image_manifest()) else {
            return Ok(None);
        };
        let manifest = serde_json::from_str(manifest).map_err(|why| {
            PortError::permanent(format!(
                "the manifest {digest} in {} is broken: {why}",
                self.name()
            ))
        })?;
        Ok(Some(manifest))
    }
}

/// An image index, or an image's own manifest, which has no manifests in it: as far as we read
/// them.
#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Manifest>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Manifest {
    digest: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Index {
    /// The images: attestations are next to them and are never scanned.
    fn images(self) -> Vec<String> {
        let images = self.manifests.into_iter();
        images
            .filter(|manifest| !manifest.annotations.contains_key(NO_IMAGE))
            .map(|manifest| manifest.digest)
            .collect()
    }
}

/// Whose registry it is, and where.
struct Host {
    account: AccountId,
    region: Region,
}

impl Host {
    /// Reads `ACCOUNT.dkr.ecr.REGION.amazonaws.com`, FIPS and China included.
    fn parse(host: &str) -> Option<Self> {
        let (account, rest) = host.split_once(".dkr.ecr")?;
        let rest = rest
            .strip_prefix("-fips")
            .unwrap_or(rest)
            .strip_prefix('.')?;
        let (region, domain) = rest.split_once('.')?;
        let ours = matches!(domain, "amazonaws.com" | "amazonaws.com.cn");
        let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        (ours && digits).then(|| Self {
            account: AccountId::new(account),
            region: Region::new(region),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_says_whose_registry_it_is_and_where() {
        let read = |host| Host::parse(host).map(|h| (h.account.to_string(), h.region.to_string()));
        let expected = Some(("222222222222".to_owned(), "eu-central-1".to_owned()));
        assert_eq!(
            read("222222222222.dkr.ecr.eu-central-1.amazonaws.com"),
            expected
        );
        assert_eq!(
            read("222222222222.dkr.ecr-fips.eu-central-1.amazonaws.com"),
            expected
        );
        let china = Some(("222222222222".to_owned(), "cn-north-1".to_owned()));
        assert_eq!(
            read("222222222222.dkr.ecr.cn-north-1.amazonaws.com.cn"),
            china
        );
        for other in [
            "ghcr.io",
            "public.ecr.aws",
            "1.dkr.ecr.eu-central-1.amazonaws.com",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn attestations_of_an_index_are_no_images() {
        let index: Index = serde_json::from_str(
            r#"{"manifests": [
                {"digest": "sha256:a", "platform": {"architecture": "amd64", "os": "linux"}},
                {"digest": "sha256:b", "platform": {"architecture": "unknown", "os": "unknown"},
                 "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
            ]}"#,
        )
        .unwrap();
        assert_eq!(index.images(), ["sha256:a"]);
    }
}
