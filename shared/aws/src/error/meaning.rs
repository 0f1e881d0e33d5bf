//! Codes and texts of AWS's errors, and what they mean.
//!
//! A code alone is not enough: ECS wraps what EC2 told it into an `InvalidParameterException`, and
//! reports a temporary lack of capacity as the client's fault. Then only the text shows it.

/// What an error means for the caller.
pub(super) enum Meaning {
    /// Asked too often. It passes.
    Throttled,
    /// AWS is busy or has a problem. It is temporary.
    Busy,
    /// Too few machines, or too many of the account's own at once. It passes as others end.
    NoRoom,
    Denied,
    Credentials,
    /// A limit that nothing but a person changes.
    Quota,
    Role,
    Refused,
}

/// Throttles that wear another name, in small letters (dagster#33439, dask-cloudprovider#56,
/// terraform-provider-aws#9777, aws-dynamodb-encryption-java#6).
const THROTTLES: [&str; 11] = [
    "rate exceeded",
    "request limit exceeded",
    "requestlimitexceeded",
    "rate limit exceeded",
    "errorcode: throttling",
    "error code: throttling",
    "throttlingexception",
    "too many requests",
    "too many concurrent attempts",
    "exceeded the rate at which you may call",
    "reduce your request rate",
];

/// Room that comes back, in small letters (sleeper#904, ecs-deploy#277, aws-sdk-ruby#3047, and
/// ECS's own list of the reasons why a task was not placed).
const NO_ROOM: [&str; 9] = [
    "capacity is unavailable",
    "capacity not available",
    "insufficient capacity",
    "do not have sufficient capacity",
    "does not have sufficient capacity",
    "provisioning capacity limit exceeded",
    "limit on the number of vcpus",
    "limit on the number of tasks",
    "limit on the number of concurrent",
];

/// What is busy and says so only in words, in small letters.
const BUSY: [&str; 4] = [
    "service unavailable",
    "internal error",
    "please try again later",
    "try your request again later",
];

/// Limits that a single request exceeds, no matter what else runs (dask-cloudprovider#300).
const OVER_A_LIMIT: [&str; 1] = ["configuration is above your limit"];

impl Meaning {
    pub(super) fn of(code: &str, said: &str, status: u16) -> Self {
        if let Some(known) = Self::of_code(code) {
            return known;
        }
        let lower = said.to_ascii_lowercase();
        let says = |texts: &[&str]| texts.iter().any(|text| lower.contains(text));
        if is_denial(said) {
            Self::Denied
        } else if names_a_missing_role(&lower) {
            Self::Role
        } else if says(&THROTTLES) {
            Self::Throttled
        } else if says(&NO_ROOM) {
            Self::NoRoom
        } else if says(&OVER_A_LIMIT)
            || code.contains("LimitExceeded")
            || code.contains("QuotaExceeded")
        {
            Self::Quota
        } else if status == 429 {
            Self::Throttled
        } else if status >= 500 || says(&BUSY) {
            Self::Busy
        } else {
            Self::Refused
        }
    }

    /// Codes that say all there is to say.
    fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "Throttling"
            | "Throttled"
            | "KMSThrottling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "BandwidthLimitExceeded"
            | "SlowDown"
            | "EC2ThrottledException" => Self::Throttled,
            "UpdateInProgressException"
            | "TransactionInProgressException"
            | "TransactionConflictException"
            | "PriorRequestNotComplete"
            | "RequestTimeout"
            | "RequestTimeoutException"
            | "RequestExpired"
            | "ExpiredToken"
            | "ExpiredTokenException"
            | "ServerException"
            | "InternalError"
            | "InternalFailure"
            | "InternalServerError"
            | "InternalServiceError"
            | "InternalServiceErrorException"
            | "ServiceUnavailable"
            | "ServiceUnavailableException" => Self::Busy,
            "InsufficientCapacity"
            | "InsufficientCapacityException"
            | "InsufficientDBInstanceCapacity"
            | "InsufficientDBClusterCapacityFault"
            | "InsufficientStorageClusterCapacity" => Self::NoRoom,
            "AccessDenied"
            | "AccessDeniedException"
            | "UnauthorizedOperation"
            | "NotAuthorized"
            | "AuthorizationError"
            | "KMSAccessDenied"
            | "KMSAccessDeniedException"
            | "KMSKeyNotAccessibleFault" => Self::Denied,
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "OptInRequired"
            | "SubscriptionRequiredException"
            | "BlockedException" => Self::Credentials,
            _ => return None,
        })
    }
}

/// Some calls report a missing permission as a client error, `iam:PassRole` above all.
fn is_denial(said: &str) -> bool {
    said.contains("is not authorized to perform")
}

fn names_a_missing_role(said_in_small_letters: &str) -> bool {
    said_in_small_letters.contains("unable to assume")
        || said_in_small_letters.contains("service linked role")
}

/// Whether what AWS says, without regard to a code, passes by itself: a throttle behind it, too few
/// machines, or too many tasks at once.
pub(crate) fn passes_by_itself(reason: &str) -> bool {
    matches!(
        Meaning::of("", reason, 400),
        Meaning::NoRoom | Meaning::Throttled | Meaning::Busy
    )
}
