//! Where checks are written down: each with its outcome, whatever it is.

use sluice_words::doctor::{Check, Finding, Looked, NotSeen, Outcome};

use crate::facts::Seen;

#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) looked: Vec<Looked>,
    /// What comes before subjects: the environment, whose names another may have too.
    pub(crate) within: Option<String>,
}

impl Sheet {
    /// Judges a fact that was read. One that was not is unknown.
    pub(crate) fn check<T>(
        &mut self,
        check: Check,
        subject: &str,
        seen: &Seen<T>,
        judge: impl FnOnce(&T) -> Option<Finding>,
    ) {
        let outcome = match seen {
            Ok(fact) => judge(fact).map_or(Outcome::Fine, Outcome::Finding),
            Err(not_seen) => Outcome::Unknown(not_seen.clone()),
        };
        self.add(check, subject, outcome);
    }

    /// Judges something that should be there. `Some` if it is, for the checks of what it is like.
    pub(crate) fn there<'a, T>(
        &mut self,
        check: Check,
        subject: &str,
        seen: &'a Seen<Option<T>>,
        missing: impl FnOnce() -> Finding,
    ) -> Option<&'a T> {
        self.check(check, subject, seen, |fact| fact.is_none().then(missing));
        seen.as_ref().ok()?.as_ref()
    }

    /// These checks were not made, because something that they depend on was not seen.
    pub(crate) fn unknown(&mut self, checks: &[Check], subject: &str, why: &NotSeen) {
        for check in checks {
            self.add(*check, subject, Outcome::Unknown(why.clone()));
        }
    }

    /// Writes down an outcome.
    pub(crate) fn add(&mut self, check: Check, subject: &str, outcome: Outcome) {
        self.looked.push(Looked {
            check,
            subject: match &self.within {
                Some(place) => format!("{place}: {subject}"),
                None => subject.to_owned(),
            },
            outcome,
        });
    }
}
