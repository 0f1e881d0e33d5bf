//! What is asked, in which order, and what becomes of the answers.

use std::collections::VecDeque;

use sluice_draft::{Undecided, Wanted, settle};

use crate::erp::{cluster, clusters, container, service};
use crate::valid;

/// Answers one after the other; an empty one leaves it open.
fn answering(answers: &[&str]) -> (VecDeque<String>, Vec<String>) {
    (
        answers.iter().map(|text| (*text).to_owned()).collect(),
        Vec::new(),
    )
}

#[test]
fn everything_is_asked_once_and_what_does_not_fit_is_asked_again_with_the_reason() {
    let (mut answers, mut asked) = answering(&[
        "Ada",
        "S0604QSJC, U024BE7LH",
        "#Staging",
        "",
        "",
        "#erp-releases",
        "https://erp.example.com",
    ]);
    let settled = settle(&clusters(), Wanted::default(), |text| {
        asked.push(text.to_owned());
        answers.pop_front().filter(|text| !text.is_empty())
    });
    let draft = settled.unwrap();
    let config = valid(&draft);
    assert!(answers.is_empty(), "{answers:?}");
    assert_eq!(asked.len(), 7, "{asked:#?}");
    assert!(
        asked[0].starts_with("Who may approve, deploy and roll back?"),
        "{}",
        asked[0]
    );
    assert!(
        asked[1].starts_with("That does not fit: `Ada` is not a Slack user or user group"),
        "{}",
        asked[1]
    );
    assert!(asked[3].contains("is not a Slack channel"), "{}", asked[3]);
    assert!(asked[3].contains("channel = \"#staging\""), "{}", asked[3]);
    assert!(
        asked[4].contains("Enter leaves https://erp-1234."),
        "{}",
        asked[4]
    );
    let production = config.environments.last().unwrap();
    assert_eq!(production.channel.as_str(), "#erp-releases");
    assert_eq!(production.approval.as_ref().unwrap().approvers.len(), 2);
    let open: Vec<_> = draft
        .questions
        .iter()
        .filter(|one| !one.is_answered)
        .collect();
    assert_eq!(open.len(), 2, "the staging channel and its address");
}

#[test]
fn with_no_one_to_ask_everything_is_left_open() {
    let draft = settle(&clusters(), Wanted::default(), |_| None).unwrap();
    assert!(draft.questions.iter().all(|one| !one.is_answered));
    valid(&draft);
}

#[test]
fn the_repository_is_asked_only_where_there_are_several() {
    let services = vec![
        service("api", vec![container("app", "shop/api", &[])]),
        service("front", vec![container("app", "shop/front", &[])]),
    ];
    let clusters = [cluster("shop-production", "222222222222", services)];
    let mut asked = Vec::new();
    let settled = settle(&clusters, Wanted::default(), |text| {
        asked.push(text.to_owned());
        (asked.len() == 1).then(|| "shop/front".to_owned())
    });
    let config = valid(&settled.unwrap());
    assert_eq!(config.repository.as_str(), "shop/front");
    assert!(
        asked[0].contains("  shop/api   api\n  shop/front   front"),
        "{}",
        asked[0]
    );
    let told = settle(&clusters, Wanted::default(), |_| None).unwrap_err();
    assert!(
        told.to_string()
            .contains("--repository shop/api shop-api.toml"),
        "{told}"
    );
    let wrong = settle(&clusters, Wanted::default(), |_| Some("shop".to_owned())).unwrap_err();
    assert!(
        matches!(wrong, Undecided::NoSuchRepository(_, _)),
        "{wrong:?}"
    );
}

#[test]
fn an_environment_has_a_name_that_the_file_takes() {
    let mut one = cluster(
        "main",
        "222222222222",
        vec![service("api", vec![container("app", "shop", &[])])],
    );
    one.environment = Some("Prod EU".into());
    let told = settle(&[one], Wanted::default(), |_| None).unwrap_err();
    assert!(
        told.to_string().contains("\"Prod EU\" is no name"),
        "{told}"
    );
}
