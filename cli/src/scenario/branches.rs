//! The source code: a release as GitFlow has it, and a merge that should not have been.

use jiff::SignedDuration;
use sluice_core::config::{Branches, Config, RiskRule, Source};
use sluice_core::id::{AccountId, BranchName, ChannelName, Region, SourceName};
use sluice_core::registry::Registry;
use sluice_sim::cloud::REGISTRY_ACCOUNT;

use super::act::{Git, SOURCE};
use super::{Act, BETWEEN, Check, IMAGE, Scenario, TO_PRODUCTION, TO_STAGING, When};

/// The channel for messages about branches.
const CHANNEL: &str = "#erp-source";

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![gitflow(), wrong_merge()]
}

fn at(minutes: i64) -> When {
    When::At(SignedDuration::from_mins(minutes))
}

fn after(tag: &'static str, minutes: i64) -> When {
    When::After(tag, "Succeeded", SignedDuration::from_mins(minutes))
}

/// GitFlow as it is by default; a merge-back may take four hours.
fn watched(config: &mut Config) {
    let account = AccountId::new(REGISTRY_ACCOUNT);
    let first = config.environments.first();
    let region = first.map_or_else(|| Region::new("eu-central-1"), |one| one.region.clone());
    config.source = Some(Source {
        repository: SourceName::new(SOURCE),
        place: Some(Registry { account, region }),
        build: None,
        github: None,
        channel: ChannelName::new(CHANNEL),
        branches: Branches::GitFlow {
            main: BranchName::new("main"),
            develop: BranchName::new("develop"),
            release: vec!["release/*".to_owned()],
            hotfix: vec!["hotfix/*".to_owned(), "fix/*".to_owned()],
        },
        merge_back_within: SignedDuration::from_hours(4),
    });
}

/// The same, and no image of a commit in doubt is deployed.
fn refusing(config: &mut Config) {
    watched(config);
    for environment in &mut config.environments {
        environment.source_rule = RiskRule::Refuse;
    }
}

fn gitflow() -> Scenario {
    let mut scenario = Scenario::new(
        "gitflow",
        "from a feature to production by GitFlow; the merge back to develop is forgotten, and Sluice \
         reminds",
    );
    scenario.config = watched;
    // CI pushes the release branch's image, and later the version's.
    scenario.scenes[0].when = at(8);
    scenario.scenes[0].act = Act::Git(Git::Build("release/v1.4.0", IMAGE, TO_STAGING));
    scenario.scenes[1].when = When::After(TO_STAGING, "Succeeded", BETWEEN);
    scenario.scenes[1].act = Act::Git(Git::Build("release/v1.4.0", IMAGE, TO_PRODUCTION));
    scenario
        .scene(
            at(2),
            Act::Git(Git::Work("feature/search", "develop", "Search invoices")),
        )
        .scene(at(4), Act::Git(Git::Pull("feature/search", "develop")))
        .scene(
            at(6),
            Act::Git(Git::Work("release/v1.4.0", "develop", "Version 1.4.0")),
        )
        .scene(
            after(TO_STAGING, 2),
            Act::Git(Git::Pull("release/v1.4.0", "main")),
        )
        .scene(
            after(TO_PRODUCTION, 6 * 60),
            Act::Git(Git::Pull("main", "develop")),
        )
        .check(Check::Runs {
            environment: "production",
            image: IMAGE,
        })
        .check(Check::ToldIn(
            CHANNEL,
            "main is not merged back into develop",
        ))
        .check(Check::Messages(CHANNEL, 1))
}

fn wrong_merge() -> Scenario {
    let mut scenario = Scenario::new(
        "wrong-merge",
        "a feature is merged into main by hand: Sluice reports it, with the commands that take it \
         back, and refuses its image; a pull request that would do the same is not approved",
    );
    scenario.config = refusing;
    scenario.scenes.clear();
    scenario.ends = vec![(TO_STAGING, "Failed")];
    scenario
        .scene(
            at(2),
            Act::Git(Git::Work("feature/discount", "develop", "Discounts")),
        )
        .scene(at(4), Act::Git(Git::Merge("feature/discount", "main")))
        .scene(at(9), Act::Git(Git::Build("main", IMAGE, TO_STAGING)))
        .scene(
            at(20),
            Act::Git(Git::Work("hotfix/revert", "main", "Revert the discounts")),
        )
        .scene(at(22), Act::Git(Git::Pull("hotfix/revert", "main")))
        .scene(at(24), Act::Git(Git::Pull("main", "develop")))
        .scene(
            at(30),
            Act::Git(Git::Work("feature/menu", "develop", "Another menu")),
        )
        .scene(at(32), Act::Git(Git::Open("feature/menu", "main")))
        .scene(at(40), Act::Git(Git::Open("feature/menu", "develop")))
        .check(Check::ToldIn(CHANNEL, "was merged into main as"))
        .check(Check::Messages(CHANNEL, 1))
        .check(Check::NotApproved("feature/menu", "main"))
        .check(Check::Told(
            TO_STAGING,
            "it reached main by a way that [source] does not allow",
        ))
        .check(Check::NothingDeployed("staging"))
}
