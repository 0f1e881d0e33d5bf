//! A small GitHub: commits, branches, pull requests and what its REST API answers about them, with the
//! fields that are read and some that must not be believed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::server::{Asked, Reply};

const NAME: &str = "acme/erp";

/// How a pull request is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merge {
    Commit,
    Squash,
    Rebase,
    /// Its commits are pushed to the branch, and GitHub shows it as merged.
    Pushed,
    /// Together with others, by a merge queue.
    Queue,
}

#[derive(Clone)]
struct Commit {
    parents: Vec<String>,
    message: String,
}

#[derive(Clone)]
pub(super) struct Pull {
    from: String,
    pub(super) to: String,
    head: String,
    /// What the branch was at when it was opened: older than the merge.
    base: String,
    merge: Option<String>,
    fork: bool,
    open: bool,
    merged_at: i64,
}

#[derive(Default)]
pub(super) struct Hub {
    commits: BTreeMap<String, Commit>,
    pub(super) branches: BTreeMap<String, String>,
    pub(super) pulls: BTreeMap<u64, Pull>,
    /// Branch, before, after and type, the newest first.
    pub(super) activity: Vec<[String; 4]>,
    /// Commit, state and description, the newest last.
    pub(super) statuses: Vec<[String; 3]>,
    /// Number, pull request, text.
    pub(super) comments: Vec<(u64, u64, String)>,
    /// What the token may not see.
    pub(super) is_hidden: bool,
    clock: i64,
}

impl Hub {
    pub(super) fn new() -> Self {
        let mut hub = Self::default();
        let first = hub.add(Vec::new(), "Begin");
        for branch in ["main", "develop"] {
            hub.branches.insert(branch.to_owned(), first.clone());
        }
        hub
    }

    fn add(&mut self, parents: Vec<String>, message: &str) -> String {
        let id = format!("{:040x}", self.commits.len() + 0xa00);
        let message = message.to_owned();
        self.commits.insert(id.clone(), Commit { parents, message });
        id
    }

    fn moved(&mut self, branch: &str, to: &str, kind: &str) {
        let before = self.branches.insert(branch.to_owned(), to.to_owned());
        let change = [branch, &before.unwrap_or_default(), to, kind].map(str::to_owned);
        self.activity.insert(0, change);
    }

    /// Someone creates a branch where another is.
    pub(super) fn branch(&mut self, name: &str, from: &str) {
        let at = self.branches[from].clone();
        self.moved(name, &at, "branch_creation");
    }

    /// Someone pushes a commit.
    pub(super) fn commit(&mut self, branch: &str, message: &str) -> String {
        let id = self.add(vec![self.branches[branch].clone()], message);
        self.moved(branch, &id, "push");
        for pull in self
            .pulls
            .values_mut()
            .filter(|pull| pull.open && pull.from == branch)
        {
            pull.head.clone_from(&id);
        }
        id
    }

    /// Someone opens a pull request.
    pub(super) fn open(&mut self, from: &str, to: &str, fork: bool) -> u64 {
        let number = self.pulls.len() as u64 + 1;
        let pull = Pull {
            from: from.to_owned(),
            to: to.to_owned(),
            head: self.branches[from].clone(),
            base: self.branches[to].clone(),
            merge: None,
            fork,
            open: true,
            merged_at: 0,
        };
        self.pulls.insert(number, pull);
        number
    }

    /// Someone merges a pull request: what its branch was at before, and is at now.
    pub(super) fn merge(&mut self, number: u64, how: Merge) -> (String, String) {
        let pull = self.pulls[&number].clone();
        let before = self.branches[&pull.to].clone();
        let after = match how {
            Merge::Commit | Merge::Queue => {
                self.add(vec![before.clone(), pull.head.clone()], "Merge")
            }
            Merge::Squash => self.add(vec![before.clone()], "Squashed"),
            Merge::Pushed => pull.head.clone(),
            Merge::Rebase => {
                let has = self.ancestors(&before);
                let mut left = Vec::new();
                let mut at = Some(pull.head.clone());
                while let Some(id) = at.take_if(|id| !has.contains(id)) {
                    left.push(self.commits[&id].message.clone());
                    at = self.commits[&id].parents.first().cloned();
                }
                let left = left.into_iter().rev();
                left.fold(before.clone(), |onto, message| {
                    self.add(vec![onto], &message)
                })
            }
        };
        let kind = match how {
            Merge::Pushed => "push",
            Merge::Queue => "merge_queue_merge",
            _ => "pr_merge",
        };
        self.moved(&pull.to, &after, kind);
        self.clock += 1;
        let pull = self.pulls.get_mut(&number).unwrap();
        (pull.open, pull.merge, pull.merged_at) = (false, Some(after.clone()), self.clock);
        (before, after)
    }

