//! How wide lines may be.

use std::io::IsTerminal as _;

use console::Term;

/// Longer lines are hard to read, and what goes into a file or a pipe is as wide everywhere.
const MOST: usize = 100;
/// Narrower than that nothing can be laid out.
const LEAST: usize = 40;

/// Characters that a line may have: as many as the terminal shows, within reason.
pub fn width() -> usize {
    if !std::io::stdout().is_terminal() {
        return MOST;
    }
    let (_, columns) = Term::stdout().size();
    usize::from(columns).clamp(LEAST, MOST)
}
