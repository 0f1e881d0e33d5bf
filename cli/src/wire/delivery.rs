//! What the cloud sends, delivered to the account in which Sluice's functions run.

use std::time::Duration;

use sluice_sim::cloud::{EcsHookCall, Emitted, SharedCloud};
use sluice_wire::Account;

/// EventBridge is asked so often to take an event.
const TRIES: u32 = 5;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Delivers one thing that the cloud sent.
pub(super) async fn deliver(account: Account, cloud: SharedCloud, told: Emitted) {
    match told {
        Emitted::Hook(call) => ask(&account, &cloud, &call).await,
        event => tell(&account, &event).await,
    }
}

async fn tell(account: &Account, event: &Emitted) {
    for _ in 1..TRIES {
        if account.tell(event).await.is_ok() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    if let Err(error) = account.tell(event).await {
        eprintln!("an event is lost: {error}");
    }
}

async fn ask(account: &Account, cloud: &SharedCloud, call: &EcsHookCall) {
    let target = locked(cloud).hook_target(call);
    let answer = match target {
        None => Err("the service has no function as its lifecycle hook".to_owned()),
        Some(function) => account.ask(&function, call).await.map_err(|error| {
            eprintln!("a lifecycle hook failed, ECS rolls back: {error}");
            error.to_string()
        }),
    };
    locked(cloud).hook_answered(call, answer);
}

fn locked(cloud: &SharedCloud) -> std::sync::MutexGuard<'_, sluice_sim::cloud::Cloud> {
    cloud
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
