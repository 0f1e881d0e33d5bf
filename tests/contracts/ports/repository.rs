//! Source code. moto has repositories of CodeCommit, and nothing in them.

use sluice_app::ports::{Host, Repository, RepositoryAt};
use sluice_core::failure::ErrorClass;
use sluice_core::id::{BranchName, CommentId, CommitId, PullRequestId, SourceName};
use sluice_sim::cloud::{Cloud, MergeOption};

/// A repository `erp` with `main` and `develop` at the same commit.
pub(crate) trait Stage {
    fn repository(&self) -> &dyn Repository;
    fn at(&self) -> RepositoryAt;

    /// What people do to it.
    fn git<T>(&self, act: impl FnOnce(&mut Cloud) -> T) -> T;
}

async fn head(stage: &impl Stage, branch: &str) -> Option<CommitId> {
    let (port, at) = (stage.repository(), stage.at());
    port.head(&at, &BranchName::new(branch)).await.unwrap()
}

async fn a_branch_is_at_its_commit_and_one_that_is_not_there_at_none(stage: &impl Stage) {
    let commit = stage.git(|cloud| cloud.git_commit("erp", "develop", "Add a page", "Ada"));
    assert_eq!(head(stage, "develop").await, Some(commit));
    assert_eq!(head(stage, "feature/none").await, None);
    stage.git(|cloud| cloud.git_branch("erp", "release/v1.4.0", "develop"));
    let branches = stage.repository().branches(&stage.at()).await.unwrap();
    let expected = ["develop", "main", "release/v1.4.0"].map(BranchName::new);
    assert_eq!(branches, expected);
}

async fn a_commit_has_its_parents_its_title_and_its_author(stage: &impl Stage) {
    let first = stage.git(|cloud| cloud.git_head("erp", "main")).unwrap();
    let message = "Fix <@U024BE7LH>'s login\n\nIt was slow.";
    let commit = stage.git(|cloud| cloud.git_commit("erp", "develop", message, "Ada"));
    let merge = stage.git(|cloud| cloud.git_merge("erp", "develop", "main", "Grace"));
    let (port, at) = (stage.repository(), stage.at());
    let found = port.commit(&at, &commit).await.unwrap().unwrap();
    assert_eq!(found.commit.parents, std::slice::from_ref(&first));
    assert!(!found.commit.title.contains('<'), "{}", found.commit.title);
    assert!(
        found.commit.title.starts_with("Fix"),
        "{}",
        found.commit.title
    );
    assert_eq!(found.commit.author, "Ada");
    assert_eq!(found.email.as_deref(), Some("ada@example.com"));
    let found = port.commit(&at, &merge).await.unwrap().unwrap();
    assert_eq!(found.commit.parents, [first, commit]);
    let none = port.commit(&at, &CommitId::new("0".repeat(40))).await;
    assert!(none.unwrap().is_none());
}

async fn the_base_of_an_ancestor_is_the_ancestor(stage: &impl Stage) {
    let first = stage.git(|cloud| cloud.git_head("erp", "main")).unwrap();
    let ours = stage.git(|cloud| cloud.git_commit("erp", "main", "One", "Ada"));
    let theirs = stage.git(|cloud| cloud.git_commit("erp", "develop", "Two", "Ada"));
    let (port, at) = (stage.repository(), stage.at());
    for (one, other, base) in [
        (&first, &ours, &first),
        (&ours, &first, &first),
        (&ours, &theirs, &first),
        (&ours, &ours, &ours),
    ] {
        let found = port.base(&at, one, other).await.unwrap();
        assert_eq!(found.as_ref(), Some(base));
    }
}

