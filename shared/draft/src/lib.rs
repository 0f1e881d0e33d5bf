//! A commented `sluice.toml` from what runs in a cluster: facts in, a file out.
//!
//! `shared/aws` reads the facts, and the sentences are in `words::draft`. Nothing here reads anything.
//! What was seen is said with where, what is guessed with why, and what could not be read is a comment
//! from which nothing is guessed.

mod alarms;
mod application;
mod conversation;
mod database;
mod environment;
pub mod facts;
mod health;
mod image;
mod install;
mod migration;
mod names;
mod page;
mod role;
mod services;
mod settings;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};

use facts::Cluster;
use sluice_words::doctor::NotSeen;
use sluice_words::draft::{Question, application as words};

pub use conversation::settle;
pub use settings::secret_arn;

use application::Application;
use page::Page;

/// What is said beforehand.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The application's name.
    pub app: Option<String>,
    /// Its repository.
    pub repository: Option<String>,
    /// Answers to [`Draft::questions`], by their keys.
    pub answers: BTreeMap<String, String>,
}

/// A file.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its text.
    pub text: String,
    /// What cannot be seen in AWS, answered or not.
    pub questions: Vec<Question>,
    /// What could not be read.
    pub unknown: Vec<NotSeen>,
    /// Plain variables that look like credentials, in words.
    pub credentials: Vec<String>,
}

/// What must be known before anything can be drafted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// Nothing could be read.
    NotSeen(NotSeen),
    /// The clusters have no services.
    NoServices,
    /// No image of these services is in ECR.
    NoEcr(Vec<String>),
    /// No service that Sluice can deploy has this repository's image.
    NoImage(String),
    /// Images of several applications: each repository, with its services.
    Repositories(Vec<(String, Vec<String>)>),
    /// No service has an image of this repository. There are these.
    NoSuchRepository(String, Vec<(String, Vec<String>)>),
    /// Two clusters are an environment of this name.
    SameName(String),
    /// An environment cannot have this name.
    BadName(String),
    /// Nothing is asked under these keys. There are those.
    NotAsked(Vec<String>, Vec<String>),
}

/// Drafts a file.
///
/// # Errors
/// What must be said first.
pub fn draft(clusters: &[Cluster], wanted: &Wanted) -> Result<Draft, Undecided> {
    let found = Application::find(clusters, wanted)?;
    let mut page = Page::new(&wanted.answers);
    head(&found, wanted, &mut page);
    services::write(&found, &mut page);
    migration::write(&found, &mut page);
    health::smoke_tests(&found, &mut page);
    let mut team = environment::team(&mut page);
    for (at, environment) in found.environments.iter().enumerate() {
        let mut before = found.environments[..at].iter().rev();
        let before = before.find(|one| !one.is_production);
        environment::write(&found, environment, before, &mut team, &mut page);
    }
    let asked: Vec<String> = page.questions.iter().map(|one| one.key.clone()).collect();
    let not_asked = wanted.answers.keys().filter(|key| !asked.contains(key));
    let not_asked: Vec<String> = not_asked.cloned().collect();
    if !not_asked.is_empty() {
        return Err(Undecided::NotAsked(not_asked, asked));
    }
    Ok(Draft {
        questions: std::mem::take(&mut page.questions),
        unknown: std::mem::take(&mut page.unknown),
        credentials: std::mem::take(&mut page.credentials),
        text: page.into_text(),
    })
}

fn head(found: &Application<'_>, wanted: &Wanted, page: &mut Page) {
    for line in words::HEAD {
        page.comment(line);
    }
    page.table("app");
    page.note(&words::app_name(
        wanted.app.is_some(),
        &found.image.repository,
    ));
    page.text("name", &found.name);
    let services = found
        .environments
        .iter()
        .flat_map(|one| one.services.values());
    let names: BTreeSet<&str> = services.map(|one| one.service.name.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    page.note(&words::repository(&names, wanted.repository.is_some()));
    page.text("repository", &found.image.repository);
    if found.registries.len() > 1 {
        let all: Vec<&str> = found.registries.iter().map(String::as_str).collect();
        page.note(&words::several_registries(&all));
    }
    let registry = &found.image.registry;
    let place = [
        ("account", registry.account.as_str()),
        ("region", registry.region.as_str()),
    ];
    page.key("registry", &page::inline(&place));
}
