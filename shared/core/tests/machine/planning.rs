//! Reading the world and drawing the plan.

use std::collections::BTreeMap;

use sluice_core::config::{Day, ScanException, Severity};
use sluice_core::deployment::DeploymentKind;
use sluice_core::deployment::Requester;
use sluice_core::failure::PortError;
use sluice_core::id::{AccountId, FindingId, Region};
use sluice_core::observation::{AlarmState, ImageObservation, ProofObservation, ScanObservation};
use sluice_core::registry::Registry;
use sluice_core::scan::{Counts, Findings};

use super::unkind::given;
use super::world::digest;
use crate::Run;

#[test]
fn the_plan_says_everything_that_will_be_done() {
    let (mut run, world) = Run::new(Requester::Push);
    run.until(&world, "AwaitingApproval");
    insta::assert_snapshot!(sluice_words::plan::text(run.d.sealed_plan()));
}

#[test]
fn everything_in_the_way_is_told_at_once_and_nothing_is_touched() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.image = ImageObservation {
        present: false,
        tag_points_at: None,
        ..world.image
    };
    world.scan = ScanObservation::Complete(BTreeMap::from([(Severity::Critical, 2)]).into());
    world.missing_secret = true;
    world.database = None;
    world.approvers.clear();
    if let Some(traffic) = &mut world.services[0].traffic {
        traffic.weights = BTreeMap::from([("blue".to_owned(), 70), ("green".to_owned(), 30)]);
    }
    world.services.pop();
    run.until(&world, "Failed");
    assert!(!run.world_touched());
    insta::assert_snapshot!(run.report().replace("; ", ";\n  "));
}

#[test]
fn a_finding_that_somebody_answers_for_opens_the_gate_until_its_last_day() {
    let (id, until) = (
        FindingId::new("CVE-2026-0861"),
        Day::parse("2026-01-05").unwrap(),
    );
    let mut found = Findings::from(Counts::from([(Severity::Critical, 1), (Severity::Low, 3)]));
    found.name(id.clone(), Severity::Critical);
    let planned = |until: Day, found: &Findings, phase: &str| {
        let (mut run, mut world) = Run::to(Requester::Push, |environment| {
            environment.scan.except = vec![ScanException {
                id: id.clone(),
                by: "the platform team".to_owned(),
                reason: "no version with a fix yet".to_owned(),
                until,
            }];
        });
        world.scan = ScanObservation::Complete(found.clone());
        run.until(&world, phase);
        run
    };
    let open = planned(until, &found, "AwaitingApproval");
    let plan = sluice_words::plan::text(open.d.sealed_plan());
    let said = "  scan       3 low\n  excepted   critical CVE-2026-0861 until 2026-01-05, by the \
                platform team: no version with a fix yet\n";
    assert!(plan.contains(said), "{plan}");

    let expired = planned(Day::parse("2026-01-04").unwrap(), &found, "Failed").report();
    let said = "the image scan found 1 critical (the exception of CVE-2026-0861 by the platform team \
                expired on 2026-01-04): fix them and push again, or have someone answer for them in \
                `scan.except` of sluice.toml";
    assert!(expired.contains(said), "{expired}");

    // What has the same severity and no name among the exceptions still counts.
    *found.counts.entry(Severity::Critical).or_default() += 1;
    let another = planned(until, &found, "Failed").report();
    assert!(
        another.contains("the image scan found 1 critical: fix"),
        "{another}"
    );
}

#[test]
fn a_tag_that_moved_is_a_warning_and_the_digest_stays() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.image.tag_points_at = Some(digest('b'));
    run.until(&world, "AwaitingApproval");
    let remarks = sluice_words::plan::remarks(run.d.sealed_plan());
    assert!(remarks[0].contains("now names bbbbbbbbbbbb"), "{remarks:?}");
    assert_eq!(run.d.sealed_plan().plan.release.digest, digest('a'));
}

#[test]
fn a_service_changed_by_hand_is_a_warning_that_names_the_way_back() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.services[0].image = format!("registry/erp@{}", digest('c'));
    run.until(&world, "AwaitingApproval");
    let warnings = sluice_words::plan::remarks(run.d.sealed_plan());
    assert!(
        warnings[0].contains("it was changed by hand"),
        "{warnings:?}"
    );
}

#[test]
fn the_digest_must_pass_staging_first_but_staging_is_given_time() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.proof = ProofObservation::NotVerified;
    run.look(&world);
    run.look(&world);
    assert_eq!(
        run.phase(),
        "Planning",
        "the push to staging may be on its way"
    );
    world.proof = ProofObservation::UnderWay;
    for _ in 0..200 {
        run.now += jiff::SignedDuration::from_secs(30);
        run.look(&world);
    }
    assert_eq!(run.phase(), "Planning", "staging takes its time");
    world.proof = ProofObservation::NotVerified;
    run.until(&world, "Failed");
    assert!(
        run.report().contains("has not succeeded in staging"),
        "{}",
        run.report()
    );
}