    pub(super) fn close(&mut self, number: u64) {
        self.pulls.get_mut(&number).unwrap().open = false;
    }

    fn ancestors(&self, of: &str) -> BTreeSet<String> {
        let (mut found, mut left) = (BTreeSet::new(), vec![of.to_owned()]);
        while let Some(id) = left.pop() {
            left.extend(self.commits[&id].parents.clone());
            found.insert(id);
        }
        found
    }

    fn base(&self, one: &str, other: &str) -> Option<String> {
        let (ours, theirs) = (self.ancestors(one), self.ancestors(other));
        let common: Vec<&String> = ours.intersection(&theirs).collect();
        let is_best = |id: &&&String| {
            let mut others = common.iter().filter(|other| other != id);
            !others.any(|other| self.ancestors(other).contains(**id))
        };
        common.iter().find(is_best).map(|id| (*id).clone())
    }

    fn shown(&self, number: u64, pull: &Pull) -> Value {
        let head_repo = if pull.fork { 2 } else { 1 };
        let test = format!("{:040x}", 0xfff);
        let at = format!(
            "2026-01-05T12:{:02}:{:02}Z",
            pull.merged_at / 60,
            pull.merged_at % 60
        );
        let is_merged = pull.merge.is_some();
        json!({
            "number": number,
            "state": if pull.open { "open" } else { "closed" },
            "merged": is_merged,
            "merged_at": is_merged.then_some(at),
            "merge_commit_sha": pull.merge.as_ref().unwrap_or(&test),
            "merged_by": is_merged.then_some(json!({"login": "grace", "type": "User"})),
            "body": "Merge <!-- sluice-erp-1 --> it",
            "head": {"ref": pull.from, "sha": pull.head, "label": format!("x:{}", pull.from),
                "repo": {"id": head_repo}, "user": {"login": "mallory"}},
            "base": {"ref": pull.to, "sha": pull.base, "repo": {"id": 1}, "user": {"login": "acme"}},
        })
    }

