//! The few styles there are. Colour repeats what the words say already; it never says it alone.

use anstyle::{AnsiColor, Style};

/// What matters less.
pub const DIM: Style = Style::new().dimmed();
/// What matters most.
pub const STRONG: Style = Style::new().bold();
/// Titles.
pub const TITLE: Style = AnsiColor::Cyan.on_default().bold();
/// Success.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What went wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What people should look at.
pub const WARN: Style = AnsiColor::Yellow.on_default();

/// The text in the style. [`Screen`](super::Screen) takes the colour away where it is not wanted.
pub fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}
