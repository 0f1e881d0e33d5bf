//! GitHub as a repository of source code, as its documentation describes it.

mod hub;
mod said;
mod unkind;

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use sluice_app::ports::{Host, Repository as _, RepositoryAt};
use sluice_core::config::GitHubAccess;
use sluice_core::failure::ErrorClass;
use sluice_core::id::{BranchName, CommitId, PullRequestId, SourceName};

use super::fixture::{GivenTokens, SetClock, TOKEN};
use super::server::{Asked, Reply, Server};
use crate::GitHubRepository;
use hub::{Hub, Merge};

/// Answers a request in GitHub's place, or lets GitHub answer it.
type Between = Box<dyn FnMut(&Asked, &mut Hub) -> Option<Reply> + Send>;

/// A GitHub on this machine, and the port to it.
struct Stage {
    server: Server,
    hub: Arc<Mutex<Hub>>,
    clock: Arc<SetClock>,
    port: GitHubRepository,
    at: RepositoryAt,
}

impl Stage {
    async fn new() -> Self {
        Self::with(Box::new(|_, _| None)).await
    }

    async fn with(mut between: Between) -> Self {
        let hub = Arc::new(Mutex::new(Hub::new()));
        let ours = hub.clone();
        let server = Server::start(move |asked| {
            let mut hub = ours.lock().unwrap();
            let version = asked.header("x-github-api-version");
            assert_eq!(version.as_deref(), Some("2022-11-28"));
            let token = format!("Bearer {TOKEN}");
            if asked.header("authorization") != Some(token) {
                return Reply::Answer(401, r#"{"message": "Bad credentials"}"#.to_owned());
            }
            match between(asked, &mut hub) {
                Some(reply) => reply,
                None => hub.answer(asked),
            }
        })
        .await;
        let noon: Timestamp = "2026-01-05T12:05:00Z".parse().unwrap();
        let clock = Arc::new(SetClock(Mutex::new(noon)));
        let tokens = Arc::new(GivenTokens(Mutex::new(vec![TOKEN])));
        let at = RepositoryAt {
            host: Host::GitHub(GitHubAccess {
                url: server.url.clone(),
                token: "sluice/github".to_owned(),
            }),
            name: SourceName::new("acme/erp"),
        };
        let port = GitHubRepository::new(tokens, clock.clone());
        Self {
            server,
            hub,
            clock,
            port,
            at,
        }
    }

    fn git<T>(&self, act: impl FnOnce(&mut Hub) -> T) -> T {
        act(&mut self.hub.lock().unwrap())
    }

    async fn head(&self, branch: &str) -> Option<CommitId> {
        let head = self.port.head(&self.at, &BranchName::new(branch)).await;
        head.unwrap()
    }
}

fn id(number: u64) -> PullRequestId {
    PullRequestId::new(number.to_string())
}

#[tokio::test]
async fn a_branch_is_at_its_commit_and_all_pages_are_read() {
    let stage = Stage::new().await;
    let commit = stage.git(|hub| {
        for number in 0..120 {
            hub.branch(&format!("feature/{number:03}"), "develop");
        }
        hub.branch("hotfix/a+b", "main");
        hub.commit("hotfix/a+b", "Fix it")
    });
    assert_eq!(stage.head("hotfix/a+b").await, Some(CommitId::new(commit)));
    assert_eq!(stage.head("hotfix").await, None);
    let branches = stage.port.branches(&stage.at).await.unwrap();
    assert_eq!(branches.len(), 123);
}

#[tokio::test]
async fn a_commit_has_its_parents_its_title_and_its_author() {
    let stage = Stage::new().await;
    let (first, id) = stage.git(|hub| {
        let first = hub.branches["main"].clone();
        (
            first,
            hub.commit("main", "Fix <@U024BE7LH>'s login\n\nIt was slow."),
        )
    });
    let found = stage.port.commit(&stage.at, &CommitId::new(id)).await;
    let found = found.unwrap().unwrap();
    assert_eq!(found.commit.parents, [CommitId::new(first)]);
    assert!(!found.commit.title.contains('<'), "{}", found.commit.title);
    assert_eq!(found.commit.author, "Ada");
    assert_eq!(found.email.as_deref(), Some("ada@example.com"));
    for none in ["f".repeat(40), "main".to_owned(), "../../user".to_owned()] {
        let none = stage.port.commit(&stage.at, &CommitId::new(none)).await;
        assert!(none.unwrap().is_none());
    }
}

#[tokio::test]
async fn the_base_of_an_ancestor_is_the_ancestor() {
    let stage = Stage::new().await;
    let [first, ours, theirs] = stage.git(|hub| {
        let first = hub.branches["main"].clone();
        [
            first,
            hub.commit("main", "One"),
            hub.commit("develop", "Two"),
        ]
    });
    for (one, other, base) in [
        (&first, &ours, Some(&first)),
        (&ours, &first, Some(&first)),
        (&ours, &theirs, Some(&first)),
        (&ours, &ours, Some(&ours)),
        (&ours, &"f".repeat(40), None),
    ] {
        let (one, other) = (CommitId::new(one.as_str()), CommitId::new(other.as_str()));
        let found = stage.port.base(&stage.at, &one, &other).await.unwrap();
        assert_eq!(found, base.map(|id| CommitId::new(id.as_str())));
    }
}

/// `base.sha` is older than the merge in each of these.
#[tokio::test]
async fn a_pull_request_says_what_merging_it_made_and_where_its_branch_was() {
    for how in [Merge::Commit, Merge::Squash, Merge::Rebase, Merge::Queue] {
        let stage = Stage::new().await;
        let (number, head, (before, after)) = stage.git(|hub| {
            hub.branch("feature/page", "develop");
            hub.commit("feature/page", "One");
            let head = hub.commit("feature/page", "Two");
            let number = hub.open("feature/page", "develop", false);
            hub.commit("develop", "Meanwhile");
            (number, head, hub.merge(number, how))
        });
        let pull = stage
            .port
            .pull(&stage.at, &id(number))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(pull.source, BranchName::new("feature/page"), "{how:?}");
        assert_eq!(pull.destination, BranchName::new("develop"));
        assert_eq!(pull.source_commit, CommitId::new(head));
        assert_eq!(pull.destination_commit, CommitId::new(before), "{how:?}");
        assert_eq!(pull.merge_commit, Some(CommitId::new(after)));
        assert_eq!(pull.merged_by.unwrap().to_string(), "grace (GitHub)");
        assert!(!pull.open);
    }
}

#[tokio::test]
async fn a_test_merge_and_a_push_are_no_merge() {
    let stage = Stage::new().await;
    let (open, pushed) = stage.git(|hub| {
        hub.branch("feature/page", "develop");
        hub.commit("feature/page", "One");
        let open = hub.open("feature/page", "develop", false);
        hub.branch("feature/menu", "develop");
        hub.commit("feature/menu", "Two");
        let pushed = hub.open("feature/menu", "develop", false);
        hub.merge(pushed, Merge::Pushed);
        (open, pushed)
    });
    for number in [open, pushed] {
        let pull = stage
            .port
            .pull(&stage.at, &id(number))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(pull.merge_commit, None);
    }
    let none = stage.port.pull(&stage.at, &id(99)).await.unwrap();
    assert_eq!(none, None);
}

/// GitHub's list of changes is behind: a push must not pass for a merge meanwhile.
#[tokio::test]
async fn what_the_activity_does_not_show_yet_is_waited_for() {
    let stage = Stage::new().await;
    let (number, change) = stage.git(|hub| {
        hub.branch("feature/page", "develop");
        hub.commit("develop", "Before");
        hub.commit("feature/page", "One");
        let number = hub.open("feature/page", "develop", false);
        hub.merge(number, Merge::Squash);
        (number, hub.activity.remove(0))
    });
    let error = stage.port.pull(&stage.at, &id(number)).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    // It never shows it: the parent is all that is known.
    *stage.clock.0.lock().unwrap() += jiff::SignedDuration::from_mins(15);
    let pull = stage
        .port
        .pull(&stage.at, &id(number))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(pull.destination_commit, CommitId::new(change[1].as_str()));
    assert_eq!(pull.merge_commit, Some(CommitId::new(change[2].as_str())));
}

#[tokio::test]
async fn a_branch_of_a_fork_is_not_one_of_ours() {
    let stage = Stage::new().await;
    let number = stage.git(|hub| {
        hub.branch("hotfix/login", "main");
        hub.commit("hotfix/login", "Fix it");
        hub.open("hotfix/login", "main", true)
    });
    let pull = stage
        .port
        .pull(&stage.at, &id(number))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(pull.source, BranchName::new("mallory:hotfix/login"));
}

#[tokio::test]
async fn what_was_merged_last_comes_first_and_only_what_is_open_to_a_branch_is_listed() {
    let stage = Stage::new().await;
    let numbers = stage.git(|hub| {
        let numbers: Vec<u64> = (0..5)
            .map(|number| {
                let name = format!("feature/{number}");
                hub.branch(&name, "develop");
                hub.commit(&name, "One");
                hub.open(&name, "develop", false)
            })
            .collect();
        hub.merge(numbers[3], Merge::Squash);
        hub.merge(numbers[0], Merge::Squash);
        hub.close(numbers[1]);
        hub.pulls.get_mut(&numbers[4]).unwrap().to = "main".to_owned();
        for number in 0..40 {
            let name = format!("hotfix/{number}");
            hub.branch(&name, "main");
            hub.open(&name, "main", false);
        }
        numbers
    });
    let closed = stage.port.closed_pulls(&stage.at).await.unwrap();
    assert_eq!(closed, [id(numbers[0]), id(numbers[3])]);
    let open = async |to: &str| stage.port.open_pulls(&stage.at, &BranchName::new(to)).await;
    assert_eq!(open("develop").await.unwrap(), [id(numbers[2])]);
    let to_main = open("main").await.unwrap();
    assert_eq!(to_main.len(), 41);
    assert_eq!(to_main[0], id(numbers[4]), "it was opened to develop first");
}
