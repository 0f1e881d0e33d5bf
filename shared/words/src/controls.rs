//! What closes an environment, and what an approval lacks, as sentences.

use sluice_core::config::{Environment, Member};
use sluice_core::controls::{ControlsObservation, Freeze, Hold, Lapse, zone};
use sluice_core::deployment::Requester;
use sluice_core::id::UserId;
use sluice_core::quantity;
use sluice_core::roles::Role;

/// Why the approval of `by` does not count.
pub(crate) fn lapse(lapse: &Lapse, by: &UserId) -> String {
    match lapse {
        Lapse::TooOld { expires } => format!(
            "the approval by <@{by}> is older than {}",
            quantity::duration(*expires)
        ),
        Lapse::NoApprover => format!("<@{by}> may no longer approve"),
        Lapse::NotConfigured => {
            format!("<@{by}> approved it for an environment that is no longer in sluice.toml")
        }
    }
}

/// Why a deployment that was asked for like this does not begin, and until when.
pub fn closed(
    seen: &ControlsObservation,
    environment: &Environment,
    requester: &Requester,
) -> String {
    let zone = zone(environment);
    let mut why = Vec::new();
    if let Some(Freeze { by, reason, .. }) = &seen.freeze {
        why.push(format!("frozen by <@{by}>: {reason}"));
    }
    if let Some(freeze) = &seen.dated_freeze {
        why.push(format!("frozen by sluice.toml: {}", freeze.reason));
    }
    if seen.outside_window {
        why.push("outside the deployment window".to_owned());
    }
    let held = seen.hold.as_ref().filter(|_| seen.holds(requester));
    if let Some(Hold { by, reason, .. }) = held {
        let by = by
            .as_ref()
            .map_or_else(|| "Sluice".to_owned(), |by| format!("<@{by}>"));
        why.push(format!(
            "automatic deployments are paused by {by}: {reason}"
        ));
    }
    let until = match (seen.opens_at, held) {
        (_, Some(_)) if !seen.is_closed_to_all() => "until someone resumes automatic \
                                                     deployments"
            .to_owned(),
        (Some(at), Some(_)) => format!(
            "opens {}, once automatic deployments are resumed",
            zone.says(at)
        ),
        (Some(at), None) => format!("opens {}", zone.says(at)),
        (None, _) => "until someone thaws it".to_owned(),
    };
    format!("{}; {until}", why.join("; "))
}

/// Who may let a deployment begin all the same, in words.
pub fn overriders(environment: &Environment) -> String {
    let who = environment.who_may(Role::Override);
    if who.is_empty() {
        return "no one may override that".to_owned();
    }
    let who: Vec<String> = who.iter().map(Member::to_string).collect();
    format!("{} may override that", who.join(" or "))
}
