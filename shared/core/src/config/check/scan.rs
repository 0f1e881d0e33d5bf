//! What vouches for an image: findings that somebody answers for, and signatures.

use jiff::SignedDuration;

use super::or;
use crate::config::report::Report;
use crate::config::{RiskRule, ScanException, Signatures, raw};

/// The most keys that one file has: old and new while they are replaced, with a team's to spare.
const KEYS_MAX: usize = 10;

/// The entries of `scan.except`, each id once.
pub(super) fn except(raw: &raw::ScanExceptions, report: &mut Report) -> Option<Vec<ScanException>> {
    let mut read: Vec<ScanException> = Vec::new();
    for exception in raw.except.get()? {
        let at = exception.at()?;
        let one = &at.value;
        let exception = ScanException {
            id: one.id.get()?.clone(),
            by: one.by.get()?.as_str().to_owned(),
            reason: one.reason.get()?.as_str().to_owned(),
            until: *one.until.get()?,
        };
        if read.iter().any(|other| other.id == exception.id) {
            let message = format!("{} is excepted twice", exception.id);
            report.advise(&at.place, message, "remove one of the two");
        }
        read.push(exception);
    }
    Some(read)
}

pub(super) fn signatures(raw: &raw::Signatures, report: &mut Report) -> Option<Signatures> {
    let at = raw.keys.at()?;
    if at.value.is_empty() || at.value.len() > KEYS_MAX {
        let message = "these are no keys, or too many to know whose they are";
        let advice = format!("write 1 to {KEYS_MAX} public keys, or remove [signatures]");
        report.advise(&at.place, message, advice);
    }
    let keys = at.value.iter().map(|key| key.get().cloned());
    Some(Signatures {
        keys: keys.collect::<Option<_>>()?,
        unsigned: or(&raw.unsigned, RiskRule::Refuse, |rule| rule)?,
        wait: or(&raw.wait, SignedDuration::from_mins(5), |wait| wait.get())?,
    })
}
