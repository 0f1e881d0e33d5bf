//! Where an image comes from: which commit, of which repository, and who pushed it.
//!
//! ECR's event says none of it. Whoever builds the image says it in annotations of the image's
//! manifest or index; two of them are OCI's own
//! (<https://specs.opencontainers.org/image-spec/annotations/>). What they hold is somebody else's
//! text: only what looks like a commit and an address is taken.

mod ci;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CommitId, ImageTag, UserId};

pub use ci::{BUILD, BuildPage, COVERAGE, CiReport, EXCEPTIONS, EXCEPTIONS_UNTIL, FINDINGS, TESTS};

/// The annotation that names the commit.
pub const REVISION: &str = "org.opencontainers.image.revision";

/// The annotation that names the repository: its address in a browser.
pub const SOURCE: &str = "org.opencontainers.image.source";

/// Sluice's own annotation: who pushed, as an e-mail address or a Slack user id.
pub const PUSHED_BY: &str = "sluice.pushed-by";

/// Sluice's own annotation: when the commit was made, as RFC 3339 writes it.
pub const COMMITTED_AT: &str = "sluice.committed-at";

/// The digits by which people know a commit.
const SHORT: usize = 7;

/// A longer address is no repository's.
const SOURCE_CHARS: usize = 300;

/// Where an image comes from, as far as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// When it was made, as the image says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_at: Option<Timestamp>,
    /// The repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Who pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_by: Option<UserId>,
    /// What CI says it found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci: Option<CiReport>,
}

impl Origin {
    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// The commit's page; `None` where the commit or its repository is not known.
    pub fn commit_url(&self) -> Option<String> {
        self.source.as_ref()?.commit(self.commit.as_ref()?)
    }

    /// The page that shows what came after `before`; `None` where one of the commits is not known, or
    /// they are one.
    pub fn compare_url(&self, before: &Self) -> Option<String> {
        let (old, new) = (before.commit.as_ref()?, self.commit.as_ref()?);
        if old == new {
            return None;
        }
        self.source.as_ref()?.compare(old, new)
    }
}

/// What an image's manifest or index is annotated with, of all that matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotations {
    commit: Option<Commit>,
    committed_at: Option<Timestamp>,
    source: Option<Source>,
    pushed_by: Option<PushedBy>,
    ci: Option<CiReport>,
    /// Whether somebody is named who pushed, and not in a way that can be read.
    unreadable: bool,
}

impl Annotations {
    /// Reads them. What is not what its name says is left out.
    pub fn read(all: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| all.get(name).map(String::as_str);
        let pushed_by = text(PUSHED_BY).and_then(PushedBy::parse);
        Self {
            commit: text(REVISION).and_then(Commit::parse),
            committed_at: text(COMMITTED_AT).and_then(|at| at.parse().ok()),
            source: text(SOURCE).and_then(Source::parse),
            unreadable: text(PUSHED_BY).is_some() && pushed_by.is_none(),
            pushed_by,
            ci: CiReport::read(all),
        }
    }

    /// These, and what only the others say: an index says more than one platform's manifest, where it
    /// says anything.
    pub fn or(self, others: Self) -> Self {
        Self {
            commit: self.commit.or(others.commit),
            committed_at: self.committed_at.or(others.committed_at),
            source: self.source.or(others.source),
            unreadable: self.unreadable || others.unreadable,
            pushed_by: self.pushed_by.or(others.pushed_by),
            ci: self.ci.or(others.ci),
        }
    }

    /// Whether all of them are there.
    pub fn are_complete(&self) -> bool {
        self.commit.is_some() && self.source.is_some() && self.pushed_by.is_some()
    }

    /// Who pushed, if they say.
    pub fn pushed_by(&self) -> Option<&PushedBy> {
        self.pushed_by.as_ref()
    }

    /// Whether they name somebody in a way that cannot be read.
    pub fn name_nobody(&self) -> bool {
        self.unreadable && self.pushed_by.is_none()
    }

    /// Where the image comes from, by these and by its tags. `pushed_by` is whom Slack knows, and
    /// `hosts` are those whose pages may be linked to.
    pub fn origin<'a>(
        self,
        tags: impl IntoIterator<Item = &'a ImageTag>,
        pushed_by: Option<UserId>,
        hosts: &[String],
    ) -> Origin {
        Origin {
            commit: self.commit.or_else(|| Commit::of_tags(tags)),
            committed_at: self.committed_at,
            source: self.source.filter(|source| source.is_trusted(hosts)),
            pushed_by,
            ci: self.ci.map(|report| report.trusting(hosts)),
        }
    }
}

/// A commit: 7 to 64 hexadecimal digits, in small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Commit(String);

