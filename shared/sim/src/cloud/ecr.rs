//! ECR: images, tags, scans, and the events a push raises.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use sluice_app::ports::{DescribedImage, FoundImage, ImageQuery};
use sluice_core::failure::PortError;
use sluice_core::id::{Digest, FindingId, ImageTag, RepositoryName};
use sluice_core::observation::ScanObservation;
use sluice_core::origin::Annotations;
use sluice_core::release::Release;
use sluice_core::rollback::ImageReference;
use sluice_core::signature::Stored;

use super::Cloud;
use super::agenda::Due;
use super::behaviour::{ImageBehaviour, ScanBehaviour};
use super::emitted::{Emitted, ImageAction, ImageActionType, ImageScan};
use super::lag::Read;
use super::place::Place;

/// The tag of the release that a furnished cloud runs at first.
pub const FIRST_RELEASE_TAG: &str = "v0";

/// A digest made from a label: the same label always names the same image.
pub fn digest_of(label: &str) -> Digest {
    let mut seed = [0_u8; 32];
    for (at, byte) in label.bytes().enumerate() {
        seed[at % 32] = seed[at % 32].wrapping_mul(31).wrapping_add(byte);
    }
    let mut dice = ChaCha8Rng::from_seed(seed);
    let hex: String = (0..4)
        .map(|_| format!("{:016x}", dice.next_u64()))
        .collect();
    Digest::try_from(format!("sha256:{hex}")).expect("64 hexadecimal digits follow `sha256:`")
}

/// What kind of manifest is pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Media {
    /// An image for one platform.
    #[default]
    Image,
    /// An index over several platforms: each child is pushed before it, by digest.
    Index(Vec<Digest>),
    /// A signature. Its media types are those of any image: only its tag tells.
    Signature,
    /// An attestation.
    Attestation,
}

impl Media {
    /// The media types of the manifest, and of its config where it has one.
    pub fn types(&self) -> (&'static str, Option<&'static str>) {
        let oci = "application/vnd.oci.image.manifest.v1+json";
        let config = "application/vnd.oci.image.config.v1+json";
        match self {
            Self::Image | Self::Signature => (oci, Some(config)),
            Self::Attestation => (oci, Some("application/vnd.in-toto+json")),
            Self::Index(_) => ("application/vnd.oci.image.index.v1+json", None),
        }
    }
}

/// A push to the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// To which repository.
    pub repository: RepositoryName,
    /// None for a push by digest.
    pub tag: Option<ImageTag>,
    /// The manifest.
    pub digest: Digest,
    /// Its kind.
    pub media: Media,
    /// What its manifest is annotated with.
    pub annotations: BTreeMap<String, String>,
    /// How it behaves; of a digest that is there already, the new behaviour counts.
    pub behaviour: ImageBehaviour,
}

impl Push {
    /// An image that behaves well.
    pub fn image(repository: &RepositoryName, tag: &str, digest: Digest) -> Self {
        Self {
            repository: repository.clone(),
            tag: Some(ImageTag::new(tag)),
            digest,
            media: Media::Image,
            annotations: BTreeMap::new(),
            behaviour: ImageBehaviour::default(),
        }
    }

    /// The same with an annotation.
    pub fn annotated(mut self, name: &str, value: &str) -> Self {
        self.annotations.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same with this behaviour.
    pub fn behaving(mut self, behaviour: ImageBehaviour) -> Self {
        self.behaviour = behaviour;
        self
    }
}

#[derive(Debug)]
pub(super) struct Image {
    pub(super) repository: RepositoryName,
    pub(super) digest: Digest,
    pub(super) present: bool,
    pub(super) behaviour: Arc<ImageBehaviour>,
    pub(super) scan: ScanObservation,
    /// When the scan was complete.
    pub(super) scanned_at: Option<Timestamp>,
    pub(super) media: Media,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) pushed_at: Timestamp,
    /// Where whoever pushed it gave one; the model itself needs none.
    pub(super) manifest: Option<Arc<str>>,
}

