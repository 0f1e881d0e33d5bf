//! Differences that someone answers for, and those that no one does.

use sluice_core::parity::Verdict;

use super::readings::Pair;

/// `[parity]` with these entries.
fn allowing(entries: &str) -> Pair {
    let table = format!("[parity]\nallow = [{entries}]\n\n[migration]");
    Pair::configured("[migration]", &table).web(|web| {
        web.size.insert("memory".to_owned(), 4096);
        web.variables.insert("DEBUG_SQL".to_owned());
    })
}

fn open(pair: &Pair) -> Vec<String> {
    let parity = pair.compared();
    let open = parity
        .not_allowed()
        .map(|one| format!("{} {}", one.what, one.name));
    open.collect()
}

const WHO: &str = "by = \"ops\", reason = \"for tests\"";

#[test]
fn an_entry_is_for_its_topic_name_and_size() {
    let (size, variable) = ("task-size memory", "variable DEBUG_SQL");
    for (entries, left) in [
        (String::new(), vec![size, variable]),
        (format!("{{ what = \"task-size\", {WHO} }}"), vec![variable]),
        (
            format!("{{ what = \"task-size\", up_to = 4, {WHO} }}"),
            vec![variable],
        ),
        (
            format!("{{ what = \"task-size\", up_to = 3, {WHO} }}"),
            vec![size, variable],
        ),
        (
            format!("{{ what = \"task-size\", name = \"cpu\", {WHO} }}"),
            vec![size, variable],
        ),
        (
            format!("{{ what = \"variable\", name = \"DEBUG_*\", {WHO} }}"),
            vec![size],
        ),
        (
            format!("{{ what = \"variable\", name = \"DEBUG\", {WHO} }}"),
            vec![size, variable],
        ),
        (
            format!("{{ what = \"secret\", {WHO} }}"),
            vec![size, variable],
        ),
        (
            format!("{{ what = \"variable\", {WHO} }}, {{ what = \"task-size\", {WHO} }}"),
            vec![],
        ),
    ] {
        assert_eq!(open(&allowing(&entries)), left, "{entries}");
    }
}

#[test]
fn an_accepted_difference_is_still_shown_with_its_reason_after_the_others() {
    let pair = allowing(&format!("{{ what = \"task-size\", {WHO} }}"));
    let parity = pair.compared();
    assert_eq!(parity.verdict(), Verdict::Differs);
    let [first, second] = parity.differences.as_slice() else {
        panic!("{:#?}", parity.differences);
    };
    assert_eq!(first.allowed, None);
    let waiver = second.allowed.as_ref().unwrap();
    assert_eq!(
        (waiver.by.as_str(), waiver.reason.as_str()),
        ("ops", "for tests")
    );
}

#[test]
fn with_all_of_them_accepted_the_two_are_alike() {
    let all = format!("{{ what = \"variable\", {WHO} }}, {{ what = \"task-size\", {WHO} }}");
    assert_eq!(allowing(&all).compared().verdict(), Verdict::Alike);
}

#[test]
fn a_size_that_only_one_has_is_within_no_bound() {
    let entry = format!("{{ what = \"task-size\", up_to = 64, {WHO} }}");
    let pair = allowing(&entry).web(|web| {
        web.size.remove("memory");
    });
    assert!(open(&pair).contains(&"task-size memory".to_owned()));
}
