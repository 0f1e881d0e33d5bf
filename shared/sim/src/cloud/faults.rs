//! The fault plan: asked before every operation whether it goes well.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use sluice_core::failure::PortError;

use super::Cloud;

macro_rules! operations {
    ($($name:ident = $text:literal;)*) => {
        /// What is asked of AWS and Slack, by their own names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names are AWS's and Slack's own and say it")]
        pub enum Operation { $($name),* }

        impl Operation {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name there, such as `ecs:UpdateService`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

operations! {
    DescribeImages = "ecr:DescribeImages";
    DescribeImageScanFindings = "ecr:DescribeImageScanFindings";
    GetSecretValue = "secretsmanager:GetSecretValue";
    GetParameter = "ssm:GetParameter";
    DescribeServices = "ecs:DescribeServices";
    DescribeTargetHealth = "elasticloadbalancing:DescribeTargetHealth";
    RegisterTaskDefinition = "ecs:RegisterTaskDefinition";
    UpdateService = "ecs:UpdateService";
    ListServiceDeployments = "ecs:ListServiceDeployments";
    StopServiceDeployment = "ecs:StopServiceDeployment";
    RunTask = "ecs:RunTask";
    DescribeTasks = "ecs:DescribeTasks";
    StopTask = "ecs:StopTask";
    DescribeDbInstances = "rds:DescribeDBInstances";
    CreateDbSnapshot = "rds:CreateDBSnapshot";
    DescribeDbSnapshots = "rds:DescribeDBSnapshots";
    DeleteDbSnapshot = "rds:DeleteDBSnapshot";
    RestoreDbInstanceFromDbSnapshot = "rds:RestoreDBInstanceFromDBSnapshot";
    RestoreDbInstanceToPointInTime = "rds:RestoreDBInstanceToPointInTime";
    RestoreDbClusterFromSnapshot = "rds:RestoreDBClusterFromSnapshot";
    RestoreDbClusterToPointInTime = "rds:RestoreDBClusterToPointInTime";
    CreateDbInstance = "rds:CreateDBInstance";
    ModifyDbInstance = "rds:ModifyDBInstance";
    ModifyDbCluster = "rds:ModifyDBCluster";
    DeleteDbInstance = "rds:DeleteDBInstance";
    DeleteDbCluster = "rds:DeleteDBCluster";
    RebootDbInstance = "rds:RebootDBInstance";
    DescribeAlarms = "cloudwatch:DescribeAlarms";
    GetMetricData = "cloudwatch:GetMetricData";
    DescribeTaskDefinition = "ecs:DescribeTaskDefinition";
    DescribeServiceDeployments = "ecs:DescribeServiceDeployments";
    DescribeServiceRevisions = "ecs:DescribeServiceRevisions";
    ListTasks = "ecs:ListTasks";
    BatchGetImage = "ecr:BatchGetImage";
    ListImageReferrers = "ecr:ListImageReferrers";
    GetDownloadUrlForLayer = "ecr:GetDownloadUrlForLayer";
    DescribeSecret = "secretsmanager:DescribeSecret";
    DescribeParameters = "ssm:DescribeParameters";
    DescribeRules = "elasticloadbalancing:DescribeRules";
    DescribeTargetGroups = "elasticloadbalancing:DescribeTargetGroups";
    DescribeListeners = "elasticloadbalancing:DescribeListeners";
    DescribeDbClusters = "rds:DescribeDBClusters";
    CreateDbClusterSnapshot = "rds:CreateDBClusterSnapshot";
    DescribeDbClusterSnapshots = "rds:DescribeDBClusterSnapshots";
    DeleteDbClusterSnapshot = "rds:DeleteDBClusterSnapshot";
    CreateChangeSet = "cloudformation:CreateChangeSet";
    DescribeChangeSet = "cloudformation:DescribeChangeSet";
    DescribeStacks = "cloudformation:DescribeStacks";
    GetTemplateSummary = "cloudformation:GetTemplateSummary";
    GetTemplate = "cloudformation:GetTemplate";
    DeleteChangeSet = "cloudformation:DeleteChangeSet";
    ExecuteChangeSet = "cloudformation:ExecuteChangeSet";
    DescribeStackEvents = "cloudformation:DescribeStackEvents";
    GetLogEvents = "logs:GetLogEvents";
    GetBranch = "codecommit:GetBranch";
    ListBranches = "codecommit:ListBranches";
    GetCommit = "codecommit:GetCommit";
    GetMergeCommit = "codecommit:GetMergeCommit";
    ListPullRequests = "codecommit:ListPullRequests";
    GetPullRequest = "codecommit:GetPullRequest";
    UpdatePullRequestApprovalState = "codecommit:UpdatePullRequestApprovalState";
    PostCommentForPullRequest = "codecommit:PostCommentForPullRequest";
    UpdateComment = "codecommit:UpdateComment";
    ListBuildsForProject = "codebuild:ListBuildsForProject";
    BatchGetBuilds = "codebuild:BatchGetBuilds";
    AssumeRole = "sts:AssumeRole";
    HttpRequest = "http:Request";
    TransactWriteItems = "dynamodb:TransactWriteItems";
    PutItem = "dynamodb:PutItem";
    UpdateItem = "dynamodb:UpdateItem";
    GetItem = "dynamodb:GetItem";
    Query = "dynamodb:Query";
    SendMessage = "sqs:SendMessage";
    PostMessage = "slack:chat.postMessage";
    UpdateMessage = "slack:chat.update";
    ListGroupMembers = "slack:usergroups.users.list";
    LookupUser = "slack:users.lookupByEmail";
    OpenModal = "slack:views.open";
    PublishHome = "slack:views.publish";
    TellMonitor = "monitor:Tell";
}

impl Operation {
    /// The operation of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|operation| operation.name() == name)
    }
}

/// How an operation goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does nothing and says this.
    Fail(PortError),
    /// It does nothing: too many requests.
    Throttle,
    /// The same in the name of another error, as ECS has it of the APIs that it asks itself
    /// (dagster#33439).
    ThrottleInDisguise,
    /// It does nothing: there is no capacity for a task, or the account has reached its limit. ECS
    /// says so in the name of a mistake of the client's.
    NoCapacity,
    /// It does its work, and the answer is lost.
    LoseAnswer,
}

/// How often operations go wrong at random: rates from 0 (never) to 1 (always), together at most 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaultRates {
    /// A passing internal error.
    pub fail: f64,
    /// Too many requests.
    pub throttle: f64,
    /// Done, and the answer lost.
    pub lose_answer: f64,
}

