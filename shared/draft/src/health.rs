//! Health paths, from what already asks the service; and the first smoke test.

use sluice_core::config::ServiceKind;
use sluice_words::draft::Note;
use sluice_words::draft::health as words;

use crate::application::{Application, Running};
use crate::page::Page;

/// Words of a path that say what it answers for.
const LIVE: [&str; 4] = ["live", "alive", "liveness", "livez"];
const READY: [&str; 3] = ["ready", "readiness", "readyz"];

/// Paths that are asked of a service, and how that is known.
#[derive(Debug, Default)]
struct Asked {
    paths: Vec<String>,
    notes: Vec<Note>,
}

impl Asked {
    fn add(&mut self, path: &str, note: Note) {
        if !self.paths.iter().any(|known| known == path) {
            self.paths.push(path.to_owned());
            self.notes.push(note);
        }
    }
}

/// `live` and `ready` of a service.
pub(crate) fn write(found: &Application<'_>, unit: &str, page: &mut Page) {
    let asked = asked(found, unit);
    page.notes(&asked.notes);
    match &both(&asked.paths) {
        Some((live, ready)) => {
            if live == ready {
                page.note(&words::one_path());
            }
            page.text("live", live);
            page.text("ready", ready);
        }
        None => {
            page.note(&words::no_path());
            page.off_text("live", "/healthz/live");
            page.off_text("ready", "/healthz/ready");
        }
    }
}

/// Which of the paths is which; one alone is both.
fn both(paths: &[String]) -> Option<(String, String)> {
    let says = |path: &String, words: &[&str]| {
        let mut parts = path.split(|c: char| !c.is_ascii_alphanumeric());
        parts.any(|part| words.contains(&part.to_lowercase().as_str()))
    };
    let first = paths.first()?;
    let ready = paths.iter().find(|path| says(path, &READY));
    let live = paths.iter().find(|path| says(path, &LIVE));
    let other = |than: &String| {
        paths
            .iter()
            .find(|path| *path != than)
            .unwrap_or(than)
            .clone()
    };
    Some(match (live, ready) {
        (Some(live), Some(ready)) => (live.clone(), ready.clone()),
        (Some(live), None) => (live.clone(), other(live)),
        (None, Some(ready)) => (other(ready), ready.clone()),
        (None, None) => (first.clone(), first.clone()),
    })
}

fn asked(found: &Application<'_>, unit: &str) -> Asked {
    let mut asked = Asked::default();
    for (_, running) in found.running(unit) {
        for group in running.service.balancers.iter().flat_map(|one| &one.groups) {
            let name = group_name(&group.arn);
            match &group.about {
                Err(why) => asked.notes.push(Note::Unknown(why.clone())),
                Ok(about) => {
                    let codes = about.healthy_codes.as_deref().unwrap_or("200");
                    match &about.health_path {
                        Some(path) if !only_good(codes) => {
                            asked.notes.push(words::other_codes(name, path, codes));
                        }
                        Some(path) if is_path(path) => asked.add(path, words::of_group(name, path)),
                        _ => {}
                    }
                }
            }
        }
        if let Some(path) = of_container(running) {
            asked.add(&path, words::of_container(&running.container.name, &path));
        }
    }
    asked
}

/// Sluice takes 200 to 299 as healthy, and no redirection.
fn only_good(codes: &str) -> bool {
    codes
        .split([',', '-'])
        .all(|code| code.trim().starts_with('2'))
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && !path.contains(|c: char| c.is_whitespace() || c == '#')
}

/// The path that a container's own health check asks, such as `curl -f http://localhost:8000/live`.
fn of_container(running: &Running<'_>) -> Option<String> {
    let texts = running
        .container
        .health_check
        .iter()
        .map(|one| one.expose());
    let mut words =
        texts.flat_map(|text| text.split(|c: char| c.is_whitespace() || "\"'();|&".contains(c)));
    let url = words.find_map(|word| word.split_once("http://"))?.1;
    let (host, path) = url.split_once('/')?;
    let is_itself = ["localhost", "127.0.0.1", "0.0.0.0"].contains(&host.split(':').next()?);
    let path = format!("/{}", path.split(['?', '#']).next().unwrap_or_default());
    (is_itself && is_path(&path)).then_some(path)
}

/// The name in `arn:…:targetgroup/NAME/ID`.
pub(crate) fn group_name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

/// A smoke test for each web service: what is asked already must be answered by a new version too.
pub(crate) fn smoke_tests(found: &Application<'_>, page: &mut Page) {
    let webs: Vec<&str> = found
        .units
        .iter()
        .filter(|unit| unit.kind == ServiceKind::Web)
        .map(|unit| unit.name.as_str())
        .collect();
    if webs.is_empty() {
        return;
    }
    page.chapter(words::SMOKE_TESTS);
    page.comment(words::ABOUT_SMOKE_TESTS);
    for unit in &webs {
        let known = both(&asked(found, unit).paths);
        page.blank();
        let service = (webs.len() > 1).then_some(*unit);
        match known {
            Some((live, ready)) => {
                page.note(&words::smoke_test(unit));
                page.line("[[smoke_tests]]");
                page.text("name", &words::smoke_test_name(unit));
                page.text("path", if live == ready { &live } else { &ready });
                if let Some(service) = service {
                    page.text("service", service);
                }
            }
            None => {
                page.note(&words::no_smoke_test(unit));
                page.off("[[smoke_tests]]");
                page.off_text("name", words::EXAMPLE.0);
                page.off_text("path", words::EXAMPLE.1);
                if let Some(service) = service {
                    page.off_text("service", service);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart_by_their_words() {
        let both = |paths: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            super::both(&paths)
        };
        let pair = |live: &str, ready: &str| Some((live.to_owned(), ready.to_owned()));
        assert_eq!(
            both(&["/healthz/ready", "/healthz/live"]),
            pair("/healthz/live", "/healthz/ready")
        );
        assert_eq!(both(&["/health", "/readyz"]), pair("/health", "/readyz"));
        assert_eq!(both(&["/live", "/db"]), pair("/live", "/db"));
        assert_eq!(both(&["/ping"]), pair("/ping", "/ping"));
        assert_eq!(both(&["/a", "/already"]), pair("/a", "/a"));
        assert_eq!(both(&[]), None);
    }

    #[test]
    fn a_redirection_is_no_health() {
        for (codes, good) in [
            ("200", true),
            ("200-299", true),
            ("200,204", true),
            ("200-399", false),
            ("301", false),
        ] {
            assert_eq!(only_good(codes), good, "{codes}");
        }
    }
}
