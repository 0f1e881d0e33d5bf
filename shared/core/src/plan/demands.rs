//! How many must say yes to a plan, and who not.

use crate::config::{RiskRule, Settings};
use crate::migration::{Judgement, Risk};
use crate::stack::{StackChanges, StackRisk};

/// What a plan demands of its approvals: what the environment does, or more where the migration is
/// a risk, the stack's changes are, or less vouches for the image than should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demands {
    /// How many must say yes.
    pub quorum: u8,
    /// Whether whoever asked for it may not be one of them.
    pub four_eyes: bool,
}

/// What is missing of what should vouch for an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotVouched {
    /// It should be signed, and is not.
    pub is_unsigned: bool,
    /// Its commit may be none that is to be released.
    pub source_in_doubt: bool,
}

impl Demands {
    /// What a migration that was judged so demands, these changes of the stack, and an image for which
    /// that is missing; `None` where nobody is asked.
    pub fn of(
        settings: &Settings,
        judgement: Option<&Judgement>,
        changes: Option<&StackChanges>,
        missing: NotVouched,
    ) -> Option<Self> {
        let approval = settings.environment.approval.as_ref()?;
        let signatures = settings.signatures.as_ref();
        let signatures = signatures.filter(|_| missing.is_unsigned);
        let is_risky = signatures.is_some_and(|it| it.unsigned == RiskRule::FourEyes)
            || missing.source_in_doubt && settings.environment.source_rule == RiskRule::FourEyes
            || !risks_for_four_eyes(settings, judgement).is_empty()
            || !stack_risks_for_four_eyes(settings, changes).is_empty();
        Some(Self {
            quorum: if is_risky {
                approval.quorum.max(2)
            } else {
                approval.quorum
            },
            four_eyes: approval.four_eyes || is_risky,
        })
    }
}

/// The risks of a migration for which two people must say yes.
pub fn risks_for_four_eyes(settings: &Settings, judgement: Option<&Judgement>) -> Vec<Risk> {
    let Some(judgement) = judgement else {
        return Vec::new();
    };
    let rules = &settings.environment.migration_rules;
    let four_eyes = |risk: &Risk| rules.get(risk) == Some(&RiskRule::FourEyes);
    let risks = Risk::ALL.into_iter().rev();
    risks
        .filter(|risk| four_eyes(risk) && judgement.has(*risk))
        .collect()
}

/// What the changes of the stack put at stake for which two people must say yes.
pub fn stack_risks_for_four_eyes(
    settings: &Settings,
    changes: Option<&StackChanges>,
) -> Vec<StackRisk> {
    let (Some(stack), Some(changes)) = (&settings.environment.stack, changes) else {
        return Vec::new();
    };
    let four_eyes = |risk: &StackRisk| stack.rules.get(risk) == Some(&RiskRule::FourEyes);
    let risks = StackRisk::ALL.into_iter().rev();
    risks
        .filter(|risk| four_eyes(risk) && changes.has(*risk))
        .collect()
}
