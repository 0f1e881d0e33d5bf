//! Every scenario ends as it says, with the real handlers, and the same seed plays the same story.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sluice::account::ScenarioAccount;
use sluice::play::{Play, Silence, Verdict};
use sluice::sample;
use sluice::scenario::{self, Scenario};
use sluice_core::config::Config;
use sluice_core::history;
use sluice_core::id::AccountId;
use sluice_core::registry::Registry;

fn played(scenario: Scenario, seed: u64) -> (Play, Verdict) {
    let mut play = Play::new(scenario, seed, &sample::erp());
    let verdict = play.run(&mut Silence).unwrap().unwrap();
    (play, verdict)
}

fn account(scenario: Scenario, seed: u64) -> String {
    let name = scenario.name;
    let (play, verdict) = played(scenario, seed);
    serde_json::to_string(&ScenarioAccount::new(name, seed, &verdict, play.world())).unwrap()
}

#[test]
fn every_scenario_ends_as_it_should() {
    for scenario in scenario::all() {
        let name = scenario.name;
        let (_, verdict) = played(scenario, 1);
        assert!(verdict.as_it_should, "{name}: {verdict:#?}");
    }
}

/// What is left to chance may be left to it.
#[test]
fn foul_weather_ends_as_it_should_whatever_the_seed() {
    let foul = [
        "crashing",
        "duplicate-events",
        "lost-answers",
        "lost-events",
        "reordered-events",
        "throttled",
        "two-pushes-at-once",
    ];
    for name in foul {
        for seed in 2..5 {
            let (_, verdict) = played(scenario::find(name).unwrap(), seed);
            assert!(verdict.as_it_should, "{name}, seed {seed}: {verdict:#?}");
        }
    }
}

#[test]
fn the_same_seed_tells_the_same_story_byte_for_byte_and_another_does_not() {
    for name in ["pushed-to-production", "crashing", "throttled"] {
        let scenario = || scenario::find(name).unwrap();
        assert_eq!(account(scenario(), 3), account(scenario(), 3), "{name}");
        assert_ne!(account(scenario(), 3), account(scenario(), 4), "{name}");
    }
}

#[test]
fn every_history_replays_and_a_changed_record_is_found() {
    let (play, _) = played(scenario::find("pushed-to-production").unwrap(), 1);
    let histories = play.world().store().histories();
    assert_eq!(histories.len(), 2);
    for (id, mut records) in histories {
        let stored = play.world().store().deployment(&id).unwrap();
        assert_eq!(history::replay(&records).unwrap(), *stored.deployment);
        let middle = records.len() / 2;
        records[middle].notes.push("nothing to see here".to_owned());
        assert!(history::replay(&records).is_err());
    }
}

#[test]
fn a_scenario_that_ends_otherwise_is_told_from_one_that_does_not() {
    let mut wrong = scenario::find("rejected").unwrap();
    wrong.ends = scenario::find("pushed-to-production").unwrap().ends;
    let (_, verdict) = played(wrong, 1);
    assert!(!verdict.as_it_should);
    assert!(
        verdict.ended.starts_with("Did NOT end as it should"),
        "{}",
        verdict.ended
    );

    let mut unchecked = scenario::find("pushed-to-production").unwrap();
    unchecked.checks.push(scenario::Check::Migrations {
        environment: "production",
        count: 0,
    });
    let (_, verdict) = played(unchecked, 1);
    assert!(!verdict.as_it_should);
}

/// Any application is played: those of the documents, and the sample where three people must
/// approve and staging takes every tag.
#[test]
fn any_application_arrives_in_all_of_its_environments() {
    let page = include_str!("../../docs/other-applications.md");
    let blocks = page.split("```toml\n").skip(1);
    let documented = blocks.map(|block| block.split("```").next().unwrap().to_owned());
    let erp = include_str!("../../tests/erp/sluice.toml");
    let changed = [
        (
            "approvers = [\"S0604QSJC\", \"U024BE7LH\"] #",
            "approvers = [\"U0AAAAAAA\", \"U0BBBBBBB\", \"U0CCCCCCC\"] #",
        ),
        ("quorum = 1 #", "quorum = 3 #"),
        ("tags = [\"develop-*\", \"release-*\"]", "tags = [\"*\"]"),
    ];
    let changed = changed.iter().fold(erp.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let all: Vec<String> = documented.chain([erp.to_owned(), changed]).collect();
    assert!(all.len() > 6, "{}", all.len());
    for text in all {
        let config = Config::parse(&text).unwrap();
        let own = Registry {
            account: AccountId::new("111111111111"),
            region: config.environments[0].region.clone(),
        };
        let config = config.installed_in(&own);
        let mut play = Play::new(Scenario::own(&config), 1, &config);
        let verdict = play.run(&mut Silence).unwrap().unwrap();
        assert!(verdict.as_it_should, "{}: {verdict:#?}", config.app);
        let arrived = verdict.checked.len() - 1;
        assert_eq!(arrived, config.environments.len(), "{}", config.app);
    }
}
