//! The truth: deployments, environments, histories.

use std::sync::Arc;

use futures::future::join_all;
use jiff::SignedDuration;
use sluice_app::ports::{
    MessageRef, Monitored, Notice, Opened, SaveError, Shown, Store, Trouble, Undeliverable,
};
use sluice_core::controls::{Controls, Freeze, Hold};
use sluice_core::event::Claim;
use sluice_core::failure::ErrorClass;
use sluice_core::history::verify;
use sluice_core::id::{ChannelName, DeploymentId, ImageTag, UserId};
use sluice_core::phase::Phase;
use sluice_core::plan::{Plan, Remark, SealedPlan, Seen};
use sluice_words::parts::Size;

use crate::deployments::{
    after, change, deployment, digest, environment, noon, proof, settings, with_settings,
};

/// An empty store.
pub(crate) trait Stage {
    fn store(&self) -> &dyn Store;
}

/// Opens it at the environment's present version.
pub(crate) async fn open(store: &dyn Store, opened: &crate::deployments::Opened) -> Opened {
    let key = sluice_app::ports::EnvironmentKey::of(&opened.deployment);
    let version = store.environment(&key).await.unwrap().version;
    open_at(store, opened, version).await
}

async fn open_at(
    store: &dyn Store,
    opened: &crate::deployments::Opened,
    environment_version: u64,
) -> Opened {
    let crate::deployments::Opened {
        deployment,
        first,
        chain,
    } = opened;
    store
        .open(deployment, first, chain, noon(), environment_version)
        .await
        .unwrap()
}

fn plan(opened: &crate::deployments::Opened, warning: &str) -> Arc<SealedPlan> {
    let d = &opened.deployment;
    let plan = Plan {
        stack: None,
        deployment: d.id.clone(),
        app: d.app().clone(),
        environment: d.environment().clone(),
        release: d.release.clone(),
        signed_by: None,
        source: None,
        pushed_by: None,
        rollback: None,
        restore: None,
        hotfix: None,
        backup: None,
        migration: None,
        at_head: None,
        services: Vec::new(),
        variables: [("MODE".to_owned(), "strict".to_owned())].into(),
        secrets: Vec::new(),
        smoke_tests: Vec::new(),
        bake: SignedDuration::from_mins(10),
        metrics: None,
        alarms: Vec::new(),
    };
    let seen = Seen {
        remarks: vec![Remark::Migrated {
            tags: vec![ImageTag::new(warning)],
        }],
        ..Seen::default()
    };
    Arc::new(SealedPlan::new(plan, seen))
}

async fn a_deployment_is_opened_once_however_often_its_push_is_told(stage: &impl Stage) {
    let store = stage.store();
    let one = deployment("erp", 1, 0);
    let told = join_all((0..8).map(|_| open_at(store, &one, 0))).await;
    let new = told.iter().filter(|opened| **opened == Opened::New).count();
    assert_eq!(new, 1, "{told:?}");
    assert!(!told.contains(&Opened::Conflict), "{told:?}");

    let stored = store.load(&one.deployment.id).await.unwrap().unwrap();
    assert_eq!(*stored.deployment, one.deployment);
    assert_eq!((stored.version, &stored.chain), (1, &one.chain));
    assert_eq!(stored.due_at, Some(noon()));
    let history = store.history(&one.deployment.id).await.unwrap();
    assert_eq!(history, std::slice::from_ref(&one.first));
    assert_eq!(
        store
            .environment(&environment("erp"))
            .await
            .unwrap()
            .version,
        1
    );
}

async fn an_environment_that_changed_in_between_is_a_conflict(stage: &impl Stage) {
    let store = stage.store();
    let (one, two) = (deployment("erp", 1, 0), deployment("erp", 2, 1));
    assert_eq!(open_at(store, &one, 0).await, Opened::New);
    assert_eq!(open_at(store, &two, 0).await, Opened::Conflict);
    assert_eq!(store.load(&two.deployment.id).await.unwrap(), None);
    assert_eq!(open_at(store, &two, 1).await, Opened::New);
}

