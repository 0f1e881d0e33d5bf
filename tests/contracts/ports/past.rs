//! What has been in an environment, and the rollback that goes before every release.

use std::sync::Arc;

use sluice_app::ports::{EnvironmentKey, Opened, Save, Store};
use sluice_core::config::Settings;
use sluice_core::deployment::DeploymentKind;
use sluice_core::deployment::{Deployment, Opening, Requester};
use sluice_core::event::Claim;
use sluice_core::history::{ChainEnd, RecordedEntry};
use sluice_core::id::{DeploymentId, UserId};
use sluice_core::phase::{Phase, PhaseKind};
use sluice_core::release::VerifiedRelease;
use sluice_core::rollback::Rollback;

use crate::deployments::{self, after, change, deployment, environment, proof};
use crate::ports::store::{Stage, open};

/// Ends it as succeeded, so many seconds after noon.
pub(crate) async fn succeed(
    store: &dyn Store,
    opened: &deployments::Opened,
    seconds: i64,
) -> VerifiedRelease {
    let stored = store.load(&opened.deployment.id).await.unwrap().unwrap();
    let mut save = change(&stored, 1);
    let ended = Arc::make_mut(&mut save.deployment);
    ended.phase = Phase::Succeeded;
    ended.entered_at = after(seconds);
    save.frees_environment = true;
    let mut verified = proof(&opened.deployment, after(seconds));
    verified.migrated = seconds > 100;
    save.proves = Some(verified.clone());
    store.save(save).await.unwrap();
    verified
}

/// A rollback to what was verified, asked for so many seconds after noon.
fn rollback(settings: Settings, to: &VerifiedRelease, asked_s: i64) -> deployments::Opened {
    let rollback = Rollback {
        to: to.clone(),
        from: None,
        reason: "orders fail".to_owned(),
        revisions: Default::default(),
        secrets: Vec::new(),
        migrated: Vec::new(),
    };
    let opening = Opening {
        id: DeploymentId::of_request(&settings.app, &settings.environment.name, "request"),
        settings: settings.into(),
        release: to.release.clone(),
        requested_by: Requester::Person(UserId::new("U0SOMEBODY")),
        kind: DeploymentKind::Rollback(Box::new(rollback)),
        hotfix: None,
    };
    let deployment = Deployment::open(&opening, after(asked_s));
    let mut chain = ChainEnd::start();
    let entry = RecordedEntry::Opened(Box::new(opening));
    let first = sluice_words::note::append(&mut chain, entry, after(asked_s), None, &deployment);
    deployments::Opened {
        deployment,
        first,
        chain,
    }
}

async fn successes_are_read_newest_first_and_no_more_than_wanted(stage: &impl Stage) {
    let store = stage.store();
    let key = environment("erp");
    assert_eq!(store.verified_releases(&key, 10).await, Ok(Vec::new()));
    let mut verified = Vec::new();
    for n in 1..=3 {
        let one = deployment("erp", n, i64::from(n) * 60);
        assert_eq!(open(store, &one).await, Opened::New);
        verified.insert(0, succeed(store, &one, i64::from(n) * 60 + 30).await);
    }
    assert_eq!(store.verified_releases(&key, 10).await.unwrap(), verified);
    assert_eq!(
        store.verified_releases(&key, 2).await.unwrap(),
        verified[..2]
    );
    assert_eq!(store.verified_releases(&key, 0).await, Ok(Vec::new()));
    let other = environment("crm");
    assert_eq!(store.verified_releases(&other, 10).await, Ok(Vec::new()));
}

async fn deployments_are_told_at_a_glance_and_those_under_way_as_they_are_now(stage: &impl Stage) {
    let store = stage.store();
    let key = environment("erp");
    let (one, two) = (deployment("erp", 1, 0), deployment("erp", 2, 60));
    open(store, &one).await;
    succeed(store, &one, 30).await;
    open(store, &two).await;
    let stored = store.load(&two.deployment.id).await.unwrap().unwrap();
    let mut save = change(&stored, 1);
    Arc::make_mut(&mut save.deployment).phase = Phase::RollingOut;
    store.save(save).await.unwrap();

    let told = store.deployments(&key, 10).await.unwrap();
    let glance: Vec<_> = told
        .iter()
        .map(|one| (one.id.clone(), one.phase, one.ended_at))
        .collect();
    assert_eq!(
        glance,
        [
            (two.deployment.id.clone(), Some(PhaseKind::RollingOut), None),
            (
                one.deployment.id.clone(),
                Some(PhaseKind::Succeeded),
                Some(after(30))
            ),
        ]
    );
    assert_eq!(store.deployments(&key, 1).await.unwrap(), told[..1]);

    let since = async |seconds: i64| {
        let all = store.deployments_since(&key, after(seconds)).await.unwrap();
        let mut ids: Vec<_> = all.into_iter().map(|one| (one.id, one.ended_at)).collect();
        ids.sort();
        ids
    };
    let (first, second) = (one.deployment.id.clone(), two.deployment.id.clone());
    let mut both = vec![(first, Some(after(30))), (second.clone(), None)];
    both.sort();
    assert_eq!(since(0).await, both);
    assert_eq!(
        since(60).await,
        [(second, None)],
        "from that very moment on"
    );
    assert_eq!(since(61).await, []);
}

async fn a_rollback_goes_before_every_release_until_it_is_over(stage: &impl Stage) {
    let store = stage.store();
    let key = environment("erp");
    let first = deployment("erp", 1, 0);
    open(store, &first).await;
    let verified = succeed(store, &first, 30).await;

    let (older, newer) = (deployment("erp", 2, 60), deployment("erp", 3, 180));
    open(store, &older).await;
    let back = rollback(deployments::settings("erp"), &verified, 120);
    assert_eq!(open(store, &back).await, Opened::New);
    open(store, &newer).await;
    let id = |opened: &deployments::Opened| opened.deployment.id.clone();
    let state = store.environment(&key).await.unwrap();
    assert_eq!(state.rollback, Some(id(&back)));
    assert_eq!(state.newest.unwrap().deployment, id(&newer));

    let claim = async |opened: &deployments::Opened| store.claim(&key, &id(opened)).await.unwrap();
    assert_eq!(claim(&older).await, Claim::SupersededBy(id(&newer)));
    assert_eq!(claim(&newer).await, Claim::HeldBy(id(&back)));
    assert_eq!(
        claim(&back).await,
        Claim::Granted,
        "though it is not the newest"
    );
    assert_eq!(claim(&newer).await, Claim::HeldBy(id(&back)));

    let stored = store.load(&id(&back)).await.unwrap().unwrap();
    assert_eq!(*stored.deployment, back.deployment);
    let over = Save {
        frees_environment: true,
        holds_environment: None,
        ..change(&stored, 1)
    };
    store.save(over).await.unwrap();
    let state = store
        .environment(&EnvironmentKey::of(&back.deployment))
        .await
        .unwrap();
    assert_eq!((state.active, state.rollback), (None, None));
    assert_eq!(claim(&newer).await, Claim::Granted);
}

contract! {
    successes_are_read_newest_first_and_no_more_than_wanted on sim, moto;
    deployments_are_told_at_a_glance_and_those_under_way_as_they_are_now on sim, moto;
    a_rollback_goes_before_every_release_until_it_is_over on sim, moto;
}
