//! Findings that somebody answers for.

use crate::config::report::Report;
use crate::config::{ScanException, raw};

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
