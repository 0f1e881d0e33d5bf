//! Images as the registry describes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use sluice_core::id::{Digest, ImageTag, RepositoryName};
use sluice_core::observation::ScanObservation;

use crate::cloud::ecr::Image;
use crate::cloud::{Cloud, Media, Place};

/// An image that can be pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDescription {
    /// Its repository.
    pub repository: RepositoryName,
    /// Its digest.
    pub digest: Digest,
    /// The tags that name it.
    pub tags: Vec<ImageTag>,
    /// Its kind.
    pub media: Media,
    /// What its manifest is annotated with.
    pub annotations: BTreeMap<String, String>,
    /// When it was pushed first.
    pub pushed_at: Timestamp,
    /// What the scanner says of it; of an image in an index, what it says of the index.
    pub scan: ScanObservation,
    /// Whether what a complete scan found is there already.
    pub has_findings: bool,
    /// The manifest's text, where whoever pushed it gave one.
    pub manifest: Option<Arc<str>>,
}

impl Cloud {
    /// Whether the registry of the place has such a repository.
    pub fn has_repository(&self, place: &Place, repository: &RepositoryName) -> bool {
        let ours = self.registry.place.as_deref() == Some(place);
        ours && self
            .registry
            .images
            .iter()
            .any(|image| image.repository == *repository)
    }

    /// Every image of the repository that can be pulled, oldest first.
    pub fn images_in(&self, repository: &RepositoryName) -> Vec<ImageDescription> {
        let there = |image: &&Image| image.repository == *repository && image.present;
        let images = self.registry.images.iter().filter(there);
        images.map(|image| self.describe_one_image(image)).collect()
    }

    fn describe_one_image(&self, image: &Image) -> ImageDescription {
        ImageDescription {
            repository: image.repository.clone(),
            digest: image.digest.clone(),
            tags: self.registry.tags_of(image),
            media: image.media.clone(),
            annotations: image.annotations.clone(),
            pushed_at: image.pushed_at,
            scan: self.scan_of(image).0,
            has_findings: self.scan_of(image).1,
            manifest: image.manifest.clone(),
        }
    }

    // The model scans an index as one; ECR scans each image in it.
    fn scan_of(&self, image: &Image) -> (ScanObservation, bool) {
        let holds = |other: &&Image| matches!(&other.media, Media::Index(children) if children.contains(&image.digest));
        let scanned = self.registry.images.iter().rfind(holds).unwrap_or(image);
        (scanned.scan.clone(), self.shows_findings(scanned))
    }
}
