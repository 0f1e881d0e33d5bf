//! Metrics of the load balancer. moto keeps none of them.

use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{Metrics, MetricsQuery, Target};
use sluice_core::metrics::Measured;

/// A place in which users ask things of `erp-web`.
pub(crate) trait Stage {
    fn metrics(&self) -> &dyn Metrics;
    fn target(&self) -> Target;

    /// Half an hour of the old version alone, and then a new one that gets a tenth of the traffic
    /// within minutes: whose requests those are.
    async fn green_has_a_tenth(&self) -> MetricsQuery;

    fn pass(&self, minutes: i64);
    fn now(&self) -> Timestamp;
}

async fn measured(stage: &impl Stage, query: &MetricsQuery) -> Measured {
    let query = MetricsQuery {
        until: stage.now(),
        ..query.clone()
    };
    let measured = stage.metrics().measured(&stage.target(), &query).await;
    measured.unwrap()
}

async fn both_versions_are_counted_minute_by_minute(stage: &impl Stage) {
    let query = stage.green_has_a_tenth().await;
    stage.pass(20);
    let measured = measured(stage, &query).await;
    let late = SignedDuration::from_secs(180);
    let since = query.from + SignedDuration::from_mins(40);
    let old = measured.old.range(since..stage.now() - late);
    let new = measured.new.range(since..stage.now() - late);
    let (old, new): (Vec<_>, Vec<_>) = (old.collect(), new.collect());
    // Now and then CloudWatch has none.
    assert!(old.len() >= 5 && new.len() >= 5, "{measured:?}");
    for (at, counts) in &old {
        assert!(
            (1_500..5_000).contains(&counts.requests),
            "{at}: {counts:?}"
        );
        assert!(counts.p90_ms.is_some_and(|ms| (80..500).contains(&ms)));
    }
    for (at, counts) in &new {
        assert!((120..600).contains(&counts.requests), "{at}: {counts:?}");
    }
    let before = measured
        .old
        .range(..query.from + SignedDuration::from_mins(25));
    assert!(before.count() >= 15, "{measured:?}");
    assert!(
        measured
            .new
            .range(..query.from + SignedDuration::from_mins(25))
            .next()
            .is_none()
    );
    let errors: u32 = old.iter().map(|(_, counts)| counts.errors).sum();
    assert!(errors > 0, "one request in a thousand fails: {old:?}");
}

async fn only_what_was_asked_for_is_told(stage: &impl Stage) {
    let query = stage.green_has_a_tenth().await;
    stage.pass(20);
    let from = query.from + SignedDuration::from_mins(45);
    let query = MetricsQuery { from, ..query };
    let measured = measured(stage, &query).await;
    let mut all = measured.old.keys().chain(measured.new.keys());
    assert!(!measured.old.is_empty() && all.all(|at| *at >= from - SignedDuration::from_secs(60)));
}

async fn of_a_service_deployment_that_is_not_there_there_is_nothing(stage: &impl Stage) {
    let query = stage.green_has_a_tenth().await;
    stage.pass(20);
    let since = stage.now() + SignedDuration::from_mins(10);
    let none = MetricsQuery { since, ..query };
    assert_eq!(measured(stage, &none).await, Measured::default());
}

contract! {
    both_versions_are_counted_minute_by_minute on sim, wire;
    only_what_was_asked_for_is_told on sim, wire;
    of_a_service_deployment_that_is_not_there_there_is_nothing on sim, wire;
}
