//! A bake that proves nothing: what is known, what is not, and what people are asked.

use std::collections::BTreeSet;

use sluice_core::config::Member;
use sluice_core::controls;
use sluice_core::deployment::Deployment;
use sluice_core::machine::{deadline, what_is_known};
use sluice_core::phase::Phase;
use sluice_core::roles::Action;

/// Who is asked, and what becomes of it.
pub(super) fn question(d: &Deployment) -> String {
    let environment = &d.settings.environment;
    let members: BTreeSet<&Member> = environment.members_for(Action::Keep);
    let members: Vec<String> = members.into_iter().map(Member::to_string).collect();
    let who = match members.as_slice() {
        [] => "sluice.toml lets no one mark it as healthy".to_owned(),
        members => format!("{}: mark it as healthy (Keep it)", members.join(" ")),
    };
    format!(
        "{who}, or roll it back, at the top of this thread. Until then it keeps the traffic, and \
         health checks continue."
    )
}

/// What is known and what is not, while people are asked; `None` while they are not.
pub(super) fn known(d: &Deployment) -> Option<String> {
    let Phase::Baking {
        asked_at: Some(_), ..
    } = &d.phase
    else {
        return None;
    };
    let release = &d.release.tag;
    let zone = controls::zone(&d.settings.environment);
    let until = deadline(d).map_or_else(String::new, |deadline| {
        format!(
            " If no one decides by {}, it stays live, unverified, and automatic deployments pause.",
            zone.says(deadline)
        )
    });
    Some(format!(
        "{release} has all the traffic, and Sluice cannot tell whether it is healthy: {}. Health \
         checks continue: enough good ones verify it, bad ones roll it back.{until}",
        what_is_known(d)
    ))
}
