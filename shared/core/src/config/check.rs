//! From the tables of the file to a [`Config`]: what one key demands of another.
//!
//! Every function goes on after a problem and answers `None` only when one was reported.

mod controls;
mod environment;
mod migration;
mod monitors;
mod order;
mod parity;
mod people;
mod placement;
mod scan;
mod smoke_test;
mod source;
mod stack;
mod variables;

pub use variables::{holds_password, names_secret, words_of};

use toml::de::{DeTable, DeValue};

use super::nesting::too_deep;
use super::raw::{self, File};
use super::reader::{At, Field, Node, Read};
use super::report::{Place, Report, did_you_mean, list};
use super::values::{MINUTE, Map};
use super::{Config, HealthPaths, Member, Problems, Service, ServiceKind};
use crate::id::{AppName, ContainerName, ServiceName};
use crate::registry::Registry;

/// A larger file is not read: that of an application with a hundred services has 40 KB.
const BYTES_MAX: usize = 256 * 1024;
/// Services of an application: what is seen of all of them is stored in one item of 400 KB.
const SERVICES_MAX: usize = 100;
/// Environments of an application.
const ENVIRONMENTS_MAX: usize = 100;
/// Smoke tests: they run one after the other, within the time that a function has.
const SMOKE_TESTS_MAX: usize = 200;

