//! Pull requests: which there are, and what merging one made.
//!
//! GitHub does not say in a pull request where its branch was when it was merged: `base.sha` is older. The
//! repository's activity has it: each change of a branch with the commits before and after it, and
//! whether GitHub's merge made it or a push.

use form_urlencoded::Serializer;
use jiff::SignedDuration;
use sluice_core::failure::PortError;
use sluice_core::id::{BranchName, CommitId, PullRequestId, RevisionId};
use sluice_core::source::{Merger, PullRequest};

use super::calls::Of;
use super::shape::{Activity, ListedPull, Pull};
use super::{GitHubRepository, Kind, hidden};

/// Closed pull requests that are read, the last changed: one that was just merged is the first.
const CLOSED: (usize, usize) = (30, 2);

/// Open pull requests of a page, and pages at most.
const OPEN: (usize, usize) = (30, 10);

/// Changes of a branch that are looked through, the newest.
const CHANGES: &str = "100";

/// So long after a merge the activity may lack it. After that it is taken for none of a push.
const SHOWN_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// How a commit became the head of its branch.
enum Made {
    /// By merging one pull request; what the branch was at before.
    ByMerge(CommitId),
    /// By a push, after which GitHub shows a pull request with the same commits as merged.
    ByPush,
    /// It is not among the newest changes, or came with others from a merge queue.
    Unknown,
}

impl GitHubRepository {
    /// Those that were merged, the last merged first.
    pub(super) async fn merged_pulls(&self, of: Of<'_>) -> Result<Vec<PullRequestId>, PortError> {
        let path = "/pulls?state=closed&sort=updated&direction=desc&";
        let all: Option<Vec<ListedPull>> = self.calls.list(of, path, CLOSED).await?;
        let mut all = all.ok_or_else(|| hidden(of))?;
        all.retain(|pull| pull.merged_at.is_some());
        all.sort_by(|one, other| other.merged_at.cmp(&one.merged_at));
        all.dedup_by_key(|pull| pull.number);
        Ok(all.iter().map(id).collect())
    }

    /// Those that are open to the branch.
    pub(super) async fn pulls_to(
        &self,
        of: Of<'_>,
        to: &BranchName,
    ) -> Result<Vec<PullRequestId>, PortError> {
        let to = query("base", to.as_str());
        let path = format!("/pulls?state=open&{to}&");
        let all: Option<Vec<ListedPull>> = self.calls.list(of, &path, OPEN).await?;
        let mut ids: Vec<PullRequestId> = all.ok_or_else(|| hidden(of))?.iter().map(id).collect();
        // One that is opened while pages are read moves another onto the next page.
        ids.sort_by_key(PullRequestId::number);
        ids.dedup();
        Ok(ids)
    }

    pub(super) async fn pull_request(
        &self,
        of: Of<'_>,
        id: &PullRequestId,
    ) -> Result<Option<PullRequest>, PortError> {
        let path = format!("/pulls/{}", id.number());
        let Some(pull) = self.calls.get::<Pull>(of, &path).await? else {
            self.is_missing(of, Kind::Pulls).await?;
            return Ok(None);
        };
        // Before it is merged this is a test.
        let merge = pull.merge_commit_sha.as_ref().filter(|_| pull.merged);
        let merge = merge.map(|sha| CommitId::new(sha.as_str()));
        let made = match &merge {
            Some(commit) => self.made(of, &pull, commit).await?,
            None => Made::Unknown,
        };
        let before = match (&made, &merge) {
            (Made::ByMerge(before), _) => Some(before.clone()),
            (Made::Unknown, Some(commit)) => {
                let commit = self.git_commit(of, commit).await?;
                commit.and_then(super::shape::GitCommit::first_parent)
            }
            _ => None,
        };
        let by = pull.merged_by.as_ref();
        Ok(Some(PullRequest {
            source: pull.source(),
            destination: BranchName::new(pull.base.name.as_str()),
            open: pull.state == "open",
            revision: RevisionId::new(pull.head.sha.as_str()),
            source_commit: CommitId::new(pull.head.sha),
            destination_commit: before.unwrap_or_else(|| CommitId::new(pull.base.sha)),
            merge_commit: merge.filter(|_| !matches!(made, Made::ByPush)),
            merged_by: by.map(|by| Merger::github(&by.login)),
        }))
    }

    /// How the pull request's commit became the head of its branch.
    async fn made(&self, of: Of<'_>, pull: &Pull, commit: &CommitId) -> Result<Made, PortError> {
        let branch = &pull.base.name;
        let named = query("ref", &format!("refs/heads/{branch}"));
        let path = format!("/activity?{named}&per_page={CHANGES}");
        // An old Enterprise Server has no list of changes.
        let all: Option<Vec<Activity>> = self.calls.get(of, &path).await?;
        let all = all.unwrap_or_default();
        if let Some(change) = all.iter().find(|change| change.after == commit.as_str()) {
            return Ok(match change.activity_type.as_str() {
                "pr_merge" => Made::ByMerge(CommitId::new(change.before.as_str())),
                "push" | "force_push" | "branch_creation" => Made::ByPush,
                _ => Made::Unknown,
            });
        }
        let since = self
            .calls
            .now()
            .duration_since(pull.merged_at.unwrap_or_default());
        if let Some(newest) = all.first()
            && since < SHOWN_WITHIN
            && self.head_of(of, &BranchName::new(branch.as_str())).await?
                != Some(CommitId::new(newest.after.as_str()))
        {
            return Err(PortError::retryable(format!(
                "GitHub does not show yet how {branch} of {} came to {commit}: it is asked again",
                of.name
            )));
        }
        Ok(Made::Unknown)
    }
}

fn id(pull: &ListedPull) -> PullRequestId {
    PullRequestId::new(pull.number.to_string())
}

fn query(key: &str, value: &str) -> String {
    Serializer::new(String::new())
        .append_pair(key, value)
        .finish()
}