    /// What the API answers.
    pub(super) fn answer(&mut self, asked: &Asked) -> Reply {
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let prefix = format!("/repos/{NAME}/");
        let Some(rest) = path.strip_prefix(&prefix).filter(|_| !self.is_hidden) else {
            return not_found();
        };
        let parts: Vec<&str> = rest.split('/').collect();
        match (&*asked.method, &parts[..]) {
            ("GET", ["pulls"]) => {
                let wanted = |key: &str| query.get(key).map(String::as_str);
                let mut all: Vec<(&u64, &Pull)> = self.pulls.iter().collect();
                all.retain(|(_, pull)| match wanted("state") {
                    Some("open") => pull.open,
                    Some("closed") => !pull.open,
                    _ => true,
                });
                all.retain(|(_, pull)| wanted("base").is_none_or(|to| pull.to == to));
                match wanted("sort") {
                    Some("updated") => all.sort_by_key(|(_, pull)| -pull.merged_at),
                    _ => all.reverse(),
                }
                let all = all.iter().map(|(number, pull)| self.shown(**number, pull));
                page(&query, all.collect())
            }
            ("GET", ["pulls", number]) => match number
                .parse()
                .ok()
                .and_then(|it| self.pulls.get_key_value(&it))
            {
                Some((number, pull)) => Reply::json(200, &self.shown(*number, pull)),
                None => not_found(),
            },
            ("GET", ["branches"]) => {
                let all = self.branches.iter();
                let all = all.map(|(name, sha)| json!({"name": name, "commit": {"sha": sha}}));
                page(&query, all.collect())
            }
            ("GET", ["git", "ref", "heads", name @ ..]) => {
                let name = name.join("/").replace("%2B", "+");
                match self.branches.get(&name) {
                    Some(sha) => Reply::json(
                        200,
                        &json!({"ref": format!("refs/heads/{name}"),
                        "object": {"type": "commit", "sha": sha}}),
                    ),
                    None => not_found(),
                }
            }
            ("GET", ["git", "commits", id]) => match self.commits.get(*id) {
                Some(commit) => {
                    let parents = commit.parents.iter().map(|sha| json!({"sha": sha}));
                    Reply::json(
                        200,
                        &json!({"sha": id, "message": commit.message,
                        "author": {"name": "Ada", "email": "ada@example.com"},
                        "parents": parents.collect::<Vec<_>>()}),
                    )
                }
                None => not_found(),
            },
            ("GET", ["compare", both]) => {
                assert_eq!(query["page"], "2", "the first page has all files");
                let (one, other) = both.split_once("...").unwrap();
                let is_there = |id: &str| self.commits.contains_key(id);
                match (is_there(one) && is_there(other)).then(|| self.base(one, other)) {
                    Some(Some(base)) => Reply::json(
                        200,
                        &json!({"status": "diverged", "commits": [],
                        "merge_base_commit": {"sha": base}}),
                    ),
                    _ => not_found(),
                }
            }
            ("GET", ["activity"]) => {
                let branch = query["ref"].strip_prefix("refs/heads/").unwrap();
                let all = self.activity.iter().filter(|change| change[0] == branch);
                let all = all.map(|[branch, before, after, kind]| {
                    json!({"ref": branch,
                    "before": before, "after": after, "activity_type": kind})
                });
                page(&query, all.collect())
            }
            ("GET", ["commits", id, "status"]) => {
                let mut newest: Vec<Value> = vec![json!({"context": "ci", "state": "success",
                    "description": null})];
                let ours = self.statuses.iter().rev().find(|status| status[0] == *id);
                newest.extend(ours.map(|[_, state, says]| {
                    json!({"context": "sluice/branch-model",
                    "state": state, "description": says})
                }));
                Reply::json(200, &json!({"state": "pending", "statuses": newest}))
            }
            ("POST", ["statuses", id]) => {
                let body = asked.json();
                assert_eq!(body["context"], "sluice/branch-model");
                let text = |key: &str| body[key].as_str().unwrap().to_owned();
                assert!(text("description").chars().count() <= 140);
                self.statuses
                    .push([(*id).to_owned(), text("state"), text("description")]);
                Reply::json(201, &json!({"id": 1}))
            }
            ("GET", ["issues", number, "comments"]) => {
                let number: u64 = number.parse().unwrap();
                let all = self.comments.iter().filter(|(_, of, _)| *of == number);
                page(
                    &query,
                    all.map(|(id, _, body)| json!({"id": id, "body": body}))
                        .collect(),
                )
            }
            ("POST", ["issues", number, "comments"]) => {
                let id = self.comments.len() as u64 + 500;
                let body = asked.json()["body"].as_str().unwrap().to_owned();
                self.comments.push((id, number.parse().unwrap(), body));
                Reply::json(201, &json!({"id": id}))
            }
            (method, ["issues", "comments", id]) => {
                let id: u64 = id.parse().unwrap();
                let Some(there) = self.comments.iter_mut().find(|(one, ..)| *one == id) else {
                    return not_found();
                };
                if method == "PATCH" {
                    there.2 = asked.json()["body"].as_str().unwrap().to_owned();
                }
                Reply::json(200, &json!({"id": id, "body": there.2}))
            }
            other => panic!("GitHub has no {other:?}"),
        }
    }
}

fn page(query: &BTreeMap<String, String>, all: Vec<Value>) -> Reply {
    let number =
        |key: &str, default: usize| query.get(key).map_or(default, |it| it.parse().unwrap());
    let (per_page, page) = (number("per_page", 30), number("page", 1));
    assert!(per_page <= 100, "GitHub gives no more");
    let some: Vec<Value> = all
        .into_iter()
        .skip(per_page * (page - 1))
        .take(per_page)
        .collect();
    Reply::json(200, &json!(some))
}

fn not_found() -> Reply {
    Reply::json(404, &json!({"message": "Not Found"}))
}
