//! Whether everyone has been told.

use sluice_core::deployment::Deployment;
use sluice_core::history::Checkpoint;
use sluice_sim::workplace::Posted;
use sluice_sim::world::World;
use sluice_words::message::Block;
use sluice_words::report::told;
use sluice_words::{note, view};

/// The deployments whose end Slack does not tell: what is missing, in a line each.
pub(crate) fn untold(world: &World) -> Vec<String> {
    let messages = world.slack().messages();
    let stored = world.store().deployments();
    let all = stored.iter().map(|stored| &stored.deployment);
    all.filter_map(|d| missing(d, &messages).or_else(|| wrong_checkpoint(world, d, &messages)))
        .collect()
}

/// Its message says how it ended, and its thread all of its story.
fn missing(d: &Deployment, messages: &[Posted]) -> Option<String> {
    let whole = view::message(d, None);
    let header = whole.blocks.first()?;
    let ours = |posted: &&Posted| posted.thread.is_none() && is_of(d, &posted.says().blocks);
    // Of several the last is the one that is kept up to date.
    let Some(message) = messages.iter().rfind(ours) else {
        return Some(format!("nothing tells of {}", d.id));
    };
    let says = &message.says().blocks;
    if says.first() != Some(header) {
        return Some(format!(
            "{} is {}, and its message says: {:?}",
            d.id,
            d.phase.name(),
            says.first()
        ));
    }
    if let Some(told) = told(d).filter(|told| !text(says).contains(&told.happened)) {
        return Some(format!(
            "the message of {} does not say: {}",
            d.id, told.happened
        ));
    }
    let thread = messages
        .iter()
        .filter(|posted| posted.thread.as_ref() == Some(&message.reference));
    let thread: String = thread.map(|posted| text(&posted.says().blocks)).collect();
    let mut entries = d.story.iter();
    let untold = entries.find(|entry| {
        let lines = view::replies(d, entry);
        lines.iter().any(|reply| {
            // Until when something was open, and whom it asked, was said then and not later.
            let said = match reply.broadcast {
                true => note::words(&entry.note, d),
                false => text(&reply.message.blocks),
            };
            !thread.contains(&said)
        })
    })?;
    Some(format!(
        "the thread of {} does not tell: {}",
        d.id,
        note::words(&untold.note, d)
    ))
}

/// What was posted of its history is of the history as it is, and something was when it ended.
fn wrong_checkpoint(world: &World, d: &Deployment, messages: &[Posted]) -> Option<String> {
    let history = world.store().history_of(&d.id);
    let says = messages.iter().flat_map(|posted| &posted.says().blocks);
    let posted = says.filter_map(|block| match block {
        Block::Context(small) => {
            let posted = small.strip_prefix("History checkpoint: `")?;
            posted.strip_suffix('`')?.parse::<Checkpoint>().ok()
        }
        _ => None,
    });
    let ours: Vec<Checkpoint> = posted.filter(|it| it.deployment == d.id).collect();
    if d.phase.is_terminal() && ours.is_empty() {
        return Some(format!("no checkpoint of {} was posted", d.id));
    }
    let wrong = ours.iter().find(|posted| !posted.holds(&history))?;
    Some(format!("{wrong} is not of the history of {}", d.id))
}

/// Other deployments' messages may name it; its own is signed with its id.
fn is_of(d: &Deployment, blocks: &[Block]) -> bool {
    let signed =
        |block: &Block| matches!(block, Block::Context(by) if by.starts_with(d.id.as_str()));
    blocks.iter().any(signed)
}

/// The words of a message, without what is code or a button.
fn text(blocks: &[Block]) -> String {
    let words = blocks.iter().map(|block| match block {
        Block::Text(text) | Block::Context(text) | Block::Header(text) => text.as_str(),
        _ => "",
    });
    words.collect::<Vec<_>>().join("\n")
}
