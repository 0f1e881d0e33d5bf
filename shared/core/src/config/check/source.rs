//! The source code and its branches.

use jiff::SignedDuration;

use super::environment::distinct_elements;
use super::migration::nobody_is_asked;
use super::monitors::{GITHUB, given_address, place_at};
use super::{Known, given, or};
use crate::config::reader::{At, Field};
use crate::config::report::{Place, Report};
use crate::config::text::BranchPattern;
use crate::config::{BranchModel, Branches, GitHubAccess, RiskRule, Source, raw};
use crate::id::{BranchName, SourceName};
use crate::registry::Registry;

/// The most globs that a list has.
const GLOBS_MAX: usize = 20;

pub(super) fn one(at: &At<raw::Source>, report: &mut Report) -> Option<Source> {
    let raw = &at.value;
    let hosted = hosted(at, report);
    let model = or(&raw.model, BranchModel::GitFlow, |model| model);
    let branches = match model {
        Some(BranchModel::GitFlow) => gitflow(raw, report),
        Some(BranchModel::Trunk) => trunk(raw, report),
        None => None,
    };
    let within = or(
        &raw.merge_back_within,
        SignedDuration::from_hours(24),
        |t| t.get(),
    );
    let (repository, place, github) = hosted?;
    Some(Source {
        repository,
        place,
        build: match &raw.build {
            Some(build) => Some(build.get()?.clone()),
            None => None,
        },
        github,
        channel: raw.channel.get()?.clone(),
        branches: branches?,
        merge_back_within: within?,
    })
}

/// The rule of an environment. Without `[source]` it has no effect, and says so.
pub(super) fn rule(
    raw: Option<&Field<raw::SourceRule>>,
    is_asked: bool,
    known: &Known<'_>,
    report: &mut Report,
) -> Option<RiskRule> {
    let Some(raw) = raw else {
        return Some(RiskRule::Allow);
    };
    let at = raw.at()?;
    if !known.has_source {
        let message = "there is no source code that this rule could be about";
        let advice = "say in [source] where the repository is, or remove this";
        report.advise(&at.place, message, advice);
    }
    let rule = at.value.rule.at()?;
    if rule.value == RiskRule::FourEyes && !is_asked {
        nobody_is_asked(&rule.place, report);
    }
    Some(rule.value)
}

/// Where the repository is: in CodeCommit, with its place if that is written, or in GitHub.
type Hosted = (SourceName, Option<Registry>, Option<GitHubAccess>);

fn hosted(at: &At<raw::Source>, report: &mut Report) -> Option<Hosted> {
    let raw = &at.value;
    match (&raw.repository, &raw.github) {
        (Some(repository), None) => {
            let keys = [
                ("token", at_of(raw.token.as_ref())),
                ("url", at_of(raw.url.as_ref())),
            ];
            alien(keys, "CodeCommit", "github", report);
            let place = place(raw, report);
            Some((repository.get()?.clone(), place?, None))
        }
        (None, Some(github)) => {
            let keys = [
                ("account", at_of(raw.account.as_ref())),
                ("region", at_of(raw.region.as_ref())),
            ];
            alien(keys, "GitHub", "repository", report);
            if let Some(place) = at_of(raw.build.as_ref()) {
                let message = "Sluice looks at builds only of a repository in CodeCommit, and this \
                               one is in GitHub";
                let advice = "remove `build`, or name the repository with `repository`";
                report.advise(place, message, advice);
            }
            let access = access(at, report);
            let name = SourceName::new(github.get()?.as_str());
            Some((name, None, Some(access?)))
        }
        (None, None) => {
            let advice =
                "add repository = \"erp\" for CodeCommit, or github = \"acme/erp\" and `token`";
            report.advise(&at.place, "nothing says where the repository is", advice);
            None
        }
        (Some(_), Some(github)) => {
            let message = "the repository is in CodeCommit or in GitHub, and both are named";
            let advice = "remove `repository` or `github`";
            report.advise(at_of(Some(github)).unwrap_or(&at.place), message, advice);
            None
        }
    }
}

/// Keys that are for the other host.
fn alien(keys: [(&str, Option<&Place>); 2], host: &str, other: &str, report: &mut Report) {
    for (key, place) in keys {
        if let Some(place) = place {
            let message = format!("a repository in {host} has no `{key}`");
            let advice = format!("remove `{key}`, or name the repository with `{other}`");
            report.advise(place, message, advice);
        }
    }
}

