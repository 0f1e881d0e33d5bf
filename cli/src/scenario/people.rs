//! What people decide, or do not.

use jiff::SignedDuration;
use sluice_core::config::Config;
use sluice_sim::cloud::ImageBehaviour;
use sluice_words::message::ButtonAction;

use super::{
    Act, Approver, BETWEEN, Check, READING, Scenario, Scene, TO_PRODUCTION, TO_STAGING, When, push,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("rejected", "someone rejects it: nothing is changed")
            .approver(Approver::Clicks(ButtonAction::Reject, READING))
            .ends("Rejected")
            .check(Check::Snapshots {
                environment: "production",
                count: 0,
            })
            .check(Check::NothingDeployed("production"))
            .production_as_before(),
        Scenario::new(
            "expired",
            "no one answers for eight hours: the request expires, nothing is changed",
        )
        .approver(Approver::IsAway)
        .ends("Expired")
        .check(Check::Snapshots {
            environment: "production",
            count: 0,
        })
        .check(Check::NothingDeployed("production"))
        .production_as_before(),
        superseded(),
        two_pushes_at_once(),
        empty_approvers(),
        kept(),
        unverified(),
        Scenario::new(
            "rotated-secret",
            "a secret is rotated between request and approval: a new plan, approval is requested \
             again",
        )
        .scene(
            When::After(
                TO_PRODUCTION,
                "AwaitingApproval",
                SignedDuration::from_secs(30),
            ),
            Act::RotateSecret("erp/production/database"),
        )
        .check(Check::InOrder(
            TO_PRODUCTION,
            &[
                "is ready; nothing has been changed yet",
                "approved the plan",
                "the plan has changed",
                "approved the plan",
                "re-checked: unchanged",
            ],
        ))
        .check(Check::Runs {
            environment: "production",
            image: super::IMAGE,
        }),
    ]
}

/// Three releases of staging: the first is busy, the second waits, the third takes its place.
fn superseded() -> Scenario {
    let soon = |mins| When::After(TO_STAGING, "Baking", SignedDuration::from_mins(mins));
    let mut scenario = Scenario::new(
        "superseded",
        "two newer releases while one bakes: the newest replaces the one that waits",
    );
    scenario.scenes.pop();
    scenario.ends = vec![
        (TO_STAGING, "Succeeded"),
        ("release-1.4.1", "Superseded"),
        ("release-1.4.2", "Succeeded"),
    ];
    scenario
        .scene(
            soon(1),
            push("release-1.4.1", "1.4.1", ImageBehaviour::default()),
        )
        .scene(
            soon(2),
            push("release-1.4.2", "1.4.2", ImageBehaviour::default()),
        )
        .check(Check::Migrations {
            environment: "staging",
            count: 2,
        })
        .check(Check::Runs {
            environment: "staging",
            image: "1.4.2",
        })
        .check(Check::OneBeat("staging"))
}

fn two_pushes_at_once() -> Scenario {
    let mut scenario = Scenario::new(
        "two-pushes-at-once",
        "two releases within a second: the later one is deployed, the other is superseded before \
         it starts",
    );
    scenario.scenes.truncate(1);
    scenario.scenes.push(Scene {
        when: When::At(SignedDuration::from_secs(1)),
        act: push("release-1.4.1", "1.4.1", ImageBehaviour::default()),
    });
    scenario.ends = vec![(TO_STAGING, "Superseded"), ("release-1.4.1", "Succeeded")];
    scenario
        .check(Check::Migrations {
            environment: "staging",
            count: 1,
        })
        .check(Check::Runs {
            environment: "staging",
            image: "1.4.1",
        })
}

/// Production bakes, and Sluice cannot reach it.
fn cut_off(name: &'static str, shows: &'static str) -> Scenario {
    Scenario::new(name, shows)
        .scene(
            When::After(TO_PRODUCTION, "Baking", SignedDuration::from_mins(1)),
            Act::CutOff,
        )
        .check(Check::Told(
            TO_PRODUCTION,
            "cannot tell whether v1.4.0 is healthy",
        ))
        .check(Check::Runs {
            environment: "production",
            image: super::IMAGE,
        })
        .check(Check::OneBeat("production"))
}

fn kept() -> Scenario {
    cut_off(
        "kept",
        "Sluice cannot reach production while ECS reports it healthy: it asks, and someone keeps \
         the release",
    )
    .scene(
        When::After(TO_PRODUCTION, "Baking", SignedDuration::from_mins(60)),
        Act::Keep,
    )
    .check(Check::Told(TO_PRODUCTION, "marked v1.4.0 as healthy"))
}

fn unverified() -> Scenario {
    cut_off(
        "unverified",
        "the same, and no one decides for twelve hours: it stays, unverified, and production is \
         held",
    )
    .ends("Unverified")
    .check(Check::Told(
        TO_PRODUCTION,
        "stays live in production, unverified",
    ))
}

fn empty_approvers() -> Scenario {
    let mut scenario = Scenario::new(
        "empty-approvers",
        "two approvals are needed and the approvers' group is empty: reported immediately, not \
         after hours",
    );
    scenario.config = |config: &mut Config| {
        let approvals = config
            .environments
            .iter_mut()
            .filter_map(|e| e.approval.as_mut());
        approvals.for_each(|approval| approval.quorum = 2);
    };
    scenario
        .scene(
            When::After(TO_STAGING, "Succeeded", BETWEEN / 2),
            Act::EmptyGroups,
        )
        .ends("Failed")
        .check(Check::Told(TO_PRODUCTION, "is a group empty?"))
        .check(Check::NothingDeployed("production"))
}
