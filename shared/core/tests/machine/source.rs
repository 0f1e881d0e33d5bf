//! The commit that an image names: what is in doubt of it, and what becomes of the plan.

use jiff::SignedDuration;
use sluice_core::config::{Branches, Config, RiskRule, Source};
use sluice_core::deployment::{DeploymentKind, Requester};
use sluice_core::failure::PortError;
use sluice_core::id::{BranchName, ChannelName, CommitId, EnvironmentName, SourceName, UserId};
use sluice_core::origin::{Commit, Origin};
use sluice_core::source::{Built, Doubt, FailedPhase, Lack, SourceObservation, What, WrongChange};
use sluice_words::waits::waits_for;

use super::unkind::given;
use super::world::{APPROVER, ERP, World, start};
use crate::Run;

const COMMIT: &str = "1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b";
const WRONG: &str = "c0ffee1d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b";

/// A release to production of an image that names its commit.
fn with(rule: RiskRule) -> (Run, World) {
    let config = Config::parse(ERP).expect("the ERP's configuration is good");
    let production = EnvironmentName::new("production");
    let environment = config.environment(&production);
    let mut environment = environment.expect("the ERP has it").clone();
    environment.source_rule = rule;
    let mut settings = config.settings(&environment);
    settings.source = Some(Source {
        repository: SourceName::new("erp"),
        place: None,
        build: None,
        github: None,
        channel: ChannelName::new("#erp-source"),
        branches: Branches::GitFlow {
            main: BranchName::new("main"),
            develop: BranchName::new("develop"),
            release: vec!["release/*".to_owned()],
            hotfix: vec!["hotfix/*".to_owned()],
        },
        merge_back_within: SignedDuration::from_hours(24),
    });
    let run = Run::of(Requester::Push, DeploymentKind::Release, settings);
    let mut world = World::good(&config, &environment);
    world.image.origin = Origin {
        commit: Commit::parse(COMMIT),
        ..Origin::default()
    };
    (run, world)
}

fn wrong() -> Doubt {
    Doubt::Wrong(vec![WrongChange {
        what: What::Pushed { commits: 2 },
        first: CommitId::new(WRONG),
        commit: CommitId::new(WRONG),
        at: start(),
    }])
}

fn plan(run: &Run) -> String {
    sluice_words::plan::text(run.d.sealed_plan())
}

#[test]
fn a_commit_without_doubt_is_in_the_plan_where_it_decides_anything() {
    for (rule, is_shown) in [
        (RiskRule::Allow, false),
        (RiskRule::FourEyes, true),
        (RiskRule::Refuse, true),
    ] {
        let (mut run, world) = with(rule);
        run.until(&world, "AwaitingApproval");
        let plan = plan(&run);
        let line =
            "source     commit 1a2b3c4 (as the image says): checked in the source repository";
        assert_eq!(plan.contains(line), is_shown, "{plan}");
        assert_eq!(run.d.demands().unwrap().quorum, 1);
    }
}

