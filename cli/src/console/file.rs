//! A recorded history, as a source of pages.

use std::path::Path;
use std::sync::Arc;

use sluice_console::{About, Board, Commands, Recorded, Story};

use crate::command::Failure;
use crate::input;
use crate::replay::{self, Exported, Folding};

/// What a file tells.
///
/// # Errors
/// It cannot be read, or is no history.
pub fn of_file(file: &Path) -> Result<Board, Failure> {
    let name = input::name(file);
    let failed = |why: &dyn std::fmt::Display| {
        Failure::usage(format!("{name} cannot be read as a history: {why}"))
    };
    let bytes = input::bytes(file).map_err(|error| failed(&error))?;
    let histories = replay::read(&bytes).map_err(|error| failed(&error))?;
    let stories: Vec<Story> = histories.into_iter().filter_map(story).collect();
    if stories.is_empty() {
        return Err(failed(&"no deployment in it can be replayed"));
    }
    let about = About {
        title: name.to_string(),
        commands: Commands::None,
        renews: None,
    };
    Ok(Board::new(about, Recorded::of_histories(stories)))
}

/// The deployment as it was stored; else as far as its records can be believed and replayed.
fn story(exported: Exported) -> Option<Story> {
    let stored = exported.state.as_ref();
    let stored = stored.and_then(|state| serde_json::from_value(state.clone()).ok());
    let state = stored.or_else(|| {
        let folding = Folding::of(&exported);
        folding.state(folding.folded().checked_sub(1)?)
    })?;
    Some(Story {
        state: Arc::new(state),
        chain: exported.chain,
        records: exported.records,
    })
}
