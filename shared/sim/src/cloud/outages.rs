//! Services that are out, for minutes or for hours.
//!
//! What is out answers nothing to anybody. What it was doing by itself goes on: a service deployment
//! shifts while the API of ECS is out.

use jiff::Timestamp;
use sluice_core::failure::PortError;

use super::{Cloud, Operation};

/// What Sluice depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "the names are AWS's and Slack's own and say it"
)]
pub enum Dependency {
    Ecs,
    Rds,
    Ecr,
    SecretsManager,
    DynamoDb,
    Sqs,
    Slack,
    /// No function runs. Events, messages and hook calls wait for one.
    Lambda,
}

impl Dependency {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Ecs,
        Self::Rds,
        Self::Ecr,
        Self::SecretsManager,
        Self::DynamoDb,
        Self::Sqs,
        Self::Slack,
        Self::Lambda,
    ];

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ecs => "ECS",
            Self::Rds => "RDS",
            Self::Ecr => "ECR",
            Self::SecretsManager => "Secrets Manager",
            Self::DynamoDb => "DynamoDB",
            Self::Sqs => "SQS",
            Self::Slack => "Slack",
            Self::Lambda => "Lambda",
        }
    }

    /// Whose operation it is, where it is one of these.
    fn of(operation: Operation) -> Option<Self> {
        let (service, _) = operation.name().split_once(':')?;
        Some(match service {
            "ecs" => Self::Ecs,
            "rds" => Self::Rds,
            "ecr" => Self::Ecr,
            "secretsmanager" => Self::SecretsManager,
            "dynamodb" => Self::DynamoDb,
            "sqs" => Self::Sqs,
            "slack" => Self::Slack,
            _ => return None,
        })
    }
}

/// When a service is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outage {
    of: Dependency,
    from: Timestamp,
    until: Timestamp,
}

/// Every outage that was and will be.
#[derive(Clone, Debug, Default)]
pub(super) struct Outages(Vec<Outage>);

impl Cloud {
    /// The service is out from `from` until `until`.
    pub fn plan_outage(&mut self, of: Dependency, from: Timestamp, until: Timestamp) {
        self.outages.0.push(Outage { of, from, until });
    }

    /// No service is out any more, and none will be.
    pub(crate) fn end_outages(&mut self) {
        self.outages.0.clear();
    }

    /// When the service is back, if it is out at `now`.
    pub fn out_until(&self, of: Dependency, now: Timestamp) -> Option<Timestamp> {
        let outages = self.outages.0.iter();
        let under_way = outages.filter(|out| out.of == of && out.from <= now && now < out.until);
        under_way.map(|out| out.until).max()
    }

    /// # Errors
    ///
    /// The operation's service is out.
    pub(super) fn is_answered(&self, operation: Operation) -> Result<(), PortError> {
        if self.outages.0.is_empty() {
            return Ok(());
        }
        let out = Dependency::of(operation).and_then(|of| self.out_until(of, self.now));
        match out {
            None => Ok(()),
            Some(_) => Err(PortError::retryable(format!(
                "{}: the service is not available (503)",
                operation.name()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use sluice_core::failure::ErrorClass;

    use super::*;
    use crate::cloud::test_config::{furnished, minutes, pass, start};

    #[test]
    fn a_service_that_is_out_answers_nothing_and_the_others_do() {
        let mut cloud = furnished();
        let (from, until) = (start() + minutes(10), start() + minutes(70));
        cloud.plan_outage(Dependency::Ecs, from, until);
        let asked = |cloud: &mut Cloud, operation| cloud.ask(operation).map(|_| ());
        assert_eq!(asked(&mut cloud, Operation::UpdateService), Ok(()));
        pass(&mut cloud, minutes(10));
        let refused = asked(&mut cloud, Operation::UpdateService).unwrap_err();
        assert_eq!(refused.class, ErrorClass::Retryable);
        assert_eq!(cloud.out_until(Dependency::Ecs, cloud.now()), Some(until));
        assert_eq!(asked(&mut cloud, Operation::DescribeDbInstances), Ok(()));
        pass(&mut cloud, SignedDuration::from_hours(1));
        assert_eq!(asked(&mut cloud, Operation::UpdateService), Ok(()));
    }

    #[test]
    fn every_service_but_lambda_has_operations_that_it_takes_along() {
        for of in Dependency::ALL {
            let mut operations = Operation::ALL.iter();
            let has = operations.any(|operation| Dependency::of(*operation) == Some(*of));
            assert_eq!(has, *of != Dependency::Lambda, "{}", of.name());
        }
    }
}
