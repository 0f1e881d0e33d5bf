//! The cloud's other services: images, secrets, snapshots, and what all of them have in common.

use jiff::SignedDuration;
use sluice_app::ports::{Databases as _, Registry as _, Secrets as _, ServiceQuery, Services as _};
use sluice_core::config::Database;
use sluice_core::failure::ErrorClass;
use sluice_core::id::{AccountId, ContainerName, ImageTag, ServiceName, SnapshotId};
use sluice_core::observation::ScanObservation;
use sluice_core::release::Release;

use super::test_config::{config, furnished, minutes, pass, start, target, through, web};
use super::{
    Cloud, Emitted, Fault, FaultRates, Happened, Lag, Media, Operation, Push, SnapshotFate, Tempo,
    digest_of,
};

fn release_of(cloud: &Cloud, tag: &str, label: &str) -> Release {
    Release {
        registry: cloud.registry_host(),
        repository: config().repository,
        tag: ImageTag::new(tag),
        digest: digest_of(label),
        pushed_at: start(),
    }
}

fn erp() -> Database {
    Database::Instance("erp".into())
}

fn take(cloud: &mut Cloud, id: &SnapshotId) -> Result<(), sluice_core::failure::PortError> {
    through(cloud, async |ports| {
        ports.ensure_snapshot(&target(), &erp(), id).await
    })
}

#[test]
fn a_tag_moves_and_a_deleted_image_is_gone() {
    let mut cloud = furnished();
    let repository = config().repository;
    cloud.push_image(Push::image(&repository, "v1", digest_of("one")));
    cloud.push_image(Push::image(&repository, "v1", digest_of("two")));
    let release = release_of(&cloud, "v1", "one");
    let seen = through(&mut cloud, async |ports| {
        ports.image(&target(), &release).await
    })
    .unwrap();
    assert!(seen.present);
    assert_eq!(seen.tag_points_at, Some(digest_of("two")));
    cloud.delete_image(&repository, &digest_of("one"));
    let seen = through(&mut cloud, async |ports| {
        ports.image(&target(), &release).await
    })
    .unwrap();
    assert!(!seen.present);
}

#[test]
fn an_index_tells_of_its_children_first_and_they_have_no_tag() {
    let mut cloud = furnished();
    let mut push = Push::image(&config().repository, "v1", digest_of("index"));
    push.media = Media::Index(vec![digest_of("amd64"), digest_of("arm64")]);
    cloud.push_image(push);
    let payloads: Vec<_> = cloud.take_emitted().iter().map(Emitted::payload).collect();
    let tags: Vec<_> = payloads
        .iter()
        .map(|payload| &payload["detail"]["image-tag"])
        .collect();
    assert_eq!(
        tags,
        [
            &serde_json::Value::Null,
            &serde_json::Value::Null,
            &"v1".into()
        ]
    );
    assert!(payloads[2]["detail"].get("artifact-media-type").is_none());
    assert_eq!(payloads[2]["account"], "222222222222");
}

#[test]
fn a_scan_ends_after_a_while_and_only_once_for_a_digest() {
    let mut cloud = furnished();
    cloud.push_image(Push::image(&config().repository, "v1", digest_of("one")));
    cloud.push_image(Push::image(
        &config().repository,
        "latest",
        digest_of("one"),
    ));
    let release = release_of(&cloud, "v1", "one");
    let seen = through(&mut cloud, async |ports| {
        ports.scan(&target(), &release, &[]).await
    })
    .unwrap();
    assert_eq!(seen, ScanObservation::Pending);
    pass(&mut cloud, minutes(5));
    let seen = through(&mut cloud, async |ports| {
        ports.scan(&target(), &release, &[]).await
    })
    .unwrap();
    assert!(matches!(seen, ScanObservation::Complete(_)));
    let scans = cloud.take_emitted();
    assert_eq!(
        scans
            .iter()
            .filter(|e| matches!(e, Emitted::ImageScan(_)))
            .count(),
        1
    );
}

