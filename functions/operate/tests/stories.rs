//! People at their terminals, in a simulated company.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod office;

use jiff::SignedDuration;
use serde_json::json;
use sluice_core::id::UserId;
use sluice_core::phase::Phase;
use sluice_sim::world::Bounds;
use sluice_words::message::Block;
use sluice_words::modal::{BEFORE, InputKind, InputName};
use sluice_words::operate::{LOOK, Outcome};
use sluice_words::overview::Seen;

use office::{ANNA, BEN, Office, STRANGER};

#[test]
fn an_approval_is_for_the_plan_that_was_read() {
    let mut office = Office::awaiting_approval();
    let shown = office.asks(ANNA, "show production", json!({}));
    assert_eq!(shown.outcome, Outcome::Done);
    let seen = shown.deployment.unwrap();
    assert!(seen.needs_decision && !seen.over, "{seen:?}");
    let plan = seen.plan.unwrap();

    let unread = office.asks(ANNA, "approve production", json!({}));
    assert_eq!(unread.outcome, Outcome::NeedsAnswers);
    assert!(unread.message.summary.contains(&plan), "{unread:?}");
    let is_code = |block: &&Block| matches!(block, Block::Code(text) if text.contains("migrat"));
    assert!(unread.message.blocks.iter().any(|block| is_code(&block)));
    for other in ["0123456789ab", &plan[..11], "", &format!("{plan}f0f0")] {
        let stale = office.asks(ANNA, "approve production", json!({"plan": other}));
        assert_eq!(stale.outcome, Outcome::Refused, "{other}");
    }
    let by_ben = office.asks(BEN, "approve production", json!({"plan": plan}));
    assert_eq!(by_ben.outcome, Outcome::NotAllowed, "{by_ben:?}");
    let stranger = office.asks(STRANGER, "approve production", json!({"plan": plan}));
    assert_eq!(stranger.outcome, Outcome::NotAllowed);
    let blocks = format!("{:?}", stranger.message.blocks);
    assert!(blocks.contains(STRANGER), "how to be added: {blocks}");
    assert!(matches!(office.production().phase, Phase::AwaitingApproval));

    let approved = office.asks(ANNA, "approve production", json!({"plan": plan}));
    assert_eq!(approved.outcome, Outcome::Done, "{approved:?}");
    office.world.run(Bounds::default(), |_| false);
    assert!(matches!(office.production().phase, Phase::Succeeded));
    let reply = office.asks(STRANGER, "history production", json!({}));
    assert_eq!(reply.outcome, Outcome::Done, "anyone may read");
}

#[test]
fn four_eyes_are_the_same_two_people_in_slack_and_at_a_terminal() {
    let mut office = Office::with_deploying_anna();
    let deployed = office.asks(ANNA, "deploy release-1.5.0 to production", json!({}));
    assert_eq!(deployed.outcome, Outcome::Done, "{deployed:?}");
    let opened = deployed.deployment.unwrap();
    office.run_until(|d| matches!(d.phase, Phase::AwaitingApproval));
    let plan = office.production().sealed_plan().hash.clone();
    assert_eq!(office.production().id, opened.id);
    let own = office.asks(ANNA, "approve production", json!({"plan": plan}));
    assert_eq!(own.outcome, Outcome::NotAllowed);
    assert!(own.message.summary.contains("someone else"), "{own:?}");
}

#[test]
fn who_pushed_the_image_approves_it_at_no_terminal_by_another_id() {
    let global = "W012ANNA34";
    let mut office = Office::awaiting_approval_of(Some(global));
    let ids = ["U024BE7LH", global].map(UserId::new);
    office.world.slack().add_person(ids);
    let plan = office.production().sealed_plan().hash.clone();
    let own = office.asks(ANNA, "approve production", json!({"plan": plan}));
    assert_eq!(own.outcome, Outcome::NotAllowed, "{own:?}");
    assert!(own.message.summary.contains("someone else"), "{own:?}");
}

#[test]
fn a_request_that_is_sent_again_is_carried_out_once_and_only_for_its_own_principal() {
    let mut office = Office::with_deploying_anna();
    let (first, again) = {
        let mut ask = || {
            office.sends(
                ANNA,
                "deploy release-1.5.0 to production",
                json!({}),
                "same",
            )
        };
        (ask(), ask())
    };
    let id = first.deployment.unwrap().id;
    assert_eq!(again.deployment.unwrap().id, id);
    let others = office.sends(BEN, "deploy release-1.5.0 to staging", json!({}), "same");
    assert!(others.deployment.is_none_or(|other| other.id != id));
    let stored = serde_json::to_string(&office.world.store().histories()).unwrap();
    assert!(!stored.contains("ben@example.com"), "no address is stored");
    assert!(!stored.contains(ANNA), "nor a principal");
}

