//! The comment on a pull request: whether Sluice approves it, how it was built, and what to do.

use sluice_core::config::Source;
use sluice_core::id::BranchName;
use sluice_core::source::{GateBuild, GateOrder};

use super::build;

/// The one comment, as it is now, in Markdown.
pub fn pull_comment(source: &Source, order: &GateOrder) -> String {
    let verdict = order.gated.then(|| verdict(source, order));
    let ended = match &order.build {
        Some(GateBuild::Ended(end)) => Some(build::comment(source, end)),
        Some(GateBuild::Waiting) | None => None,
    };
    let parts: Vec<String> = verdict.into_iter().chain(ended).collect();
    parts.join("\n\n")
}

fn verdict(source: &Source, order: &GateOrder) -> String {
    if !source.branches.may_reach_main(&order.source) {
        return refused(source, &order.source);
    }
    let (main, from) = (source.branches.main(), &order.source);
    match &order.build {
        Some(GateBuild::Waiting) => waits(source, order),
        Some(build) if !build.is_green() => format!(
            "Sluice does not approve this pull request: `{from}` may be merged into `{main}`, but the \
             build of its last commit did not succeed. Sluice approves it when a build of it succeeds."
        ),
        _ => {
            let allowed = match source.github {
                Some(_) => "Sluice's check succeeds for this pull request",
                None => "Sluice approves this pull request",
            };
            format!("{allowed}: `{from}` may be merged into `{main}`.")
        }
    }
}

fn waits(source: &Source, order: &GateOrder) -> String {
    let (main, from, commit) = (source.branches.main(), &order.source, &order.between.1);
    let by_hand = source.build.as_ref().map_or_else(String::new, |project| {
        format!(
            "\n\nWhat to do: wait. If no build starts within a few minutes, start it: `aws codebuild \
             start-build --project-name {project} --source-version {commit} \
             --environment-variables-override name=CI_REF,value=refs/heads/{from}`"
        )
    });
    format!(
        "Sluice has not approved this pull request yet: `{from}` may be merged into `{main}`, and the build \
         of its last commit `{}` has not ended. Sluice approves it when that build succeeds.{by_hand}",
        commit.short()
    )
}

fn refused(source: &Source, from: &BranchName) -> String {
    let main = source.branches.main();
    let other = match source.branches.develop() {
        Some(develop) => format!("- Open it to `{develop}` instead: the next release brings it.\n"),
        None => String::new(),
    };
    let refused = match source.github {
        Some(_) => "Sluice's check fails for this pull request",
        None => "Sluice does not approve this pull request",
    };
    format!(
        "{refused}: `{main}` takes {}, and `{from}` is none of them.\n\n\
         What to do:\n{other}- If production needs it now: make a branch `hotfix/ISSUE` from `{main}` \
         with this change alone, and open a pull request from that.\n\nIf it is merged anyway, it is \
         reported in {}.",
        source.branches.globs().join(", "),
        source.channel
    )
}
