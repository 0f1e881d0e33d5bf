use jiff::Timestamp;
use proptest::prelude::{ProptestConfig, any, proptest};

use super::{Counts, Finding, Measured, Traffic, Watched, Worse, judge, minute_of};
use crate::config::Metrics;
use crate::id::ServiceName;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_600_000 + seconds).unwrap()
}

fn web() -> ServiceName {
    ServiceName::new("web")
}

fn counts(requests: u32, errors: u32, p90_ms: u32) -> Counts {
    Counts {
        requests,
        errors,
        p90_ms: Some(p90_ms),
    }
}

/// Half an hour of the old version alone, and then some minutes of both.
struct Story {
    watched: Watched,
    minute: i64,
}

impl Story {
    /// The shift begins at second 0.
    fn new(old: Counts) -> Self {
        let mut watched = Watched::default();
        watched.begin(at(0), at(0));
        let before = (-30..0).map(|minute| (at(minute * 60), old)).collect();
        let measured = Measured {
            old: before,
            new: [].into(),
        };
        // Long after, so that nothing of it is doubted.
        watched.take(&web(), &measured, at(180));
        Self { watched, minute: 0 }
    }

    /// Another minute, read twice.
    fn minute(&mut self, old: Option<Counts>, new: Counts) -> &mut Self {
        let begin = at(self.minute * 60);
        let measured = Measured {
            old: old.map(|old| (begin, old)).into_iter().collect(),
            new: [(begin, new)].into(),
        };
        self.watched
            .take(&web(), &measured, at(self.minute * 60 + 100));
        self.watched
            .take(&web(), &measured, at(self.minute * 60 + 115));
        self.minute += 1;
        self
    }

    fn finds(&self, traffic: Traffic) -> Finding {
        judge(&web(), &self.watched, traffic, 10, &Metrics::default()).finding
    }
}

const CANARY: Traffic = Traffic::Beside(10);

#[test]
fn two_per_cent_more_errors_at_a_canary_of_a_tenth_are_seen_in_two_minutes() {
    let mut story = Story::new(counts(3000, 3, 200));
    story.minute(Some(counts(2700, 3, 200)), counts(300, 6, 200));
    story.minute(Some(counts(2700, 2, 200)), counts(300, 7, 200));
    assert_eq!(story.finds(CANARY), Finding::Worse(Worse::Errors));
    let said = judge(&web(), &story.watched, CANARY, 10, &Metrics::default()).to_string();
    assert_eq!(
        said,
        "web: 2.17 % of 600 requests to the new version failed with 5xx, 0.093 % of 5400 requests \
         to the old one in the same 2 minutes"
    );
}

#[test]
fn what_hits_both_versions_is_not_the_new_ones_fault() {
    let mut story = Story::new(counts(3000, 3, 200));
    for _ in 0..5 {
        story.minute(Some(counts(2700, 810, 2000)), counts(300, 96, 2100));
    }
    assert_eq!(story.finds(CANARY), Finding::NotWorse);
}

#[test]
fn an_outage_in_the_part_of_a_minute_that_both_had_is_not_either() {
    // The shift came six seconds before the minute's end, and then everything failed.
    let mut story = Story::new(counts(3000, 3, 200));
    story.minute(Some(counts(2970, 270, 200)), counts(60, 30, 200));
    assert_eq!(story.finds(CANARY), Finding::NotWorse);
}

#[test]
fn a_difference_that_does_not_matter_is_none_however_sure_it_is() {
    let mut story = Story::new(counts(300_000, 300, 200));
    for _ in 0..10 {
        story.minute(Some(counts(270_000, 270, 200)), counts(30_000, 120, 250));
    }
    assert_eq!(story.finds(CANARY), Finding::NotWorse);
}

#[test]
fn after_the_shift_it_takes_more_than_a_bad_minute_or_three() {
    let mut story = Story::new(counts(3000, 6, 200));
    for bad in [true, true, true, false] {
        let errors = if bad { 300 } else { 6 };
        story.minute(None, counts(3000, errors, if bad { 900 } else { 200 }));
        assert_eq!(story.finds(Traffic::All), Finding::NotWorse);
    }
    let mut story = Story::new(counts(3000, 6, 200));
    for minute in 1..=6 {
        story.minute(None, counts(3000, 66, 200));
        let worse = story.finds(Traffic::All) == Finding::Worse(Worse::Errors);
        assert_eq!(worse, minute == 6, "after {minute} minutes");
    }
    // Half an hour before says nothing of an hour after.
    let mut story = Story::new(counts(3000, 6, 200));
    for minute in 0..28 {
        let errors = if minute < 18 { 6 } else { 300 };
        story.minute(None, counts(3000, errors, 200));
    }
    assert_eq!(story.finds(Traffic::All), Finding::NotWorse);
}