async fn the_newest_is_the_latest_pushed_and_then_the_greatest_id(stage: &impl Stage) {
    let store = stage.store();
    let key = environment("erp");
    let newest = async || {
        store
            .environment(&key)
            .await
            .unwrap()
            .newest
            .unwrap()
            .deployment
    };
    let (older, newer) = (deployment("erp", 1, 0), deployment("erp", 2, 60));
    assert_eq!(open(store, &newer).await, Opened::New);
    assert_eq!(open(store, &older).await, Opened::New);
    assert_eq!(
        newest().await,
        newer.deployment.id,
        "told late, and still the older"
    );

    let same_second = deployment("erp", 3, 60);
    assert_eq!(open(store, &same_second).await, Opened::New);
    let greatest = newer
        .deployment
        .id
        .clone()
        .max(same_second.deployment.id.clone());
    assert_eq!(newest().await, greatest);
    let state = store.environment(&key).await.unwrap();
    assert_eq!(state.version, 3, "each of them changed the environment");
}

async fn the_environment_is_given_to_the_newest_alone(stage: &impl Stage) {
    let store = stage.store();
    let key = environment("erp");
    let (older, newer) = (deployment("erp", 1, 0), deployment("erp", 2, 60));
    let id = |opened: &crate::deployments::Opened| opened.deployment.id.clone();
    open(store, &older).await;
    assert_eq!(
        store.claim(&key, &id(&older)).await.unwrap(),
        Claim::Granted
    );
    assert_eq!(
        store.claim(&key, &id(&older)).await.unwrap(),
        Claim::Granted,
        "asked again"
    );
    open(store, &newer).await;
    let held = Claim::HeldBy(id(&older));
    assert_eq!(store.claim(&key, &id(&newer)).await.unwrap(), held);
    assert_eq!(
        store.claim(&key, &id(&older)).await.unwrap(),
        Claim::Granted,
        "it holds it"
    );

    let third = deployment("erp", 3, 30);
    open(store, &third).await;
    let superseded = Claim::SupersededBy(id(&newer));
    assert_eq!(store.claim(&key, &id(&third)).await.unwrap(), superseded);

    // Whoever does not hold it does not free it.
    let mut save = change(&store.load(&id(&third)).await.unwrap().unwrap(), 1);
    save.frees_environment = true;
    store.save(save).await.unwrap();
    assert_eq!(
        store.environment(&key).await.unwrap().active,
        Some(id(&older))
    );

    let mut save = change(&store.load(&id(&older)).await.unwrap().unwrap(), 1);
    save.frees_environment = true;
    store.save(save).await.unwrap();
    assert_eq!(store.environment(&key).await.unwrap().active, None);
    assert_eq!(store.claim(&key, &id(&older)).await.unwrap(), superseded);
    assert_eq!(
        store.claim(&key, &id(&newer)).await.unwrap(),
        Claim::Granted
    );

    let nobody = DeploymentId::from_outside("dep-0000000000000000");
    let error = store
        .claim(&environment("other"), &nobody)
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
}

async fn what_is_over_is_given_no_environment(stage: &impl Stage) {
    let store = stage.store();
    let key = environment("erp");
    let (ended, next) = (deployment("erp", 1, 0), deployment("erp", 2, 60));
    open(store, &ended).await;
    let id = &ended.deployment.id;
    let mut save = change(&store.load(id).await.unwrap().unwrap(), 1);
    Arc::make_mut(&mut save.deployment).phase = Phase::Expired;
    save.frees_environment = true;
    store.save(save).await.unwrap();

    // A function that loaded it before asks for it now.
    let error = store.claim(&key, id).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert_eq!(store.environment(&key).await.unwrap().active, None);
    open(store, &next).await;
    let claim = store.claim(&key, &next.deployment.id).await;
    assert_eq!(claim.unwrap(), Claim::Granted);
}