#[test]
fn a_rollback_shows_its_form_and_takes_its_answers() {
    let mut office = Office::two_releases();
    let asked = office.asks(ANNA, "rollback production", json!({}));
    assert_eq!(asked.outcome, Outcome::NeedsAnswers);
    let form = asked.form.unwrap();
    let release = &form.inputs[0];
    assert_eq!(release.name, InputName::Release);
    let InputKind::Select(choices) = &release.kind else {
        panic!("{release:?}");
    };
    assert_eq!(choices[0].value, BEFORE);
    assert_eq!(office.world.slack().modals().len(), 0, "no form in Slack");

    let long = "x".repeat(501);
    let wrong = office.asks(
        ANNA,
        "rollback production",
        json!({"answers": {"reason": long}}),
    );
    assert_eq!(wrong.outcome, Outcome::NotUnderstood);
    let reason = json!({"answers": {"reason": "orders < 5 & falling"}});
    let never = office.asks(ANNA, "rollback production to v0.9.0", reason.clone());
    assert_eq!(never.outcome, Outcome::Refused, "{never:?}");
    let by_ben = office.asks(BEN, "rollback production", reason.clone());
    assert_eq!(by_ben.outcome, Outcome::NotAllowed);

    let refused = office.asks(ANNA, "rollback production", reason);
    assert_eq!(refused.outcome, Outcome::Refused, "a column is gone");
    let forced = json!({"answers": {"reason": "orders < 5 & falling", "schema": "force"}});
    let back = office.asks(ANNA, "rollback production", forced);
    assert_eq!(back.outcome, Outcome::Done, "{back:?}");
    let id = back.deployment.unwrap().id;
    office.world.run(Bounds::default(), |_| false);
    let d = office.production();
    assert_eq!(d.id, id);
    assert!(matches!(d.phase, Phase::Succeeded), "{:?}", d.phase);
    let rollback = d.rollback().unwrap();
    assert_eq!(rollback.to.release.tag.as_str(), "v1.4.0");
    assert_eq!(rollback.reason, "orders < 5 & falling");
}

#[test]
fn a_restore_says_what_it_costs_and_needs_point_reason_and_name() {
    let mut office = Office::two_releases();
    let asked = office.asks(ANNA, "restore production", json!({}));
    assert_eq!(asked.outcome, Outcome::NeedsAnswers);
    let form = asked.form.unwrap();
    let text = format!("{:?}", form.blocks);
    assert!(text.contains("LOSES everything written since"), "{text}");
    let InputKind::Select(points) = &form.inputs[0].kind else {
        panic!("{:?}", form.inputs);
    };
    let answers = |confirm: &str| {
        let point = &points[0].value;
        json!({"answers": {"point": point, "reason": "data is gone", "confirm": confirm}})
    };
    let slip = office.asks(ANNA, "restore production", answers("staging"));
    assert_eq!(slip.outcome, Outcome::NotUnderstood, "{slip:?}");
    let restored = office.asks(ANNA, "restore production", answers("production"));
    assert_eq!(restored.outcome, Outcome::Done, "{restored:?}");
    let id = restored.deployment.unwrap().id;
    office.run_until(|d| matches!(d.phase, Phase::AwaitingApproval));
    assert_eq!(office.production().id, id);
    let plan = office.production().sealed_plan().hash.clone();
    let own = office.asks(ANNA, "approve production", json!({"plan": plan}));
    assert_eq!(own.outcome, Outcome::NotAllowed, "it takes two: {own:?}");
}

#[test]
fn what_is_set_from_a_terminal_is_what_slack_sees() {
    let mut office = Office::two_releases();
    let until = office.asks(
        ANNA,
        "freeze production until 2h month end & stock",
        json!({}),
    );
    assert_eq!(until.outcome, Outcome::Done, "{until:?}");
    let status = office.asks(STRANGER, "status production", json!({}));
    let text = format!("{:?}", status.message);
    assert!(text.contains("month end & stock"), "{text}");
    assert!(office.world.slack().was_ever_said("month end & stock"));
    let thawed = office.asks(ANNA, "thaw production", json!({}));
    assert_eq!(thawed.outcome, Outcome::Done, "{thawed:?}");
    let again = office.asks(ANNA, "thaw production", json!({}));
    assert_eq!(again.outcome, Outcome::Refused);
    let held = office.asks(BEN, "hold production", json!({}));
    assert_eq!(held.outcome, Outcome::NotAllowed);
    let nothing = office.asks(ANNA, "keep production", json!({}));
    assert!(nothing.outcome != Outcome::Done, "{nothing:?}");
    let unknown = office.asks(ANNA, "show dep-0123456789abcdef", json!({}));
    assert_eq!(unknown.outcome, Outcome::Refused);
}

