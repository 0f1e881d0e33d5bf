//! Images and their scans.

use sluice_app::ports::{ImageQuery, Registry, Target};
use sluice_core::config::Severity;
use sluice_core::failure::ErrorClass;
use sluice_core::id::{FindingId, ImageTag, RepositoryName, UserId};
use sluice_core::observation::ScanObservation;
use sluice_core::origin::{self, Annotations, PushedBy};
use sluice_core::release::Release;
use sluice_core::rollback::ImageReference;
use sluice_core::scan::{Counts, Findings};
use sluice_core::signature::{SignatureObservation, observe};
use sluice_signatures::{KeyPair, is_signed};
use sluice_sim::cloud::{Media, Push, digest_of};

use crate::faces::Model;

/// A registry with the repository `erp`.
pub(crate) trait Stage {
    fn registry(&self) -> &dyn Registry;
    fn target(&self) -> Target;

    /// The host of the registry.
    fn host(&self) -> String;

    /// Pushes an image of its own under the tag, and lets its scan come so far.
    async fn push(&self, tag: &str, scan: &Scan) -> Release;

    /// Pushes an index over two platforms under the tag, with the same findings in each.
    async fn push_index(&self, tag: &str, findings: &Findings) -> Release;
}

/// How far a scan has come.
#[derive(Clone, Debug)]
pub(crate) enum Scan {
    Never,
    UnderWay,
    Complete(Findings),
    Failed(&'static str),
}

/// A release that was never pushed.
fn unknown(stage: &impl Stage) -> Release {
    Release {
        registry: stage.host(),
        repository: RepositoryName::new("erp"),
        tag: ImageTag::new("v9"),
        digest: digest_of("never pushed"),
        pushed_at: crate::deployments::noon(),
    }
}

async fn an_image_is_known_by_digest_and_its_tag_may_move(stage: &impl Stage) {
    let seen = async |release: &Release| {
        let seen = stage.registry().image(&stage.target(), release).await;
        let seen = seen.unwrap();
        (seen.present, seen.tag_points_at)
    };
    let first = stage.push("v1", &Scan::Never).await;
    assert_eq!(seen(&first).await, (true, Some(first.digest.clone())));
    let second = stage.push("v1", &Scan::Never).await;
    assert_ne!(first.digest, second.digest);
    assert_eq!(
        seen(&first).await,
        (true, Some(second.digest.clone())),
        "the tag moved, and the image is still there"
    );
    assert_eq!(seen(&second).await, (true, Some(second.digest.clone())));
    assert_eq!(seen(&unknown(stage)).await, (false, None));
}

async fn an_image_is_found_by_tag_or_digest(stage: &impl Stage) {
    let one = stage.push("v1", &Scan::Never).await;
    let find = async |image: &str| {
        let query = ImageQuery {
            registry: stage.host(),
            repository: RepositoryName::new("erp"),
            image: ImageReference::parse(image),
        };
        let found = stage.registry().find(&stage.target(), &query).await;
        found.unwrap()
    };
    let by_tag = find("v1").await.unwrap();
    assert_eq!(by_tag.digest, one.digest);
    // moto keeps an image whose tag moved by a tag that the stage gives it.
    assert!(by_tag.tags.contains(&ImageTag::new("v1")), "{by_tag:?}");
    assert_eq!(find(one.digest.as_str()).await, Some(by_tag));
    assert_eq!(find("v9").await, None);
    assert_eq!(find(unknown(stage).digest.as_str()).await, None);
}

async fn a_repository_that_is_not_there_is_an_error_that_names_it(stage: &impl Stage) {
    let nowhere = Release {
        repository: RepositoryName::new("no-such-repository"),
        ..unknown(stage)
    };
    let seen = stage.registry().image(&stage.target(), &nowhere).await;
    let error = seen.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent, "{error}");
    assert!(error.message.contains("no-such-repository"), "{error}");
}

async fn a_registry_that_is_none_of_ecrs_is_refused(stage: &impl Stage) {
    let foreign = Release {
        registry: "ghcr.io".to_owned(),
        ..unknown(stage)
    };
    let (registry, target) = (stage.registry(), stage.target());
    let refused = [
        registry.image(&target, &foreign).await.unwrap_err(),
        registry.scan(&target, &foreign, &[]).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.class, ErrorClass::Permanent, "{error}");
        let said = "`ghcr.io` is not the host of an ECR registry";
        assert!(error.message.contains(said), "{error}");
    }
}

async fn a_scan_is_told_as_far_as_it_has_come(stage: &impl Stage) {
    let scan = async |release: &Release| {
        let seen = stage.registry().scan(&stage.target(), release, &[]).await;
        seen.unwrap()
    };
    let (never, under_way) = (
        stage.push("never", &Scan::Never).await,
        stage.push("under-way", &Scan::UnderWay).await,
    );
    assert_eq!(scan(&never).await, ScanObservation::NotScanned);
    assert_eq!(scan(&unknown(stage)).await, ScanObservation::NotScanned);
    assert_eq!(scan(&under_way).await, ScanObservation::Pending);
    for findings in [
        Findings::default(),
        Counts::from([(Severity::High, 2), (Severity::Low, 40)]).into(),
    ] {
        let found = stage.push("found", &Scan::Complete(findings.clone())).await;
        assert_eq!(scan(&found).await, ScanObservation::Complete(findings));
    }
    let failed = stage.push("failed", &Scan::Failed("no such package")).await;
    let ScanObservation::Failed(reason) = scan(&failed).await else {
        panic!("the scan of {failed:?} did not fail");
    };
    assert!(reason.contains("no such package"), "{reason}");
}