async fn of_many_claims_at_once_one_is_granted(stage: &impl Stage) {
    let store = stage.store();
    let key = environment("erp");
    let all: Vec<_> = (1..=6).map(|byte| deployment("erp", byte, 0)).collect();
    for opened in &all {
        open(store, opened).await;
    }
    let claims = join_all(
        all.iter()
            .map(|opened| store.claim(&key, &opened.deployment.id)),
    )
    .await;
    let granted = claims
        .iter()
        .filter(|claim| **claim == Ok(Claim::Granted))
        .count();
    assert_eq!(granted, 1, "{claims:?}");
}

async fn a_change_is_stored_whole_or_not_at_all(stage: &impl Stage) {
    let store = stage.store();
    let one = deployment("erp", 1, 0);
    let id = &one.deployment.id;
    open(store, &one).await;
    let stored = store.load(id).await.unwrap().unwrap();
    let (first, second) = (change(&stored, 2), change(&stored, 1));
    store.save(first.clone()).await.unwrap();
    assert_eq!(
        store.save(second).await,
        Err(SaveError::Conflict),
        "it came second"
    );

    let mut torn = change(&store.load(id).await.unwrap().unwrap(), 1);
    torn.records[0].seq = 1;
    assert_eq!(
        store.save(torn).await,
        Err(SaveError::Conflict),
        "not fastened to the chain"
    );

    let now = store.load(id).await.unwrap().unwrap();
    assert_eq!((now.version, now.chain), (2, first.chain));
    assert_eq!(store.history(id).await.unwrap().len(), 3);
    verify(&store.history(id).await.unwrap()).unwrap();

    let unknown = change(
        &sluice_app::ports::Stored {
            deployment: Arc::new(deployment("erp", 9, 0).deployment),
            ..stored
        },
        1,
    );
    let Err(SaveError::Port(error)) = store.save(unknown).await else {
        panic!("a deployment that was never opened was saved");
    };
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.message.contains("there is no deployment"), "{error}");
}

async fn plans_come_and_change_and_settings_stay(stage: &impl Stage) {
    let store = stage.store();
    let mut settings = settings("erp");
    let variables = &mut settings.environment.variables;
    variables.extend((0..500).map(|n| (format!("NAME_{n}"), "x".repeat(120))));
    let one = with_settings(settings, 1, 0);
    let id = &one.deployment.id;
    open(store, &one).await;
    for warning in ["first", "first", "second", "first"] {
        let mut save = change(&store.load(id).await.unwrap().unwrap(), 1);
        Arc::make_mut(&mut save.deployment).plan = Some(plan(&one, warning));
        store.save(save.clone()).await.unwrap();
        let loaded = store.load(id).await.unwrap().unwrap().deployment;
        assert_eq!(loaded, save.deployment);
    }
    // A change that came too late is one, with a new plan as well.
    let mut late = change(&store.load(id).await.unwrap().unwrap(), 1);
    late.expected_version = 2;
    Arc::make_mut(&mut late.deployment).plan = Some(plan(&one, "third"));
    assert_eq!(store.save(late).await, Err(SaveError::Conflict));
}

async fn what_was_verified_is_found_by_digest_and_last(stage: &impl Stage) {
    let store = stage.store();
    let key = environment("erp");
    for (byte, at) in [(1, 10), (2, 20), (1, 30)] {
        let one = deployment("erp", byte, at);
        open(store, &one).await;
        let mut save = change(&store.load(&one.deployment.id).await.unwrap().unwrap(), 1);
        save.proves = Some(proof(&one.deployment, after(at)));
        save.frees_environment = true;
        store.save(save).await.unwrap();
    }
    assert_eq!(
        store.verified(&key, &digest(1)).await.unwrap().unwrap().at,
        after(30)
    );
    assert_eq!(
        store.verified(&key, &digest(2)).await.unwrap().unwrap().at,
        after(20)
    );
    assert_eq!(store.verified(&key, &digest(3)).await.unwrap(), None);
    assert_eq!(
        store
            .verified(&environment("other"), &digest(1))
            .await
            .unwrap(),
        None
    );
    let last = store.environment(&key).await.unwrap().verified.unwrap();
    assert_eq!((last.release.digest, last.at), (digest(1), after(30)));
}

