//! Where images come from.

use std::collections::BTreeSet;

use sluice_core::config::Config;
use sluice_words::doctor::{Check, registry as words};

use crate::facts::Facts;
use crate::sheet::Sheet;

pub(crate) fn examine(configs: &[Config], facts: &Facts, sheet: &mut Sheet) {
    let blocking = configs.iter().filter(|config| {
        let blocks =
            |environment: &sluice_core::config::Environment| environment.scan.block.is_some();
        config.environments.iter().any(blocks)
    });
    let blocking: BTreeSet<&str> = blocking.map(|config| config.repository.as_str()).collect();
    for repository in &facts.repositories {
        let name = &repository.name;
        let settings = sheet.there(Check::Repository, name, &repository.seen, || {
            words::no_repository(name, &repository.account)
        });
        if let Err(not_seen) = &repository.seen {
            sheet.unknown(&[Check::ImageScan, Check::TagMutability], name, not_seen);
        }
        let Some(settings) = settings else { continue };
        if blocking.contains(name.as_str()) {
            // A repository's own setting is enough; else the registry's decides.
            let scanned = match settings.scan_on_push {
                true => Ok(true),
                false => repository.scanned_by_registry.clone(),
            };
            sheet.check(Check::ImageScan, name, &scanned, |scanned| {
                (!scanned).then(|| words::not_scanned(name))
            });
        }
        sheet.check(
            Check::TagMutability,
            name,
            &Ok(settings.mutable),
            |mutable| mutable.then(|| words::mutable(name)),
        );
    }
}
