//! What depends on where the repository is: commands, links, and where to see who did something.

use sluice_core::config::Source;
use sluice_core::id::{BranchName, CommitId};

use crate::message::{Block, Link};

/// What the check of a pull request says, in GitHub: a line of at most 140 characters.
pub fn status(succeeds: bool) -> &'static str {
    match succeeds {
        true => "a release or hotfix branch, by its name",
        false => "not a release or hotfix branch: Sluice's comment says what to do",
    }
}

/// The command that opens a pull request.
pub(super) fn pull_request(source: &Source, from: &BranchName, to: &BranchName) -> String {
    let (title, repository) = (format!("Merge {from} into {to}"), &source.repository);
    match &source.github {
        Some(access) => format!(
            "gh pr create --repo {}/{repository} --base {to} --head {from} --title \"{title}\" \
             --body \"\"",
            host(&access.pages())
        ),
        None => format!(
            "aws codecommit create-pull-request --title \"{title}\" --targets \
             repositoryName={repository},sourceReference={from},destinationReference={to}"
        ),
    }
}

/// The command that creates a branch at a commit.
pub(super) fn branch_at(source: &Source, branch: &str, commit: &CommitId) -> String {
    let repository = &source.repository;
    match &source.github {
        Some(access) => format!(
            "gh api --hostname {} repos/{repository}/git/refs -f ref=refs/heads/{branch} -f sha={commit}",
            host(&access.pages())
        ),
        None => format!(
            "aws codecommit create-branch --repository-name {repository} --branch-name {branch} \
             --commit-id {commit}"
        ),
    }
}

/// Where to see who moved or deleted a branch.
pub(super) fn who_did_it(source: &Source) -> String {
    match &source.github {
        Some(access) => format!(
            " Who did it is in the repository's activity: {}/{}/activity",
            access.pages(),
            source.repository
        ),
        None => " Who did it is in CloudTrail: look for GitPush and DeleteBranch.".to_owned(),
    }
}

/// A link to a commit.
pub(super) fn link(source: &Source, commit: &CommitId) -> Option<Block> {
    let is_commit =
        commit.as_str().len() == 40 && commit.as_str().bytes().all(|b| b.is_ascii_hexdigit());
    if !is_commit {
        return None;
    }
    let repository = &source.repository;
    let url = match (&source.github, &source.place) {
        (Some(access), _) => format!("{}/{repository}/commit/{commit}", access.pages()),
        (None, Some(place)) => format!(
            "https://{0}.console.aws.amazon.com/codesuite/codecommit/repositories/{repository}/commit/\
             {commit}?region={0}",
            place.region
        ),
        (None, None) => return None,
    };
    let text = format!("commit {}", commit.short());
    Some(Block::Links(vec![Link {
        text,
        url: Some(url),
    }]))
}

fn host(pages: &str) -> &str {
    pages.split_once("://").map_or(pages, |(_, host)| host)
}
