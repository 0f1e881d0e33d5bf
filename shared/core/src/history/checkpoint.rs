//! Checkpoints: how far a history went when people were told, and the hash it ended with. They are posted
//! where the right to write to the table changes nothing, so a history that is written again is found.

use std::fmt;
use std::str::FromStr;

use super::{ChainEnd, Record};
use crate::id::DeploymentId;

/// Digits of the hash in a checkpoint: 128 bits, for which no second history can be made.
const DIGITS: usize = 32;

/// The records that a history had, and the hash of the last of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checkpoint {
    /// Whose history.
    pub deployment: DeploymentId,
    /// How many records it had; at least one.
    pub records: u32,
    /// The first digits of the last one's hash.
    digits: String,
}

impl Checkpoint {
    /// Of a history that ends there; `None` of one without records.
    pub fn of(deployment: &DeploymentId, end: &ChainEnd) -> Option<Self> {
        (end.next_seq > 0).then(|| Self {
            deployment: deployment.clone(),
            records: end.next_seq,
            digits: end.hash.as_str().chars().take(DIGITS).collect(),
        })
    }

    /// Whether a history is the one that was posted, which may have gone on since. That it is whole is
    /// for [`verify`](super::verify).
    pub fn holds(&self, history: &[Record]) -> bool {
        let last = self.records.checked_sub(1).map(|last| last as usize);
        last.and_then(|last| history.get(last))
            .is_some_and(|record| {
                record.deployment == self.deployment
                    && record.hash.as_str().starts_with(&self.digits)
            })
    }
}

/// As it is posted, and as `sluice verify` takes it: `dep-0123456789abcdef:23:1f0c…`.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.deployment, self.records, self.digits)
    }
}

/// A text that is no checkpoint.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a checkpoint is DEPLOYMENT:RECORDS:HASH, with {DIGITS} digits of the hash, as it stands in the \
     deployment's thread"
)]
pub struct NoCheckpoint;

impl FromStr for Checkpoint {
    type Err = NoCheckpoint;

    fn from_str(text: &str) -> Result<Self, NoCheckpoint> {
        let mut parts = text.trim().split(':');
        let (Some(id), Some(records), Some(digits), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NoCheckpoint);
        };
        let records = records.parse().map_err(|_| NoCheckpoint)?;
        let are_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if id.is_empty() || records == 0 || digits.len() != DIGITS || !are_digits {
            return Err(NoCheckpoint);
        }
        Ok(Self {
            deployment: DeploymentId::from_outside(id),
            records,
            digits: digits.to_ascii_lowercase(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ChainEnd, Checkpoint, DIGITS, NoCheckpoint};
    use crate::id::{DeploymentId, Hash};

    #[test]
    fn is_read_as_it_is_posted() {
        let id = DeploymentId::from_outside("dep-0123456789abcdef");
        let end = ChainEnd {
            next_seq: 23,
            hash: Hash::of_json(&"the last record"),
        };
        let posted = Checkpoint::of(&id, &end).unwrap();
        assert_eq!(posted.to_string().parse(), Ok(posted));
        assert_eq!(Checkpoint::of(&id, &ChainEnd::start()), None);
    }

    #[test]
    fn nothing_else_is_read() {
        let digits = "0123456789abcdef".repeat(2);
        for text in [
            String::new(),
            format!("dep-1:{digits}"),
            format!("dep-1:0:{digits}"),
            format!(":1:{digits}"),
            format!("dep-1:1:{}", &digits[1..]),
            format!("dep-1:1:{digits}0"),
            format!("dep-1:1:{digits}:1"),
            format!("dep-1:one:{digits}"),
            format!("dep-1:1:{}", "x".repeat(DIGITS)),
        ] {
            assert_eq!(text.parse::<Checkpoint>(), Err(NoCheckpoint), "{text}");
        }
    }
}
