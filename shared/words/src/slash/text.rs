//! Text as Slack hands it over, and what was meant.
//!
//! Slack escapes `&`, `<` and `>`, turns mentions, channels and whatever looks like an address into
//! `<…|…>`, and people's keyboards put in typographic quotes, dashes and spaces.
//! <https://docs.slack.dev/messaging/formatting-message-text>

use std::fmt;

/// The most characters of a reason: it stands in a message and in the history.
pub const REASON_CHARS: usize = 500;

/// Why somebody did something, in their words: one line, not empty, of at most [`REASON_CHARS`]
/// characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

/// A text that says no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableReason {
    /// There is nothing to read in it.
    #[error("say why in a few words")]
    Empty,
    /// It is longer than a reason may be.
    #[error("a reason has at most {REASON_CHARS} characters, and this has {0}: say it shorter")]
    Long(usize),
}

impl Reason {
    /// Takes a text as Slack hands it over.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn new(text: &str) -> Result<Self, UnusableReason> {
        Self::of_plain(&plain(text))
    }

    /// Takes a text as it was typed into a modal, where Slack escapes nothing.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn typed(text: &str) -> Result<Self, UnusableReason> {
        Self::of_plain(&one_line(text))
    }

    /// Takes plain text. Mentions in it wake nobody, and nothing in it is formatted: it stands among
    /// Sluice's own words, and must not look like them.
    pub(super) fn of_plain(plain: &str) -> Result<Self, UnusableReason> {
        let plain = plain.trim();
        match plain.chars().count() {
            0 => Err(UnusableReason::Empty),
            chars if chars > REASON_CHARS => Err(UnusableReason::Long(chars)),
            _ => Ok(Self(harmless(plain))),
        }
    }

    /// The reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is written at the end of a line, in quotes if it could be taken for something else.
    pub(super) fn written(&self) -> String {
        let first = self.0.split(' ').next().unwrap_or_default();
        if self.0.starts_with('"') || argument(first).eq_ignore_ascii_case("until") {
            self.quoted()
        } else {
            escaped(&self.0)
        }
    }

    pub(super) fn quoted(&self) -> String {
        format!("\"{}\"", escaped(&self.0))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text with nothing in it that Slack would make more of than text.
fn harmless(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some((at, id, after)) = first_mention(&text) {
        text = format!("{}@{id}{}", &text[..at], &text[after..]);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let within = is_word(before) && is_word(chars.peek().copied());
        out.push(match c {
            '*' => '\u{2217}',
            '`' => '\u{02cb}',
            '~' => '\u{223c}',
            '_' if !within => '\u{02cd}',
            other => other,
        });
        before = Some(c);
    }
    out
}

/// Where a mention begins, whom it names, and where it ends.
fn first_mention(text: &str) -> Option<(usize, String, usize)> {
    let mut places = text.match_indices('<');
    places.find_map(|(at, _)| {
        let (inside, after) = mention(&text[at..])?;
        let id = inside.trim_start_matches(['@', '!']);
        let id = id.strip_prefix("subteam^").unwrap_or(id);
        Some((at, id.to_owned(), text.len() - after.len()))
    })
}

/// The text inside the quotes around all of it, if there are any.
pub(super) fn in_quotes(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

/// A word as an argument: without what people and Slack put around words.
pub(super) fn argument(word: &str) -> String {
    word.trim_matches(['`', '"', '\'', '*', '~', ','])
        .chars()
        .map(|c| match c {
            // A phone makes a dash of two hyphens, and of one between digits.
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            other => other,
        })
        .collect()
}

/// What was typed, in one line: mentions stay (`<@U…>`, `<!subteam^S…>`), everything else is text.
/// Doing it again changes nothing but what looks escaped.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((inside, after)) = markup(rest) {
            out.push_str(&meant(inside));
            rest = after;
        } else if let Some((known, after)) = entity(rest) {
            out.push(known);
            rest = after;
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    one_line(&out)
}

fn one_line(text: &str) -> String {
    let straight: String = text.chars().filter_map(straight).collect();
    let words: Vec<&str> = straight
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// `<…>` as Slack writes it: no `<` inside, and something in it.
fn markup(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('<')?;
    // Not beyond the next `<`: whoever writes a thousand of them is not read a thousand times.
    let end = text
        .find(['<', '>'])
        .filter(|end| text[*end..].starts_with('>'))?;
    let (inside, after) = (&text[..end], &text[end + 1..]);
    let is_markup = inside.starts_with(['@', '#', '!']) || inside.contains(':');
    is_markup.then_some((inside, after))
}

/// What somebody typed to make Slack write this.
fn meant(inside: &str) -> String {
    let (target, label) = match inside.split_once('|') {
        Some((target, label)) => (target, label),
        None => (inside, ""),
    };
    let label = label.trim();
    if target.starts_with('@') || target.starts_with("!subteam^") {
        return format!("<{target}>");
    }
    let said = match (target.strip_prefix('#'), target.strip_prefix('!')) {
        (Some(_), _) if !label.is_empty() => format!("#{label}"),
        (Some(channel), _) => format!("#{channel}"),
        (_, Some(_)) if !label.is_empty() => label.to_owned(),
        (_, Some(everyone)) => format!("@{everyone}"),
        // A link: `v1.2` becomes `<http://v1.2|v1.2>`.
        _ if !label.is_empty() => label.to_owned(),
        _ => target.to_owned(),
    };
    unescaped(&said)
}

fn entity(text: &str) -> Option<(char, &str)> {
    [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')]
        .into_iter()
        .find_map(|(written, meant)| Some((meant, text.strip_prefix(written)?)))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (c, after) = entity(rest).unwrap_or((c, &rest[c.len_utf8()..]));
        out.push(c);
        rest = after;
    }
    out
}

/// The plain character for one that a keyboard or a paste put in; `None` for what is not seen.
fn straight(c: char) -> Option<char> {
    match c {
        '\u{201c}'..='\u{201f}' | '\u{00ab}' | '\u{00bb}' => Some('"'),
        '\u{2018}'..='\u{201b}' => Some('\''),
        // Zero-width characters, marks of direction, soft hyphens, byte order marks.
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{00ad}'
        | '\u{feff}' => None,
        c if c.is_whitespace() || c.is_control() => Some(' '),
        other => Some(other),
    }
}

/// As Slack would send it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((inside, after)) = mention(rest) {
            out.push_str(&format!("<{inside}>"));
            rest = after;
            continue;
        }
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
        rest = &rest[c.len_utf8()..];
    }
    out
}

fn mention(text: &str) -> Option<(&str, &str)> {
    let (inside, after) = text.strip_prefix('<')?.split_once('>')?;
    let id = inside
        .strip_prefix('@')
        .or_else(|| inside.strip_prefix("!subteam^"))?;
    let is_id = !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    is_id.then_some((inside, after))
}