#[test]
fn each_doubt_is_said_refused_or_needs_two_people() {
    let mut said = Vec::new();
    for doubt in [
        wrong(),
        Doubt::NotFound,
        Doubt::OnNoBranch,
        Doubt::NotJudged,
        Doubt::NotNamed,
    ] {
        for rule in [RiskRule::Allow, RiskRule::FourEyes, RiskRule::Refuse] {
            let (mut run, mut world) = with(rule);
            match doubt {
                Doubt::NotNamed => world.image.origin.commit = Commit::parse("1a2b3c4"),
                _ => world.source = SourceObservation::of(doubt.clone()),
            }
            world.approvers.push(UserId::new("U0SECOND"));
            if rule == RiskRule::Refuse {
                run.until(&world, "Failed");
                assert!(!run.world_touched(), "{doubt:?}");
                let waited = run.now.duration_since(start()).as_mins() >= 10;
                assert_eq!(waited, world.source.may_settle(), "{doubt:?}");
                said.push(run.report());
            } else {
                run.until(&world, "AwaitingApproval");
                let demands = run.d.demands().unwrap();
                let two = rule == RiskRule::FourEyes;
                assert_eq!(demands.quorum, if two { 2 } else { 1 }, "{doubt:?}");
                let plan = plan(&run);
                let remark = plan.lines().find(|line| line.starts_with("  ! "));
                said.push(remark.unwrap().to_owned());
            }
        }
    }
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn what_may_settle_is_looked_at_again_before_it_is_refused() {
    let (mut run, mut world) = with(RiskRule::Refuse);
    world.source = SourceObservation::of(Doubt::NotJudged);
    for _ in 0..10 {
        run.look(&world);
        run.now += SignedDuration::from_secs(20);
    }
    assert_eq!(run.phase(), "Planning");
    assert_eq!(
        waits_for(&run.d),
        "commit 1a2b3c4 to be checked in the source repository"
    );
    assert_eq!(given(&run, "start-inspection"), 0, "nothing of it runs");
    world.source = SourceObservation::default();
    run.until(&world, "AwaitingApproval");
}

#[test]
fn a_repository_that_cannot_be_read_delays_a_release_and_is_never_taken_for_clean() {
    let denied = PortError::needs_person("AccessDenied: codecommit:GetCommit");
    let down = PortError::retryable("CodeCommit is down");
    let wrong_order = PortError::permanent("not understood");
    for (error, minutes) in [(&down, 5), (&denied, 0), (&wrong_order, 0)] {
        for rule in [RiskRule::Allow, RiskRule::FourEyes] {
            let (mut run, mut world) = with(rule);
            world.approvers.push(UserId::new("U0SECOND"));
            world
                .failing
                .insert("read-source".to_owned(), error.clone());
            run.until(&world, "AwaitingApproval");
            let waited = run.now.duration_since(start()).as_mins();
            assert!(
                (minutes..minutes + 2).contains(&waited),
                "{error}: {waited}"
            );
            let plan = plan(&run);
            assert!(
                plan.contains("the source repository could not be read"),
                "{plan}"
            );
            let two = rule == RiskRule::FourEyes;
            assert_eq!(run.d.demands().unwrap().quorum, if two { 2 } else { 1 });
        }
        let (mut run, mut world) = with(RiskRule::Refuse);
        world
            .failing
            .insert("read-source".to_owned(), error.clone());
        for _ in 0..60 {
            run.look(&world);
            run.now += SignedDuration::from_mins(1);
        }
        assert_eq!(run.phase(), "Planning", "{error}");
        world.failing.clear();
        run.until(&world, "AwaitingApproval");
        assert!(plan(&run).contains("checked in the source repository"));
    }
}

#[test]
fn a_doubt_that_comes_up_after_the_approval_makes_it_void_where_it_decides() {
    for (rule, phase) in [
        (RiskRule::Allow, "BackingUp"),
        (RiskRule::FourEyes, "AwaitingApproval"),
    ] {
        let (mut run, mut world) = with(rule);
        world.approvers.push(UserId::new("U0SECOND"));
        run.until(&world, "AwaitingApproval");
        world.source = SourceObservation::of(wrong());
        run.approve(APPROVER).unwrap();
        run.until(&world, phase);
        let told = run.story().join("\n");
        assert!(
            told.contains("c0ffee1") || told.contains("in doubt"),
            "{told}"
        );
    }
    let (mut run, mut world) = with(RiskRule::Refuse);
    run.until(&world, "AwaitingApproval");
    world.source = SourceObservation::of(wrong());
    run.approve(APPROVER).unwrap();
    run.until(&world, "Failed");
}

#[test]
fn what_a_build_says_of_itself_is_taken_only_in_its_form() {
    let branch = |name: &str| Some(Built::Branch(BranchName::new(name)));
    for (text, taken) in [
        ("refs/heads/release/v1.4.0", branch("release/v1.4.0")),
        ("refs/tags/v1.4.0", Some(Built::Tag("v1.4.0".to_owned()))),
        ("refs/heads/", None),
        ("refs/heads/a b", None),
        ("refs/heads/<!channel>", None),
        ("refs/heads/-f", None),
        ("main", None),
    ] {
        assert_eq!(Built::of_ref(text), taken, "{text}");
    }
    assert_eq!(
        Built::of_ref(&format!("refs/tags/{}", "x".repeat(300))),
        None
    );
    let why =
        "Error while executing command: psql postgresql://ci:hunter2@db/erp <!channel>. Reason: 1";
    let failed = FailedPhase::new("PRE_BUILD<!here>", &format!("{why}{}", "x".repeat(300)));
    assert_eq!(failed.name, "PRE_BUILD");
    assert!(!failed.reason.contains("hunter2"), "{}", failed.reason);
    assert!(!failed.reason.contains('<'), "{}", failed.reason);
    assert_eq!(failed.reason.chars().count(), 201);
}

#[test]
fn a_fix_that_the_commit_lacks_is_remarked_and_decides_nothing() {
    let mut said = Vec::new();
    for runs in [true, false] {
        let (mut run, mut world) = with(RiskRule::Refuse);
        world.source.lacks = vec![Lack {
            commit: CommitId::new(WRONG),
            since: start(),
            runs,
        }];
        run.until(&world, "AwaitingApproval");
        let plan = plan(&run);
        let remark = plan.lines().find(|line| line.starts_with("  ! "));
        said.push(remark.unwrap().to_owned());
    }
    insta::assert_snapshot!("lacks", said.join("\n\n"));
}
