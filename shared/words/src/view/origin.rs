//! Where a release comes from, with the pages to look at.

use crate::message::{Block, Link};
use sluice_core::deployment::Deployment;
use sluice_core::origin::{Origin, Source};
use sluice_core::plan::SealedPlan;
use sluice_core::release::VerifiedRelease;

/// The commit, who pushed it, what CI says it found, and what changes since the plan `before`; `None`
/// where none of it is known.
pub(super) fn links(d: &Deployment, before: Option<&SealedPlan>) -> Option<Block> {
    let origin = d.origin()?;
    let mut links = parts(origin);
    links.extend(origin.ci.as_ref().map(|report| Link {
        text: report.to_string(),
        url: report.build.as_ref().map(|page| page.as_str().to_owned()),
    }));
    // What runs is what was verified last, whichever deployment the plan `before` is of.
    let verified = d.plan.as_ref()?.seen.previous.as_ref();
    links.extend(changes(
        origin,
        verified,
        before.map(|before| &before.seen.origin),
    ));
    Some(Block::Links(links))
}

/// What came since the release that was verified last, where both commits are known.
pub(super) fn changes(
    origin: &Origin,
    verified: Option<&VerifiedRelease>,
    before: Option<&Origin>,
) -> Option<Link> {
    let url = origin.compare_url(before?)?;
    Some(Link {
        text: format!("what changes since {}", verified?.release.tag),
        url: Some(url),
    })
}

/// The commit and who pushed it.
pub(super) fn parts(origin: &Origin) -> Vec<Link> {
    let commit = origin.commit.as_ref().map(|commit| Link {
        text: format!("commit {commit}"),
        url: origin.commit_url(),
    });
    // Without a commit the repository is all there is to look at.
    let source = origin.source.as_ref().filter(|_| commit.is_none());
    let source = source.and_then(Source::url).map(|url| Link {
        text: "repository".to_owned(),
        url: Some(url.to_owned()),
    });
    let pushed_by = origin.pushed_by.as_ref().map(|user| Link {
        text: format!("pushed by <@{user}>"),
        url: None,
    });
    commit.into_iter().chain(source).chain(pushed_by).collect()
}