async fn a_pull_request_says_what_it_merged_and_what_it_made(stage: &impl Stage) {
    let (commit, id) = stage.git(|cloud| {
        cloud.git_branch("erp", "feature/page", "develop");
        let commit = cloud.git_commit("erp", "feature/page", "Add a page", "Ada");
        let id = cloud.git_open_pull("erp", "feature/page", "develop", "Ada");
        (commit, id)
    });
    let (port, at) = (stage.repository(), stage.at());
    assert!(port.closed_pulls(&at).await.unwrap().is_empty());
    let open = port.pull(&at, &id).await.unwrap().unwrap();
    assert_eq!(open.merge_commit, None);
    assert_eq!(open.source_commit, commit);
    let options = [
        MergeOption::ThreeWay,
        MergeOption::Squash,
        MergeOption::FastForward,
    ];
    for option in options {
        let (before, id) = stage.git(|cloud| {
            let before = cloud.git_head("erp", "develop").unwrap();
            cloud.git_branch("erp", "feature/next", "develop");
            cloud.git_commit("erp", "feature/next", "Next", "Ada");
            (
                before,
                cloud.git_open_pull("erp", "feature/next", "develop", "Ada"),
            )
        });
        let made = stage.git(|cloud| {
            let made = cloud.git_merge_pull("erp", &id, option, "Grace");
            cloud.git_delete("erp", "feature/next");
            made
        });
        let merged = port.pull(&at, &id).await.unwrap().unwrap();
        assert_eq!(merged.source, BranchName::new("feature/next"));
        assert_eq!(merged.destination, BranchName::new("develop"));
        assert_eq!(merged.destination_commit, before);
        assert_eq!(merged.merge_commit, Some(made));
        let by = merged.merged_by.unwrap().to_string();
        assert!(by.ends_with(":user/grace"), "{by}");
        assert!(port.closed_pulls(&at).await.unwrap().contains(&id));
    }
    let none = port.pull(&at, &PullRequestId::new("4711")).await;
    assert_eq!(none.unwrap(), None);
}

async fn an_approval_is_for_one_state_and_a_comment_is_posted_once(stage: &impl Stage) {
    let (id, other) = stage.git(|cloud| {
        cloud.git_branch("erp", "hotfix/login", "main");
        cloud.git_commit("erp", "hotfix/login", "Fix the login", "Ada");
        let id = cloud.git_open_pull("erp", "hotfix/login", "main", "Ada");
        cloud.git_branch("erp", "feature/menu", "develop");
        cloud.git_commit("erp", "feature/menu", "Add a menu", "Ada");
        let other = cloud.git_open_pull("erp", "feature/menu", "main", "Ada");
        (id, other)
    });
    let (port, at) = (stage.repository(), stage.at());
    let mut open = port
        .open_pulls(&at, &BranchName::new("main"))
        .await
        .unwrap();
    open.sort();
    assert_eq!(open, [id.clone(), other.clone()]);
    let seen = |id: &PullRequestId| {
        let Host::CodeCommit(place) = &at.host else {
            panic!("{at:?} is in CodeCommit")
        };
        let seen = stage.git(|cloud| {
            let place = cloud.place_of(&place.account, &place.region)?;
            cloud.git_pull_in(&place, id)
        });
        seen.unwrap().1
    };
    let pull = port.pull(&at, &id).await.unwrap().unwrap();
    assert!(pull.open);
    for approved in [true, true, false, true] {
        let done = port.ensure_approval(&at, &id, &pull.revision, approved);
        done.await.unwrap();
        let seen = seen(&id);
        assert_eq!(seen.approved.contains(&seen.revision), approved);
    }
    stage.git(|cloud| cloud.git_commit("erp", "hotfix/login", "Again", "Ada"));
    let late = port.ensure_approval(&at, &id, &pull.revision, true).await;
    late.unwrap();
    let after = seen(&id);
    assert!(
        !after.approved.contains(&after.revision),
        "the old state is no more"
    );

    let pull = port.pull(&at, &other).await.unwrap().unwrap();
    let between = (pull.destination_commit, pull.source_commit);
    let mut comments = Vec::new();
    for _ in 0..2 {
        let comment = port.ensure_comment(&at, &other, &between, "sluice-erp-2", "No.");
        comments.push(comment.await.unwrap());
    }
    assert_eq!(comments[0], comments[1]);
    let says = port.ensure_comment_says(&at, &comments[0], "Yes.");
    says.await.unwrap();
    let says = seen(&other).comments;
    assert_eq!(says, [("sluice-erp-2".to_owned(), "Yes.".to_owned())]);
    let gone = CommentId::new("4711:0");
    let says = port.ensure_comment_says(&at, &gone, "Yes.").await;
    says.unwrap();
}

async fn a_repository_that_is_not_there_is_an_error(stage: &impl Stage) {
    stage.git(|_| ());
    let at = RepositoryAt {
        name: SourceName::new("crm"),
        ..stage.at()
    };
    let main = BranchName::new("main");
    let error = stage.repository().head(&at, &main).await.unwrap_err();
    assert_ne!(error.class, ErrorClass::Retryable, "{error}");
}

contract! {
    a_branch_is_at_its_commit_and_one_that_is_not_there_at_none on sim, wire;
    a_commit_has_its_parents_its_title_and_its_author on sim, wire;
    the_base_of_an_ancestor_is_the_ancestor on sim, wire;
    a_pull_request_says_what_it_merged_and_what_it_made on sim, wire;
    an_approval_is_for_one_state_and_a_comment_is_posted_once on sim, wire;
    a_repository_that_is_not_there_is_an_error on sim, wire;
}
