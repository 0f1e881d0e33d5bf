//! What is not known is told, and is never taken to be alike.

use sluice_core::config::ParityTopic as Topic;
use sluice_core::failure::PortError;
use sluice_core::parity::{NotKnown, Readings, Verdict};

use super::readings::Pair;

fn outage() -> NotKnown {
    NotKnown::Unread(PortError::retryable("ecs:DescribeServices: 503").to_string())
}

#[test]
fn each_part_that_cannot_be_read_is_unknown_and_the_rest_is_compared() {
    type Break = fn(&mut Readings);
    let parts: [(Break, &[Topic]); 6] = [
        (
            |seen| seen.services = Err(outage()),
            &[
                Topic::Image,
                Topic::TaskSize,
                Topic::TaskDefinition,
                Topic::Variable,
                Topic::Secret,
                Topic::ListenerRule,
                Topic::HealthCheck,
            ],
        ),
        (|seen| seen.alarms = Err(outage()), &[Topic::Alarm]),
        (|seen| seen.database = Err(outage()), &[Topic::Database]),
        (
            |seen| seen.stack = Err(outage()),
            &[Topic::StackTemplate, Topic::StackParameter],
        ),
        (|seen| seen.schema = Err(outage()), &[Topic::Schema]),
        (|seen| seen.verified = Err(outage()), &[Topic::Image]),
    ];
    for (broken, topics) in parts {
        let parity = Pair::default().production(broken).compared();
        assert_eq!(parity.verdict(), Verdict::Unknown);
        assert_eq!(parity.differences, [], "{topics:?}");
        let unknown: Vec<Topic> = parity.unknown.iter().map(|one| one.what).collect();
        assert_eq!(unknown, topics);
        assert!(
            parity
                .unknown
                .iter()
                .all(|one| one.environment.as_str() == "production")
        );
        let hidden = parity.alike.iter().any(|alike| {
            let same = |one: &sluice_core::parity::Unknown| {
                (one.what, &one.service) == (alike.what, &alike.service)
            };
            parity.unknown.iter().any(same)
        });
        assert!(!hidden, "{topics:?} stand among what is alike");
    }
}

#[test]
fn what_neither_can_be_read_of_is_not_alike_either() {
    let mut pair = Pair::default().production(|seen| seen.services = Err(outage()));
    pair.staging.services = Err(NotKnown::TooSlow);
    let parity = pair.compared();
    assert_eq!(parity.verdict(), Verdict::Unknown);
    assert_eq!(parity.unknown.len(), 14);
    let sizes = parity.alike.iter().any(|one| one.what == Topic::TaskSize);
    assert!(!sizes, "{:#?}", parity.alike);
}

#[test]
fn a_difference_outweighs_what_is_not_known() {
    let pair = Pair::default()
        .web(|web| web.secrets.clear())
        .production(|seen| seen.alarms = Err(outage()));
    assert_eq!(pair.compared().verdict(), Verdict::Differs);
}

#[test]
fn a_load_balancer_that_does_not_answer_takes_only_its_own_along() {
    let pair = Pair::default().web(|web| web.front = Err(outage()));
    let parity = pair.compared();
    let unknown: Vec<Topic> = parity.unknown.iter().map(|one| one.what).collect();
    assert_eq!(unknown, [Topic::ListenerRule, Topic::HealthCheck]);
}

#[test]
fn a_schema_that_was_never_inspected_is_not_known_and_one_that_never_is_does_not_count() {
    let pair = Pair::default().production(|seen| seen.schema = Ok(None));
    let parity = pair.compared();
    assert_eq!(parity.unknown[0].why, NotKnown::NeverInspected);
    let without = Pair::configured(
        "service = \"web\"\n",
        "service = \"web\"\ninspect = false\n",
    );
    let parity = without.production(|seen| seen.schema = Ok(None)).compared();
    assert_eq!(parity.verdict(), Verdict::Alike);
    assert!(!parity.alike.iter().any(|one| one.what == Topic::Schema));
}