#[test]
fn a_scan_is_complete_before_its_findings_are_there() {
    let mut cloud = furnished();
    cloud.set_lag(Lag::exactly(SignedDuration::from_secs(5)));
    cloud.push_image(Push::image(&config().repository, "v1", digest_of("one")));
    let release = release_of(&cloud, "v1", "one");
    let scan = |cloud: &mut Cloud| {
        through(cloud, async |ports| {
            ports.scan(&target(), &release, &[]).await
        })
        .unwrap()
    };
    pass(&mut cloud, SignedDuration::from_secs(25));
    let told = cloud.take_emitted();
    assert!(told.iter().any(|one| matches!(one, Emitted::ImageScan(_))));
    assert_eq!(scan(&mut cloud), ScanObservation::Pending);
    let image = cloud.images_in(&config().repository).pop().unwrap();
    assert!(matches!(image.scan, ScanObservation::Complete(_)) && !image.has_findings);
    pass(&mut cloud, SignedDuration::from_secs(5));
    assert!(matches!(scan(&mut cloud), ScanObservation::Complete(_)));
}

#[test]
fn a_pin_names_the_version_and_a_rotation_makes_another() {
    let mut cloud = furnished();
    let secrets = config().environments.remove(0).secrets;
    let pins = |cloud: &mut Cloud, variable: &str| {
        let source = &secrets[variable];
        through(cloud, async |ports| {
            ports.pin(&target(), variable, source).await
        })
        .unwrap()
    };
    let before = pins(&mut cloud, "DATABASE_URL").unwrap();
    assert!(
        before.value_from.contains(":secret:erp/database-"),
        "{}",
        before.value_from
    );
    assert!(
        before
            .value_from
            .ends_with(&format!(":url::{}", before.version))
    );
    cloud.rotate_secret("erp/database");
    assert_ne!(
        pins(&mut cloud, "DATABASE_URL").unwrap().version,
        before.version
    );
    cloud.delete_secret_key("erp/database", "url");
    let problem = pins(&mut cloud, "DATABASE_URL").unwrap_err();
    assert_eq!(
        problem.problem,
        "the secret `erp/database` has no key `url`"
    );
    cloud.delete_secret("/erp/sentry-dsn");
    let problem = pins(&mut cloud, "SENTRY_DSN").unwrap_err();
    assert_eq!(problem.problem, "there is no parameter `/erp/sentry-dsn`");
    let leaks = cloud
        .secret_values()
        .iter()
        .any(|value| before.value_from.contains(value));
    assert!(!leaks);
}

#[test]
fn a_snapshot_gets_on_and_says_when_it_was_made_only_once_under_way() {
    let mut cloud = furnished();
    let id = SnapshotId::new("sluice-one");
    take(&mut cloud, &id).unwrap();
    take(&mut cloud, &id).unwrap();
    let place = cloud.place(&target()).unwrap();
    let seen = cloud.describe_snapshot(&place, &erp(), &id).unwrap();
    assert_eq!((seen.status.as_str(), seen.created_at), ("creating", None));
    assert_eq!(
        take(&mut cloud, &SnapshotId::new("two")).unwrap_err().class,
        ErrorClass::Retryable
    );
    pass(&mut cloud, minutes(2));
    let seen = cloud.describe_snapshot(&place, &erp(), &id).unwrap();
    assert_eq!((seen.status.as_str(), seen.progress), ("creating", 50));
    assert!(seen.created_at.is_some_and(|at| at > start()));
    pass(&mut cloud, minutes(2));
    let seen = cloud.describe_snapshot(&place, &erp(), &id).unwrap();
    assert_eq!((seen.status.as_str(), seen.progress), ("available", 100));
    let created =
        |happened: &&super::LedgerEntry| matches!(happened.what, Happened::SnapshotCreated { .. });
    assert_eq!(cloud.ledger().iter().filter(created).count(), 1);
}

