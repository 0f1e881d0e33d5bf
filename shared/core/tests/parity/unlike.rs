//! What a plan says of the environment before.

use sluice_core::parity::{NotKnown, Side, Unlike, Value};

use super::readings::Pair;

fn unlike(pair: &Pair) -> Unlike {
    Unlike::of(&pair.compared(), &pair.settings("production"))
}

#[test]
fn what_the_release_brings_is_no_difference() {
    let configured = "kind = \"web\"\nstop_timeout = \"30s\"\n";
    let mut pair = Pair::configured("kind = \"web\"\n", configured)
        .web(|web| {
            web.image = "registry/shop@sha256:0".to_owned();
            web.variables.clear();
            web.secrets.insert("EXTRA".to_owned());
        })
        .production(|seen| seen.schema = Err(NotKnown::NeverInspected));
    let staging = &mut pair.staging.services.as_mut().unwrap()[0];
    let timeout = ("stop timeout of web".to_owned(), Value::text("30 s"));
    staging.settings.extend([timeout]);
    let said = unlike(&pair);
    let names: Vec<&str> = said.named.iter().map(|one| one.name.as_str()).collect();
    // The release sets LOG_LEVEL, and staging will never have EXTRA.
    assert_eq!(names, ["PORT of proxy", "EXTRA"]);
    assert_eq!(said.unknown, None, "the release brings the schema");
    assert!(unlike(&Pair::default()).is_alike());
}

#[test]
fn the_first_few_are_named_and_the_rest_is_counted() {
    let pair = Pair::default().web(|web| {
        let names = (0..9).map(|number| format!("EXTRA_{number}"));
        web.variables.extend(names);
    });
    let said = unlike(&pair);
    assert_eq!((said.named.len(), said.more), (5, 4));
    let parity = pair.compared();
    let sides = &parity.differences[0].sides;
    assert_eq!(sides, &[Side::Absent, Side::Present]);
}

#[test]
fn what_is_not_known_is_not_alike() {
    let pair = Pair::default().production(|seen| seen.alarms = Err(NotKnown::TooSlow));
    let said = unlike(&pair);
    assert!(!said.is_alike());
    assert_eq!(said.unknown.map(|one| one.why), Some(NotKnown::TooSlow));
    let json = serde_json::to_value(unlike(&pair)).unwrap();
    let back: Unlike = serde_json::from_value(json).unwrap();
    assert_eq!(back, unlike(&pair));
}