/// How throttles are told that come by themselves: where ECS asks others for what a task needs,
/// every other one wears another name.
fn throttle_of(operation: Operation, call: u32) -> Fault {
    let asks_others = [Operation::RunTask, Operation::UpdateService].contains(&operation);
    match call % 4 {
        1 if asks_others => Fault::ThrottleInDisguise,
        3 if operation == Operation::RunTask => Fault::NoCapacity,
        _ => Fault::Throttle,
    }
}

const DISGUISED: &str = "InvalidParameterException: Error retrieving subnet information for \
                         [subnet-0a1b2c3d4e5f60718]: Rate exceeded (ErrorCode: Throttling)";
const NO_CAPACITY: &str = "ClientException: Capacity is unavailable at this time. Please try again \
                           later or in a different availability zone";

fn said(operation: Operation, words: &str) -> PortError {
    PortError::retryable(format!("{}: {words}", operation.name()))
}

#[derive(Debug)]
struct Rule {
    operation: Operation,
    calls: std::ops::Range<u32>,
    fault: Fault,
}

/// Everything that is to go wrong.
#[derive(Debug)]
pub struct Faults {
    rules: Vec<Rule>,
    rates: FaultRates,
    calls: Vec<u32>,
    struck: u64,
    dice: ChaCha8Rng,
    /// Of metrics, which are read only where there are users: they change nobody else's chance.
    metric_dice: ChaCha8Rng,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rules: Vec::new(),
            rates: FaultRates::default(),
            calls: vec![0; Operation::ALL.len()],
            struck: 0,
            // A stream of its own: a fault that is drawn does not change anybody's identifiers.
            dice: ChaCha8Rng::seed_from_u64(seed ^ 0x000f_a017),
            metric_dice: ChaCha8Rng::seed_from_u64(seed ^ 0x000f_a018),
        }
    }

    /// The `nth` call from now of the operation (from 1) goes wrong.
    pub fn nth(&mut self, operation: Operation, nth: u32, fault: Fault) {
        let call = self.calls[operation as usize] + nth.max(1) - 1;
        self.rules.push(Rule {
            operation,
            calls: call..call + 1,
            fault,
        });
    }

    /// The next `count` calls of the operation go wrong.
    pub fn next(&mut self, operation: Operation, count: u32, fault: Fault) {
        let from = self.calls[operation as usize];
        self.rules.push(Rule {
            operation,
            calls: from..from.saturating_add(count),
            fault,
        });
    }

    /// Every call of the operation goes wrong from now on.
    pub fn always(&mut self, operation: Operation, fault: Fault) {
        self.next(operation, u32::MAX, fault);
    }

    /// Operations go wrong at random.
    pub fn set_rates(&mut self, rates: FaultRates) {
        self.rates = rates;
    }

    /// From now on everything goes well.
    pub fn clear(&mut self) {
        self.rules.clear();
        self.rates = FaultRates::default();
    }

    /// How often the operation was asked for.
    pub fn calls(&self, operation: Operation) -> u32 {
        self.calls[operation as usize]
    }

    /// How many calls have gone wrong.
    pub fn struck(&self) -> u64 {
        self.struck
    }

    fn draw(&mut self, operation: Operation) -> Option<Fault> {
        let drawn = self.drawn(operation);
        self.struck += u64::from(drawn.is_some());
        drawn
    }

    fn drawn(&mut self, operation: Operation) -> Option<Fault> {
        let call = self.calls[operation as usize];
        self.calls[operation as usize] += 1;
        let ruled = self
            .rules
            .iter()
            .find(|rule| rule.operation == operation && rule.calls.contains(&call))
            .map(|rule| rule.fault.clone());
        if ruled.is_some() || self.rates == FaultRates::default() {
            return ruled;
        }
        let FaultRates {
            fail,
            throttle,
            lose_answer,
        } = self.rates;
        if operation == Operation::HttpRequest {
            // The application is not AWS: one that fails at random is not well, and going back is
            // right. Stories break it on purpose.
            return None;
        }
        let dice = match operation {
            Operation::GetMetricData => &mut self.metric_dice,
            _ => &mut self.dice,
        };
        let roll = f64::from(dice.next_u32()) / f64::from(u32::MAX);
        if roll < fail {
            let text = format!("{}: internal error (500), try again", operation.name());
            Some(Fault::Fail(PortError::retryable(text)))
        } else if roll < fail + throttle {
            Some(throttle_of(operation, call))
        } else if roll < fail + throttle + lose_answer {
            Some(Fault::LoseAnswer)
        } else {
            None
        }
    }
}