#[test]
fn a_snapshot_fails_vanishes_or_is_refused() {
    let id = SnapshotId::new("sluice-one");
    let mut cloud = furnished();
    let place = cloud.place(&target()).unwrap();
    cloud.set_database_status("erp", "modifying");
    assert_eq!(
        take(&mut cloud, &id).unwrap_err().class,
        ErrorClass::Retryable
    );
    cloud.set_database_status("erp", "available");
    cloud.plan_snapshot_fate("erp", SnapshotFate::VanishesAt(50));
    cloud.plan_snapshot_fate("erp", SnapshotFate::FailsAt(30));
    take(&mut cloud, &id).unwrap();
    pass(&mut cloud, minutes(10));
    assert_eq!(cloud.describe_snapshot(&place, &erp(), &id), None);
    take(&mut cloud, &id).unwrap();
    pass(&mut cloud, minutes(10));
    assert_eq!(
        cloud.describe_snapshot(&place, &erp(), &id).unwrap().status,
        "failed"
    );
}

#[test]
fn only_our_own_snapshots_are_listed_and_removed() {
    let mut cloud = furnished();
    cloud.take_foreign_snapshot("erp", "before-the-move", start());
    let place = cloud.place(&target()).unwrap();
    assert!(cloud.describe_our_snapshots(&place, &erp()).is_empty());
    let theirs = SnapshotId::new("before-the-move");
    let refused = cloud.delete_snapshot(&place, &erp(), &theirs).unwrap_err();
    assert_eq!(refused.class, ErrorClass::Permanent);
    cloud
        .delete_snapshot(&place, &erp(), &SnapshotId::new("gone-already"))
        .unwrap();
    assert_eq!(cloud.snapshots().len(), 1);
}

#[test]
fn a_furnished_service_runs_the_first_release_by_digest() {
    let mut cloud = furnished();
    let query = ServiceQuery {
        service: ServiceName::new("web"),
        ecs_service: web(),
        container: ContainerName::new("web"),
        definition: None,
    };
    let nobody = ServiceQuery {
        ecs_service: sluice_core::id::EcsServiceName::new("nobody"),
        ..query.clone()
    };
    let read = through(&mut cloud, async |ports| {
        ports.read(&target(), &[query, nobody]).await
    });
    let [seen] = read.unwrap().try_into().unwrap();
    assert_eq!(seen.image, release_of(&cloud, "v0", "erp:v0").image());
    assert_eq!((seen.running, seen.in_progress), (seen.desired, None));
    let traffic = seen.traffic.unwrap();
    assert_eq!((traffic.healthy, traffic.unhealthy), (2, 0));
    assert_eq!(traffic.weights.values().sum::<u32>(), 100);
}

#[test]
fn a_foreign_account_is_refused_and_a_person_must_help() {
    let mut cloud = furnished();
    let stranger = sluice_app::ports::Target {
        account: AccountId::new("333333333333"),
        ..target()
    };
    let read = through(&mut cloud, async |ports| ports.read(&stranger, &[]).await);
    assert_eq!(read.unwrap_err().class, ErrorClass::NeedsPerson);
}

#[test]
fn a_throttled_call_does_nothing_and_a_lost_answer_does_everything() {
    let mut cloud = furnished();
    let id = SnapshotId::new("sluice-one");
    cloud
        .faults()
        .next(Operation::CreateDbSnapshot, 1, Fault::Throttle);
    assert!(take(&mut cloud, &id).is_err());
    assert!(cloud.snapshots().is_empty());
    cloud
        .faults()
        .next(Operation::CreateDbSnapshot, 1, Fault::LoseAnswer);
    assert!(take(&mut cloud, &id).is_err());
    assert_eq!(cloud.snapshots().len(), 1);
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let story = |seed| {
        let mut cloud = Cloud::new(start(), seed);
        cloud.set_tempo(Tempo::quick());
        cloud.furnish(&config());
        cloud.faults().set_rates(FaultRates {
            fail: 0.3,
            throttle: 0.1,
            lose_answer: 0.1,
        });
        cloud.push_image(Push::image(&config().repository, "v1", digest_of("one")));
        for n in 0..20 {
            let _fails_sometimes = take(&mut cloud, &SnapshotId::new(format!("s{n}")));
            pass(&mut cloud, minutes(1));
        }
        let told: Vec<_> = cloud.take_emitted().iter().map(Emitted::payload).collect();
        (told, cloud.ledger().to_vec())
    };
    assert_eq!(story(3), story(3));
    assert_ne!(story(3), story(4));
}
