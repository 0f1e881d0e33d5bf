//! Images: which of a task's containers is the application's.

use sluice_core::registry::Registry;

use crate::facts::{Container, Service};

/// An image in ECR.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Image {
    pub(crate) registry: Registry,
    pub(crate) repository: String,
    /// Its tag, where it is named by one.
    pub(crate) tag: Option<String>,
}

/// Repositories of other people's images that many copy into their own registry.
const OTHERS: [&str; 10] = [
    "adot",
    "aws-for-fluent-bit",
    "datadog",
    "envoy",
    "fluent",
    "newrelic",
    "nginx",
    "otel",
    "traefik",
    "xray",
];

impl Image {
    /// An image in a private registry of ECR; `None` for any other.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (host, rest) = text.split_once('/')?;
        let registry = Registry::of_host(host)?;
        let name = rest.split('@').next()?;
        let (repository, tag) = match name.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag.to_owned())),
            None => (name, None),
        };
        // ECR's own cache of other registries.
        let is_name = !repository.is_empty()
            && repository
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c));
        is_name.then(|| Self {
            registry,
            repository: repository.to_owned(),
            tag,
        })
    }

    /// Whether it looks like something that stands beside an application.
    fn is_of_others(&self) -> bool {
        let last = self.repository.rsplit('/').next().unwrap_or_default();
        OTHERS
            .iter()
            .any(|other| last.starts_with(other) || last.ends_with(other))
    }
}

/// The repositories of a service's containers.
pub(crate) fn images(service: &Service) -> Vec<Image> {
    let Ok(definition) = &service.definition else {
        return Vec::new();
    };
    let images = definition.containers.iter();
    images.filter_map(|one| Image::read(&one.image)).collect()
}

/// Repositories that may be the application's, each with the services that have its image: one that
/// only stands beside another is none.
pub(crate) fn repositories(services: &[&Service]) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for service in services {
        let mut images = images(service);
        if images.iter().any(|image| !image.is_of_others()) {
            images.retain(|image| !image.is_of_others());
        }
        for image in images {
            match found.iter_mut().find(|(name, _)| *name == image.repository) {
                Some((_, names)) if names.contains(&service.name) => {}
                Some((_, names)) => names.push(service.name.clone()),
                None => found.push((image.repository, vec![service.name.clone()])),
            }
        }
    }
    // One that is in every service of another, and in more, is the application's.
    let all = found.clone();
    found.retain(|(name, services)| {
        !all.iter().any(|(other, more)| {
            other != name
                && more.len() > services.len()
                && services.iter().all(|one| more.contains(one))
        })
    });
    found.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    found
}

/// The container that runs the application's image, and how many others do too.
pub(crate) fn container<'a>(
    service: &'a Service,
    repository: &str,
) -> Option<(&'a Container, usize)> {
    let definition = service.definition.as_ref().ok()?;
    let is_ours = |one: &&Container| {
        Image::read(&one.image).is_some_and(|image| image.repository == repository)
    };
    let ours: Vec<&Container> = definition.containers.iter().filter(is_ours).collect();
    let balanced = |one: &&&Container| service.balancers.iter().any(|b| b.container == one.name);
    let best = ours.iter().find(balanced);
    let best = best
        .or_else(|| ours.iter().find(|one| one.essential))
        .or(ours.first())?;
    Some((best, ours.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::Image;

    #[test]
    fn an_image_of_a_private_registry_is_known() {
        let host = "222222222222.dkr.ecr.eu-central-1.amazonaws.com";
        for (text, repository, tag) in [
            (format!("{host}/shop/api:v1.2"), "shop/api", Some("v1.2")),
            (format!("{host}/erp@sha256:{}", "a".repeat(64)), "erp", None),
            (
                format!("{host}/erp:v1@sha256:{}", "a".repeat(64)),
                "erp",
                Some("v1"),
            ),
        ] {
            let image = Image::read(&text).expect("it is one");
            assert_eq!(
                (image.repository.as_str(), image.tag.as_deref()),
                (repository, tag)
            );
        }
        for other in [
            "nginx",
            "public.ecr.aws/nginx/nginx:1",
            "ghcr.io/acme/erp",
            &format!("{host}/"),
        ] {
            assert_eq!(Image::read(other), None, "{other}");
        }
    }
}