#[test]
fn an_image_that_is_not_vouched_for_never_runs_not_even_to_be_looked_at() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.scan = ScanObservation::Complete(BTreeMap::from([(Severity::Critical, 1)]).into());
    run.until(&world, "Failed");
    assert_eq!(given(&run, "start-inspection"), 0);
    assert_eq!(given(&run, "register-inspector"), 0);

    let (mut run, mut world) = Run::new(Requester::Push);
    world.proof = ProofObservation::NotVerified;
    run.until(&world, "Failed");
    assert_eq!(given(&run, "start-inspection"), 0);
}

#[test]
fn a_scan_is_waited_for_but_not_for_ever() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.scan = ScanObservation::Pending;
    run.look(&world);
    run.look(&world);
    assert_eq!(sluice_words::waits::waits_for(&run.d), "the image scan");
    run.until(&world, "Failed");
    assert!(
        run.report().contains("was not scanned in time"),
        "{}",
        run.report()
    );
}

#[test]
fn a_throttled_read_is_tried_again_and_a_refused_one_is_not() {
    let (mut run, mut world) = Run::new(Requester::Push);
    world.failing.insert(
        "read-services".to_owned(),
        PortError::retryable("rate exceeded"),
    );
    for _ in 0..10 {
        run.look(&world);
        run.now += jiff::SignedDuration::from_secs(30);
    }
    assert_eq!(run.phase(), "Planning");
    assert!(sluice_words::waits::waits_for(&run.d).contains("rate exceeded"));
    world.failing.insert(
        "read-services".to_owned(),
        PortError::permanent("cluster not found"),
    );
    run.until(&world, "Failed");
    assert!(
        run.report().contains("probably not the cause"),
        "{}",
        run.report()
    );
}

#[test]
fn what_needs_a_hand_is_told_once_and_goes_on_when_the_hand_came() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let denied = PortError::needs_person("access denied: the role lacks ecs:DescribeServices");
    world.failing.insert("read-services".to_owned(), denied);
    for _ in 0..20 {
        run.look(&world);
        run.now += jiff::SignedDuration::from_secs(30);
    }
    let told = run
        .story()
        .iter()
        .filter(|line| line.contains("needs a person"))
        .count();
    assert_eq!(told, 1, "{:?}", run.story());
    world.failing.clear();
    run.until(&world, "AwaitingApproval");
}

#[test]
fn an_alarm_that_rings_already_does_not_count_and_one_that_is_not_there_is_in_the_way() {
    let (mut run, mut world) = Run::new(Requester::Push);
    let ringing = world
        .alarms
        .keys()
        .next()
        .cloned()
        .expect("the ERP watches alarms");
    world.alarms.insert(ringing.clone(), AlarmState::Alarm);
    run.until(&world, "AwaitingApproval");
    let sealed = run.d.sealed_plan();
    assert!(sealed.plan.alarms.contains(&ringing));
    assert!(!sealed.alarms().contains(&ringing));
    let remarks = sluice_words::plan::remarks(sealed);
    assert!(remarks[0].contains("is in ALARM already"), "{remarks:?}");

    let (mut run, mut world) = Run::new(Requester::Push);
    world.alarms.clear();
    run.until(&world, "Failed");
    assert!(
        run.report().contains("CloudWatch has no alarm"),
        "{}",
        run.report()
    );
}

#[test]
fn an_image_of_another_registry_is_in_the_way_however_it_got_here() {
    let (first, world) = Run::new(Requester::Push);
    for registry in [
        None,
        Some(Registry {
            account: AccountId::new("333333333333"),
            region: Region::new("eu-central-1"),
        }),
    ] {
        let mut settings = (*first.d.settings).clone();
        settings.registry = registry.clone();
        let kind = DeploymentKind::Release;
        let mut run = Run::of(Requester::Push, kind, settings);
        run.until(&world, "Failed");
        let said = run.report();
        match registry {
            None => assert!(said.contains("nothing says which registry"), "{said}"),
            Some(registry) => assert!(
                said.contains(&format!(
                    "the image is in {}, and erp is deployed from {registry} alone",
                    run.d.release.registry
                )),
                "{said}"
            ),
        }
        assert!(!run.world_touched());
    }
}

#[test]
fn what_a_database_does_in_the_background_is_no_warning() {
    for (status, is_told) in [
        ("storage-optimization", false),
        ("backing-up", false),
        ("modifying", true),
    ] {
        let (mut run, mut world) = Run::new(Requester::Push);
        world.database.as_mut().unwrap().status = status.to_owned();
        run.until(&world, "AwaitingApproval");
        let plan = sluice_words::plan::text(run.d.sealed_plan());
        let told = format!("is {status}: the backup waits");
        assert_eq!(plan.contains(&told), is_told, "{plan}");
    }
}