/// The body of [`Config::parse`].
pub(super) fn parse(text: &str) -> Result<Config, Problems> {
    let mut report = Report::default();
    if text.len() > BYTES_MAX {
        let message = format!(
            "the file has {} bytes, and at most {BYTES_MAX} are read",
            text.len()
        );
        let advice = "remove what is not Sluice's, or give each application a file of its own";
        report.advise(&Place::default(), message, advice);
        return Err(report.finish(text));
    }
    if let Some(start) = too_deep(text) {
        let place = Place {
            span: start..start,
            key: String::new(),
        };
        let message = "not TOML: from here on lists and tables stand too deep in each other";
        report.advise(&place, message, "close this bracket, or those in it");
        return Err(report.finish(text));
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    let config = if report.syntax(errors) {
        let value = DeValue::Table(document.into_inner());
        let root = Node {
            value: &value,
            place: Place::default(),
            is_key: false,
        };
        File::read(&root, &mut report).and_then(|file| config(&file, &mut report))
    } else {
        None
    };
    match config {
        Some(config) if report.is_empty() => Ok(config),
        _ => Err(report.finish(text)),
    }
}

/// Whether there is more of something than an application has: the rest is not looked at then.
fn is_too_much(file: &File, report: &mut Report) -> bool {
    let services = file.services.at();
    let services = services.map(|at| (&at.place, at.value.entries.len()));
    let environments = file.environments.at();
    let environments = environments.map(|at| (&at.place, at.value.entries.len()));
    let tests = file.smoke_tests.as_ref().and_then(Field::at);
    let tests = tests.map(|at| (&at.place, at.value.len()));
    let bounds = [
        (services, SERVICES_MAX, "services"),
        (environments, ENVIRONMENTS_MAX, "environments"),
        (tests, SMOKE_TESTS_MAX, "smoke tests"),
    ];
    let mut too_much = false;
    for (counted, most, what) in bounds {
        if let Some((place, count)) = counted.filter(|(_, count)| *count > most) {
            let message = format!("{count} {what}, and an application has at most {most}");
            let advice = "split the application: each part has a sluice.toml of its own";
            report.advise(place, message, advice);
            too_much = true;
        }
    }
    too_much
}

fn config(file: &File, report: &mut Report) -> Option<Config> {
    if is_too_much(file, report) {
        return None;
    }
    let app = file.app.get();
    let app_name = app.and_then(|app| app.name.get());
    let known = Known::of(file, app_name);
    let services = file
        .services
        .at()
        .and_then(|services| self::services(services, report));
    let migration = given(&file.migration, |at| {
        migration::one(&at.value, &known, report)
    });
    let smoke_tests = file.smoke_tests.as_ref().map_or(Some(Vec::new()), |tests| {
        tests
            .get()
            .and_then(|tests| smoke_test::all(tests, &known, report))
    });
    if let Some(app) = app {
        repository(app, report);
    }
    let registry = app.and_then(|app| {
        given(&app.registry, |at| {
            Some(Registry {
                account: at.value.account.get()?.clone(),
                region: at.value.region.get()?.clone(),
            })
        })
    });
    let except = given(&file.scan, |at| scan::except(&at.value, report));
    let environments = file
        .environments
        .at()
        .and_then(|all| environment::all(all, &known, report));
    let signatures = given(&file.signatures, |at| scan::signatures(&at.value, report));
    let source = given(&file.source, |at| source::one(at, report));
    let people = given(&file.people, |at| people::all(&at.value, report));
    let parity = given(&file.parity, |at| parity::allow(&at.value, report));
    let (mut environments, except) = (environments?, except?.unwrap_or_default());
    for environment in &mut environments {
        environment.scan.except.clone_from(&except);
    }
    Some(Config {
        app: app_name?.clone(),
        repository: app?.repository.get()?.clone(),
        registry: registry?,
        source_hosts: source_hosts(app?)?,
        configure: configure(app?, report)?,
        services: services?,
        migration: migration?,
        smoke_tests: smoke_tests?,
        signatures: signatures?,
        source: source?,
        people: people?.unwrap_or_default(),
        parity: parity?,
        environments,
    })
}

/// A repository's name may hold dots, so a whole image URI passes for one.
fn repository(app: &raw::App, report: &mut Report) {
    let Some(at) = app.repository.at() else {
        return;
    };
    if let Some((_, name)) = at.value.as_str().split_once(".amazonaws.com/") {
        let message = "this is the repository's URI, and its name is enough";
        report.instead(&at.place, message, format!("repository = {name:?}"));
    }
}

fn source_hosts(app: &raw::App) -> Option<Vec<String>> {
    let hosts = given(&app.source_hosts, |at| {
        let hosts = at.value.iter();
        hosts
            .map(|host| Some(host.get()?.as_str().to_owned()))
            .collect::<Option<Vec<String>>>()
    });
    Some(hosts?.unwrap_or_default())
}

fn configure(app: &raw::App, report: &mut Report) -> Option<Vec<Member>> {
    let members = given(&app.configure, |at| {
        environment::distinct_elements(&at.value, "member", report);
        let members = at.value.iter();
        members
            .map(|id| id.get().map(environment::member))
            .collect()
    });
    Some(members?.unwrap_or_default())
}

/// What the rest of the file may refer to.
struct Known<'a> {
    app: Option<&'a AppName>,
    /// Whether the file says where the source code is.
    has_source: bool,
    /// The services with their kinds; `None` where the kind, or the whole table, cannot be read.
    services: Option<Vec<(&'a ServiceName, Option<ServiceKind>)>>,
}

impl<'a> Known<'a> {
    fn of(file: &'a File, app: Option<&'a AppName>) -> Self {
        let services = file.services.get().map(|services| {
            let kind = |service: &Field<raw::Service>| service.get()?.kind.get().copied();
            services
                .entries
                .iter()
                .map(|(name, service)| (&name.value, kind(service)))
                .collect()
        });
        Self {
            app,
            has_source: file.source.is_some(),
            services,
        }
    }

    fn services(&self) -> impl Iterator<Item = (&'a ServiceName, Option<ServiceKind>)> + '_ {
        self.services.iter().flatten().copied()
    }

    /// The kind of the service that `name` refers to; reports a service that is not there.
    fn kind(&self, name: &At<ServiceName>, report: &mut Report) -> Option<ServiceKind> {
        self.services.as_ref()?;
        let word = name.value.as_str();
        if let Some((_, kind)) = self.services().find(|(service, _)| **service == name.value) {
            return kind;
        }
        let names = self.services().map(|(service, _)| service.as_str());
        report.advise(
            &name.place,
            format!("there is no service `{word}`"),
            known(word, names),
        );
        None
    }
}

/// What to write for a name that is not there.
fn known<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match did_you_mean(word, names.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if names.is_empty() => "the file names none".to_owned(),
        None => format!("the file names {}", list(names, "and")),
    }
}

/// A key that may be left out: `None` only if it is there and wrong.
fn given<T, U>(
    field: &Option<Field<T>>,
    read: impl FnOnce(&At<T>) -> Option<U>,
) -> Option<Option<U>> {
    match field {
        None => Some(None),
        Some(field) => read(field.at()?).map(Some),
    }
}

/// A key with a default: `None` only if it is there and wrong.
fn or<T: Clone, U>(field: &Option<Field<T>>, default: U, read: impl FnOnce(T) -> U) -> Option<U> {
    Some(given(field, |at| Some(read(at.value.clone())))?.unwrap_or(default))
}

fn minutes(count: i64) -> jiff::SignedDuration {
    jiff::SignedDuration::from_millis(count * MINUTE)
}

fn services(
    services: &At<Map<ServiceName, raw::Service>>,
    report: &mut Report,
) -> Option<Vec<Service>> {
    let entries = &services.value.entries;
    if entries.is_empty() {
        report.advise(
            &services.place,
            "no service at all",
            "add a table such as [services.web]",
        );
    }
    let services: Vec<_> = entries
        .iter()
        .map(|(name, raw)| service(name, raw.get()?, report))
        .collect();
    services.into_iter().collect()
}

fn service(name: &At<ServiceName>, raw: &raw::Service, report: &mut Report) -> Option<Service> {
    let health = health(name, raw, report);
    let container = or(
        &raw.container,
        ContainerName::new(name.value.as_str()),
        |given| given,
    );
    let stop_timeout = given(&raw.stop_timeout, |at| Some(at.value.get()));
    Some(Service {
        name: name.value.clone(),
        kind: *raw.kind.get()?,
        container: container?,
        stop_timeout: stop_timeout?,
        health: health?,
    })
}

fn health(
    name: &At<ServiceName>,
    raw: &raw::Service,
    report: &mut Report,
) -> Option<Option<HealthPaths>> {
    let web = raw.kind.get().is_none_or(|kind| *kind == ServiceKind::Web);
    let paths = [("live", &raw.live), ("ready", &raw.ready)];
    if !web {
        for (key, path) in paths {
            let Some(path) = path else { continue };
            let place = path.at().map_or(&name.place, |at| &at.place);
            let message = "only web services answer HTTP, so only they have health paths";
            report.advise(
                place,
                message,
                format!("remove `{key}`, or write kind = \"web\""),
            );
        }
        return Some(None);
    }
    match (&raw.live, &raw.ready) {
        (Some(live), Some(ready)) => Some(Some(HealthPaths {
            live: live.get()?.as_str().to_owned(),
            ready: ready.get()?.as_str().to_owned(),
        })),
        (None, None) => Some(None),
        (live, _) => {
            let [there, missing] = if live.is_some() {
                ["live", "ready"]
            } else {
                ["ready", "live"]
            };
            let add = format!(
                "add to {}: {missing} = \"/healthz/{missing}\"",
                name.place.key
            );
            report.advise(
                &name.place,
                format!("`{there}` is here without `{missing}`"),
                add,
            );
            None
        }
    }
}
