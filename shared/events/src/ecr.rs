//! What ECR and Inspector tell of images.

use serde::Deserialize;
use sluice_core::id::{AccountId, Digest, ImageTag, Region, RepositoryName};

use crate::arn::Arn;

/// `ECR Image Action`: an image was pushed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "an object")]
pub struct ImageAction {
    /// `PUSH`, `DELETE` and others.
    pub action_type: String,
    /// `SUCCESS` or `FAILURE`.
    pub result: String,
    /// The repository's name.
    pub repository_name: RepositoryName,
    /// The image.
    pub image_digest: Digest,
    /// Its tag; a push by digest alone has none.
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
    pub repository_name: String,
    /// The image.
    pub image_digest: Digest,
}

impl ImageScan {
    /// The repository's name, whichever way it was told.
    pub fn repository(&self) -> RepositoryName {
        let name = Arn::parse(&self.repository_name)
            .ok()
            .and_then(|arn| arn.name_of("repository").map(str::to_owned));
        RepositoryName::new(name.unwrap_or_else(|| self.repository_name.clone()))
    }
}

/// The host of an account's registry in a region.
pub fn registry_host(account: &AccountId, region: &Region) -> String {
    let domain = if region.as_str().starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    format!("{account}.dkr.ecr.{region}.{domain}")
}

#[cfg(test)]
mod tests {
    use super::registry_host;
    use sluice_core::id::{AccountId, Region};

    #[test]
    fn china_has_a_domain_of_its_own() {
        let account = AccountId::new("222222222222");
        assert_eq!(
            registry_host(&account, &Region::new("eu-central-1")),
            "222222222222.dkr.ecr.eu-central-1.amazonaws.com"
        );
        assert_eq!(
            registry_host(&account, &Region::new("cn-north-1")),
            "222222222222.dkr.ecr.cn-north-1.amazonaws.com.cn"
        );
    }
}
