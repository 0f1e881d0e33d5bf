//! CodeCommit: branches, commits, pull requests.

use serde_json::{Value, json};
use sluice_core::id::{BranchName, CommentId, CommitId, PullRequestId, SourceName};
use sluice_sim::cloud::{Cloud, CommentRefused, Place, address_of};

use crate::caller::Caller;
use crate::json::{page, require, without_nulls};
use crate::refusal::Refusal;

/// The most branches and pull requests that a page has.
const BRANCHES_ON_A_PAGE: usize = 1_000;
const PULLS_ON_A_PAGE: usize = 100;

pub(crate) fn answer(
    cloud: &mut Cloud,
    caller: &Caller,
    operation: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    match operation {
        "GetBranch" => get_branch(cloud, &place, input),
        "ListBranches" => list_branches(cloud, &place, input),
        "GetCommit" => get_commit(cloud, &place, input),
        "GetMergeCommit" => get_merge_commit(cloud, &place, input),
        "ListPullRequests" => list_pull_requests(cloud, &place, input),
        "GetPullRequest" => get_pull_request(cloud, &place, input),
        "UpdatePullRequestApprovalState" => update_approval(cloud, &place, input),
        "PostCommentForPullRequest" => post_comment(cloud, &place, input),
        "UpdateComment" => update_comment(cloud, &place, input),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

fn repository(cloud: &Cloud, place: &Place, input: &Value) -> Result<SourceName, Refusal> {
    let name = SourceName::new(require(input, "repositoryName")?);
    match cloud.git_has(place, &name) {
        true => Ok(name),
        false => Err(Refusal::new(
            "RepositoryDoesNotExistException",
            format!("{name} does not exist"),
        )),
    }
}

fn get_branch(cloud: &Cloud, place: &Place, input: &Value) -> Result<Value, Refusal> {
    let name = repository(cloud, place, input)?;
    let branch = BranchName::new(require(input, "branchName")?);
    let commit = cloud.git_branch_in(place, &name, &branch).ok_or_else(|| {
        Refusal::new(
            "BranchDoesNotExistException",
            format!("Branch {branch} does not exist"),
        )
    })?;
    Ok(json!({"branch": {"branchName": branch, "commitId": commit}}))
}

fn list_branches(cloud: &Cloud, place: &Place, input: &Value) -> Result<Value, Refusal> {
    let name = repository(cloud, place, input)?;
    let all = cloud.git_branches_in(place, &name).into_iter();
    let all = all.map(|branch| json!(branch)).collect();
    let (branches, next) = page(input, all, BRANCHES_ON_A_PAGE);
    Ok(without_nulls(
        json!({"branches": branches, "nextToken": next}),
    ))
}

fn get_commit(cloud: &Cloud, place: &Place, input: &Value) -> Result<Value, Refusal> {
    let name = repository(cloud, place, input)?;
    let id = CommitId::new(require(input, "commitId")?);
    let commit = cloud.git_commit_in(place, &name, &id).ok_or_else(|| {
        Refusal::new(
            "CommitIdDoesNotExistException",
            format!("{id} does not exist"),
        )
    })?;
    let person = json!({
        "name": commit.author,
        "email": address_of(&commit.author),
        "date": "1767603600 +0000",
    });
    Ok(json!({"commit": {
        "commitId": id,
        "treeId": id,
        "parents": commit.parents,
        "message": commit.message,
        "author": person,
        "committer": person,
        "additionalData": "",
    }}))
}

fn get_merge_commit(cloud: &Cloud, place: &Place, input: &Value) -> Result<Value, Refusal> {
    let name = repository(cloud, place, input)?;
    let one = CommitId::new(require(input, "sourceCommitSpecifier")?);
    let other = CommitId::new(require(input, "destinationCommitSpecifier")?);
    for id in [&one, &other] {
        if cloud.git_commit_in(place, &name, id).is_none() {
            return Err(Refusal::new(
                "CommitDoesNotExistException",
                format!("{id} does not exist"),
            ));
        }
    }
    Ok(without_nulls(json!({
        "sourceCommitId": one,
        "destinationCommitId": other,
        "baseCommitId": cloud.git_base_in(place, &name, &one, &other),
    })))
}

fn list_pull_requests(cloud: &Cloud, place: &Place, input: &Value) -> Result<Value, Refusal> {
    let name = repository(cloud, place, input)?;
    let all = match input["pullRequestStatus"].as_str() {
        Some("OPEN") => cloud.git_open_pulls_in(place, &name),
        Some("CLOSED") => cloud.git_closed_pulls_in(place, &name),
        _ => {
            return Err(Refusal::new(
                "InvalidPullRequestStatusException",
                "The simulated cloud lists open or closed pull requests, not both",
            ));
        }
    };
    let all = all.into_iter();
    let all = all.map(|id| json!(id)).collect();
    let (ids, next) = page(input, all, PULLS_ON_A_PAGE);
    Ok(without_nulls(
        json!({"pullRequestIds": ids, "nextToken": next}),
    ))
}

fn get_pull_request(cloud: &Cloud, place: &Place, input: &Value) -> Result<Value, Refusal> {
    let id = PullRequestId::new(require(input, "pullRequestId")?);
    let (name, pull) = cloud.git_pull_in(place, &id).ok_or_else(|| {
        Refusal::new(
            "PullRequestDoesNotExistException",
            format!("{id} does not exist"),
        )
    })?;
    let merge = match &pull.merged {
        Some(merged) => json!({
            "isMerged": true,
            "mergedBy": merged.by,
            "mergeCommitId": merged.commit,
            "mergeOption": merged.option.name(),
        }),
        None => json!({"isMerged": false}),
    };
    Ok(json!({"pullRequest": {
        "pullRequestId": id,
        "title": format!("Merge {} into {}", pull.source, pull.destination),
        "pullRequestStatus": if pull.open { "OPEN" } else { "CLOSED" },
        "authorArn": pull.author,
        "pullRequestTargets": [{
            "repositoryName": name,
            "sourceReference": format!("refs/heads/{}", pull.source),
            "destinationReference": format!("refs/heads/{}", pull.destination),
            "sourceCommit": pull.source_commit,
            "destinationCommit": pull.destination_commit,
            "mergeMetadata": merge,
        }],
        "revisionId": pull.revision.to_string(),
        "approvalRules": [],
    }}))
}

fn update_approval(cloud: &mut Cloud, place: &Place, input: &Value) -> Result<Value, Refusal> {
    let id = PullRequestId::new(require(input, "pullRequestId")?);
    let revision = require(input, "revisionId")?;
    let approved = require(input, "approvalState")? == "APPROVE";
    let Some((_, pull)) = cloud.git_pull_in(place, &id) else {
        return Err(Refusal::new(
            "PullRequestDoesNotExistException",
            format!("{id} does not exist"),
        ));
    };
    match cloud.git_approve(place, &id, revision, approved) {
        true => Ok(json!({})),
        false if pull.open => Err(Refusal::new(
            "RevisionNotCurrentException",
            "The revision is not the latest one",
        )),
        false => Err(Refusal::new(
            "PullRequestAlreadyClosedException",
            format!("{id} is closed"),
        )),
    }
}

fn post_comment(cloud: &mut Cloud, place: &Place, input: &Value) -> Result<Value, Refusal> {
    repository(cloud, place, input)?;
    let id = PullRequestId::new(require(input, "pullRequestId")?);
    let text = require(input, "content")?;
    let token = input["clientRequestToken"].as_str().unwrap_or_default();
    let between = (
        CommitId::new(require(input, "beforeCommitId")?),
        CommitId::new(require(input, "afterCommitId")?),
    );
    let comment = cloud.git_comment(place, &id, &between, token, text);
    let comment = comment.map_err(|refused| match refused {
        CommentRefused::NoPullRequest => Refusal::new(
            "PullRequestDoesNotExistException",
            format!("{id} does not exist"),
        ),
        CommentRefused::OtherComment => Refusal::new(
            "IdempotencyParameterMismatchException",
            "The client request token was used for another request",
        ),
    })?;
    Ok(json!({"comment": {"commentId": comment, "content": text, "clientRequestToken": token}}))
}

fn update_comment(cloud: &mut Cloud, place: &Place, input: &Value) -> Result<Value, Refusal> {
    let comment = CommentId::new(require(input, "commentId")?);
    let text = require(input, "content")?;
    match cloud.git_change_comment(place, &comment, text) {
        true => Ok(json!({"comment": {"commentId": comment, "content": text}})),
        false => Err(Refusal::new(
            "CommentDoesNotExistException",
            format!("{comment} does not exist"),
        )),
    }
}
