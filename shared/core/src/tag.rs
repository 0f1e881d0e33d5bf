//! Which image tags an environment takes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use crate::id::ImageTag;

/// The most characters ECR lets a tag have.
const TAG_MAX_CHARS: usize = 128;

/// And of a pattern, with as many `*` as anybody writes.
const PATTERN_MAX_BYTES: usize = 2 * TAG_MAX_CHARS;

/// The tag that a text from outside names, if it is one: ECR's `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`.
pub fn read(text: &str) -> Option<ImageTag> {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let starts = text.bytes().next().is_some_and(is_word);
    let is_made = || {
        let mut bytes = text.bytes();
        bytes.all(|b| is_word(b) || matches!(b, b'.' | b'-'))
    };
    (starts && text.len() <= TAG_MAX_CHARS && is_made()).then(|| ImageTag::new(text))
}

/// A glob over image tags: `*` stands for any run of characters, `?` for exactly one; nothing else
/// is special.
///
/// GitFlow is `develop-*` and `release-*` to staging, `v*` to production.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagPattern(String);

impl TagPattern {
    /// Takes a glob that some tag of ECR can match.
    ///
    /// # Errors
    ///
    /// When the text is empty, longer than a tag may be, or holds what no tag may hold
    /// (ECR: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`).
    pub fn parse(text: &str) -> Result<Self, InvalidTagPattern> {
        let mut chars = text.chars();
        match chars.next() {
            None => return Err(InvalidTagPattern::Empty),
            Some(_) if text.len() > PATTERN_MAX_BYTES => return Err(InvalidTagPattern::Long),
            Some(first) if !starts_tag(first) => {
                return Err(InvalidTagPattern::Start(text.to_owned(), first));
            }
            Some(_) => {}
        }
        if let Some(wrong) = chars.find(|c| !(starts_tag(*c) || matches!(c, '.' | '-'))) {
            return Err(InvalidTagPattern::Character(text.to_owned(), wrong));
        }
        if text.chars().filter(|c| *c != '*').count() > TAG_MAX_CHARS {
            return Err(InvalidTagPattern::Long);
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether the glob matches the whole tag.
    pub fn matches(&self, tag: &ImageTag) -> bool {
        WildMatch::new(&self.0).matches(tag.as_str())
    }

    /// The glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn starts_tag(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '*' | '?')
}

impl FromStr for TagPattern {
    type Err = InvalidTagPattern;

    fn from_str(text: &str) -> Result<Self, InvalidTagPattern> {
        Self::parse(text)
    }
}

impl TryFrom<String> for TagPattern {
    type Error = InvalidTagPattern;

    fn try_from(text: String) -> Result<Self, InvalidTagPattern> {
        Self::parse(&text)
    }
}

impl From<TagPattern> for String {
    fn from(pattern: TagPattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A glob that no image tag can match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTagPattern {
    /// There is nothing to match.
    #[error("a tag pattern is empty")]
    Empty,
    /// Tags do not begin like this.
    #[error("`{0}` matches no image tag: a tag does not begin with `{1}`")]
    Start(String, char),
    /// Tags do not hold this.
    #[error(
        "`{0}` matches no image tag: a tag holds letters, digits, `.`, `_` and `-`, never `{1}`"
    )]
    Character(String, char),
    /// Tags are not as long as this.
    #[error("a tag pattern is too long: an image tag has at most {TAG_MAX_CHARS} characters")]
    Long,
}

#[cfg(test)]
mod tests {
    use super::{InvalidTagPattern, TagPattern};
    use crate::id::ImageTag;

    #[test]
    fn gitflow_tags_reach_their_environments() {
        for (pattern, tag, reached) in [
            ("develop-*", "develop-3f2a9c1", true),
            ("develop-*", "develop", false),
            ("release-*", "release-1.4.0-rc.2", true),
            ("v*", "v1.4.0", true),
            ("v*", "dev1", false),
            ("v*", "V1.4.0", false),
            ("v?.?", "v1.4", true),
            ("v?.?", "v1.40", false),
            ("*", "latest", true),
        ] {
            let pattern = TagPattern::parse(pattern).unwrap();
            assert_eq!(
                pattern.matches(&ImageTag::new(tag)),
                reached,
                "{pattern} on {tag}"
            );
        }
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_refused() {
        use InvalidTagPattern::{Character, Empty, Long, Start};
        let refused = |text: &str| TagPattern::parse(text).unwrap_err();
        assert_eq!(refused(""), Empty);
        assert_eq!(refused("-v*"), Start("-v*".into(), '-'));
        assert_eq!(refused("release/*"), Character("release/*".into(), '/'));
        assert_eq!(refused("v[0-9]"), Character("v[0-9]".into(), '['));
        assert_eq!(refused(&"v".repeat(129)), Long);
        assert!(TagPattern::parse(&format!("{}*", "v".repeat(128))).is_ok());
    }

    #[test]
    fn json_is_the_text_and_is_checked() {
        let pattern: TagPattern = serde_json::from_str("\"v*\"").unwrap();
        assert_eq!(serde_json::to_string(&pattern).unwrap(), "\"v*\"");
        assert!(serde_json::from_str::<TagPattern>("\"a b\"").is_err());
    }
}
