//! What the pages say is what is so.

use sluice::scenario;
use sluice_console::Source;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_words::inline::plain;
use sluice_words::message::{Block, Message};
use sluice_words::overview::{Look, Seen};
use sluice_words::{note, plan, view, waits};

use super::http::{links, page, squeezed, text};
use super::played::{is_in, played, served};

/// A page as it is read, a tag in each line.
fn in_lines(html: &str) -> String {
    html.replace("><", ">\n<")
}

fn newest<S: Source + ?Sized>(source: &S, environment: &str) -> Deployment {
    let look = Look::History {
        matching: format!("erp/{environment}"),
    };
    let Ok(Seen::History(seen)) = futures::executor::block_on(source.see(&look)) else {
        panic!("it has a history");
    };
    let id = seen.shown[0].deployments[0].id.clone();
    let look = Look::Deployment(id);
    let Ok(Seen::Deployment(seen)) = futures::executor::block_on(source.see(&look)) else {
        panic!("it has the deployment");
    };
    seen.state().unwrap().clone()
}

/// The first page and that of production's deployment, of a scenario that was stopped there.
fn pages(name: &str, phase: &'static str) -> String {
    let board = played(name, is_in(phase));
    let id = newest(&*board, "production").id;
    let url = served(board);
    let pages = ["/".to_owned(), format!("/deployments/{id}")].map(|path| page(&url, &path));
    in_lines(&pages.join("\n"))
}

#[test]
fn one_that_waits_for_its_approval() {
    insta::assert_snapshot!(pages("point-of-no-return", "AwaitingApproval"));
}

#[test]
fn one_that_was_rolled_back() {
    insta::assert_snapshot!(pages("bad-bake", "RolledBack"));
}

#[test]
fn one_of_which_no_one_knows_whether_it_is_healthy() {
    insta::assert_snapshot!(pages("unverified", "Unverified"));
}

/// All texts of a message, as they are read without markup.
fn told(message: &Message) -> Vec<String> {
    let texts = message.blocks.iter().flat_map(|block| match block {
        Block::Header(text) | Block::Text(text) | Block::Context(text) => vec![text.clone()],
        Block::Code(text) => vec![text.clone()],
        Block::Fields(fields) => {
            let fields = fields.iter();
            fields
                .flat_map(|(name, value)| [name.clone(), value.clone()])
                .collect()
        }
        Block::Links(links) => links.iter().map(|link| link.text.clone()).collect(),
        Block::Buttons(_) => Vec::new(),
    });
    texts.map(|text| bare(&text)).collect()
}

/// Without what is markup in HTML: bullets and backticks.
fn bare(text: &str) -> String {
    squeezed(&plain(text).replace(['•', '`'], ""))
}

#[test]
fn every_scenario_is_told_as_it_ended() {
    for scenario in scenario::all() {
        let name = scenario.name;
        let board = played(name, |_| false);
        let url = served(board.clone());
        let Ok(Seen::Overview(seen)) = board.shown().see(&Look::Overview {
            matching: String::new(),
            from: 0,
        }) else {
            panic!("it is an overview");
        };
        let first = text(&page(&url, "/"));
        for standing in &seen.environments.shown {
            let version = bare(&standing.version);
            assert!(first.contains(&version), "{name}: {version}");
            if let Some(last) = &standing.last {
                let said = bare(&format!("{}: {}", last.status, last.what));
                assert!(first.contains(&said), "{name}: {said}");
            }
            if standing.last.is_none() && standing.active.is_none() {
                continue;
            }
            let d = newest(&*board, standing.environment.environment.as_str());
            the_deployment_is_told(name, &url, &d);
        }
    }
}

#[test]
fn one_on_its_way_is_told_at_every_phase() {
    for phase in [
        "Planning",
        "AwaitingApproval",
        "BackingUp",
        "Migrating",
        "RollingOut",
        "Shifting",
        "Baking",
    ] {
        let here = move |stage: &sluice::play::Stage| {
            let mut all = super::played::deployments(stage).into_iter();
            all.any(|d| d.environment().as_str() == "production" && d.phase.name() == phase)
        };
        let board = played("pushed-to-production", here);
        let d = newest(&*board, "production");
        assert_eq!(d.phase.name(), phase);
        let url = served(board);
        the_deployment_is_told(phase, &url, &d);
        let first = text(&page(&url, "/"));
        let waits = bare(&waits::waits_for(&d));
        assert!(first.contains(&waits), "{phase}: {waits}");
    }
}

fn the_deployment_is_told(name: &str, url: &str, d: &Deployment) {
    let html = page(url, &format!("/deployments/{}", d.id));
    let read = text(&html);
    let message = view::message(d, None);
    let story = d
        .story
        .iter()
        .map(|entry| bare(&note::words(&entry.note, d)));
    let plan = d.plan.as_ref().map(|sealed| squeezed(&plan::text(sealed)));
    // What is compared with the plan before is not said without it.
    let compared = |said: &String| said.contains("secrets:");
    for said in told(&message)
        .into_iter()
        .filter(|it| !compared(it))
        .chain(story)
        .chain(plan)
    {
        let found = read.replace('`', "").contains(&said.replace('`', ""));
        assert!(found, "{name}, {}: {said}\nin {read}", d.id);
    }
    assert!(read.contains("Thehashchainiswhole"), "{name}: {read}");
    assert!(!read.contains("doesnotfollowfromit"), "{name}: {read}");
    let key = EnvironmentKey::of(d);
    for at in links(&html)
        .into_iter()
        .filter(|link| link.starts_with('/'))
    {
        page(url, &at);
    }
    let own = page(
        url,
        &format!("/environments/{}/{}", key.app, key.environment),
    );
    assert!(own.contains(&format!("/deployments/{}", d.id)), "{name}");
}

/// What ECS shows of the way back is not what the new version has.
#[test]
fn traffic_is_that_of_the_version_that_was_brought() {
    let board = played("canary-errors", |_| false);
    let id = newest(&*board, "production").id;
    let read = page(&served(board), &format!("/deployments/{id}"));
    let said = read.split("Traffic of web on v1.4.0: ").nth(1).unwrap();
    let said = said.split(" (UTC)").next().unwrap();
    let percents: Vec<&str> = said
        .split(", ")
        .filter_map(|one| one.split(' ').next())
        .collect();
    assert_eq!(percents, ["0", "10", "0"], "{said}");
}

#[test]
fn the_history_is_filtered_by_environment_end_and_person() {
    let url = served(played("rollback-asked", |_| false));
    let count = |path: &str| page(&url, path).matches("<tr role=\"row\">").count() - 1;
    let all = count("/history");
    assert!(all >= 4, "{all}");
    let by_environment = count("/history?environment=erp%2Fstaging")
        + count("/history?environment=erp%2Fproduction");
    assert_eq!(by_environment, all);
    let by_person = page(&url, "/history?person=U");
    assert!(by_person.contains("rolled back to"), "{by_person}");
    assert!(count("/history?person=U") < all);
    let asked = by_person.split("/deployments/").nth(1).unwrap();
    let asked = asked.split('"').next().unwrap();
    let asked = page(&url, &format!("/deployments/{asked}"));
    let did = asked.split("What people did").nth(1).unwrap();
    let did = did.split("</section>").next().unwrap();
    assert!(
        did.contains("requested by"),
        "who asked is among them: {did}"
    );
    assert_eq!(count("/history?end=Succeeded"), all);
    let none = text(&page(&url, "/history?end=Failed"));
    assert!(none.contains("Nodeploymentmatches"), "{none}");
    assert!(text(&page(&url, "/history?end=open")).contains("Nodeploymentmatches"));
}
