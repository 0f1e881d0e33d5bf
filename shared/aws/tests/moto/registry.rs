//! Images and scans, on ECR.
//!
//! moto scans nothing: what a scan says is put into its mouth, and it says the same for ever, so
//! that findings of several pages are tested beside the adapter. It knows no archived images.

use std::sync::Arc;

use aws_sdk_ecr::Client;
use aws_sdk_ecr::types::ImageIdentifier;
use serde_json::{Value, json};
use sluice_app::ports::{ImageQuery, Registry as _};
use sluice_aws::EcrRegistry;
use sluice_core::config::Severity;
use sluice_core::failure::ErrorClass;
use sluice_core::id::{Digest, Hash, ImageTag, RepositoryName};
use sluice_core::observation::ScanObservation;
use sluice_core::release::Release;
use sluice_core::rollback::ImageReference;

use crate::deployments::{digest, noon};
use crate::{ACCOUNT, REGION, server, target};

async fn repository(name: &str) -> (Client, EcrRegistry) {
    let client = Client::new(&server::config().await);
    client
        .create_repository()
        .repository_name(name)
        .send()
        .await
        .unwrap();
    (
        client,
        EcrRegistry::new(Arc::clone(&server::clients().await)),
    )
}

fn release(repository: &str, tag: &str, digest: Digest) -> Release {
    Release {
        registry: format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"),
        repository: RepositoryName::new(repository),
        tag: ImageTag::new(tag),
        digest,
        pushed_at: noon(),
    }
}

/// Pushes an image with a layer of its own: moto takes the layers' digests for the image's.
async fn push(client: &Client, repository: &str, tag: &str, label: &str) -> Digest {
    let media = "application/vnd.oci.image.manifest.v1+json";
    let layer = format!("sha256:{}", Hash::of_json(&label));
    let part = |kind: &str| json!({"mediaType": kind, "size": 1, "digest": layer});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media,
        "config": part("application/vnd.oci.image.config.v1+json"),
        "layers": [part("application/vnd.oci.image.layer.v1.tar+gzip")],
    });
    put(client, repository, tag, media, &manifest.to_string()).await
}

async fn put(client: &Client, repository: &str, tag: &str, media: &str, manifest: &str) -> Digest {
    let request = client
        .put_image()
        .repository_name(repository)
        .image_tag(tag)
        .image_manifest_media_type(media)
        .image_manifest(manifest);
    let image = request.send().await.unwrap().image.unwrap();
    Digest::try_from(image.image_id.unwrap().image_digest.unwrap()).unwrap()
}

#[tokio::test]
async fn an_image_is_known_by_digest_and_its_tag_may_move() {
    let (client, registry) = repository("erp-tags").await;
    let first = push(&client, "erp-tags", "v1", "first").await;
    // Without another tag moto deletes it once its own moves. ECR keeps it, untagged.
    assert_eq!(push(&client, "erp-tags", "kept", "first").await, first);
    let old = release("erp-tags", "v1", first.clone());
    let seen = registry.image(&target("dep-1"), &old).await.unwrap();
    assert_eq!(
        (seen.present, seen.tag_points_at),
        (true, Some(first.clone()))
    );

    let second = push(&client, "erp-tags", "v1", "second").await;
    assert_ne!(first, second);
    let seen = registry.image(&target("dep-1"), &old).await.unwrap();
    assert_eq!(
        (seen.present, seen.tag_points_at),
        (true, Some(second)),
        "the tag moved"
    );

    let gone = release("erp-tags", "v9", digest(9));
    let seen = registry.image(&target("dep-1"), &gone).await.unwrap();
    assert_eq!((seen.present, seen.tag_points_at), (false, None));
}

#[tokio::test]
async fn an_image_is_found_by_tag_or_digest() {
    let (client, registry) = repository("erp-find").await;
    let one = push(&client, "erp-find", "v1", "first").await;
    push(&client, "erp-find", "a-tag", "first").await;
    let find = async |image: &str| {
        let query = ImageQuery {
            registry: format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"),
            repository: RepositoryName::new("erp-find"),
            image: ImageReference::parse(image),
        };
        registry.find(&target("dep-1"), &query).await.unwrap()
    };
    let by_tag = find("v1").await.unwrap();
    assert_eq!(by_tag.digest, one);
    assert_eq!(by_tag.tags, [ImageTag::new("a-tag"), ImageTag::new("v1")]);
    assert_eq!(find(one.as_str()).await, Some(by_tag));
    assert_eq!(find("v2").await, None);
    assert_eq!(find(digest(7).as_str()).await, None);
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_an_error_that_names_it() {
    let (_, registry) = repository("erp-other").await;
    let nowhere = release("no-such-repository", "v1", digest(1));
    let error = registry
        .image(&target("dep-1"), &nowhere)
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.message.contains("no-such-repository"), "{error}");

    let foreign = Release {
        registry: "ghcr.io".to_owned(),
        ..nowhere
    };
    let error = registry
        .image(&target("dep-1"), &foreign)
        .await
        .unwrap_err();
    assert!(
        error
            .message
            .contains("`ghcr.io` is not the host of an ECR registry"),
        "{error}"
    );
}

