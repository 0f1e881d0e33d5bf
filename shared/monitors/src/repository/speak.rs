//! What Sluice says of a pull request: a status of its commit, and one comment.

use serde_json::json;
use sluice_core::failure::PortError;
use sluice_core::id::{CommentId, CommitId, PullRequestId};
use sluice_words::source::status;

use super::calls::Of;
use super::shape::{Combined, Remark, Status};
use super::{GitHubRepository, Kind, hidden};

/// The check, as a branch protection rule or a ruleset names it.
const CHECK: &str = "sluice/branch-model";

/// Comments of a page, and pages at most.
const COMMENTS: (usize, usize) = (100, 10);

impl GitHubRepository {
    /// Gives the commit the status, unless it has it. One that is not there any more gets none.
    pub(super) async fn ensure_status(
        &self,
        of: Of<'_>,
        commit: &CommitId,
        succeeds: bool,
    ) -> Result<(), PortError> {
        let state = if succeeds { "success" } else { "failure" };
        let path = format!("/commits/{commit}/status?per_page=100");
        let Some(now) = self.calls.get::<Combined>(of, &path).await? else {
            return self.is_missing(of, Kind::Contents).await;
        };
        let says =
            |it: &Status| it.state == state && it.description.as_deref() == Some(status(succeeds));
        let mut now = now.statuses.iter();
        if now.find(|it| it.context == CHECK).is_some_and(says) {
            return Ok(());
        }
        let body = json!({"state": state, "context": CHECK, "description": status(succeeds)});
        let path = format!("/statuses/{commit}");
        match self.calls.write(of, "POST", &path, &body).await? {
            Some(_) => Ok(()),
            None => Err(unwritable(of, "Commit statuses")),
        }
    }

    /// The comment with the token in its last line, which is not shown. Anyone may write such a line:
    /// then Sluice has no comment there, and the check says the same.
    pub(super) async fn ensure_remark(
        &self,
        of: Of<'_>,
        id: &PullRequestId,
        token: &str,
        text: &str,
    ) -> Result<CommentId, PortError> {
        let path = format!("/issues/{}/comments", id.number());
        let listed = format!("{path}?");
        let all: Option<Vec<Remark>> = self.calls.list(of, &listed, COMMENTS).await?;
        let mark = format!("<!-- {token} -->");
        let mut all = all.ok_or_else(|| hidden(of))?.into_iter();
        if let Some(there) = all.find(|one| mark_of(one) == Some(&mark)) {
            return Ok(CommentId::new(there.id.to_string()));
        }
        let body = json!({"body": format!("{text}\n\n{mark}")});
        let call = "POST /issues/…/comments";
        let made = self.calls.write(of, "POST", &path, &body).await?;
        let made = made.ok_or_else(|| unwritable(of, "Pull requests"))?;
        let id = made["id"].as_u64();
        let id = id.ok_or_else(|| of.unreadable(call, "it has no id"))?;
        Ok(CommentId::new(id.to_string()))
    }

    pub(super) async fn ensure_remark_says(
        &self,
        of: Of<'_>,
        comment: &CommentId,
        text: &str,
    ) -> Result<(), PortError> {
        let path = format!("/issues/comments/{comment}");
        let Some(there) = self.calls.get::<Remark>(of, &path).await? else {
            return self.is_missing(of, Kind::Pulls).await;
        };
        let mark = mark_of(&there).unwrap_or_default();
        let body = format!("{text}\n\n{mark}");
        if there.body.as_deref() == Some(body.trim_end()) {
            return Ok(());
        }
        let body = json!({"body": body.trim_end()});
        // Deleted in between, it stays deleted.
        self.calls.write(of, "PATCH", &path, &body).await.map(drop)
    }
}

/// The line that says which comment it is.
fn mark_of(remark: &Remark) -> Option<&str> {
    let last = remark.body.as_deref()?.lines().next_back()?;
    last.starts_with("<!-- sluice-").then_some(last)
}

/// GitHub answers 404 where the token may read and not write.
fn unwritable(of: Of<'_>, permission: &str) -> PortError {
    PortError::needs_person(format!(
        "GitHub does not let the token in `{}` write to {}: give it the permission \"{permission}: Read \
         and write\"",
        of.access.token, of.name
    ))
}
