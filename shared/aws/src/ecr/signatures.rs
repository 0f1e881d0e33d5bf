//! Signatures that are stored beside an image.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aws_sdk_ecr::operation::get_download_url_for_layer::GetDownloadUrlForLayerError;
use aws_sdk_ecr::types::{ImageIdentifier, SubjectIdentifier};
use futures::future::try_join_all;
use jiff::SignedDuration;
use serde::Deserialize;
use sluice_app::ports::{Http as _, HttpRequest};
use sluice_core::failure::PortError;
use sluice_core::id::Digest;
use sluice_core::observation::HttpObservation;
use sluice_core::signature::{BUNDLE, SIMPLE_SIGNING, Stored};

use super::{BATCH_GET, Repository};
use crate::error::{incomplete, port_error};
use crate::http::HttpsHttp;

/// IAM allows it by `ecr:BatchGetImage`.
const LIST: &str = "ecr:ListImageReferrers";

const DOWNLOAD: &str = "ecr:GetDownloadUrlForLayer";

/// In which cosign keeps the signature of a layer's payload.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// The most signatures of each form that are read: anyone who may push can add more.
const MOST: usize = 50;

/// S3 answers for a few kilobytes in much less.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(5);

/// A manifest whose layers are signatures.
#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    #[serde(default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Repository<'_> {
    /// Every signature of the image that is stored, in either form.
    pub(super) async fn signatures(
        &self,
        http: &HttpsHttp,
        image: &Digest,
    ) -> Result<Vec<Stored>, PortError> {
        let mut layers = self.of_tag(image).await?;
        layers.retain(|layer| layer.media_type == SIMPLE_SIGNING);
        layers.truncate(MOST);
        let bundles = try_join_all(self.referrers(image).await?.iter().map(|digest| {
            let id = ImageIdentifier::builder().image_digest(digest).build();
            self.layers(id)
        }));
        let bundles = bundles.await?.into_iter().flatten();
        layers.extend(bundles.filter(|layer| layer.media_type.starts_with(BUNDLE)));
        let stored = layers.iter().map(async |layer| {
            // One that cannot be had is as good as damaged, and hides no other.
            let bytes = self
                .download(http, &layer.digest)
                .await?
                .unwrap_or_default();
            Ok(match layer.annotations.get(SIGNATURE) {
                Some(signature) if layer.media_type == SIMPLE_SIGNING => Stored::Simple {
                    payload: bytes,
                    signature: signature.clone(),
                },
                _ => Stored::Bundle(bytes),
            })
        });
        try_join_all(stored).await
    }

    /// What cosign stored before version 3, under a tag made from the image's digest.
    async fn of_tag(&self, image: &Digest) -> Result<Vec<Layer>, PortError> {
        let tag = format!("{}.sig", image.as_str().replace(':', "-"));
        self.layers(ImageIdentifier::builder().image_tag(tag).build())
            .await
    }

    /// The manifests of bundles that refer to the image.
    async fn referrers(&self, image: &Digest) -> Result<Vec<String>, PortError> {
        let wrong = |error| port_error(LIST, &self.name(), error);
        let subject = SubjectIdentifier::builder().image_digest(image.as_str());
        let subject = subject
            .build()
            .map_err(|_| incomplete(LIST, &self.name(), "subject"))?;
        let mut digests = Vec::new();
        let mut next = None;
        loop {
            let request = self
                .client()
                .list_image_referrers()
                .registry_id(self.account.as_str())
                .repository_name(self.name.as_str())
                .subject_id(subject.clone())
                .set_next_token(next.take());
            let answer = request.send().await.map_err(wrong)?;
            let found = answer.referrers.unwrap_or_default().into_iter();
            let bundles = found.filter(|one| {
                let kind = one.artifact_type.as_deref();
                kind.is_some_and(|kind| kind.starts_with(BUNDLE))
            });
            digests.extend(bundles.map(|one| one.digest));
            next = answer.next_token;
            if next.is_none() || digests.len() >= MOST {
                digests.truncate(MOST);
                return Ok(digests);
            }
        }
    }

    /// The layers of a manifest. One that is gone, or that is none, has none.
    async fn layers(&self, id: ImageIdentifier) -> Result<Vec<Layer>, PortError> {
        let request = self
            .client()
            .batch_get_image()
            .registry_id(self.account.as_str())
            .repository_name(self.name.as_str())
            .image_ids(id);
        let answer = request.send().await;
        let answer = answer.map_err(|error| port_error(BATCH_GET, &self.name(), error))?;
        let image = answer.images().first();
        let manifest = image.and_then(|image| image.image_manifest());
        let manifest = manifest.and_then(|text| serde_json::from_str::<Manifest>(text).ok());
        Ok(manifest.map_or_else(Vec::new, |manifest| manifest.layers))
    }

    /// `None` for a layer that ECR does not have, or does not give.
    async fn download(&self, http: &HttpsHttp, layer: &str) -> Result<Option<Vec<u8>>, PortError> {
        let request = self
            .client()
            .get_download_url_for_layer()
            .registry_id(self.account.as_str())
            .repository_name(self.name.as_str())
            .layer_digest(layer);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(is_not_there) => return Ok(None),
            Err(error) => return Err(port_error(DOWNLOAD, &self.name(), error)),
        };
        let url = answer.download_url;
        let url = url.ok_or_else(|| incomplete(DOWNLOAD, &self.name(), "URL"))?;
        let request = HttpRequest {
            method: "GET".to_owned(),
            url,
            timeout: TIMEOUT,
        };
        let why = match http.request(&request).await {
            HttpObservation::Answered {
                status: 200, body, ..
            } => return Ok(Some(body.into_bytes())),
            HttpObservation::Answered { status, .. } => format!("S3 answered {status}"),
            HttpObservation::Unreachable(why) | HttpObservation::NoAnswer(why) => why,
        };
        // Not the address: anyone who has it can read the layer.
        Err(PortError::retryable(format!(
            "a signature in {} could not be downloaded: {why}",
            self.name()
        )))
    }
}

fn is_not_there(error: &GetDownloadUrlForLayerError) -> bool {
    error.is_layers_not_found_exception()
        || error.is_layer_inaccessible_exception()
        || error.is_invalid_parameter_exception()
}