#[test]
fn slower_is_seen_beside_the_old_version_and_after_it() {
    for (traffic, beside, p90, takes) in [
        (CANARY, Some(counts(2700, 0, 210)), 340, 5),
        (Traffic::All, None, 540, 6),
    ] {
        let mut story = Story::new(counts(3000, 0, 200));
        for minute in 1..=takes {
            story.minute(beside, counts(300, 0, p90));
            let worse = story.finds(traffic) == Finding::Worse(Worse::Latency);
            assert_eq!(worse, minute == takes, "{traffic:?} after {minute} minutes");
        }
        let said = judge(&web(), &story.watched, traffic, 10, &Metrics::default()).to_string();
        let is = format!("is {p90} ms on the new version");
        assert!(said.contains(&is), "{said}");
    }
    // Both are slow.
    let mut story = Story::new(counts(3000, 0, 200));
    for _ in 0..10 {
        story.minute(Some(counts(2700, 0, 900)), counts(300, 0, 950));
    }
    assert_eq!(story.finds(CANARY), Finding::NotWorse);
}

#[test]
fn a_minute_counts_once_two_reads_agree_on_both_versions() {
    let mut story = Story::new(counts(3000, 3, 200));
    let read = |old: u32, errors: u32| Measured {
        old: [(at(0), counts(2700, old, 200))].into(),
        new: [(at(0), counts(300, errors, 200))].into(),
    };
    let figures = |watched: &Watched| judge(&web(), watched, CANARY, 10, &Metrics::default()).new;
    let watched = &mut story.watched;
    watched.take(&web(), &read(0, 40), at(90));
    watched.take(&web(), &read(0, 40), at(95));
    assert_eq!(figures(watched).requests, 0, "the same read, told twice");
    // The old version's errors come later.
    watched.take(&web(), &read(360, 40), at(105));
    assert_eq!(figures(watched).requests, 0);
    watched.take(&web(), &read(360, 40), at(120));
    assert_eq!(
        (figures(watched).requests, figures(watched).errors),
        (300, 40)
    );
    assert_eq!(story.finds(CANARY), Finding::NotWorse);
}

#[test]
fn no_data_is_not_healthy_and_no_traffic_is_no_data() {
    let busy = Story::new(counts(3000, 3, 200));
    assert_eq!(busy.finds(CANARY), Finding::Missing);
    assert_eq!(busy.finds(Traffic::All), Finding::Missing);
    let night = Story::new(counts(4, 0, 200));
    assert_eq!(night.finds(Traffic::All), Finding::TooFew);
    let watched = Watched::default();
    let compared = judge(&web(), &watched, Traffic::All, 10, &Metrics::default());
    assert_eq!(compared.finding, Finding::TooFew);
    // Nothing to compare with: the first deployment.
    let mut first = Story {
        watched: Watched::default(),
        minute: 0,
    };
    first.watched.begin(at(0), at(0));
    first.minute(None, counts(3000, 900, 200));
    assert_eq!(first.finds(Traffic::All), Finding::TooFew);
}

#[test]
fn the_next_step_counts_anew_and_keeps_what_was_before_the_shift() {
    let mut story = Story::new(counts(3000, 3, 200));
    story.minute(Some(counts(2700, 3, 200)), counts(300, 60, 200));
    story.watched.begin(at(0), at(130));
    let watch = &story.watched.services[&web()];
    assert!(watch.new.is_empty());
    assert_eq!(watch.old.len(), 30);
    assert_eq!(story.finds(CANARY), Finding::Missing);
}

#[test]
fn it_is_read_again_once_there_can_be_more() {
    let mut story = Story::new(counts(3000, 3, 200));
    let due = |story: &Story, now| story.watched.services[&web()].reads_from(at(now)).is_some();
    assert!(!due(&story, 60) && due(&story, 90));
    story.watched.take(
        &web(),
        &Measured {
            old: [(at(0), counts(2700, 3, 200))].into(),
            new: [].into(),
        },
        at(95),
    );
    assert!(due(&story, 96), "it is not confirmed yet");
    assert_eq!(minute_of(at(95)), at(60));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever CloudWatch answers, something is found, and a version that is no worse in any
    /// minute is never found worse.
    #[test]
    fn whatever_is_read_is_judged(
        minutes in proptest::collection::vec(any::<(u32, u32, u32, u32, u32)>(), 0..40),
        percent in 1..100_u8,
    ) {
        let mut story = Story::new(counts(u32::MAX, 7, u32::MAX));
        for (requests, errors, more, p90, longer) in minutes {
            let old = counts(requests, errors, p90);
            let new = counts(requests.saturating_add(more), errors, p90.saturating_sub(longer));
            story.minute(Some(old), new);
        }
        let found = story.finds(Traffic::Beside(percent));
        proptest::prop_assert!(!matches!(found, Finding::Worse(_)), "{found:?}");
        story.finds(Traffic::All);
    }
}
