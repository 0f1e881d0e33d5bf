//! Who is who in AWS and in Slack.

use std::collections::BTreeMap;

use crate::config::People;
use crate::config::raw::PrincipalsOf;
use crate::config::report::Report;
use crate::id::UserId;

pub(super) fn all(people: &PrincipalsOf, report: &mut Report) -> Option<People> {
    let mut spelled = BTreeMap::new();
    for (principal, _) in &people.entries {
        let lower = principal.value.as_str().to_lowercase();
        let Some(other) = spelled.insert(lower, &principal.value) else {
            continue;
        };
        let message = format!("this is `{other}` in other letters");
        let advice = "keep the one that `aws sts get-caller-identity` prints: only the same letters \
                      are the same principal";
        report.advise(&principal.place, message, advice);
    }
    let people = people.entries.iter().map(|(principal, person)| {
        let person = UserId::new(person.get()?.as_str());
        Some((principal.value.clone(), person))
    });
    people.collect::<Option<BTreeMap<_, _>>>().map(People::new)
}
