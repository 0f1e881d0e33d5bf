//! What a comparison showed, in numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::ServiceName;
use crate::quantity;

/// The sums of one version over the minutes that were compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Minutes with requests.
    pub minutes: u32,
    /// Requests.
    pub requests: u64,
    /// Those answered with 5xx.
    pub errors: u64,
    /// The median of the minutes' 90th percentiles, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90_ms: Option<u32>,
}

/// A comparison of one service: what people are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Which service.
    pub service: ServiceName,
    /// The new version.
    pub new: Figures,
    /// The old one: in the same minutes, or in those before the shift.
    pub old: Figures,
    /// Whether it was in the same minutes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub same_minutes: bool,
    /// What that shows.
    pub finding: Finding,
}

/// What a comparison shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// There is so little traffic that it can show nothing.
    TooFew,
    /// There was traffic before, and the data of it is not there.
    Missing,
    /// The new version is not worse.
    NotWorse,
    /// It is.
    Worse(Worse),
}

/// What is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worse {
    /// More of its requests fail.
    Errors,
    /// They take longer.
    Latency,
}

impl Figures {
    /// `2.1 % of 603 requests failed`.
    pub fn failed(&self) -> String {
        format!("{} of {}", self.rate(), requests(self.requests))
    }

    /// The share of the requests that failed, rounded: `2.1 %`.
    pub fn rate(&self) -> String {
        let Some(thousandths) =
            (self.errors * 100_000 + self.requests / 2).checked_div(self.requests)
        else {
            return "0 %".to_owned();
        };
        match thousandths {
            0 if self.errors == 0 => "0 %".to_owned(),
            0 => "less than 0.001 %".to_owned(),
            1..100 => format!("0.{thousandths:03} %"),
            _ => {
                let tenths = (thousandths + 5) / 10;
                format!("{}.{:02} %", tenths / 100, tenths % 100)
            }
        }
    }

    /// `p90 310 ms`, if it is known.
    pub fn p90(&self) -> Option<String> {
        Some(format!("{} ms", self.p90_ms?))
    }
}

fn requests(count: u64) -> String {
    quantity::count(usize::try_from(count).unwrap_or(usize::MAX), "request")
}

impl Compared {
    /// How the time of the old version's figures is said.
    fn when(&self) -> String {
        let minutes = quantity::count(self.old.minutes as usize, "minute");
        match (self.same_minutes, self.old.minutes) {
            (true, 0 | 1) => "in the same minute".to_owned(),
            (true, _) => format!("in the same {minutes}"),
            (false, 1) => "in the last minute before the shift".to_owned(),
            (false, _) => format!("in the last {minutes} before the shift"),
        }
    }
}

impl fmt::Display for Compared {
    /// What it shows, with its numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (service, new, old) = (&self.service, &self.new, &self.old);
        let when = self.when();
        match self.finding {
            Finding::TooFew if new.requests + old.requests == 0 => write!(
                f,
                "{service}: no requests in CloudWatch, so error rate and latency are not compared"
            ),
            Finding::TooFew => write!(
                f,
                "{service}: too few requests to compare error rate and latency ({} to the new \
                 version, {} to the old one {when})",
                new.requests, old.requests
            ),
            Finding::Missing => write!(
                f,
                "{service}: CloudWatch shows {} to the new version, after {} to the old one {when}",
                requests(new.requests),
                old.requests
            ),
            Finding::Worse(Worse::Errors) => write!(
                f,
                "{service}: {} to the new version failed with 5xx, {} to the old one {when}",
                new.failed(),
                old.failed()
            ),
            Finding::Worse(Worse::Latency) => write!(
                f,
                "{service}: p90 of {} is {} on the new version, {} of {} on the old one {when}",
                requests(new.requests),
                new.p90().unwrap_or_default(),
                old.p90().unwrap_or_default(),
                requests(old.requests)
            ),
            Finding::NotWorse => {
                write!(
                    f,
                    "{service}: {} failed with 5xx, {} on the old version {when}",
                    new.failed(),
                    old.failed()
                )?;
                match (new.p90(), old.p90()) {
                    (Some(new), Some(old)) => write!(f, "; p90 {new}, {old} on the old version"),
                    _ => Ok(()),
                }
            }
        }
    }
}
