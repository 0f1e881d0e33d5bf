//! Secrets and parameters.
//!
//! Each stage has the secret `erp/database`, a JSON object whose one key is `url`; the secret
//! `erp/secret-key`, a text; and the parameter `/erp/sentry-dsn`. Every value has `hunter2` in it.

use sluice_app::ports::{Secrets, Target};
use sluice_core::config::SecretSource;
use sluice_core::id::SecretVersion;
use sluice_core::observation::{PinnedSecret, SecretProblem};

pub(crate) trait Stage {
    fn secrets(&self) -> &dyn Secrets;
    fn target(&self) -> Target;

    /// Gives the secret or parameter of this name a new value, of the same kind.
    async fn rotate(&self, name: &str);

    /// Removes the secret of this name.
    async fn remove(&self, name: &str);
}

fn secret(name: &str, key: Option<&str>) -> SecretSource {
    SecretSource::SecretsManager {
        name: name.to_owned(),
        key: key.map(str::to_owned),
    }
}

fn parameter(name: &str) -> SecretSource {
    SecretSource::Parameter {
        name: name.to_owned(),
    }
}

async fn pin(stage: &impl Stage, source: &SecretSource) -> Result<PinnedSecret, SecretProblem> {
    let pinned = stage.secrets().pin(&stage.target(), "VALUE", source).await;
    let pinned = pinned.unwrap();
    assert!(!format!("{pinned:?}").contains("hunter2"), "{pinned:?}");
    pinned
}

async fn a_secret_is_pinned_to_the_version_it_has_now(stage: &impl Stage) {
    for (source, key) in [
        (secret("erp/database", Some("url")), "url"),
        (secret("erp/database", None), ""),
        (secret("erp/secret-key", None), ""),
    ] {
        let pinned = pin(stage, &source).await.unwrap();
        assert_eq!((pinned.variable.as_str(), pinned.pinned), ("VALUE", true));
        // ECS's form: the ARN, the key, the stage, the version.
        let ends = format!(":{key}::{}", pinned.version);
        let arn = pinned.value_from.strip_suffix(&ends).unwrap();
        assert!(arn.starts_with("arn:aws:secretsmanager:"), "{pinned:?}");
        let by_arn = secret(arn, (!key.is_empty()).then_some(key));
        assert_eq!(pin(stage, &by_arn).await.unwrap(), pinned);
    }
}

async fn a_rotation_is_another_version(stage: &impl Stage) {
    for source in [
        secret("erp/database", Some("url")),
        secret("erp/secret-key", None),
    ] {
        let SecretSource::SecretsManager { name, .. } = &source else {
            unreachable!("both are secrets");
        };
        let before = pin(stage, &source).await.unwrap();
        assert_eq!(pin(stage, &source).await.unwrap(), before, "asked again");
        stage.rotate(name).await;
        let after = pin(stage, &source).await.unwrap();
        assert_ne!(after.version, before.version);
        assert_ne!(after.value_from, before.value_from);
    }
}

async fn a_parameter_has_a_version_that_ecs_cannot_be_held_to(stage: &impl Stage) {
    let source = parameter("/erp/sentry-dsn");
    let first = pin(stage, &source).await.unwrap();
    assert_eq!((first.version.as_str(), first.pinned), ("1", false));
    assert!(first.value_from.ends_with("/erp/sentry-dsn"), "{first:?}");
    stage.rotate("/erp/sentry-dsn").await;
    let second = pin(stage, &source).await.unwrap();
    assert_eq!(
        (second.version.as_str(), &second.value_from),
        ("2", &first.value_from)
    );
}

async fn what_is_wrong_with_a_secret_is_said_without_its_value(stage: &impl Stage) {
    stage.remove("erp/secret-key").await;
    for (source, problem) in [
        (
            secret("erp/nothing", None),
            "there is no secret `erp/nothing`",
        ),
        (secret("erp/secret-key", None), "there is no secret"),
        (
            secret("erp/database", Some("port")),
            "the secret `erp/database` has no key `port`",
        ),
        (
            parameter("/erp/nothing"),
            "there is no parameter `/erp/nothing`",
        ),
        // By its name a secret is none of the parameters, nor the other way round.
        (parameter("erp/database"), "there is no parameter"),
    ] {
        let wrong = pin(stage, &source).await.unwrap_err();
        assert_eq!(wrong.variable, "VALUE");
        assert!(wrong.problem.contains(problem), "{wrong:?}");
    }
}

async fn a_text_has_no_keys(stage: &impl Stage) {
    let source = secret("erp/secret-key", Some("url"));
    let wrong = pin(stage, &source).await.unwrap_err();
    let expected = "the secret `erp/secret-key` is not a JSON object, so it has no key `url`";
    assert_eq!(wrong.problem, expected);
}

async fn a_version_is_there_until_it_is_forgotten(stage: &impl Stage) {
    let pinned = pin(stage, &secret("erp/secret-key", None)).await.unwrap();
    let is_there = async |pinned: &PinnedSecret| {
        let is_there = stage.secrets().is_there(&stage.target(), pinned).await;
        is_there.unwrap()
    };
    assert!(is_there(&pinned).await);
    stage.rotate("erp/secret-key").await;
    assert!(is_there(&pinned).await, "the one before is kept");
    let mut unknown = pinned.clone();
    unknown.version = SecretVersion::new("00000000-0000-0000-0000-000000000000");
    assert!(!is_there(&unknown).await);
    stage.remove("erp/secret-key").await;
    assert!(!is_there(&pinned).await);
}

contract! {
    a_version_is_there_until_it_is_forgotten on sim, wire, moto;
    a_secret_is_pinned_to_the_version_it_has_now on sim, wire, moto;
    a_rotation_is_another_version on sim, wire, moto;
    a_parameter_has_a_version_that_ecs_cannot_be_held_to on sim, wire, moto;
    what_is_wrong_with_a_secret_is_said_without_its_value on sim, wire, moto;
    a_text_has_no_keys on sim, wire, moto;
}
