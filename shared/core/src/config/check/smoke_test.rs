//! Smoke tests: which service each asks, and what can be asked of it.

use jiff::SignedDuration;

use super::{Known, given, or};
use crate::config::raw;
use crate::config::reader::{At, Field};
use crate::config::report::Report;
use crate::config::text::JsonPointer;
use crate::config::values::Json;
use crate::config::{ServiceKind, SmokeTest};
use crate::id::ServiceName;

/// The time an answer has unless the file says otherwise.
const WITHIN: SignedDuration = SignedDuration::from_secs(5);

pub(super) fn all(
    tests: &[Field<raw::SmokeTest>],
    known: &Known<'_>,
    report: &mut Report,
) -> Option<Vec<SmokeTest>> {
    let mut names = Vec::new();
    let mut read = Vec::new();
    for test in tests {
        if let Some(name) = test.get().and_then(|test| test.name.at()) {
            if names.contains(&name.value.as_str()) {
                let message = "another smoke test has this name";
                let advice = "give each its own: a failure is reported by name";
                report.advise(&name.place, message, advice);
            }
            names.push(name.value.as_str());
        }
        read.push(test.at().and_then(|test| one(test, known, report)));
    }
    read.into_iter().collect()
}

fn one(test: &At<raw::SmokeTest>, known: &Known<'_>, report: &mut Report) -> Option<SmokeTest> {
    let raw = &test.value;
    let service = service(test, known, report);
    let method = or(&raw.method, "GET", |method| method.0);
    let json = given(&raw.json, |json| {
        if method == Some("HEAD") {
            let advice = "remove `json`, or write method = \"GET\"";
            report.advise(&json.place, "the answer to HEAD has no body", advice);
        }
        let pair = |(pointer, value): &(At<JsonPointer>, Field<Json>)| {
            Some((pointer.value.as_str().to_owned(), value.get()?.0.clone()))
        };
        json.value.entries.iter().map(pair).collect::<Option<_>>()
    });
    Some(SmokeTest {
        name: raw.name.get()?.as_str().to_owned(),
        service: service?,
        method: method?.to_owned(),
        path: raw.path.get()?.as_str().to_owned(),
        status: or(&raw.status, 200, |status| status.get())?,
        json: json?.unwrap_or_default(),
        within: or(&raw.within, WITHIN, |within| within.get())?,
    })
}

fn service(
    test: &At<raw::SmokeTest>,
    known: &Known<'_>,
    report: &mut Report,
) -> Option<ServiceName> {
    if let Some(service) = &test.value.service {
        let service = service.at()?;
        let kind = known.kind(service, report)?;
        if kind != ServiceKind::Web {
            let message = format!("`{}` is no web service: nothing to ask", service.value);
            report.advise(&service.place, message, "name a service of kind = \"web\"");
        }
        return Some(service.value.clone());
    }
    // A service whose kind could not be read may be the web service that is meant.
    let all_read = known.services.is_some() && known.services().all(|(_, kind)| kind.is_some());
    let web: Vec<_> = known
        .services()
        .filter(|(_, kind)| *kind == Some(ServiceKind::Web))
        .collect();
    match web.as_slice() {
        [(only, _)] => Some((*only).clone()),
        [] => {
            if all_read {
                let advice = "remove the test, or add a service of kind = \"web\"";
                report.advise(&test.place, "there is no web service to ask", advice);
            }
            None
        }
        [(first, _), ..] => {
            let message = "there are several web services: say which one is asked";
            report.advise(&test.place, message, format!("add: service = \"{first}\""));
            None
        }
    }
}