async fn what_is_due_comes_the_longest_due_first(stage: &impl Stage) {
    let store = stage.store();
    let mut expected = Vec::new();
    for byte in 0..40_u8 {
        let one = deployment(&format!("app-{byte}"), byte, 0);
        open(store, &one).await;
        // Out of order, and two at each moment.
        let due_at =
            after(i64::from(byte) * 17 % 40 / 2) + SignedDuration::from_nanos(i64::from(byte % 2));
        store
            .set_due(&one.deployment.id, 1, Some(due_at))
            .await
            .unwrap();
        expected.push((due_at, one.deployment.id));
    }
    expected.sort();
    let expected: Vec<_> = expected.into_iter().map(|(at, id)| (id, at)).collect();
    assert_eq!(store.due(after(60), None, 100).await.unwrap(), expected);
    assert_eq!(store.due(after(60), None, 7).await.unwrap(), expected[..7]);
    let next = store.due(after(60), Some(&expected[6]), 7).await.unwrap();
    assert_eq!(next, expected[7..14], "the next page");
    let last = store
        .due(after(60), Some(&expected[37]), 100)
        .await
        .unwrap();
    assert_eq!(last, expected[38..], "what is left");
    let beyond = store.due(after(60), expected.last(), 100).await.unwrap();
    assert_eq!(beyond, []);
    let before: Vec<_> = expected
        .iter()
        .filter(|(_, at)| *at < after(5))
        .cloned()
        .collect();
    assert_eq!(
        store.due(after(5), None, 100).await.unwrap(),
        before,
        "due at that moment is not before"
    );

    // One that is over is not looked at again; one that changed since is not touched.
    let (over, other) = (&expected[0].0, &expected[1].0);
    store.set_due(over, 1, None).await.unwrap();
    store.set_due(other, 7, None).await.unwrap();
    let left = store.due(after(60), None, 100).await.unwrap();
    assert_eq!(left, expected[1..]);
    assert_eq!(store.load(over).await.unwrap().unwrap().due_at, None);
    let nobody = DeploymentId::from_outside("dep-0000000000000000");
    store.set_due(&nobody, 1, Some(noon())).await.unwrap();
    assert_eq!(
        store.load(&nobody).await.unwrap(),
        None,
        "nothing came of it"
    );
}

async fn what_people_see_is_remembered(stage: &impl Stage) {
    let store = stage.store();
    let id = DeploymentId::from_outside("dep-0123456789abcdef");
    assert_eq!(store.shown(&id).await.unwrap(), Shown::default());
    let message = MessageRef {
        channel: "C1".to_owned(),
        ts: "1.2".to_owned(),
    };
    let shown = Shown {
        message: Some(message),
        version: 7,
        posting: None,
        continued: None,
        told: 3,
        channel: Some(ChannelName::new("#erp")),
        undeliverable: Some(Undeliverable {
            since: noon(),
            next: Some(after(1)),
        }),
        size: Size::Short,
        moved: None,
        replaced: 1,
    };
    store.set_shown(&id, &shown).await.unwrap();
    assert_eq!(store.shown(&id).await.unwrap(), shown);
    assert_eq!(
        store.load(&id).await.unwrap(),
        None,
        "it is no deployment for that"
    );
}

async fn what_monitors_have_heard_is_changed_by_one_function_at_a_time(stage: &impl Stage) {
    let store = stage.store();
    let id = DeploymentId::from_outside("dep-0123456789abcdef");
    assert!(store.monitored(&id).await.unwrap().is_empty());
    let first = Monitored {
        told: 3,
        keeps: Some("17".to_owned()),
        telling: Some(after(1)),
        trouble: Some(Trouble {
            since: noon(),
            next: after(1),
        }),
        notice: Some(Notice {
            text: "it does not answer".to_owned(),
            since: noon(),
            is_told: false,
        }),
        ..Monitored::default()
    };
    assert!(store.set_monitored(&id, "grafana", &first).await.unwrap());
    let again = store.set_monitored(&id, "grafana", &first).await.unwrap();
    assert!(!again, "somebody else was faster");
    let stored = store.monitored(&id).await.unwrap();
    let read = stored["grafana"].clone();
    let expected = Monitored {
        version: 1,
        ..first
    };
    assert_eq!(read, expected);
    let next = Monitored {
        told: 5,
        telling: None,
        ..read
    };
    assert!(store.set_monitored(&id, "grafana", &next).await.unwrap());
    let other = Monitored::default();
    assert!(store.set_monitored(&id, "webhook", &other).await.unwrap());
    let all = store.monitored(&id).await.unwrap();
    assert_eq!((all["grafana"].version, all["grafana"].told), (2, 5));
    assert_eq!(all["webhook"].version, 1);
    assert_eq!(
        store.load(&id).await.unwrap(),
        None,
        "it is no deployment for that"
    );
}

