//! The source code and its branches.

use sluice_core::config::{Branches, Config, RiskRule, Source};
use sluice_core::id::{AccountId, BranchName, BuildProject, Region};
use sluice_core::registry::Registry;

use super::LEAST;
use super::mistakes::report;

const SOURCE: &str = "[source]\nrepository = \"erp\"\nchannel = \"#erp-source\"\n";

fn with(more: &str) -> String {
    format!("{LEAST}\n{SOURCE}{more}")
}

fn source(more: &str) -> Source {
    let config = Config::parse(&with(more)).expect("the file is right");
    config.source.expect("the file has [source]")
}

#[test]
fn gitflow_is_what_a_file_means_that_names_no_model() {
    let source = source("");
    assert_eq!(source.merge_back_within.as_hours(), 24);
    let branches = &source.branches;
    for (branch, release, main) in [
        ("release/v1.4.0", true, true),
        ("hotfix/login", false, true),
        ("fix/v1.4.1-login", false, true),
        ("feature/login", false, false),
        ("develop", false, false),
        ("releases/v1.4.0", false, false),
    ] {
        let name = BranchName::new(branch);
        assert_eq!(branches.is_release(&name), release, "{branch}");
        assert_eq!(branches.may_reach_main(&name), main, "{branch}");
    }
    assert_eq!(branches.main().as_str(), "main");
    assert_eq!(branches.develop().map(BranchName::as_str), Some("develop"));
    assert!(source.build.is_none());
    assert!(Config::parse(LEAST).unwrap().source.is_none());
}

#[test]
fn every_name_can_be_another() {
    let source = source(
        "main = \"master\"\ndevelop = \"next\"\nrelease = [\"rel-*\"]\nhotfix = [\"urgent/?*\"]\n\
         merge_back_within = \"4h\"\nbuild = \"erp-ci\"\n",
    );
    assert_eq!(
        source.build.as_ref().map(BuildProject::as_str),
        Some("erp-ci")
    );
    assert_eq!(source.merge_back_within.as_hours(), 4);
    let branches = source.branches;
    assert!(branches.may_reach_main(&BranchName::new("urgent/1")));
    assert!(!branches.may_reach_main(&BranchName::new("urgent/")));
    assert!(branches.is_release(&BranchName::new("rel-7")));
    let main = BranchName::new("trunk");
    let trunk = super::source::source("model = \"trunk\"\nmain = \"trunk\"\n").branches;
    assert_eq!(trunk, Branches::Trunk { main });
}

#[test]
fn it_is_where_sluice_is_unless_it_says_otherwise() {
    let own = Registry {
        account: AccountId::new("222222222222"),
        region: Region::new("eu-central-1"),
    };
    let place = |more: &str| {
        let config = Config::parse(&with(more)).unwrap().installed_in(&own);
        config.source.unwrap().place.unwrap()
    };
    assert_eq!(place(""), own);
    let other = place("account = \"111111111111\"\nregion = \"eu-west-1\"\n");
    assert_eq!(other.account.as_str(), "111111111111");
    assert_eq!(source("").place, None);
}

const GITHUB: &str = "[source]\ngithub = \"acme/erp\"\ntoken = \"sluice/github\"\n\
                      channel = \"#erp-source\"\n";

#[test]
fn it_may_be_in_github_and_is_then_in_no_account() {
    let own = Registry {
        account: AccountId::new("222222222222"),
        region: Region::new("eu-central-1"),
    };
    let source = |more: &str| {
        let config = Config::parse(&format!("{LEAST}\n{GITHUB}{more}")).unwrap();
        let config = config.installed_in(&own);
        assert_eq!(config.in_codecommit(), None);
        config.source.unwrap()
    };
    assert!(Config::parse(&with("")).unwrap().in_codecommit().is_some());
    let ours = source("");
    assert_eq!((ours.repository.as_str(), &ours.place), ("acme/erp", &None));
    let access = ours.github.unwrap();
    assert_eq!(access.url, "https://api.github.com");
    assert_eq!(access.token, "sluice/github");
    assert_eq!(access.pages(), "https://github.com");
    let server = source("url = \"https://git.example.com/api/v3/\"\n")
        .github
        .unwrap();
    assert_eq!(server.url, "https://git.example.com/api/v3");
    assert_eq!(server.pages(), "https://git.example.com");
}

#[test]
fn mistakes_about_where_it_is_are_told_with_their_places() {
    let table = "[source]\nchannel = \"#erp-source\"\n";
    let told = [
        table.to_owned(),
        format!("{SOURCE}github = \"acme/erp\"\n"),
        format!("{SOURCE}token = \"sluice/github\"\nurl = \"https://git.example.com\"\n"),
        format!("{GITHUB}account = \"222222222222\"\nregion = \"eu-central-1\"\n"),
        format!("{table}github = \"acme/erp\"\n"),
        format!("{table}github = \"https://github.com/acme/erp\"\ntoken = \"sluice/github\"\n"),
        format!("{table}github = \"acme/erp\"\ntoken = \"github_pat_11AAA\"\n"),
        format!("{GITHUB}url = \"http://git.example.com/api/v3\"\n"),
        format!("{GITHUB}build = \"erp-ci\"\n"),
    ]
    .map(|source| report(&format!("{LEAST}\n{source}")));
    insta::assert_snapshot!(told.join("\n\n"));
    // A part of an address that means another.
    for name in ["acme/..", "acme/.", "acme/a/b", "../erp"] {
        let source = format!("{table}github = {name:?}\ntoken = \"sluice/github\"\n");
        assert!(
            Config::parse(&format!("{LEAST}\n{source}")).is_err(),
            "{name}"
        );
    }
}

#[test]
fn mistakes_are_told_with_their_places() {
    let told = [
        "account = \"111111111111\"\n",
        "model = \"git-flow\"\n",
        "model = \"trunk\"\ndevelop = \"develop\"\nmerge_back_within = \"2h\"\n",
        "develop = \"main\"\n",
        "hotfix = [\"*\"]\n",
        "release = []\n",
        "release = [\"release/*\", \"release/*\"]\n",
        "main = \"refs heads\"\n",
        "merge_back_within = \"5m\"\n",
        "branch = \"main\"\n",
        "build = \"arn:aws:codebuild:eu-central-1:222222222222:project/erp-ci\"\n",
    ]
    .map(|more| report(&with(more)));
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn a_commit_in_doubt_is_only_shown_unless_an_environment_says_otherwise() {
    let rule = |more: &str| {
        let config = Config::parse(&with(more)).unwrap();
        config.environments[0].source_rule
    };
    assert_eq!(rule(""), RiskRule::Allow);
    for (word, means) in [("allow", RiskRule::Allow), ("refuse", RiskRule::Refuse)] {
        let more = format!("\n[environments.staging.source]\nrule = {word:?}\n");
        assert_eq!(rule(&more), means);
    }
    let table = "[environments.staging.source]\n";
    let told = [
        format!("{LEAST}\n{table}rule = \"refuse\"\n"),
        with(&format!("{table}rule = \"four-eyes\"\n")),
        with(&format!("{table}rule = \"warn\"\n")),
        with(table),
    ]
    .map(|text| report(&text));
    insta::assert_snapshot!("rule", told.join("\n\n"));
}
