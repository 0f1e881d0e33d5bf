//! The deployment's one message. It must be shown, because people approve by it: what the chat takes
//! for too long is posted smaller, at last as one line with the buttons. A message that cannot be
//! changed any more stays as it is, and goes on in its thread. Only one that was deleted is replaced.

use sluice_core::deployment::Deployment;
use sluice_core::id::Hash;
use sluice_words::message::{Block, Message};
use sluice_words::parts::{Size, parts};
use sluice_words::view;

use crate::App;
use crate::ports::{ChatError, MessageRef, Moved, Refusal, Shown, Stored, Thread};

impl App {
    /// Makes the message say this, and returns it as it is shown, with what it is too long for.
    pub(super) async fn show_card(
        &self,
        stored: &Stored,
        shown: &mut Shown,
        whole: &Message,
        again: bool,
    ) -> Result<(Message, Vec<Message>), ChatError> {
        let d = &stored.deployment;
        if shown.message.is_some() && shown.version >= stored.version && !again {
            return Ok(cut(d, whole, shown.size));
        }
        let mut size = shown.size.larger();
        loop {
            let (card, continued) = cut(d, whole, size);
            let refused = match self.put(stored, shown, &card).await {
                Ok(()) => {
                    shown.size = size;
                    return Ok((card, continued));
                }
                Err(refused) => refused,
            };
            let smaller = match refused.refusal {
                Refusal::TooLong => size.smaller(),
                // Whatever the chat has against it, one line is the most likely to pass.
                Refusal::ForGood if size != Size::Line => Some(Size::Line),
                _ => None,
            };
            let Some(smaller) = smaller else {
                return Err(refused);
            };
            tracing::warn!(deployment.id = %d.id, error = %refused, "the message of {} is posted \
                smaller: {refused}", d.id);
            size = smaller;
        }
    }

    async fn put(
        &self,
        stored: &Stored,
        shown: &mut Shown,
        card: &Message,
    ) -> Result<(), ChatError> {
        let d = &stored.deployment;
        let chat = &self.ports.chat;
        let Some(first) = shown.message.clone() else {
            let key = match shown.replaced {
                0 => d.id.to_string(),
                count => format!("{}/again/{count}", d.id),
            };
            let posted = chat
                .ensure_posted(&key, self.channel(d), None, card)
                .await?;
            shown.message = Some(posted.clone());
            // It may have been there already, posted by a try whose answer was lost, and say what
            // was true then.
            return chat.update(&posted, card).await;
        };
        let place = shown.moved.as_ref().map_or(&first, |moved| &moved.to);
        match chat.update(place, card).await {
            Ok(()) => {
                if let Some(moved) = &mut shown.moved {
                    moved.offers = offers(card);
                }
                Ok(())
            }
            Err(refused) if refused.refusal == Refusal::ForGood => {
                self.go_on_below(stored, shown, &first, card, refused).await
            }
            // The one below was deleted: it goes on in the next.
            Err(refused) if refused.refusal == Refusal::Deleted && shown.moved.is_some() => {
                shown.moved = None;
                self.go_on_below(stored, shown, &first, card, refused).await
            }
            Err(refused) => Err(refused),
        }
    }

    /// The message can never be changed again: another one in its thread says what it should. Not
    /// every change is worth one: only what people may do now.
    async fn go_on_below(
        &self,
        stored: &Stored,
        shown: &mut Shown,
        first: &MessageRef,
        card: &Message,
        refused: ChatError,
    ) -> Result<(), ChatError> {
        let d = &stored.deployment;
        let offers = offers(card);
        if shown.moved.as_ref().is_some_and(|it| it.offers == offers) {
            return Ok(());
        }
        tracing::warn!(deployment.id = %d.id, error = %refused, "the message of {} goes on in its \
            thread: {refused}", d.id);
        let key = format!("{}/moved/{}", first.ts, stored.version);
        let thread = Thread {
            first,
            broadcast: false,
        };
        let chat = &self.ports.chat;
        let to = chat
            .ensure_posted(&key, self.channel(d), Some(thread), card)
            .await?;
        shown.moved = Some(Moved { to, offers });
        Ok(())
    }
}

/// The buttons of a message.
pub(super) fn offers(message: &Message) -> Hash {
    let buttons = message.blocks.iter().filter_map(|block| match block {
        Block::Buttons(buttons) => Some(buttons),
        _ => None,
    });
    Hash::of_json(&buttons.collect::<Vec<_>>())
}

fn cut(d: &Deployment, whole: &Message, size: Size) -> (Message, Vec<Message>) {
    let mut all = parts(whole.clone(), size, || told_below(d));
    let first = all.remove(0);
    (first, all)
}

/// What the thread contains in full.
fn told_below(d: &Deployment) -> Vec<Block> {
    let replies = d.story.iter().flat_map(|entry| view::replies(d, entry));
    replies.flat_map(|reply| reply.message.blocks).collect()
}
