//! The repositories that images come from.

use std::collections::BTreeMap;

use aws_sdk_ecr::types::{ImageTagMutability, RegistryScanningRule, ScanFrequency};
use sluice_core::config::Config;
use sluice_core::registry::Registry;
use sluice_doctor::facts::{Repository, RepositorySettings, Seen};
use wildmatch::WildMatch;

use super::Eyes;
use super::seen::{found, seen};
use crate::clients::ClientSet;

pub(super) async fn read(eyes: &Eyes, configs: &[Config]) -> Vec<Repository> {
    let mut read: BTreeMap<(String, String), Repository> = BTreeMap::new();
    for config in configs {
        let own = Registry {
            account: eyes.account.clone(),
            region: eyes.region.clone(),
        };
        let registry = config.registry.clone().unwrap_or(own);
        let name = config.repository.to_string();
        let key = (registry.account.to_string(), name.clone());
        if read.contains_key(&key) {
            continue;
        }
        let (seen, scanned_by_registry) = match eyes.of(&registry.account, &registry.region) {
            Err(why) => (Err(why.clone()), Err(why)),
            Ok(clients) => (
                settings(&clients, &registry, &name).await,
                scanned(&clients, &name).await,
            ),
        };
        let account = registry.account.to_string();
        read.insert(
            key,
            Repository {
                name,
                account,
                seen,
                scanned_by_registry,
            },
        );
    }
    read.into_values().collect()
}

async fn settings(
    clients: &ClientSet,
    registry: &Registry,
    name: &str,
) -> Seen<Option<RepositorySettings>> {
    let call = clients
        .ecr()
        .describe_repositories()
        .registry_id(registry.account.as_str())
        .repository_names(name)
        .send();
    let missing = ["RepositoryNotFoundException"];
    let there = found("ecr:DescribeRepositories", name, &missing, call).await?;
    let repository = there.and_then(|answer| answer.repositories.unwrap_or_default().pop());
    Ok(repository.map(|repository| {
        let scanning = repository.image_scanning_configuration;
        let mutability = repository.image_tag_mutability;
        RepositorySettings {
            scan_on_push: scanning.is_some_and(|scanning| scanning.scan_on_push),
            mutable: !matches!(
                mutability,
                Some(ImageTagMutability::Immutable | ImageTagMutability::ImmutableWithExclusion)
            ),
        }
    }))
}

/// Whether a rule of the registry has the repository scanned when something is pushed, or always.
async fn scanned(clients: &ClientSet, name: &str) -> Seen<bool> {
    let call = clients.ecr().get_registry_scanning_configuration().send();
    let answer = seen("ecr:GetRegistryScanningConfiguration", "the registry", call).await?;
    let rules = answer
        .scanning_configuration
        .and_then(|all| all.rules)
        .unwrap_or_default();
    let takes = |rule: &RegistryScanningRule| {
        rule.scan_frequency != ScanFrequency::Manual
            && rule
                .repository_filters
                .iter()
                .any(|one| WildMatch::new(&one.filter).matches(name))
    };
    Ok(rules.iter().any(takes))
}
