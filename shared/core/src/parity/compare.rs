//! One environment held against another.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Facts, NotKnown, Reading, Subject, Value};
use crate::config::{AllowedDifference, ParityTopic, Ratio};
use crate::id::{EnvironmentName, ServiceName};
use crate::migration::Waiver;

/// Two environments side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parity {
    /// Which two.
    pub environments: [EnvironmentName; 2],
    /// Where they are unlike, those first that no one answers for.
    pub differences: Vec<Difference>,
    /// What could not be read, and so not be compared.
    pub unknown: Vec<Unknown>,
    /// Where they are alike.
    pub alike: Vec<Alike>,
}

/// What a comparison came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Alike, apart from differences that someone answers for.
    Alike,
    /// There is a difference that no one answers for.
    Differs,
    /// No such difference was seen, and not everything is known.
    Unknown,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// In what.
    pub what: ParityTopic,
    /// Of which service; `None` is the environment as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceName>,
    /// The name that is compared.
    pub name: String,
    /// What stands there, in the order of the environments.
    pub sides: [Side; 2],
    /// Of two sizes, their ratio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Ratio>,
    /// Who answers for it, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Waiver>,
}

/// What stands in one of two environments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Nothing of that name.
    Absent,
    /// The name alone is compared, and is there.
    Present,
    /// A value that is not shown.
    Hidden,
    /// This.
    Value(String),
}

/// Something of one environment that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// What.
    pub what: ParityTopic,
    /// Of which service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceName>,
    /// Of which environment.
    pub environment: EnvironmentName,
    /// Why.
    pub why: NotKnown,
}

/// Names that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alike {
    /// In what.
    pub what: ParityTopic,
    /// Of which service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceName>,
    /// They.
    pub names: Vec<String>,
}

impl Parity {
    /// What it came to.
    pub fn verdict(&self) -> Verdict {
        match (self.not_allowed().next(), self.unknown.is_empty()) {
            (Some(_), _) => Verdict::Differs,
            (None, false) => Verdict::Unknown,
            (None, true) => Verdict::Alike,
        }
    }

    /// The differences that no one answers for.
    pub fn not_allowed(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|one| one.allowed.is_none())
    }

    /// The differences that someone answers for.
    pub fn allowed(&self) -> impl Iterator<Item = (&Difference, &Waiver)> {
        let all = self.differences.iter();
        all.filter_map(|one| Some((one, one.allowed.as_ref()?)))
    }
}

/// Holds one environment against another. `allowed` are the differences that someone answers for: the
/// first that fits counts.
pub fn compare(
    environments: [&EnvironmentName; 2],
    facts: [&Facts; 2],
    allowed: &[AllowedDifference],
) -> Parity {
    let mut parity = Parity {
        environments: environments.map(Clone::clone),
        differences: Vec::new(),
        unknown: Vec::new(),
        alike: Vec::new(),
    };
    let subjects: BTreeSet<&Subject> = facts[0].0.keys().chain(facts[1].0.keys()).collect();
    for subject in subjects {
        let readings = facts.map(|facts| facts.of(subject));
        let unknown = environments.into_iter().zip(readings);
        let before = parity.unknown.len();
        parity
            .unknown
            .extend(unknown.filter_map(|(environment, reading)| match reading {
                Reading::Unknown(why) => Some(Unknown {
                    what: subject.what,
                    service: subject.service.clone(),
                    environment: environment.clone(),
                    why: why.clone(),
                }),
                Reading::Known(_) | Reading::NotApplicable => None,
            }));
        if parity.unknown.len() == before {
            parity.compare(subject, readings, allowed);
        }
    }
    parity.differences.sort_by_key(|one| one.allowed.is_some());
    parity
}

impl Parity {
    fn compare(
        &mut self,
        subject: &Subject,
        readings: [&Reading; 2],
        allowed: &[AllowedDifference],
    ) {
        let none = &BTreeMap::new();
        let [one, other] = readings.map(|reading| match reading {
            Reading::Known(values) => values,
            Reading::NotApplicable | Reading::Unknown(_) => none,
        });
        let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        let (alike, differ): (Vec<&String>, Vec<&String>) = names
            .into_iter()
            .partition(|name| one.get(*name) == other.get(*name));
        if !alike.is_empty() {
            self.alike.push(Alike {
                what: subject.what,
                service: subject.service.clone(),
                names: alike.into_iter().cloned().collect(),
            });
        }
        for name in differ {
            let values = [one.get(name), other.get(name)];
            let ratio = match values {
                [Some(Value::Size(one)), Some(Value::Size(other))] => Ratio::of(*one, *other),
                _ => None,
            };
            let mut fitting = allowed.iter();
            let fitting = fitting.find(|one| one.allows(subject.what, name, ratio));
            self.differences.push(Difference {
                what: subject.what,
                service: subject.service.clone(),
                name: name.clone(),
                sides: values.map(side),
                ratio,
                allowed: fitting.map(|one| one.waiver.clone()),
            });
        }
    }
}

fn side(value: Option<&Value>) -> Side {
    match value {
        None => Side::Absent,
        Some(Value::There) => Side::Present,
        Some(Value::Hidden(_)) => Side::Hidden,
        Some(Value::Text(text)) => Side::Value(text.clone()),
        Some(Value::Size(size)) => Side::Value(size.to_string()),
    }
}
