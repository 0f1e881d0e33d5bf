//! The image: its tag, who signed and pushed it, the commit that it is built from, and what it is to
//! the release verified last.

use sluice_core::id::{BranchName, CommitId, Digest, ImageTag};
use sluice_core::quantity;
use sluice_core::source::Doubt;

use crate::plan::commit;

pub(super) const FIRST_HERE: &str =
    "no release has been verified here yet: a rollback returns to the version now running";

pub(super) fn tag_moved(
    tag: &ImageTag,
    digest: &Digest,
    now: Option<&Digest>,
    by_push: bool,
) -> String {
    let now = match now {
        Some(digest) => format!("now names {}", digest.short()),
        None => "is gone".to_owned(),
    };
    let asked = if by_push { "pushed" } else { "requested" };
    let digest = digest.short();
    format!(
        "the tag {tag} {now}; this deployment stays with {digest}, which it named when it was {asked}"
    )
}

pub(super) fn unsigned(others: usize, four_eyes: bool) -> String {
    let others = match others {
        0 => String::new(),
        some => {
            let signatures = quantity::count(some, "signature");
            format!(" ({signatures} of other keys, of other images, or damaged)")
        }
    };
    let approval = match four_eyes {
        true => ", so two people must approve",
        false => "",
    };
    format!(
        "no key of [signatures] has signed the image{others}: nothing proves that your CI built \
         it{approval}"
    )
}

pub(super) fn in_doubt(
    commit: (Option<&CommitId>, bool),
    main: &BranchName,
    doubt: &Doubt,
    four_eyes: bool,
) -> String {
    let mut said = commit::in_doubt(commit, main, doubt);
    if four_eyes {
        said.push_str("; two people must approve");
    }
    said
}

pub(super) fn pusher_unknown(four_eyes: bool) -> String {
    let so = match four_eyes {
        true => ": Sluice cannot check that someone else approves the deployment",
        false => "",
    };
    format!("Slack does not know who pushed the image{so}")
}

pub(super) fn same(tag: &ImageTag) -> String {
    format!(
        "{tag} is the release verified last: the same image is deployed again, with the secrets \
         and variables as they are now"
    )
}

pub(super) fn older(tag: &ImageTag, live: &ImageTag) -> String {
    format!(
        "{tag} is older than {live}, the release verified last: its code may meet a newer database \
         schema. To return to an earlier release, ask for a rollback"
    )
}