/// How GitHub is asked.
fn access(at: &At<raw::Source>, report: &mut Report) -> Option<GitHubAccess> {
    let raw = &at.value;
    let url = given_address(&raw.url, report);
    let token = given(&raw.token, |at| place_at(at, report));
    if raw.token.is_none() {
        let message = "GitHub is asked with a token, and no secret is named that holds one";
        let advice =
            "add token = \"sluice/github-source\": docs/source.md says which permissions it needs";
        report.advise(&at.place, message, advice);
    }
    Some(GitHubAccess {
        url: url?.unwrap_or_else(|| GITHUB.to_owned()),
        token: token??,
    })
}

/// Account and region: both, or neither.
fn place(raw: &raw::Source, report: &mut Report) -> Option<Option<Registry>> {
    match (&raw.account, &raw.region) {
        (None, None) => Some(None),
        (Some(account), Some(region)) => Some(Some(Registry {
            account: account.get()?.clone(),
            region: region.get()?.clone(),
        })),
        (account, region) => {
            let account = account.as_ref().and_then(Field::at).map(|at| &at.place);
            let region = region.as_ref().and_then(Field::at).map(|at| &at.place);
            let message = "`account` and `region` say together where the repository is, and one is \
                           missing";
            let advice = "write both, or neither: then it is where Sluice is";
            report.advise(account.or(region)?, message, advice);
            None
        }
    }
}

fn gitflow(raw: &raw::Source, report: &mut Report) -> Option<Branches> {
    let main = or(&raw.main, BranchName::new("main"), |main| main);
    let develop = or(&raw.develop, BranchName::new("develop"), |develop| develop);
    let release = globs(raw.release.as_ref(), &["release/*"], report);
    let hotfix = globs(raw.hotfix.as_ref(), &["hotfix/*", "fix/*"], report);
    let (main, develop) = (main?, develop?);
    let branches = Branches::GitFlow {
        main: main.clone(),
        develop: develop.clone(),
        release: release?,
        hotfix: hotfix?,
    };
    if main == develop
        && let Some(at) = at_of(raw.develop.as_ref()).or(at_of(raw.main.as_ref()))
    {
        let advice = "name two branches, or write model = \"trunk\"";
        report.advise(at, "`main` and `develop` are the same branch", advice);
    }
    for branch in [&main, &develop] {
        if branches.may_reach_main(branch)
            && let Some(at) = at_of(raw.release.as_ref()).or(at_of(raw.hotfix.as_ref()))
        {
            let message = format!("the patterns of release and hotfix branches match `{branch}`");
            let advice = "write narrower patterns, such as \"release/*\"";
            report.advise(at, message, advice);
        }
    }
    Some(branches)
}

fn trunk(raw: &raw::Source, report: &mut Report) -> Option<Branches> {
    let keys = [
        ("develop", at_of(raw.develop.as_ref())),
        ("release", at_of(raw.release.as_ref())),
        ("hotfix", at_of(raw.hotfix.as_ref())),
        ("merge_back_within", at_of(raw.merge_back_within.as_ref())),
    ];
    for (key, place) in keys {
        if let Some(place) = place {
            let message = "with model = \"trunk\" there is no branch beside `main`";
            let advice = format!("remove `{key}`, or write model = \"gitflow\"");
            report.advise(place, message, advice);
        }
    }
    let main = or(&raw.main, BranchName::new("main"), |main| main)?;
    Some(Branches::Trunk { main })
}

fn at_of<T>(field: Option<&Field<T>>) -> Option<&Place> {
    field.and_then(Field::at).map(|at| &at.place)
}

fn globs(
    given_globs: Option<&Field<Vec<Field<BranchPattern>>>>,
    default: &[&str],
    report: &mut Report,
) -> Option<Vec<String>> {
    let Some(field) = given_globs else {
        return Some(default.iter().map(ToString::to_string).collect());
    };
    let list: &At<Vec<Field<BranchPattern>>> = field.at()?;
    if list.value.is_empty() || list.value.len() > GLOBS_MAX {
        let text = format!("{} = {default:?}", list.place.name());
        let message = format!("from 1 to {GLOBS_MAX} patterns are needed");
        report.instead(&list.place, message, text);
    }
    distinct_elements(&list.value, "pattern", report);
    let globs = list.value.iter();
    globs
        .map(|glob| Some(glob.get()?.as_str().to_owned()))
        .collect()
}
