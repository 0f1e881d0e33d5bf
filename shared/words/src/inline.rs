//! What stands inside a text beside letters: people, groups and moments. [`read`] is how a chat, a
//! terminal or a page finds them; everything else of a text is literal.

use jiff::Timestamp;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inline<'a> {
    /// Literal text.
    Text(&'a str),
    /// A person, by id.
    Person(&'a str),
    /// A group of people, by id.
    Group(&'a str),
    /// A moment, which each reader sees on their own clock where the chat can do that.
    Moment {
        /// Seconds since 1970.
        second: i64,
        /// Whether the day is shown too.
        day: bool,
        /// How it reads where the reader's clock is not known.
        plain: &'a str,
    },
}

/// Before the time of day alone, and before the day with it.
const FORMS: [(&str, bool); 2] = [("{time}", false), ("{date_short_pretty} {time}", true)];

/// The time of day: `10:17 UTC`.
pub fn clock(at: Timestamp) -> String {
    moment(at, false, "%H:%M UTC")
}

/// The day and the time: `2026-01-05 10:17 UTC`.
pub fn moment_of_day(at: Timestamp) -> String {
    moment(at, true, "%Y-%m-%d %H:%M UTC")
}

fn moment(at: Timestamp, day: bool, plain: &str) -> String {
    let (form, _) = FORMS[usize::from(day)];
    format!("<!date^{}^{form}|{}>", at.as_second(), at.strftime(plain))
}

/// The pieces of a text, in order.
pub fn read(text: &str) -> Vec<Inline<'_>> {
    let mut pieces = Vec::new();
    let (mut rest, mut literal) = (text, 0);
    while let Some(start) = rest[literal..].find('<').map(|found| literal + found) {
        let found = rest[start + 1..].split_once('>');
        match found.and_then(|(inside, after)| Some((named(inside)?, after))) {
            Some((piece, after)) => {
                if start > 0 {
                    pieces.push(Inline::Text(&rest[..start]));
                }
                pieces.push(piece);
                (rest, literal) = (after, 0);
            }
            None => literal = start + 1,
        }
    }
    if !rest.is_empty() {
        pieces.push(Inline::Text(rest));
    }
    pieces
}

/// The text as it reads without a chat: `@U…`, and times in UTC.
pub fn plain(text: &str) -> String {
    let pieces = read(text).into_iter().map(|piece| match piece {
        Inline::Text(text) => text.to_owned(),
        Inline::Person(id) | Inline::Group(id) => format!("@{id}"),
        Inline::Moment { plain, .. } => plain.to_owned(),
    });
    pieces.collect()
}

fn named(inside: &str) -> Option<Inline<'_>> {
    if let Some(person) = inside.strip_prefix('@') {
        return is_id(person, &['U', 'W']).then_some(Inline::Person(person));
    }
    if let Some(group) = inside.strip_prefix("!subteam^") {
        return is_id(group, &['S']).then_some(Inline::Group(group));
    }
    let (second, shown) = inside.strip_prefix("!date^")?.split_once('^')?;
    let (form, plain) = shown.split_once('|')?;
    let (_, day) = FORMS.into_iter().find(|(known, _)| *known == form)?;
    let is_time = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | ' ');
    Some(Inline::Moment {
        second: second.parse().ok()?,
        day,
        plain: Some(plain).filter(|plain| plain.chars().all(is_time))?,
    })
}

fn is_id(id: &str, begins: &[char]) -> bool {
    let is_in_it = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    id.starts_with(begins) && id.bytes().all(is_in_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_groups_and_moments_are_found_and_nothing_else() {
        let at: Timestamp = "2026-01-05T10:17:00Z".parse().unwrap();
        let text = format!(
            "by <@U1> or <!subteam^S2>, 1 < 2, <@U1 <!channel> <@u1> until {} {}",
            clock(at),
            moment_of_day(at)
        );
        assert_eq!(
            plain(&text),
            "by @U1 or @S2, 1 < 2, <@U1 <!channel> <@u1> until 10:17 UTC 2026-01-05 10:17 UTC"
        );
        assert_eq!(read("<@U1>"), [Inline::Person("U1")]);
        assert_eq!(read("<<@U1>"), [Inline::Text("<"), Inline::Person("U1")]);
    }

    #[test]
    fn a_moment_of_someone_elses_making_is_text() {
        for text in [
            "<!date^1^{time}^https://example.com|now>",
            "<!date^1^{date_long}|now>",
            "<!date^1^{time}|<@U1>",
            "<!date^x^{time}|now>",
            "<!date^1^{time}|a|b>",
        ] {
            assert!(
                !read(text)
                    .iter()
                    .any(|piece| matches!(piece, Inline::Moment { .. })),
                "{text}"
            );
        }
    }
}