#[test]
fn a_history_is_exported_whole_and_verifies() {
    let mut office = Office::two_releases();
    let answer = office.asks(STRANGER, "export production", json!({}));
    let export = answer.export.unwrap();
    let [exported] = export.deployments.as_slice() else {
        panic!("one deployment alone");
    };
    let next = usize::try_from(exported.chain.next_seq).unwrap();
    assert_eq!(export.history.len(), next);
    let again = sluice_core::history::replay(&export.history).unwrap();
    assert_eq!(again, exported.state);
}

#[test]
fn without_slack_those_who_are_named_act_and_the_others_are_told_why_not() {
    let mut office = Office::two_releases();
    let now = office.world.now();
    office
        .world
        .slack()
        .plan_outage(now, now + SignedDuration::from_hours(12));
    let reason = json!({"answers": {"reason": "orders fail", "schema": "force"}});
    let by_group = office.asks(BEN, "rollback production", reason.clone());
    assert_eq!(by_group.outcome, Outcome::Unknown, "{by_group:?}");
    let said = format!("{:?}", by_group.message.blocks);
    assert!(said.contains("Slack says who is in a user group"), "{said}");

    let back = office.asks(ANNA, "rollback production", reason);
    assert_eq!(back.outcome, Outcome::Done, "{back:?}");
    let asked_at = office.world.now();
    office.run_until(|d| d.rollback().is_some() && d.phase.name() == "RollingOut");
    let took = office.world.now().duration_since(asked_at);
    assert!(took < SignedDuration::from_mins(1), "{took}");
    office.run_until(|d| matches!(d.phase, Phase::Succeeded));
    assert!(
        office
            .world
            .slack()
            .down_until(office.world.now())
            .is_some()
    );
}

/// What a page is made of is what the commands say, and all who may call may read it.
#[test]
fn what_is_looked_at_as_data_is_what_is_told_in_words() {
    let mut office = Office::two_releases();
    let mut looks = |look: serde_json::Value| {
        let answer = office.asks(STRANGER, LOOK, json!({"look": look}));
        assert_eq!(answer.outcome, Outcome::Done, "{answer:?}");
        *answer.seen.unwrap()
    };
    let Seen::Overview(overview) = looks(json!({"overview": {"matching": "PROD"}})) else {
        panic!("it is an overview");
    };
    assert_eq!(overview.environments.matching, 1);
    let standing = &overview.environments.shown[0];
    assert!(standing.version.starts_with("v1.5.0"), "{standing:?}");
    assert!(overview.underway.is_empty() && standing.active.is_none());
    let key = json!({"app": "erp", "environment": "production"});
    let Seen::Environment(environment) = looks(json!({"environment": key})) else {
        panic!("it is an environment");
    };
    let running = environment.standing.running.as_ref().unwrap();
    assert!(running.contains("v1.5.0"), "what AWS shows: {running}");
    let Seen::History(history) = looks(json!({"history": {}})) else {
        panic!("it is a history");
    };
    assert_eq!(history.shown.len(), 2);
    assert_eq!(history.shown[0], environment.history);
    let Seen::Figures(figures) = looks(json!({"figures": {"matching": "erp/production"}})) else {
        panic!("they are figures");
    };
    let id = environment.history.deployments[0].id.clone();
    let Seen::Deployment(seen) = looks(json!({"deployment": id})) else {
        panic!("it is a deployment");
    };
    let before = seen
        .before
        .as_ref()
        .map(|before| before.plan.release.tag.to_string());
    assert_eq!(
        before.as_deref(),
        Some("v1.4.0"),
        "what it is compared with"
    );

    let metrics = office.asks(STRANGER, "metrics production", json!({}));
    assert_eq!(metrics.metrics, figures.shown[0].metrics());
    let weeks = figures.shown[0]
        .weeks
        .iter()
        .map(|week| week.delivery.releases);
    assert_eq!(weeks.sum::<u32>(), figures.shown[0].quarter.releases);
    let exported = office.asks(STRANGER, &format!("export {id}"), json!({}));
    assert_eq!(exported.export.map(|export| *export), Some(seen.export));

    let nowhere = json!({"look": {"environment": {"app": "erp", "environment": "nowhere"}}});
    let refused = office.asks(STRANGER, LOOK, nowhere);
    assert_eq!((refused.outcome, refused.seen), (Outcome::Refused, None));
    let no_one = json!({"look": {"deployment": "dep-0000000000000000"}});
    assert_eq!(
        office.asks(STRANGER, LOOK, no_one).outcome,
        Outcome::Refused
    );
}