impl Commit {
    /// Takes what an annotation says; `None` if it is no commit.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_commit =
            (SHORT..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_commit.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The commit that a tag names: 7 to 40 hexadecimal digits, perhaps after `sha-`. Of a tag with
    /// nothing before the digits one must be a letter, lest a date be taken for a commit.
    pub fn of_tag(tag: &ImageTag) -> Option<Self> {
        let tag = tag.as_str();
        let (digits, is_said) = match tag.strip_prefix("sha-") {
            Some(digits) => (digits, true),
            None => (tag, false),
        };
        let has_letter = digits.bytes().any(|b| b.is_ascii_alphabetic());
        let commit = Self::parse(digits)?;
        (digits.len() <= 40 && (is_said || has_letter)).then_some(commit)
    }

    /// The commit that an image's tags name. Of several the one with the most digits, then the first
    /// in alphabetical order: always the same.
    pub fn of_tags<'a>(tags: impl IntoIterator<Item = &'a ImageTag>) -> Option<Self> {
        let commits = tags.into_iter().filter_map(Self::of_tag);
        commits.min_by(|a, b| (b.0.len(), &a.0).cmp(&(a.0.len(), &b.0)))
    }

    /// The first digits, by which people know it.
    pub fn short(&self) -> &str {
        &self.0[..SHORT]
    }

    /// All of its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As git names it; `None` if these are only its first digits.
    pub fn id(&self) -> Option<CommitId> {
        (self.0.len() == 40).then(|| CommitId::new(self.0.as_str()))
    }
}

impl TryFrom<String> for Commit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no commit"))
    }
}

impl From<Commit> for String {
    fn from(commit: Commit) -> Self {
        commit.0
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

/// Hosts that everybody knows.
const WELL_KNOWN: [&str; 4] = ["github.com", "gitlab.com", "bitbucket.org", "codeberg.org"];

/// A repository's address, such as `https://github.com/acme/erp`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Source(String);

impl Source {
    /// Takes what an annotation says; `None` unless it is an `https` address with a path and nothing
    /// else in it: no user, no query, nothing that could end a link early.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches('/');
        let text = text.strip_suffix(".git").unwrap_or(text);
        let (host, path) = text.strip_prefix("https://")?.split_once('/')?;
        let is_host = host.contains('.')
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'));
        let is_path = !path.is_empty()
            && path.bytes().all(|b| {
                b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b'~')
            });
        (is_host && is_path && text.len() <= SOURCE_CHARS).then(|| Self(text.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether pages there may be linked to: its host is well known, or one of these, letter for
    /// letter. Whoever pushes an image says where its source is, and a link to a forged page is
    /// worse than none.
    pub fn is_trusted(&self, hosts: &[String]) -> bool {
        is_trusted_host(self.host(), hosts)
    }

    fn host(&self) -> &str {
        let address = self.0.strip_prefix("https://").unwrap_or_default();
        address.split('/').next().unwrap_or_default()
    }

    /// Its page in a browser; `None` where its address is for git alone.
    pub fn url(&self) -> Option<&str> {
        self.forge().map(|_| self.as_str())
    }

    fn forge(&self) -> Option<Forge> {
        let host = self.host();
        if host.starts_with("git-codecommit.") {
            // CodeCommit's address is for git alone, and its console is elsewhere.
            None
        } else if host.contains("gitlab") {
            Some(Forge::GitLab)
        } else if host == "bitbucket.org" {
            Some(Forge::Bitbucket)
        } else {
            Some(Forge::GitHub)
        }
    }

    fn commit(&self, commit: &Commit) -> Option<String> {
        let (base, commit) = (&self.0, commit.as_str());
        Some(match self.forge()? {
            Forge::GitHub => format!("{base}/commit/{commit}"),
            Forge::GitLab => format!("{base}/-/commit/{commit}"),
            Forge::Bitbucket => format!("{base}/commits/{commit}"),
        })
    }

    fn compare(&self, old: &Commit, new: &Commit) -> Option<String> {
        let (base, old, new) = (&self.0, old.as_str(), new.as_str());
        Some(match self.forge()? {
            Forge::GitHub => format!("{base}/compare/{old}...{new}"),
            Forge::GitLab => format!("{base}/-/compare/{old}...{new}"),
            Forge::Bitbucket => format!("{base}/branches/compare/{new}..{old}"),
        })
    }
}

impl TryFrom<String> for Source {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no repository's address"))
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.0
    }
}

fn is_trusted_host(host: &str, hosts: &[String]) -> bool {
    WELL_KNOWN.contains(&host) || hosts.iter().any(|trusted| trusted == host)
}

/// How a forge writes its addresses.
enum Forge {
    /// GitHub, and those that write them the same way: Gitea, Forgejo, Gogs.
    GitHub,
    GitLab,
    Bitbucket,
}

/// Who pushed, as the annotation says it.
#[derive(Clone, PartialEq, Eq)]
pub enum PushedBy {
    /// A Slack user.
    User(UserId),
    /// An e-mail address: personal data, that is asked about and kept nowhere.
    Email(String),
}

impl PushedBy {
    /// Takes what the annotation says; `None` if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_id = (9..=20).contains(&text.len())
            && text.starts_with(['U', 'W'])
            && text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if is_id {
            return Some(Self::User(UserId::new(text)));
        }
        let (name, host) = text.split_once('@')?;
        let is_email = !name.is_empty()
            && host.contains('.')
            && !host.contains('@')
            && text.len() <= 254
            && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        is_email.then(|| Self::Email(text.to_owned()))
    }
}

/// Without the address: what is printed is kept.
impl fmt::Debug for PushedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => f.debug_tuple("User").field(user).finish(),
            Self::Email(_) => f.write_str("Email(…)"),
        }
    }
}

#[cfg(test)]
mod tests;
