//! What `infra/environment.yaml` needs for an environment: rights on its names, and on no others.

use std::collections::BTreeSet;

use sluice_words::draft::command::shell_word;
use sluice_words::draft::environment as words;

use crate::application::{Application, Environment};
use crate::database;
use crate::page::Page;
use crate::settings::secret_arn;

/// The parameters of its stack, a line each.
pub(crate) fn parameters(
    found: &Application<'_>,
    environment: &Environment<'_>,
    role: &str,
    page: &mut Page,
) {
    let running = || environment.services.values();
    let definitions = || running().filter_map(|one| one.service.definition.as_ref().ok());
    let services = running().map(|one| one.service.name.clone());
    let families = definitions().map(|one| one.family.clone());
    let roles: BTreeSet<&str> = definitions()
        .flat_map(|one| &one.roles)
        .map(String::as_str)
        .collect();
    let logs = running().filter_map(|one| one.container.log_group.clone());
    let references = running().flat_map(|one| one.container.secrets.values());
    let secrets = references.filter_map(|from| {
        let seen = environment.cluster.secrets.get(&secret_arn(from)?)?;
        seen.clone().ok().flatten()
    });
    page.note(&words::parameters());
    let mut line = |name: &str, value: &str| {
        page.off(&format!("  {}", shell_word(&format!("{name}={value}"))))
    };
    line("RoleName", role);
    line("Environment", &environment.name);
    line("Cluster", &environment.cluster.name);
    let mut patterns = vec![
        ("Services", services.collect::<BTreeSet<_>>(), ""),
        ("TaskFamilies", families.collect(), ""),
        ("LogGroups", logs.collect(), ""),
        // Secrets Manager adds six characters to each name.
        ("Secrets", secrets.collect(), "*"),
    ];
    patterns.retain(|(_, names, _)| !names.is_empty());
    for (name, names, end) in patterns {
        match pattern(&names, end) {
            Some(pattern) => line(name, &pattern),
            None => line(
                name,
                &words::no_pattern(&names.iter().map(String::as_str).collect::<Vec<_>>()),
            ),
        }
    }
    if !roles.is_empty() {
        line(
            "TaskRoles",
            &roles.into_iter().collect::<Vec<_>>().join(","),
        );
    }
    if found.image.registry.account.as_str() == environment.cluster.account {
        line("Repositories", &found.image.repository);
    }
    if let Some(database) =
        database::known(found, environment).filter(|_| environment.is_production)
    {
        line("Database", &database.identifier);
    }
}

/// A pattern for these names: the one, or what all begin with, up to a separator.
fn pattern(names: &BTreeSet<String>, end: &str) -> Option<String> {
    let first = names.first()?;
    if names.len() == 1 {
        return Some(format!("{first}{end}"));
    }
    let shared = |other: &String| {
        let same = first.bytes().zip(other.bytes()).take_while(|(a, b)| a == b);
        same.count()
    };
    let length = names.iter().map(shared).min()?;
    let begin = first.get(..length)?;
    let cut = begin.rfind(['-', '_', '/', '.'])?;
    let begin = &begin[..=cut];
    (begin.len() > 1).then(|| format!("{begin}*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_what_names_begin_with_up_to_a_separator() {
        let pattern = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            pattern(&names, "")
        };
        assert_eq!(
            pattern(&["erp-web", "erp-worker"]).as_deref(),
            Some("erp-*")
        );
        assert_eq!(
            pattern(&["/ecs/erp/web", "/ecs/erp/beat"]).as_deref(),
            Some("/ecs/erp/*")
        );
        assert_eq!(pattern(&["erp"]).as_deref(), Some("erp"));
        assert_eq!(pattern(&["api", "app"]), None, "`ap` is no beginning");
        assert_eq!(pattern(&["/a", "/b"]), None, "nor is `/`");
        assert_eq!(pattern(&["über-a", "über-b"]).as_deref(), Some("über-*"));
    }
}
