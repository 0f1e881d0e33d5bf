//! Lines of the story that go into one message: a thread that has fallen behind catches up in a few
//! posts, since Slack takes about one a second for a channel.

use sluice_core::deployment::Deployment;
use sluice_core::history::{ChainEnd, Checkpoint};
use sluice_core::note::{Entry, Note};
use sluice_words::message::{Block, Message};
use sluice_words::parts::{Size, parts};
use sluice_words::view::{Reply, checkpoint, replies};

/// Lines in one message.
const LINES: usize = 20;
/// Slack cuts a text at 3,000 characters.
const CHARS: usize = 2_800;

/// What is posted next of the story.
pub(super) struct Batch {
    /// The messages; more than one only where one entry needs several, or is long.
    pub(super) replies: Vec<Reply>,
    /// The first entry that is not in it.
    pub(super) to: usize,
}

/// The entries from `from` on that go into one message. `to` bounds it where it is known how far
/// the message goes, because it may be there already.
pub(super) fn batch(
    d: &Deployment,
    end: &ChainEnd,
    from: usize,
    to: Option<usize>,
) -> Option<Batch> {
    let entries = d.story.get(from..)?;
    let first = posts(d, end, entries.first()?);
    let first: Vec<Reply> = first.into_iter().flat_map(in_parts).collect();
    let Some(mut text) = plain(&first).map(str::to_owned) else {
        return Some(Batch {
            replies: first,
            to: from + 1,
        });
    };
    let most = to.map_or(LINES, |to| to.saturating_sub(from)).max(1);
    let mut count = 1;
    for entry in entries.iter().take(most).skip(1) {
        let next = posts(d, end, entry);
        let Some(line) = plain(&next) else { break };
        if text.chars().count() + line.chars().count() >= CHARS {
            break;
        }
        text.push('\n');
        text.push_str(line);
        count += 1;
    }
    Some(Batch {
        replies: vec![Reply {
            message: Message::line(text),
            broadcast: false,
        }],
        to: from + count,
    })
}

/// An entry's replies; below a yes and the end, how far the history goes by now.
fn posts(d: &Deployment, end: &ChainEnd, entry: &Entry) -> Vec<Reply> {
    let mut replies = replies(d, entry);
    if matches!(entry.note, Note::Approved { .. } | Note::Ended)
        && let (Some(reply), Some(posted)) = (replies.last_mut(), Checkpoint::of(&d.id, end))
    {
        reply.message.blocks.push(checkpoint(&posted));
    }
    replies
}

/// A reply, and what is too long for it. The channel sees the first part only.
fn in_parts(reply: Reply) -> Vec<Reply> {
    let broadcast = reply.broadcast;
    let parts = parts(reply.message, Size::Full, Vec::new)
        .into_iter()
        .enumerate();
    parts
        .map(|(number, message)| Reply {
            message,
            broadcast: broadcast && number == 0,
        })
        .collect()
}

/// The text of an entry that is nothing but one text for the thread.
fn plain(replies: &[Reply]) -> Option<&str> {
    let [reply] = replies else { return None };
    match reply.message.blocks.as_slice() {
        [Block::Text(text)] if !reply.broadcast => Some(text),
        _ => None,
    }
}
