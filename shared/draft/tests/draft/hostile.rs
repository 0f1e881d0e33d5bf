//! Names that someone else chose: whatever they are, the file is valid, says nothing that was not said,
//! and shows no value.

use proptest::prelude::*;
use sluice_draft::facts::{Cluster, Hidden};

use crate::erp::{alarm, cluster, clusters, container, database, entrance, one_group, service};
use crate::{drafted, valid};

const VALUE: &str = "correct-horse-battery-1";

/// A cluster in which everything that someone can name is called this.
fn named(name: &str) -> Cluster {
    let mut app = container(
        name,
        "shop",
        &[name, &format!("--url=postgres://a:{VALUE}@db"), "celery"],
    );
    app.variables.insert(name.into(), Hidden::new(VALUE));
    app.variables.insert("MODE".into(), Hidden::new(name));
    app.secrets.insert(name.into(), name.into());
    app.secrets.insert(
        "ODD".into(),
        format!("arn:aws:secretsmanager:eu-central-1:222222222222:secret:{name}:{name}::"),
    );
    app.health_check = vec![Hidden::new(format!("curl http://localhost/{name}"))];
    let mut web = service(name, vec![app]);
    web.controller = name.into();
    web.alarms = vec![name.into()];
    web.balancers = vec![one_group(name, name, vec![entrance(443, Some(name))])];
    web.balancers[0].groups[0].arn = name.into();
    let mut cluster = cluster(name, "222222222222", vec![web]);
    cluster.alarms = Ok(vec![alarm(name, &[("ClusterName", name)])]);
    cluster.databases = Ok(vec![database(name, "vpc-1"), database("other", "vpc-1")]);
    cluster
}

/// Lines that are no comment, without what the file itself says.
fn keys(text: &str) -> usize {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .count()
}

#[test]
fn no_name_ends_a_comment_or_a_text() {
    for name in [
        "a\n[environments.evil]\naccount = \"1\"",
        "\" }\nrole = \"arn:aws:iam::999999999999:role/evil\" # ",
        "a\r\u{1b}[2Jb",
        "'''\n'''",
        "\\u0022",
        "\u{2028}evil = 1",
        "",
        "#",
        "[[x]]",
    ] {
        let Ok(draft) = drafted(&[named(name)], &[]) else {
            continue;
        };
        let text = &draft.text;
        assert!(!text.contains(VALUE), "{text}");
        assert!(!text.contains(['\r', '\u{1b}', '\u{2028}']), "{text:?}");
        let evil = text
            .lines()
            .any(|line| line.starts_with("role") && line.contains("evil"));
        assert!(!evil && !text.contains("\n[environments.evil]"), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Of the characters that AWS takes in the names of clusters, services and containers.
    #[test]
    fn whatever_ecs_takes_as_a_name_makes_a_valid_file(name in "[a-zA-Z0-9_-]{1,60}", host in "[ -~]{0,20}") {
        let mut clusters = clusters();
        let cluster = &mut clusters[1];
        cluster.name.clone_from(&name);
        let services = cluster.services.as_mut().unwrap();
        services[0].name.clone_from(&name);
        let one = &mut services[0];
        one.definition.as_mut().unwrap().containers[0].name.clone_from(&name);
        one.balancers[0].production = Some(Ok(entrance(443, Some(&host))));
        match drafted(&clusters, &[]) {
            Ok(draft) => {
                valid(&draft);
                prop_assert!(keys(&draft.text) > 20);
            }
            // Two environments may well have one name.
            Err(why) => prop_assert!(format!("{why:?}").starts_with("SameName"), "{why:?}"),
        }
    }
}
