//! Sluice itself is upgraded while deployments are under way: its functions are replaced one after
//! the other, and the older ones meet what the newer ones wrote.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::executor::block_on;
use jiff::SignedDuration;
use sluice_app::ports::{Ports, WakeUp};
use sluice_app::{Advanced, App, Decide};
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;
use sluice_core::id::UserId;
use sluice_sim::cloud::{EcsHookCall, Emitted, ImageBehaviour};
use sluice_sim::workplace::{StoreOfVersion, Versions, Weather};
use sluice_sim::world::{Bounds, Click, ClickReply, DirectFunctions, Functions, World};
use sluice_words::message::ButtonAction;

use crate::erp;

/// A Lambda function of Sluice's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lambda {
    Events,
    Advance,
    Hook,
    Minute,
    Slack,
}

const ALL: [Lambda; 5] = [
    Lambda::Events,
    Lambda::Advance,
    Lambda::Hook,
    Lambda::Minute,
    Lambda::Slack,
];

/// The functions, some of them of the old version still.
struct Upgraded {
    old: DirectFunctions,
    new: DirectFunctions,
    are_new: Arc<Mutex<BTreeSet<Lambda>>>,
}

impl Upgraded {
    fn one(&self, lambda: Lambda) -> &DirectFunctions {
        let are_new = self.are_new.lock().expect("nobody panics with it");
        match are_new.contains(&lambda) {
            true => &self.new,
            false => &self.old,
        }
    }
}

#[async_trait]
impl Functions for Upgraded {
    async fn cloud_event(&self, event: &Emitted) -> Result<(), PortError> {
        self.one(Lambda::Events).cloud_event(event).await
    }

    async fn wake_up(&self, wake_up: &WakeUp) -> Result<(), PortError> {
        self.one(Lambda::Advance).wake_up(wake_up).await
    }

    async fn hook(&self, call: &EcsHookCall) -> Result<HookAnswer, String> {
        self.one(Lambda::Hook).hook(call).await
    }

    async fn minute(&self) -> Result<(), PortError> {
        self.one(Lambda::Minute).minute().await
    }

    async fn click(&self, click: &Click) -> Result<ClickReply, PortError> {
        self.one(Lambda::Slack).click(click).await
    }
}

fn app(world: &World, versions: &Arc<Versions>, schema: u16) -> App {
    let ports = world.ports();
    let store = StoreOfVersion::new(ports.store.clone(), versions.clone(), schema);
    let ports = Ports {
        store: Arc::new(store),
        ..ports
    };
    App::new(ports, vec![Arc::new(erp::config())])
}

/// A world of the old version, and the hand that replaces a function.
fn world() -> (World, Arc<Versions>, Arc<Mutex<BTreeSet<Lambda>>>) {
    let mut world = erp::world(5, Weather::default());
    let versions = Arc::new(Versions::default());
    let are_new = Arc::new(Mutex::new(BTreeSet::new()));
    let functions = Upgraded {
        old: DirectFunctions(app(&world, &versions, 1)),
        new: DirectFunctions(app(&world, &versions, 2)),
        are_new: are_new.clone(),
    };
    world.deploy(Arc::new(functions));
    (world, versions, are_new)
}

#[test]
fn whichever_function_is_replaced_first_and_whenever_every_release_arrives() {
    let mut met_newer = 0;
    for first in 0..ALL.len() {
        // In planning, while it rolls out, while it bakes; and while production does.
        for begins in [0, 4, 9, 22, 30, 40] {
            let (mut world, versions, are_new) = world();
            let good = ImageBehaviour::default();
            erp::push(&world, "release-1.4.0", "one", &good);
            world.plan(
                SignedDuration::from_mins(18),
                "it is tagged",
                move |world| {
                    erp::push(world, "v1.4.0", "one", &ImageBehaviour::default());
                },
            );
            for (turn, offset) in (0_i64..).zip(0..ALL.len()) {
                let lambda = ALL[(first + offset) % ALL.len()];
                let are_new = are_new.clone();
                let at = SignedDuration::from_mins(begins + 3 * turn);
                world.plan(at, format!("{lambda:?} is replaced"), move |_| {
                    are_new.lock().expect("nobody panics").insert(lambda);
                });
            }
            erp::run(&mut world);
            for environment in ["staging", "production"] {
                assert_eq!(
                    erp::ends(&world, environment),
                    ["Succeeded"],
                    "{:?} first, from minute {begins}:\n{}",
                    ALL[first],
                    erp::stories(&world)
                );
            }
            erp::assert_nothing_broke(&world);
            met_newer += versions.met_newer();
        }
    }
    assert!(met_newer > 50, "the old ones met {met_newer} newer items");
}

#[test]
fn an_older_function_leaves_alone_what_a_newer_one_wrote() {
    let (mut world, versions, are_new) = world();
    // The old hook has ECS wait.
    let others = [Lambda::Advance, Lambda::Hook];
    are_new.lock().expect("nobody panics").extend(others);
    erp::push(&world, "release-1.4.0", "one", &ImageBehaviour::default());
    world.run(Bounds::default(), |world| {
        erp::ends(world, "staging") == ["Baking"]
    });
    let before = erp::deployments(&world, "staging").remove(0);
    let id = before.deployment.id.clone();
    let old = app(&world, &versions, 1);
    let stop_at = world.now() + SignedDuration::from_secs(50);

    let wake_up = WakeUp {
        deployment: id.clone(),
        due: None,
    };
    let waiting = world.wakeups().len();
    let advanced = block_on(old.advance(&wake_up, stop_at)).expect("it is left alone");
    assert_eq!(advanced, Advanced::Newer);
    assert_eq!(world.wakeups().len(), waiting + 1, "the wake-up comes back");

    let late = before.due_at.expect("it is due") + SignedDuration::from_mins(1);
    world.with_cloud(|cloud| cloud.advance_to(late));
    let minute = block_on(old.minute(late + SignedDuration::from_secs(50)));
    let minute = minute.expect("the store says what is due");
    assert_eq!((minute.newer, minute.sampled, minute.failed), (1, 0, 0));

    let by = UserId::new("U024BE7LH");
    let click = Decide {
        action: ButtonAction::Cancel,
        deployment: id.clone(),
        plan: None,
        by: by.clone(),
        reason: None,
    };
    let refused = block_on(old.click(&click, None)).expect_err("it is not theirs");
    let said = format!(
        "{id} is handled by a newer version of Sluice, which is being installed: try again in a \
         minute"
    );
    assert_eq!(refused.to_string(), said);
    let refused = block_on(old.pause(&id, &by, "wait")).expect_err("it is not theirs");
    assert_eq!(refused.to_string(), said);
    assert_eq!(erp::deployments(&world, "staging").remove(0), before);
}
