//! Every kind of difference is seen, once, and nothing else is.

use sluice_core::config::ParityTopic as Topic;
use sluice_core::id::Hash;
use sluice_core::parity::{Side, Verdict};

use super::readings::{Pair, digest, release, text};

fn value(text: &str) -> Side {
    Side::Value(text.to_owned())
}

/// What is expected: in what, under which name, in staging and in production.
type Expected = (Topic, &'static str, Side, Side);

fn cases() -> Vec<(Pair, Expected)> {
    let absent = || Side::Absent;
    let (a, b) = (digest('a'), digest('b'));
    let runs = format!("registry/shop@{b}");
    vec![
        (
            Pair::default().web(move |web| web.image = runs),
            (Topic::Image, "image", value(&a), value(&b)),
        ),
        (
            Pair::default().production(|seen| seen.verified = Ok(Some(release('b')))),
            (Topic::Image, "verified release", value(&a), value(&b)),
        ),
        (
            Pair::default().production(|seen| seen.schema = Ok(Some("535d".to_owned()))),
            (Topic::Schema, "revision", value("3f2a9c1d"), value("535d")),
        ),
        (
            Pair::default().web(|web| {
                web.size.insert("memory".to_owned(), 4096);
            }),
            (Topic::TaskSize, "memory", value("1024"), value("4096")),
        ),
        (
            Pair::default().web(|web| {
                web.settings
                    .insert("network mode".to_owned(), text("bridge"));
            }),
            (
                Topic::TaskDefinition,
                "network mode",
                value("awsvpc"),
                value("bridge"),
            ),
        ),
        (
            Pair::default().web(|web| {
                let other = sluice_core::parity::Value::Hidden("serve --token x".to_owned());
                web.settings.insert("command of app".to_owned(), other);
            }),
            (
                Topic::TaskDefinition,
                "command of app",
                Side::Hidden,
                Side::Hidden,
            ),
        ),
        (
            Pair::default().web(|web| {
                web.variables.insert("DEBUG".to_owned());
            }),
            (Topic::Variable, "DEBUG", absent(), Side::Present),
        ),
        (
            Pair::default().web(|web| web.secrets.clear()),
            (Topic::Secret, "DATABASE_URL", Side::Present, absent()),
        ),
        (
            Pair::default().front(|front| {
                front.rule.insert("path-pattern".to_owned(), text("/api/*"));
            }),
            (
                Topic::ListenerRule,
                "path-pattern",
                absent(),
                value("/api/*"),
            ),
        ),
        (
            Pair::default().front(|front| {
                front.health_check.insert("path".to_owned(), text("/"));
            }),
            (
                Topic::HealthCheck,
                "target group path",
                value("/live"),
                value("/"),
            ),
        ),
        (
            Pair::default().web(|web| {
                web.health_checks
                    .insert("app command".to_owned(), text("CMD true"));
            }),
            (
                Topic::HealthCheck,
                "app command",
                value("CMD curl localhost"),
                value("CMD true"),
            ),
        ),
        (
            Pair::default().production(|seen| seen.alarms.as_mut().unwrap()[0].1 = None),
            (
                Topic::Alarm,
                "shop-{env}-5xx",
                value("exists"),
                value("does not exist"),
            ),
        ),
        (
            Pair::default().production(|seen| {
                let database = seen.database.as_mut().unwrap().as_mut().unwrap();
                database.engine_version = "15.8".to_owned();
            }),
            (
                Topic::Database,
                "engine version",
                value("16.4"),
                value("15.8"),
            ),
        ),
        (
            Pair::default().production(|seen| {
                let stack = seen.stack.as_mut().unwrap().as_mut().unwrap();
                stack.template = Hash::from_outside("beef");
            }),
            (Topic::StackTemplate, "hash", value("f00d"), value("beef")),
        ),
        (
            Pair::default().production(|seen| {
                let stack = seen.stack.as_mut().unwrap().as_mut().unwrap();
                let larger = Some("cache.m7g.large".to_owned());
                stack.parameters.insert("NodeType".to_owned(), larger);
            }),
            (
                Topic::StackParameter,
                "NodeType",
                value("cache.t4g.small"),
                value("cache.m7g.large"),
            ),
        ),
        (
            Pair::configured(
                "bake = { duration = \"10m\" }\n[environments.production",
                "bake = { duration = \"30m\" }\n[environments.production",
            ),
            (
                Topic::Configuration,
                "bake.duration",
                value("10m"),
                value("30m"),
            ),
        ),
    ]
}

#[test]
fn environments_that_differ_in_their_own_names_alone_are_alike() {
    let parity = Pair::default().compared();
    assert_eq!(parity.verdict(), Verdict::Alike, "{parity:#?}");
    assert_eq!((parity.differences.len(), parity.unknown.len()), (0, 0));
    let topics: Vec<Topic> = Topic::ALL
        .into_iter()
        .filter(|what| !parity.alike.iter().any(|one| one.what == *what))
        .collect();
    assert_eq!(topics, [], "nothing of these was compared");
}

#[test]
fn every_kind_of_difference_is_seen_once_and_nothing_else() {
    let mut topics: Vec<Topic> = Vec::new();
    for (pair, (what, name, staging, production)) in cases() {
        let parity = pair.compared();
        assert_eq!(parity.verdict(), Verdict::Differs, "{what} {name}");
        let [only] = parity.differences.as_slice() else {
            panic!("{what} {name}: {:#?}", parity.differences);
        };
        assert_eq!((only.what, only.name.as_str()), (what, name));
        assert_eq!(only.sides, [staging, production], "{what} {name}");
        assert_eq!(only.allowed, None);
        topics.push(what);
    }
    let missing: Vec<Topic> = Topic::ALL
        .into_iter()
        .filter(|what| !topics.contains(what))
        .collect();
    assert_eq!(missing, [], "no case has a difference in these");
}

#[test]
fn sizes_are_compared_by_ratio() {
    let pair = Pair::default().web(|web| {
        web.size.insert("cpu".to_owned(), 1024);
        web.size.insert("memory".to_owned(), 1536);
    });
    let parity = pair.compared();
    let ratios: Vec<String> = parity
        .differences
        .iter()
        .filter_map(|one| Some(format!("{} {}", one.name, one.ratio?)))
        .collect();
    assert_eq!(ratios, ["cpu 1:2", "memory 2:3"]);
}

#[test]
fn a_secret_is_compared_and_never_shown() {
    let pair = Pair::default().production(|seen| {
        let stack = seen.stack.as_mut().unwrap().as_mut().unwrap();
        let other = Some("hunter3".to_owned());
        stack
            .parameters
            .insert("DatabasePassword".to_owned(), other);
        let url = "redis://erp:hunter4@cache:6379".to_owned();
        stack.parameters.insert("Broker".to_owned(), Some(url));
        // CloudFormation tells no value of a parameter with NoEcho: its name alone is compared.
        stack.parameters.insert("ApiToken".to_owned(), None);
    });
    let parity = pair.compared();
    let names: Vec<&str> = parity
        .differences
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["Broker", "DatabasePassword"]);
    let told = serde_json::to_string(&parity).unwrap();
    assert!(!told.contains("hunter"), "{told}");
}

#[test]
fn what_one_of_them_does_not_have_at_all_is_a_difference() {
    let pair = Pair::configured("backup = { instance = \"shop-staging\" }\n", "");
    let parity = pair.compared();
    let seen: Vec<(Topic, &str, &Side)> = parity
        .differences
        .iter()
        .map(|one| (one.what, one.name.as_str(), &one.sides[0]))
        .collect();
    let database = ["encrypted", "engine", "engine version"];
    for name in database {
        assert!(
            seen.contains(&(Topic::Database, name, &Side::Absent)),
            "{seen:?}"
        );
    }
    let gone = Pair::default().production(|seen| seen.services = Ok(Vec::new()));
    assert_eq!(gone.compared().verdict(), Verdict::Differs);
}

#[test]
fn a_comparison_is_read_back_as_it_was_written() {
    for (pair, _) in cases() {
        let parity = pair.compared();
        let json = serde_json::to_value(&parity).unwrap();
        let back: sluice_core::parity::Parity = serde_json::from_value(json).unwrap();
        assert_eq!(back, parity);
    }
}
