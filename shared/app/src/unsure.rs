//! What people see when something did not answer.

use sluice_core::failure::{ErrorClass, PortError};

/// That it may have been done, and how to do it again; nothing was done where a newer version has
/// it.
pub(crate) fn unsure(error: &PortError, again: &str) -> String {
    match error.class {
        ErrorClass::Newer => error.to_string(),
        ErrorClass::Retryable | ErrorClass::Permanent | ErrorClass::NeedsPerson => {
            format!("this may not have taken effect: {error}. {again}")
        }
    }
}