async fn controls_are_set_under_the_version_that_was_read_and_lifted_again(stage: &impl Stage) {
    let store = stage.store();
    let key = environment("erp");
    let freeze = Freeze {
        by: UserId::new("U024BE7LH"),
        at: noon(),
        until: Some(noon() + SignedDuration::from_hours(2)),
        reason: "the auditors are here".to_owned(),
    };
    let hold = Hold {
        by: None,
        at: noon(),
        reason: "after a rollback".to_owned(),
    };
    let closed = Controls {
        freeze: Some(freeze),
        hold: Some(hold),
        asked_at: Some(after(1)),
    };
    // An environment that nothing was deployed to yet.
    assert!(store.set_controls(&key, 0, &closed).await.unwrap());
    assert!(!store.set_controls(&key, 0, &closed).await.unwrap());
    let state = store.environment(&key).await.unwrap();
    assert_eq!((state.version, state.controls()), (1, closed.clone()));

    // They stay while deployments come and go.
    let one = deployment("erp", 1, 0);
    assert_eq!(open(store, &one).await, Opened::New);
    store.claim(&key, &one.deployment.id).await.unwrap();
    let state = store.environment(&key).await.unwrap();
    assert_eq!(state.controls(), closed);
    assert_eq!(state.active, Some(one.deployment.id.clone()));

    let open = Controls::default();
    assert!(!store.set_controls(&key, 1, &open).await.unwrap());
    assert!(
        store
            .set_controls(&key, state.version, &open)
            .await
            .unwrap()
    );
    let state = store.environment(&key).await.unwrap();
    assert_eq!(state.controls(), open);
    assert_eq!(state.active, Some(one.deployment.id.clone()));

    // Sluice's own hold comes with the end of a deployment, and leaves one that is there.
    let hold = |reason: &str| Hold {
        by: None,
        at: noon(),
        reason: reason.to_owned(),
    };
    for reason in ["it was taken back", "again"] {
        let stored = store.load(&one.deployment.id).await.unwrap().unwrap();
        let mut save = change(&stored, 1);
        save.frees_environment = true;
        save.holds_environment = Some(hold(reason));
        store.save(save).await.unwrap();
        let state = store.environment(&key).await.unwrap();
        assert_eq!(state.active, None);
        assert_eq!(state.hold, Some(hold("it was taken back")));
    }
}

contract! {
    a_deployment_is_opened_once_however_often_its_push_is_told on sim, moto;
    an_environment_that_changed_in_between_is_a_conflict on sim, moto;
    the_newest_is_the_latest_pushed_and_then_the_greatest_id on sim, moto;
    the_environment_is_given_to_the_newest_alone on sim, moto;
    what_is_over_is_given_no_environment on sim, moto;
    of_many_claims_at_once_one_is_granted on sim, moto;
    a_change_is_stored_whole_or_not_at_all on sim, moto;
    plans_come_and_change_and_settings_stay on sim, moto;
    what_was_verified_is_found_by_digest_and_last on sim, moto;
    what_is_due_comes_the_longest_due_first on sim, moto;
    what_people_see_is_remembered on sim, moto;
    what_monitors_have_heard_is_changed_by_one_function_at_a_time on sim, moto;
    controls_are_set_under_the_version_that_was_read_and_lifted_again on sim, moto;
}
