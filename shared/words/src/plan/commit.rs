//! Remarks about the commit that an image was built from.

use std::fmt;

use jiff::Timestamp;
use sluice_core::id::{BranchName, CommitId};
use sluice_core::quantity;
use sluice_core::source::{Doubt, Lack, What, WrongChange};

/// Commits that a remark names.
const NAMED: usize = 3;

/// `the image says that it was built from commit 1a2b3c4`: only a signature makes it more than that.
struct BuiltFrom<'a>(&'a CommitId, bool);

impl fmt::Display for BuiltFrom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let says = match self.1 {
            true => "the image was built",
            false => "the image says that it was built",
        };
        write!(f, "{says} from commit {}", self.0.short())
    }
}

/// Why the commit may be none that is to be released.
pub(super) fn in_doubt(
    (commit, signed): (Option<&CommitId>, bool),
    main: &BranchName,
    doubt: &Doubt,
) -> String {
    let Some(commit) = commit else {
        return "the image does not name its commit in full, so Sluice cannot check what it contains"
            .to_owned();
    };
    let built = BuiltFrom(commit, signed);
    match doubt {
        Doubt::NotNamed | Doubt::NotRead => format!(
            "the source repository could not be read: it is not known what commit {} contains",
            commit.short()
        ),
        Doubt::NotFound => format!("{built}, which is not in the source repository"),
        Doubt::OnNoBranch => format!(
            "{built}, which is on no branch that is released from: it may not have been reviewed"
        ),
        Doubt::NotJudged => {
            format!("{built}, and Sluice has not checked yet how the newest commits reached {main}")
        }
        Doubt::Wrong(changes) => format!(
            "{built}, which contains {}: not a way into {main} that [source] allows, so it may not \
             have been reviewed",
            named(changes, wrong)
        ),
    }
}

/// What it lacks, and that a release loses that.
pub(super) fn lacks(
    (commit, signed): (&CommitId, bool),
    main: &BranchName,
    lacks: &[Lack],
) -> String {
    let built = BuiltFrom(commit, signed);
    let merged = |lack: &Lack| format!("{} ({})", lack.commit.short(), at(lack.since));
    let means = match lacks.iter().any(|lack| lack.runs) {
        true => "The version now running has it: a fixed problem comes back",
        false => "A fixed problem may come back",
    };
    format!(
        "{built}, which lacks {}: merged into {main} and not merged back. {means}",
        named(lacks, merged)
    )
}

fn wrong(change: &WrongChange) -> String {
    let commit = change.commit.short();
    let (what, how) = match &change.what {
        What::Pushed { commits } if *commits > 1 => (
            format!("{} up to {commit}", quantity::count(*commits, "commit")),
            "pushed directly".to_owned(),
        ),
        What::Pushed { .. } => (commit.to_owned(), "pushed directly".to_owned()),
        What::Merged { .. } => (commit.to_owned(), "a wrong merge".to_owned()),
        What::PullRequest { id, .. } => (commit.to_owned(), format!("pull request {id}")),
        What::Rewritten { .. } | What::Deleted => (commit.to_owned(), "a forced push".to_owned()),
    };
    format!("{what} ({how}, {})", at(change.at))
}

fn at(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn named<T>(all: &[T], say: impl Fn(&T) -> String) -> String {
    let named: Vec<String> = all.iter().take(NAMED).map(say).collect();
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}
