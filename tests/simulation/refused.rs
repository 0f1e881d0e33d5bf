//! Messages that Slack refuses: an approval is shown all the same, nothing is told twice, and one
//! reply does not hold up the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use sluice_app::App;
use sluice_app::ports::{Chat, ChatError, MessageRef, Ports, Refusal, Thread, TriggerId};
use sluice_core::failure::PortError;
use sluice_core::id::{ChannelName, GroupId, UserId};
use sluice_sim::cloud::{ImageBehaviour, Operation};
use sluice_sim::workplace::{Posted, Weather};
use sluice_sim::world::{DirectFunctions, World};
use sluice_words::home::Home;
use sluice_words::message::{Block, ButtonAction, Message};
use sluice_words::modal::Modal;

use crate::erp;

/// A message on its way to Slack.
struct Sent<'a> {
    is_update: bool,
    thread: Option<Thread<'a>>,
    message: &'a Message,
}

impl Sent<'_> {
    fn is_reply(&self) -> bool {
        self.thread.is_some()
    }

    fn says(&self, text: &str) -> bool {
        format!("{:?}", self.message).contains(text)
    }
}

type Rule = fn(&Sent<'_>) -> Option<Refusal>;

/// A Slack with a rule of its own.
struct Picky {
    inner: Arc<dyn Chat>,
    rule: Rule,
}

impl Picky {
    fn judge(&self, sent: &Sent<'_>) -> Result<(), ChatError> {
        match (self.rule)(sent) {
            Some(refusal) => Err(ChatError::new(refusal, "Slack refused it")),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Chat for Picky {
    async fn ensure_posted(
        &self,
        key: &str,
        channel: &ChannelName,
        thread: Option<Thread<'_>>,
        message: &Message,
    ) -> Result<MessageRef, ChatError> {
        let judged = self.judge(&Sent {
            is_update: false,
            thread,
            message,
        });
        match judged {
            // It stands in the channel.
            Err(outside) if outside.refusal == Refusal::OutsideThread => {
                self.inner
                    .ensure_posted(key, channel, None, message)
                    .await?;
                return Err(outside);
            }
            judged => judged?,
        }
        self.inner
            .ensure_posted(key, channel, thread, message)
            .await
    }

    async fn update(&self, posted: &MessageRef, message: &Message) -> Result<(), ChatError> {
        self.judge(&Sent {
            is_update: true,
            thread: None,
            message,
        })?;
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

/// A release to staging and to production, told to such a Slack.
fn released(rule: Rule) -> World {
    let mut world = erp::world(1, Weather::default());
    let inner = world.ports().chat;
    let ports = Ports {
        chat: Arc::new(Picky { inner, rule }),
        ..world.ports()
    };
    let app = App::new(ports, vec![Arc::new(erp::config())]);
    world.deploy(Arc::new(DirectFunctions(app)));
    for tag in ["release-1.4.0", "v1.4.0"] {
        erp::push(&world, tag, "one", &ImageBehaviour::default());
        erp::run(&mut world);
    }
    for environment in ["staging", "production"] {
        let ends = erp::ends(&world, environment);
        assert_eq!(ends, ["Succeeded"], "{}", erp::stories(&world));
    }
    erp::assert_nothing_broke(&world);
    world
}

fn firsts(world: &World) -> Vec<Posted> {
    let messages = world.slack().messages().into_iter();
    messages.filter(|posted| posted.thread.is_none()).collect()
}

fn replies(world: &World) -> Vec<Posted> {
    let messages = world.slack().messages().into_iter();
    messages.filter(|posted| posted.thread.is_some()).collect()
}

fn offers_approval(message: &Message) -> bool {
    message.blocks.iter().any(|block| match block {
        Block::Buttons(all) => all.iter().any(|one| one.action == ButtonAction::Approve),
        _ => false,
    })
}

fn wide(message: &Message) -> usize {
    let texts = message.blocks.iter().map(|block| match block {
        Block::Header(text) | Block::Text(text) | Block::Code(text) | Block::Context(text) => {
            text.len()
        }
        Block::Fields(fields) => fields.iter().map(|(a, b)| a.len() + b.len()).sum(),
        Block::Links(links) => links.iter().map(|link| link.text.len()).sum(),
        Block::Buttons(_) => 0,
    });
    texts.sum()
}

fn told(world: &World, text: &str) -> usize {
    let all = replies(world);
    let those = all
        .iter()
        .filter(|posted| format!("{:?}", posted.says()).contains(text));
    those.count()
}

fn calls(world: &World) -> u32 {
    world.with_cloud(|cloud| {
        let faults = cloud.faults();
        faults.calls(Operation::UpdateMessage) + faults.calls(Operation::PostMessage)
    })
}

#[test]
fn what_is_too_long_is_asked_in_one_line_and_the_plan_is_in_the_thread() {
    let world = released(|sent| {
        let limit = if sent.is_reply() { 1_600 } else { 330 };
        (wide(sent.message) > limit).then_some(Refusal::TooLong)
    });
    let firsts = firsts(&world);
    assert_eq!(firsts.len(), 2, "one for each environment");
    let asked = firsts[1].versions.iter().map(|(_, message)| message);
    let asked: Vec<&Message> = asked.filter(|message| offers_approval(message)).collect();
    assert!(!asked.is_empty(), "the approval was shown");
    for message in asked {
        let texts = message.blocks.len() - 1;
        assert!(texts <= 2, "one line, and that it goes on: {message:?}");
    }
    // The plan itself can be read.
    assert_ne!(told(&world, "smoke tests: the process is alive"), 0);
    let plain = released(|_| None);
    assert!(
        calls(&world) < 3 * calls(&plain),
        "{} calls, and {} where nothing is refused",
        calls(&world),
        calls(&plain)
    );
}

#[test]
fn a_message_that_cannot_be_changed_goes_on_in_its_thread_and_is_not_posted_again() {
    let world = released(|sent| sent.is_update.then_some(Refusal::ForGood));
    let firsts = firsts(&world);
    assert_eq!(firsts.len(), 2, "one for each environment");
    let replies = replies(&world);
    let asked = replies.iter().filter(|it| offers_approval(it.says()));
    assert_eq!(asked.count(), 1, "the approval was shown in the thread");
    assert_eq!(
        told(&world, "is live in production"),
        2,
        "in the story, and as it is now"
    );
}

#[test]
fn a_message_that_can_be_changed_for_some_minutes_goes_on_in_replies_that_can() {
    let world = released(|sent| {
        let late = sent.is_update && sent.says("Baking");
        late.then_some(Refusal::ForGood)
    });
    assert_eq!(firsts(&world).len(), 2);
    let last = replies(&world).into_iter();
    let cards = last.filter(|it| matches!(it.says().blocks[0], Block::Header(_)));
    let cards: Vec<Posted> = cards.collect();
    assert_eq!(cards.len(), 2, "one for each environment");
    for card in cards {
        let says = format!("{:?}", card.says());
        assert!(says.contains("is live in"), "it was changed again: {says}");
    }
}

#[test]
fn what_the_channel_may_not_see_is_in_the_thread() {
    let world = released(|sent| {
        let broadcast = sent.thread.is_some_and(|thread| thread.broadcast);
        broadcast.then_some(Refusal::NotAllowedHere)
    });
    assert_eq!(told(&world, "approve it at the top of this thread"), 1);
    assert!(replies(&world).iter().all(|reply| !reply.broadcast));
    let plain = released(|_| None);
    assert!(replies(&plain).iter().any(|reply| reply.broadcast));
}

#[test]
fn a_reply_that_is_refused_for_good_is_left_out_and_the_thread_goes_on() {
    let world = released(|sent| {
        let bad = sent.is_reply() && sent.says("is ready; nothing has been changed yet");
        bad.then_some(Refusal::ForGood)
    });
    let plain = released(|_| None);
    assert_ne!(told(&plain, "is ready; nothing has been changed yet"), 0);
    assert_eq!(told(&world, "is ready; nothing has been changed yet"), 0);
    assert_ne!(told(&world, "migration started"), 0);
    assert_eq!(told(&world, "is live in production"), 1);
}

#[test]
fn a_reply_outside_its_thread_is_told_once() {
    let world = released(|sent| sent.is_reply().then_some(Refusal::OutsideThread));
    let messages = world.slack().messages();
    let live = messages
        .iter()
        .filter(|it| it.says().summary.contains("is live in production"));
    assert_eq!(live.count(), 2, "the message and the reply, once each");
}
