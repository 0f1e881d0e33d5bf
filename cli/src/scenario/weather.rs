//! Foul weather: events, calls and functions that fail, with a good release in the middle of it.

use jiff::SignedDuration;
use sluice_sim::cloud::FaultRates;
use sluice_sim::workplace::{Roads, Weather};

use super::{Act, BETWEEN, Check, IMAGE, Scenario, TO_PRODUCTION, TO_STAGING, When};

pub(super) fn scenarios() -> Vec<Scenario> {
    let roads = |roads| Weather {
        roads,
        ..Weather::default()
    };
    vec![
        lost_events(),
        well(Scenario::new(
            "duplicate-events",
            "every event and most wake-ups arrive twice: everything is done once",
        ))
        .weather(Weather {
            double_wakeups: 0.6,
            roads: Roads {
                doubles: 1.0,
                ..Roads::default()
            },
            ..Weather::default()
        }),
        well(Scenario::new(
            "reordered-events",
            "events are up to five minutes late and overtake each other",
        ))
        .weather(roads(Roads {
            jitter: SignedDuration::from_mins(5),
            ..Roads::default()
        })),
        throttled(),
        lost_answers(),
        well(Scenario::new(
            "crashing",
            "functions crash at random moments: the next one continues",
        ))
        .weather(Weather {
            crash_rate: 0.25,
            ..Weather::default()
        }),
        well(Scenario::new(
            "slack-down",
            "Slack is down for an hour while production asks: no one is asked twice, nothing is \
             missed",
        ))
        .scene(
            When::After(TO_STAGING, "Succeeded", SignedDuration::from_secs(150)),
            Act::SlackDown(SignedDuration::from_hours(1)),
        ),
    ]
}

/// Ends well, with everything done once.
fn well(scenario: Scenario) -> Scenario {
    scenario
        .check(Check::Snapshots {
            environment: "production",
            count: 1,
        })
        .check(Check::Migrations {
            environment: "staging",
            count: 1,
        })
        .check(Check::Migrations {
            environment: "production",
            count: 1,
        })
        .check(Check::Runs {
            environment: "production",
            image: IMAGE,
        })
        .check(Check::OneBeat("production"))
}

fn throttled() -> Scenario {
    let rates = FaultRates {
        throttle: 0.25,
        ..FaultRates::default()
    };
    let begins = Act::Faults("AWS throttles a quarter of all calls from now on", rates);
    let scenario = Scenario::new(
        "throttled",
        "AWS throttles a quarter of all calls: slower, and nothing is lost",
    );
    once_open(
        well(scenario),
        begins,
        Act::Faults("AWS is healthy again", FaultRates::default()),
    )
}

fn lost_answers() -> Scenario {
    let rates = FaultRates {
        lose_answer: 0.2,
        ..FaultRates::default()
    };
    let begins = Act::Faults(
        "a fifth of all calls succeed and lose their answer from now on",
        rates,
    );
    let scenario = Scenario::new(
        "lost-answers",
        "a fifth of all calls succeed and their answers are lost: nothing is done twice",
    );
    once_open(
        well(scenario),
        begins,
        Act::Faults("answers arrive again", FaultRates::default()),
    )
}

fn lost_events() -> Scenario {
    let roads = Roads {
        losses: 1.0,
        ..Roads::default()
    };
    let begins = Act::Roads("EventBridge loses every event from now on", roads);
    let scenario = Scenario::new(
        "lost-events",
        "every hint is lost: Sluice checks by itself, a little later",
    );
    once_open(
        well(scenario),
        begins,
        Act::Roads("EventBridge delivers again", Roads::default()),
    )
}

/// Bad from the moment a deployment is there: the push itself arrives, or no one would know of it.
fn once_open(scenario: Scenario, begins: Act, ends: Act) -> Scenario {
    scenario
        .scene(When::Opened(TO_STAGING), begins.clone())
        .scene(When::After(TO_STAGING, "Succeeded", BETWEEN / 2), ends)
        .scene(When::Opened(TO_PRODUCTION), begins)
}