/// The one registry of the cloud.
#[derive(Debug, Default)]
pub(super) struct ImageRegistry {
    pub(super) place: Option<Arc<Place>>,
    pub(super) images: Vec<Image>,
    tags: BTreeMap<RepositoryName, BTreeMap<ImageTag, Digest>>,
    /// Signatures by the image beside which they are stored, and since when.
    signatures: Vec<(RepositoryName, Digest, Stored, Timestamp)>,
    /// Where in the list the images of a digest are, one for each repository that has it.
    by_digest: BTreeMap<String, Vec<usize>>,
}

impl ImageRegistry {
    fn position(&self, repository: &RepositoryName, digest: &str) -> Option<usize> {
        let mut there = self.by_digest.get(digest)?.iter().copied();
        there.find(|at| self.images[*at].repository == *repository)
    }

    /// How the image that a container names behaves; `None` if it cannot be pulled.
    pub(super) fn behaviour(&self, image: &str) -> Option<Arc<ImageBehaviour>> {
        let (_, digest) = image.split_once('@')?;
        let image = &self.images[*self.by_digest.get(digest)?.last()?];
        image.present.then(|| image.behaviour.clone())
    }

    /// Makes the image and its tag be there; its place in the list, and whether it is new.
    pub(super) fn insert(&mut self, push: &Push, now: Timestamp) -> (usize, bool) {
        if let Some(tag) = &push.tag {
            let tags = self.tags.entry(push.repository.clone()).or_default();
            tags.insert(tag.clone(), push.digest.clone());
        }
        if let Some(at) = self.position(&push.repository, push.digest.as_str()) {
            self.images[at].present = true;
            self.images[at].behaviour = Arc::new(push.behaviour.clone());
            return (at, false);
        }
        let of_digest = self.by_digest.entry(push.digest.to_string());
        of_digest.or_default().push(self.images.len());
        self.images.push(Image {
            repository: push.repository.clone(),
            digest: push.digest.clone(),
            present: true,
            behaviour: Arc::new(push.behaviour.clone()),
            scan: ScanObservation::NotScanned,
            scanned_at: None,
            media: push.media.clone(),
            annotations: push.annotations.clone(),
            pushed_at: now,
            manifest: None,
        });
        (self.images.len() - 1, true)
    }

    pub(super) fn tags_of(&self, image: &Image) -> Vec<ImageTag> {
        let tags = self.tags.get(&image.repository).into_iter().flatten();
        tags.filter(|(_, digest)| **digest == image.digest)
            .map(|(tag, _)| tag.clone())
            .collect()
    }
}

impl Cloud {
    /// The host of the registry, as releases name it; empty before the cloud is furnished.
    pub fn registry_host(&self) -> String {
        self.registry
            .place
            .as_ref()
            .map(|place| place.registry_host())
            .unwrap_or_default()
    }

    /// Pushes an image: ECR tells of it, and later of its scan. An index tells of each child first.
    ///
    /// # Panics
    ///
    /// If the cloud was never furnished: it has no registry then.
    pub fn push_image(&mut self, push: Push) {
        if let Media::Index(children) = &push.media {
            for child in children {
                let child = Push {
                    tag: None,
                    media: Media::Image,
                    digest: child.clone(),
                    ..push.clone()
                };
                self.registry.insert(&child, self.now);
                self.tell_of_image(&child, ImageActionType::Push);
            }
        }
        let (image, new) = self.registry.insert(&push, self.now);
        self.tell_of_image(&push, ImageActionType::Push);
        let scanned = matches!(push.media, Media::Image | Media::Index(_));
        if new && scanned && push.behaviour.scan != ScanBehaviour::Never {
            self.registry.images[image].scan = ScanObservation::Pending;
            if push.behaviour.scan != ScanBehaviour::Hangs {
                self.agenda
                    .plan(self.now + self.tempo.scan, Due::ScanEnds { image });
            }
        }
    }