/// A release of an image of its own, of whose scan moto says this for ever.
async fn scanned(client: &Client, label: &str, status: &str, findings: Value) -> Release {
    let digest = push(client, "erp-scans", label, label).await;
    // Without a start moto says, as ECR does, that there is no scan.
    let image = ImageIdentifier::builder().image_tag(label).build();
    let request = client
        .start_image_scan()
        .repository_name("erp-scans")
        .image_id(image);
    request.send().await.unwrap();
    let answer = json!({
        "repositoryName": "erp-scans",
        "imageId": {"imageDigest": digest},
        "imageScanStatus": {"status": status, "description": "moto was told so"},
        "imageScanFindings": findings,
    });
    let answers = json!({"results": [answer], "region": REGION, "account_id": ACCOUNT});
    server::post(
        "/moto-api/static/ecr/scan-finding-results",
        &answers.to_string(),
    );
    release("erp-scans", label, digest)
}

fn complete(counts: &[(Severity, u32)]) -> ScanObservation {
    ScanObservation::Complete(counts.iter().copied().collect())
}

#[tokio::test]
async fn a_scan_is_read_whatever_its_kind() {
    let (client, registry) = repository("erp-scans").await;
    let never = push(&client, "erp-scans", "never", "never").await;
    let seen = registry
        .scan(&target("dep-1"), &release("erp-scans", "never", never))
        .await;
    assert_eq!(seen, Ok(ScanObservation::NotScanned));

    let counts = json!({"findingSeverityCounts": {"HIGH": 2, "LOW": 40}});
    let enhanced = json!({"findingSeverityCounts": {"CRITICAL": 1, "UNTRIAGED": 3}});
    let uncounted = json!({"enhancedFindings": [{"severity": "HIGH"}, {"severity": "HIGH"}]});
    let failed = ScanObservation::Failed("UNSUPPORTED_IMAGE: moto was told so".to_owned());
    let cases = [
        ("IN_PROGRESS", json!({}), ScanObservation::Pending),
        ("COMPLETE", json!({"findings": []}), complete(&[])),
        (
            "COMPLETE",
            counts,
            complete(&[(Severity::High, 2), (Severity::Low, 40)]),
        ),
        (
            "ACTIVE",
            enhanced,
            complete(&[(Severity::Critical, 1), (Severity::Undefined, 3)]),
        ),
        ("ACTIVE", uncounted, complete(&[(Severity::High, 2)])),
        ("UNSUPPORTED_IMAGE", json!({}), failed),
    ];
    for (n, (status, findings, expected)) in cases.into_iter().enumerate() {
        let release = scanned(&client, &format!("case-{n}"), status, findings).await;
        let seen = registry.scan(&target("dep-1"), &release).await.unwrap();
        assert_eq!(seen, expected, "{status}");
    }

    // An index is as bad as its platforms are.
    let high = json!({"findingSeverityCounts": {"HIGH": 1}});
    let low = json!({"findingSeverityCounts": {"HIGH": 1, "LOW": 1}});
    let amd64 = scanned(&client, "amd64", "COMPLETE", high).await;
    let arm64 = scanned(&client, "arm64", "COMPLETE", low).await;
    let media = "application/vnd.oci.image.index.v1+json";
    let child = |of: &Release| json!({"digest": of.digest, "mediaType": media, "size": 1});
    let manifests = [child(&amd64), child(&arm64)];
    let index = json!({"schemaVersion": 2, "mediaType": media, "manifests": manifests});
    let index = put(&client, "erp-scans", "multi", media, &index.to_string()).await;
    let release = release("erp-scans", "multi", index);
    let seen = registry.scan(&target("dep-1"), &release).await.unwrap();
    assert_eq!(seen, complete(&[(Severity::High, 1), (Severity::Low, 1)]));
}
