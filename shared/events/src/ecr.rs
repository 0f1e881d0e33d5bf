//! Events of ECR and Inspector about images.

use serde::Deserialize;
use sluice_core::id::{Digest, ImageTag, RepositoryName};

use crate::arn::Arn;
use crate::bounded;

/// `ECR Image Action`: an image was pushed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "an object")]
pub struct ImageAction {
    /// `PUSH`, `DELETE` and others.
    pub action_type: String,
    /// `SUCCESS` or `FAILURE`.
    pub result: String,
    /// The repository's name.
    #[serde(deserialize_with = "bounded::repository")]
    pub repository_name: RepositoryName,
    /// The image.
    pub image_digest: Digest,
    /// Its tag; a push by digest alone has none.
    #[serde(default, deserialize_with = "bounded::tag")]
    pub image_tag: Option<ImageTag>,
    /// The manifest's media type.
    pub manifest_media_type: Option<String>,
    /// The artifact's media type.
    pub artifact_media_type: Option<String>,
}

/// `ECR Image Scan`, and `Inspector2 Scan` of an image: a scan ended. Its counts of findings are
/// not read: a hint decides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "an object")]
pub struct ImageScan {
    /// ECR: `COMPLETE` or `FAILED`; Inspector: `INITIAL_SCAN_COMPLETE` and others.
    pub scan_status: String,
    /// ECR: the repository's name; Inspector: its ARN. See [`ImageScan::repository`].
    #[serde(deserialize_with = "bounded::text")]
    pub repository_name: String,
    /// The image.
    pub image_digest: Digest,
}

impl ImageScan {
    /// The repository's name, in whichever field it was sent.
    pub fn repository(&self) -> RepositoryName {
        let name = Arn::parse(&self.repository_name)
            .ok()
            .and_then(|arn| arn.name_of("repository").map(str::to_owned));
        RepositoryName::new(name.unwrap_or_else(|| self.repository_name.clone()))
    }
}