async fn a_finding_is_told_by_its_id_to_who_asks(stage: &impl Stage) {
    let (asked, other) = (
        FindingId::new("CVE-2026-0861"),
        FindingId::new("CVE-2026-0001"),
    );
    let mut found = Findings::from(Counts::from([(Severity::High, 3)]));
    for id in [&asked, &asked, &other] {
        found.name(id.clone(), Severity::High);
    }
    let release = stage.push("named", &Scan::Complete(found.clone())).await;
    let (registry, target) = (stage.registry(), stage.target());
    for ids in [vec![], vec![asked.clone()], vec![other, asked]] {
        let seen = registry.scan(&target, &release, &ids).await.unwrap();
        let expected = found.clone().only(&ids);
        assert_eq!(seen, ScanObservation::Complete(expected), "{ids:?}");
    }
}

async fn an_index_is_as_bad_as_its_platforms(stage: &impl Stage) {
    let findings = Findings::from(Counts::from([
        (Severity::Critical, 1),
        (Severity::Medium, 3),
    ]));
    let index = stage.push_index("multi", &findings).await;
    let (registry, target) = (stage.registry(), stage.target());
    let seen = registry.image(&target, &index).await.unwrap();
    assert_eq!(
        (seen.present, seen.tag_points_at),
        (true, Some(index.digest.clone()))
    );
    let scan = registry.scan(&target, &index, &[]).await.unwrap();
    assert_eq!(scan, ScanObservation::Complete(findings));
}

// Of the model: moto's images are pushed with manifests that say nothing of themselves.
async fn an_image_is_told_with_what_it_is_annotated_with(stage: &Model) {
    let annotated = |tag: &str, media: Media, commit: &str| {
        let mut push = Push::image(&RepositoryName::new("erp"), tag, digest_of(tag))
            .annotated(origin::REVISION, commit)
            .annotated(origin::SOURCE, "https://github.com/acme/erp")
            .annotated(origin::PUSHED_BY, "U024BE7LH");
        push.media = media;
        let digest = push.digest.clone();
        stage.cloud(|cloud| cloud.push_image(push));
        Release {
            tag: ImageTag::new(tag),
            digest,
            ..unknown(stage)
        }
    };
    let platforms = Media::Index(vec![digest_of("amd64"), digest_of("arm64")]);
    for (tag, media) in [("one", Media::Image), ("several", platforms)] {
        let release = annotated(tag, media, "8f3c2d1e0b9a");
        let seen = stage
            .registry()
            .image(&Stage::target(stage), &release)
            .await;
        let seen = seen.unwrap();
        assert_eq!(seen.tags, [ImageTag::new(tag)]);
        let user = UserId::new("U024BE7LH");
        assert_eq!(seen.annotations.pushed_by(), Some(&PushedBy::User(user)));
        let origin = seen.annotations.origin(&seen.tags, None, &[]);
        assert_eq!(origin.commit.unwrap().as_str(), "8f3c2d1e0b9a");
        assert!(origin.source.is_some());
    }
    let plain = Stage::push(stage, "v1", &Scan::Never).await;
    let seen = stage.registry().image(&Stage::target(stage), &plain).await;
    assert_eq!(seen.unwrap().annotations, Annotations::default());
}

// moto knows no referrers (5.2).
async fn the_signatures_of_an_image_are_read_in_both_forms(stage: &Model) {
    let signed = Stage::push(stage, "v1", &Scan::Never).await;
    let other = Stage::push(stage, "v2", &Scan::Never).await;
    let ci = KeyPair::of(&[7; 32]);
    let stored = [
        ci.simple("erp", &signed.digest),
        ci.bundle(&signed.digest),
        ci.bundle(&other.digest),
    ];
    stage.cloud(|cloud| {
        let repository = RepositoryName::new("erp");
        for stored in stored.clone() {
            cloud.store_signature(&repository, &signed.digest, stored);
        }
    });
    let target = Stage::target(stage);
    let seen = stage.registry().signatures(&target, &signed).await.unwrap();
    assert_eq!(seen, stored);
    let keys = [ci.public_key()];
    assert_eq!(
        observe(&seen, &signed.digest, &keys, is_signed),
        SignatureObservation::SignedBy(ci.public_key().id())
    );
    let none = stage.registry().signatures(&target, &other).await.unwrap();
    assert_eq!(none, []);
}

contract! {
    the_signatures_of_an_image_are_read_in_both_forms on sim, wire;
    an_image_is_told_with_what_it_is_annotated_with on sim, wire;
    an_image_is_known_by_digest_and_its_tag_may_move on sim, wire, moto;
    an_image_is_found_by_tag_or_digest on sim, wire, moto;
    a_repository_that_is_not_there_is_an_error_that_names_it on sim, wire, moto;
    a_registry_that_is_none_of_ecrs_is_refused on sim, wire, moto;
    a_scan_is_told_as_far_as_it_has_come on sim, wire, moto;
    a_finding_is_told_by_its_id_to_who_asks on sim, wire, moto;
    an_index_is_as_bad_as_its_platforms on sim, wire, moto;
}
