//! Differences between environments that someone answers for.

use crate::config::report::Report;
use crate::config::{AllowedDifference, ParityTopic, raw};
use crate::migration::Waiver;

/// The entries of `parity.allow`.
pub(super) fn allow(raw: &raw::Parity, report: &mut Report) -> Option<Vec<AllowedDifference>> {
    let mut read: Vec<AllowedDifference> = Vec::new();
    for entry in raw.allow.get()? {
        let at = entry.at()?;
        let one = &at.value;
        let allowed = AllowedDifference {
            what: *one.what.get()?,
            name: match &one.name {
                None => None,
                Some(name) => Some(name.get()?.as_str().to_owned()),
            },
            up_to: match &one.up_to {
                None => None,
                Some(times) => Some(times.get()?.get()),
            },
            waiver: Waiver {
                by: one.by.get()?.as_str().to_owned(),
                reason: one.reason.get()?.as_str().to_owned(),
            },
        };
        if allowed.up_to.is_some() && allowed.what != ParityTopic::TaskSize {
            let message = format!(
                "a {} has no size that could be so many times as large",
                allowed.what
            );
            report.advise(&at.place, message, "remove `up_to`");
        }
        let same =
            |other: &AllowedDifference| (other.what, &other.name) == (allowed.what, &allowed.name);
        if read.iter().any(same) {
            let name = allowed
                .name
                .as_ref()
                .map_or_else(String::new, |name| format!(" `{name}`"));
            let message = format!("{}{name} is allowed twice", allowed.what);
            report.advise(&at.place, message, "remove one of the two");
        }
        read.push(allowed);
    }
    Some(read)
}
