//! Passwords that RDS manages in Secrets Manager: it rotates them by itself, every seven days where
//! nobody says otherwise, and PostgreSQL takes the current one and the one before.

use jiff::SignedDuration;

use super::Cloud;
use super::agenda::Due;

/// How often RDS rotates a password that it manages (terraform-aws-rds#547).
pub const ROTATES_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Cloud {
    /// RDS manages the secret from now on, in every account that has one of that name.
    pub fn manage_secret(&mut self, name: &str) {
        self.vault.manage(name);
        self.rotations.push(name.to_owned());
        self.plan_rotation(self.rotations.len() - 1);
    }

    fn plan_rotation(&mut self, rotation: usize) {
        let due = Due::SecretRotates { rotation };
        self.agenda.plan(self.now + ROTATES_EVERY, due);
    }

    pub(super) fn secret_rotates(&mut self, rotation: usize) {
        let name = self.rotations[rotation].clone();
        self.rotate_secret(&name);
        self.plan_rotation(rotation);
    }

    /// Whether a container is given a password by version that the database takes no more.
    pub(super) fn has_dead_password(&self, definition: usize) -> bool {
        if self.rotations.is_empty() {
            return false;
        }
        let containers = self.ecs.task_definitions[definition].containers.iter();
        let mut secrets = containers.flat_map(|container| container.secrets.values());
        secrets.any(|value_from| self.vault.is_dead(value_from))
    }
}

#[cfg(test)]
mod tests {
    use sluice_app::ports::{Secrets as _, Services as _, TaskDefinitionOrder};
    use sluice_core::config::{SecretSource, Strategy};
    use sluice_core::id::ContainerName;
    use sluice_core::observation::{PinnedSecret, RolloutStatus};
    use sluice_core::task_definition::RevisionOrder;

    use super::*;
    use crate::cloud::ImageBehaviour;
    use crate::cloud::test_config::{
        furnished, minutes, order, pass, release, roll_out, rollout, target, through, worker,
    };

    fn pinned(cloud: &mut Cloud) -> PinnedSecret {
        let source = SecretSource::SecretsManager {
            name: "erp/database".to_owned(),
            key: Some("url".to_owned()),
        };
        let pinned = through(cloud, async |ports| {
            ports.pin(&target(), "DATABASE_URL", &source).await
        });
        pinned.unwrap().unwrap()
    }

    /// Whether a worker that is given the secret comes up.
    fn starts(cloud: &mut Cloud, secret: &PinnedSecret) -> bool {
        let from = release(cloud, &worker(), "v1", ImageBehaviour::default());
        let with_secret = TaskDefinitionOrder {
            revision: RevisionOrder {
                from,
                family: None,
                container: ContainerName::new("worker"),
                removes: Vec::new(),
                stop_timeout: None,
            },
            image: format!(
                "{}/erp@{}",
                cloud.registry_host(),
                crate::cloud::digest_of("v1")
            ),
            variables: std::collections::BTreeMap::new(),
            secrets: vec![secret.clone()],
        };
        let definition = through(cloud, async |ports| {
            ports.ensure_task_definition(&target(), &with_secret).await
        });
        let order = order(cloud, &worker(), Strategy::Rolling, &definition.unwrap());
        roll_out(cloud, &order).unwrap();
        pass(cloud, minutes(20));
        rollout(cloud, &order).status == RolloutStatus::Successful
    }

    #[test]
    fn a_pinned_password_is_dead_after_two_rotations_and_what_rotates_is_not_pinned() {
        let mut cloud = furnished();
        let old = pinned(&mut cloud);
        assert!(old.pinned);
        cloud.manage_secret("erp/database");
        pass(&mut cloud, ROTATES_EVERY);
        assert!(starts(&mut cloud, &old), "the one before is taken still");
        pass(&mut cloud, ROTATES_EVERY);
        assert!(!starts(&mut cloud, &old));
        let current = pinned(&mut cloud);
        assert!(!current.pinned);
        assert!(starts(&mut cloud, &current));
        pass(&mut cloud, ROTATES_EVERY * 3);
        assert!(starts(&mut cloud, &current), "it names no version");
    }
}