    /// Pushes an image whose manifest's text is known; the digest is the text's.
    pub fn push_manifest(&mut self, push: Push, manifest: &str) {
        let (repository, digest) = (push.repository.clone(), push.digest.clone());
        self.push_image(push);
        if let Some(at) = self.registry.position(&repository, digest.as_str()) {
            self.registry.images[at].manifest = Some(manifest.into());
        }
    }

    /// Deletes an image with all its tags, as a lifecycle rule does. Running tasks keep running;
    /// none can start any more.
    pub fn delete_image(&mut self, repository: &RepositoryName, digest: &Digest) {
        let Some(at) = self.registry.position(repository, digest.as_str()) else {
            return;
        };
        self.registry.images[at].present = false;
        if let Some(tags) = self.registry.tags.get_mut(repository) {
            tags.retain(|_, tagged| tagged != digest);
        }
        let push = Push {
            tag: None,
            ..Push::image(repository, "", digest.clone())
        };
        self.tell_of_image(&push, ImageActionType::Delete);
    }

    fn tell_of_image(&mut self, push: &Push, action: ImageActionType) {
        let place = self
            .registry
            .place
            .clone()
            .expect("furnishing made the registry");
        let (manifest, artifact) = push.media.types();
        let event = ImageAction {
            envelope: self.envelope(&place),
            action,
            succeeded: true,
            repository: push.repository.clone(),
            digest: push.digest.clone(),
            tag: push.tag.clone(),
            manifest_media_type: Some(manifest),
            artifact_media_type: artifact,
        };
        self.emitted.push(Emitted::ImageAction(event));
    }

    pub(super) fn scan_ends(&mut self, at: usize) {
        let image = &mut self.registry.images[at];
        let findings = match &image.behaviour.scan {
            ScanBehaviour::Finds(findings) => Some(findings.clone()),
            ScanBehaviour::Fails(_) => None,
            ScanBehaviour::Never | ScanBehaviour::Hangs => return,
        };
        image.scan = match &image.behaviour.scan {
            ScanBehaviour::Fails(reason) => ScanObservation::Failed(reason.clone()),
            _ => ScanObservation::Complete(findings.clone().unwrap_or_default()),
        };
        image.scanned_at = Some(self.now);
        let (repository, digest) = (image.repository.clone(), image.digest.clone());
        let tags = self.registry.tags_of(&self.registry.images[at]);
        let place = self
            .registry
            .place
            .clone()
            .expect("furnishing made the registry");
        let envelope = self.envelope(&place);
        self.emitted.push(Emitted::ImageScan(ImageScan {
            envelope,
            repository,
            digest,
            tags,
            findings: findings.map(|found| found.all()),
        }));
    }

    /// Stores a signature beside an image, as cosign does.
    pub fn store_signature(&mut self, repository: &RepositoryName, image: &Digest, stored: Stored) {
        let signature = (repository.clone(), image.clone(), stored, self.now);
        self.registry.signatures.push(signature);
    }

    /// The signatures that are stored beside an image, as far as they are listed yet.
    pub fn signatures_of(&self, repository: &RepositoryName, image: &Digest) -> Vec<Stored> {
        let then = self.seen_as_of(Read::Signatures).unwrap_or(self.now);
        let all = self.registry.signatures.iter();
        all.filter(|(of, beside, _, at)| of == repository && beside == image && *at <= then)
            .map(|(.., stored, _)| stored.clone())
            .collect()
    }

    /// Every signature that is stored.
    pub fn all_signatures(&self) -> impl Iterator<Item = &Stored> {
        self.registry
            .signatures
            .iter()
            .map(|(.., stored, _)| stored)
    }

    /// ListImageReferrers, BatchGetImage and GetDownloadUrlForLayer.
    pub(super) fn signatures(&self, release: &Release) -> Result<Vec<Stored>, PortError> {
        self.sees_registry(&release.registry, &release.repository)?;
        Ok(self.signatures_of(&release.repository, &release.digest))
    }