/// Whether the answer of an operation arrives.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub(crate) struct Reply {
    lost: Option<Operation>,
}

impl Reply {
    /// The answer, if it arrives.
    pub(crate) fn with<T>(self, answer: T) -> Result<T, PortError> {
        match self.lost {
            None => Ok(answer),
            Some(operation) => Err(PortError::retryable(format!(
                "{}: no answer; whether it was done is not known",
                operation.name()
            ))),
        }
    }
}

/// What becomes of the answer to a request that came over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It arrives.
    Arrives,
    /// It is lost: the connection ends before it.
    Lost,
}

impl Cloud {
    /// Begins an operation that was asked for over the wire: how its answer travels.
    ///
    /// # Errors
    ///
    /// The fault plan has it fail before it does anything.
    pub fn begin_operation(&mut self, operation: Operation) -> Result<Delivery, PortError> {
        let reply = self.ask(operation)?;
        Ok(if reply.lost.is_some() {
            Delivery::Lost
        } else {
            Delivery::Arrives
        })
    }

    /// Begins an operation: an error if it fails before it does anything.
    pub(crate) fn ask(&mut self, operation: Operation) -> Result<Reply, PortError> {
        self.is_answered(operation)?;
        match self.faults.draw(operation) {
            None => Ok(Reply { lost: None }),
            Some(Fault::LoseAnswer) => Ok(Reply {
                lost: Some(operation),
            }),
            Some(Fault::Throttle) => Err(said(operation, "ThrottlingException: rate exceeded")),
            Some(Fault::ThrottleInDisguise) => Err(said(operation, DISGUISED)),
            Some(Fault::NoCapacity) => Err(said(operation, NO_CAPACITY)),
            Some(Fault::Fail(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(faults: &mut Faults, times: usize) -> Vec<Option<Fault>> {
        (0..times)
            .map(|_| faults.draw(Operation::UpdateService))
            .collect()
    }

    #[test]
    fn the_nth_call_is_counted_from_now_and_for_its_operation_only() {
        let mut faults = Faults::new(1);
        drawn(&mut faults, 3);
        faults.nth(Operation::UpdateService, 2, Fault::Throttle);
        assert_eq!(faults.draw(Operation::RunTask), None);
        assert_eq!(drawn(&mut faults, 3), [None, Some(Fault::Throttle), None]);
    }

    #[test]
    fn rates_are_about_what_they_say_and_the_same_for_the_same_seed() {
        let rates = FaultRates {
            fail: 0.1,
            throttle: 0.05,
            lose_answer: 0.05,
        };
        let mut one = Faults::new(7);
        let mut other = Faults::new(7);
        one.set_rates(rates);
        other.set_rates(rates);
        let drawn_by_one = drawn(&mut one, 2000);
        assert_eq!(drawn_by_one, drawn(&mut other, 2000));
        let wrong = drawn_by_one.iter().flatten().count();
        assert!(
            (300..500).contains(&wrong),
            "{wrong} of 2000 went wrong, 400 were expected"
        );
    }

    #[test]
    fn throttles_and_want_of_capacity_wear_other_names_and_pass_by_themselves() {
        let mut cloud = crate::cloud::test_config::furnished();
        let mut told = |fault| {
            cloud.faults().nth(Operation::RunTask, 1, fault);
            cloud.ask(Operation::RunTask).unwrap_err()
        };
        for (fault, code) in [
            (Fault::Throttle, "ThrottlingException"),
            (Fault::ThrottleInDisguise, "InvalidParameterException"),
            (Fault::NoCapacity, "ClientException"),
        ] {
            let error = told(fault);
            assert_eq!(error.class, sluice_core::failure::ErrorClass::Retryable);
            let begins = format!("ecs:RunTask: {code}: ");
            assert!(error.message.starts_with(&begins), "{error}");
        }
    }

    #[test]
    fn names_are_unique_and_found_again() {
        for operation in Operation::ALL {
            assert_eq!(Operation::parse(operation.name()), Some(*operation));
        }
        assert_eq!(Operation::parse("ecs:DoesNotExist"), None);
    }
}
