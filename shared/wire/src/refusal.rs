//! AWS's errors: a code, a message, an HTTP status.

use sluice_core::failure::{ErrorClass, PortError};

/// A request that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) status: u16,
}

impl Refusal {
    /// The caller's fault: status 400.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status: 400,
        }
    }

    /// Something that is not there, with status 404, as RDS has it.
    pub(crate) fn not_found(code: &str, message: impl Into<String>) -> Self {
        Self {
            status: 404,
            ..Self::new(code, message)
        }
    }

    /// An operation that this endpoint does not have.
    pub(crate) fn unknown_operation(operation: &str) -> Self {
        Self::new(
            "UnknownOperationException",
            format!(
                "The simulated cloud has no operation {operation}: only those that Sluice calls"
            ),
        )
    }

    pub(crate) fn is_unknown_operation(&self) -> bool {
        self.code == "UnknownOperationException"
    }

    /// A member that the operation needs and that is missing or of another type.
    pub(crate) fn missing(member: &str) -> Self {
        Self::new("InvalidParameterException", format!("{member} is required"))
    }
}

impl From<PortError> for Refusal {
    /// The model begins a message with AWS's code where AWS has one, and with the operation's name
    /// where the fault plan speaks.
    fn from(error: PortError) -> Self {
        let said = error.message.as_str();
        let said = match said.split_once(": ") {
            Some((operation, rest)) if operation.contains(':') => rest,
            _ => said,
        };
        if let Some((code, message)) = said.split_once(": ").filter(|(code, _)| is_code(code)) {
            return Self::new(code, message);
        }
        match error.class {
            ErrorClass::Retryable | ErrorClass::Newer => Self {
                status: 500,
                ..Self::new("InternalFailure", said)
            },
            ErrorClass::NeedsPerson => Self::new("AccessDenied", said),
            ErrorClass::Permanent => Self::new("ValidationException", said),
        }
    }
}

fn is_code(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_words_become_codes() {
        let refused = |error: PortError| {
            let refusal = Refusal::from(error);
            (refusal.code, refusal.message, refusal.status)
        };
        let told =
            |code: &str, message: &str, status| (code.to_owned(), message.to_owned(), status);
        assert_eq!(
            refused(PortError::permanent(
                "ClientException: there is no task definition `a:1`"
            )),
            told("ClientException", "there is no task definition `a:1`", 400)
        );
        assert_eq!(
            refused(PortError::retryable(
                "ecs:RunTask: ThrottlingException: rate exceeded"
            )),
            told("ThrottlingException", "rate exceeded", 400)
        );
        assert_eq!(
            refused(PortError::retryable(
                "ecs:RunTask: internal error (500), try again"
            )),
            told("InternalFailure", "internal error (500), try again", 500)
        );
        assert_eq!(
            refused(PortError::needs_person("nobody let us in")),
            told("AccessDenied", "nobody let us in", 400)
        );
    }
}
