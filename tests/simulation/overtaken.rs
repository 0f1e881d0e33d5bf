//! Two functions at once: the slower one must not leave people with what was true before.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{Chat, ChatError, MessageRef, Ports, Thread, TriggerId, WakeUp};
use sluice_app::{App, Decide};
use sluice_core::config::Config;
use sluice_core::failure::PortError;
use sluice_core::id::{ChannelName, DeploymentId, GroupId, UserId};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, World};
use sluice_words::home::Home;
use sluice_words::message::{ButtonAction, Message};
use sluice_words::modal::Modal;

use crate::erp;

/// A chat that is slow once: while a message that asks for approval is on its way, somebody rejects
/// it, and the function that takes the click tells so first.
struct SlowOnce {
    inner: Arc<dyn Chat>,
    quicker: App,
    until: Timestamp,
    asked: Mutex<bool>,
}

impl SlowOnce {
    async fn be_overtaken(&self, message: &Message) {
        let Some(deployment) = asks_for_approval(message) else {
            return;
        };
        let first = !std::mem::replace(&mut *self.asked.lock().expect("no panic"), true);
        if !first {
            return;
        }
        let store = &self.quicker.ports().store;
        let stored = store
            .load(&deployment)
            .await
            .expect("it answers")
            .expect("it is there");
        let reject = Decide {
            action: ButtonAction::Reject,
            deployment: deployment.clone(),
            plan: stored
                .deployment
                .plan
                .as_ref()
                .map(|sealed| sealed.hash.clone()),
            by: UserId::new("U024BE7LH"),
            reason: None,
        };
        self.quicker
            .decide(&reject)
            .await
            .expect("an approver may reject");
        let wake_up = WakeUp {
            deployment,
            due: None,
        };
        self.quicker
            .advance(&wake_up, self.until)
            .await
            .expect("it answers");
    }
}

fn asks_for_approval(message: &Message) -> Option<DeploymentId> {
    message.blocks.iter().find_map(|block| match block {
        sluice_words::message::Block::Buttons(buttons) => buttons
            .iter()
            .find(|button| button.action == ButtonAction::Approve)
            .map(|button| button.deployment.clone()),
        _ => None,
    })
}

#[async_trait]
impl Chat for SlowOnce {
    async fn ensure_posted(
        &self,
        key: &str,
        channel: &ChannelName,
        thread: Option<Thread<'_>>,
        message: &Message,
    ) -> Result<MessageRef, ChatError> {
        self.inner
            .ensure_posted(key, channel, thread, message)
            .await
    }

    async fn update(&self, posted: &MessageRef, message: &Message) -> Result<(), ChatError> {
        self.be_overtaken(message).await;
        self.inner.update(posted, message).await
    }

    async fn open_modal(&self, trigger: &TriggerId, modal: &Modal) -> Result<(), PortError> {
        self.inner.open_modal(trigger, modal).await
    }

    async fn publish_home(&self, user: &UserId, home: &Home) -> Result<(), PortError> {
        self.inner.publish_home(user, home).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<UserId>, PortError> {
        self.inner.user_by_email(email).await
    }

    async fn group_members(&self, group: &GroupId) -> Result<BTreeSet<UserId>, PortError> {
        self.inner.group_members(group).await
    }
}

#[test]
fn a_slower_function_does_not_have_the_last_word() {
    let mut config: Config = erp::config();
    config
        .environments
        .retain(|environment| environment.name.as_str() == "production");
    config.environments[0].after = None;
    let start: Timestamp = "2026-01-05T09:00:00Z".parse().expect("a time");
    let mut world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
    let configs = vec![Arc::new(config)];
    let quicker = App::new(world.ports(), configs.clone());
    let chat = SlowOnce {
        inner: world.ports().chat,
        quicker,
        until: start + SignedDuration::from_hours(24),
        asked: Mutex::new(false),
    };
    let ports = Ports {
        chat: Arc::new(chat),
        ..world.ports()
    };
    world.deploy(Arc::new(DirectFunctions(App::new(ports, configs))));
    erp::push(&world, "v1.4.0", "one", &Default::default());
    // The wake-up that the click left behind would mend it too, if it is not lost.
    world.run(Bounds::default(), |world| {
        erp::ends(world, "production") == ["Rejected"]
    });

    assert_eq!(
        erp::ends(&world, "production"),
        ["Rejected"],
        "{}",
        erp::stories(&world)
    );
    let messages = world.slack().messages();
    let first = messages.first().expect("people were told");
    assert!(
        first.says().summary.contains("rejected"),
        "the last word was: {}",
        first.says().summary
    );
    assert!(asks_for_approval(first.says()).is_none(), "it still asks");
}