    /// DescribeImages, of the digest and of the tag, and BatchGetImage.
    pub(super) fn describe_image(&self, release: &Release) -> Result<DescribedImage, PortError> {
        self.sees_registry(&release.registry, &release.repository)?;
        let tags = self.registry.tags.get(&release.repository);
        let image = self.image(release).filter(|image| image.present);
        Ok(DescribedImage {
            present: image.is_some(),
            tag_points_at: tags.and_then(|tags| tags.get(&release.tag)).cloned(),
            tags: image
                .map(|image| self.registry.tags_of(image))
                .unwrap_or_default(),
            annotations: image
                .map(|image| Annotations::read(&image.annotations))
                .unwrap_or_default(),
        })
    }

    /// DescribeImages, of the tag or of the digest.
    pub(super) fn find_image(&self, query: &ImageQuery) -> Result<Option<FoundImage>, PortError> {
        self.sees_registry(&query.registry, &query.repository)?;
        let registry = &self.registry;
        let digest = match &query.image {
            ImageReference::Digest(digest) => Some(digest),
            ImageReference::Tag(tag) => registry
                .tags
                .get(&query.repository)
                .and_then(|tags| tags.get(tag)),
        };
        let at = digest.and_then(|digest| registry.position(&query.repository, digest.as_str()));
        let image = at.map(|at| &registry.images[at]);
        Ok(image.filter(|image| image.present).map(|image| FoundImage {
            digest: image.digest.clone(),
            pushed_at: image.pushed_at,
            tags: registry.tags_of(image),
            artifact_media_type: image.media.types().1.map(str::to_owned),
        }))
    }

    /// DescribeImageScanFindings.
    pub(super) fn describe_scan(
        &self,
        release: &Release,
        named: &[FindingId],
    ) -> Result<ScanObservation, PortError> {
        self.sees_registry(&release.registry, &release.repository)?;
        let image = self.image(release).filter(|image| image.present);
        Ok(match image {
            None => ScanObservation::NotScanned,
            // Complete without findings is not complete.
            Some(image) if !self.shows_findings(image) => ScanObservation::Pending,
            Some(image) => match &image.scan {
                ScanObservation::Complete(found) => {
                    ScanObservation::Complete(found.clone().only(named))
                }
                other => other.clone(),
            },
        })
    }

    /// Whether what the scan found is there: its status is there first.
    pub(super) fn shows_findings(&self, image: &Image) -> bool {
        let then = self.seen_as_of(Read::Findings);
        let scanned_at = image.scanned_at;
        then.is_none_or(|then| scanned_at.is_none_or(|scanned_at| scanned_at <= then))
    }

    fn image(&self, release: &Release) -> Option<&Image> {
        let at = self
            .registry
            .position(&release.repository, release.digest.as_str())?;
        self.registry.images.get(at)
    }

    /// The registry is ECR's, lets us read, and has the repository.
    fn sees_registry(&self, registry: &str, repository: &RepositoryName) -> Result<(), PortError> {
        let host = registry.strip_suffix(".amazonaws.com");
        let Some(place) = host.and_then(|host| host.split_once(".dkr.ecr.")) else {
            return Err(PortError::permanent(format!(
                "`{registry}` is not the host of an ECR registry: Sluice reads images only from ECR"
            )));
        };
        let Some(ours) = self
            .registry
            .place
            .as_ref()
            .filter(|ours| place == (ours.account.as_str(), ours.region.as_str()))
        else {
            return Err(PortError::needs_person(format!(
                "AccessDenied: the registry {registry} does not let us read: check its repository policy"
            )));
        };
        if self.has_repository(ours, repository) {
            return Ok(());
        }
        Err(PortError::permanent(format!(
            "RepositoryNotFoundException: there is no repository `{repository}` in the registry \
             {registry}: correct `repository` in sluice.toml"
        )))
    }
}
