//! A production that is closed: frozen, or outside its window.

use jiff::SignedDuration;
use sluice_core::calendar::Window;
use sluice_core::config::Config;

use super::{Act, BETWEEN, Check, IMAGE, Scenario, TO_PRODUCTION, TO_STAGING, When};

pub(super) fn scenarios() -> Vec<Scenario> {
    let runs = Check::Runs {
        environment: "production",
        image: IMAGE,
    };
    vec![
        Scenario::new(
            "frozen",
            "production is frozen: the deployment waits until an authorised person overrides the \
             freeze",
        )
        .scene(
            When::After(TO_STAGING, "Succeeded", BETWEEN / 2),
            Act::Freeze("the auditors are here"),
        )
        .scene(
            When::After(
                TO_PRODUCTION,
                "AwaitingWindow",
                SignedDuration::from_mins(40),
            ),
            Act::Override("the fix of this morning's outage"),
        )
        .check(Check::InOrder(
            TO_PRODUCTION,
            &[
                "approved the plan",
                "the auditors are here",
                "the fix of this morning's outage",
                "re-checked: unchanged",
                "verified: available",
            ],
        ))
        .check(runs),
        Scenario {
            config: afternoons,
            ..Scenario::new(
                "outside-the-window",
                "production is open for deployments in the afternoon: approved earlier, the \
                 deployment starts then",
            )
        }
        .check(Check::InOrder(
            TO_PRODUCTION,
            &[
                "approved the plan",
                "opens Mon 5 Jan 14:00 Europe/Berlin",
                "production is open",
                "re-checked: unchanged",
                "verified: available",
            ],
        ))
        .check(runs),
    ]
}

fn afternoons(config: &mut Config) {
    let window = Window::parse("Mon-Fri 14:00-17:00 Europe/Berlin").expect("it is a window");
    for environment in &mut config.environments {
        if environment.name.as_str() == "production" {
            environment.calendar.windows = vec![window.clone()];
        }
    }
}
