//! The committed payloads, and a Sluice that takes them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::executor::block_on;
use jiff::Timestamp;
use proptest::prelude::prop_assert;
use proptest::test_runner::TestCaseError;
use serde_json::Value;
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::id::{ImageTag, RepositoryName};
use sluice_core::intake::ImagePush;
use sluice_sim::cloud::{Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

/// What is said back of a payload is no longer than this, in bytes.
pub(crate) const ANSWER_MAX: usize = 6_000;

pub(crate) const ERP: &str = include_str!("../../../erp/sluice.toml");

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The payloads of `events/` whose names begin so.
pub(crate) fn events(beginnings: &[&str]) -> Vec<Value> {
    let folder = root().join("events");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.ends_with(".json") && beginnings.iter().any(|start| name.starts_with(start))
        })
        .collect();
    // The order of a folder is chance, and chance is the seed's alone.
    files.sort();
    assert!(!files.is_empty(), "{beginnings:?}");
    // One of them is no JSON, on purpose.
    let read = |path: &PathBuf| serde_json::from_str(&fs::read_to_string(path).unwrap()).ok();
    files.iter().filter_map(read).collect()
}

pub(crate) fn now() -> Timestamp {
    "2026-01-05T09:50:00Z".parse().unwrap()
}

/// A Sluice with a deployment to production that has just been opened.
pub(crate) fn sluice() -> (World, App) {
    let config = Config::parse(ERP).unwrap();
    let world = World::new(1, now(), std::slice::from_ref(&config), Weather::default());
    let (digest, repository) = (digest_of("one"), RepositoryName::new("erp"));
    world.with_cloud(|cloud| {
        cloud.push_image(Push::image(&repository, "v1.4.0", digest.clone()));
    });
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    let push = ImagePush {
        event: "b9f19698".to_owned(),
        registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
        repository,
        tag: Some(ImageTag::new("v1.4.0")),
        digest,
        pushed_at: now(),
        manifest_media_type: None,
        artifact_media_type: None,
    };
    block_on(app.image_pushed(&push)).unwrap();
    (world, app)
}

/// What is said of wrong input: something, and not the input whole.
pub(crate) fn is_told(said: &str) -> Result<(), TestCaseError> {
    prop_assert!(!said.trim().is_empty());
    prop_assert!(
        said.len() <= ANSWER_MAX,
        "{} bytes: {said:.200}",
        said.len()
    );
    Ok(())
}
