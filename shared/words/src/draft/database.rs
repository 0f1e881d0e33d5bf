//! The database of an environment.

use super::{Note, names};

/// Its address is in a variable.
pub fn by_address(variable: &str, service: &str) -> Note {
    Note::Seen(format!(
        "its address is in the variable {variable} of {service}. A snapshot is taken and verified before \
         a deployment changes anything."
    ))
}

/// Its password is in a secret that a service has.
pub fn by_secret(variable: &str, service: &str) -> Note {
    Note::Seen(format!(
        "{service} has the secret in which RDS keeps its password, as {variable}."
    ))
}

/// No other database is in the VPC.
pub fn only_in_vpc(vpc: &str) -> Note {
    Note::Guessed(format!(
        "it is the only database in {vpc}, the VPC of the load balancer."
    ))
}

/// Its name.
pub fn by_name() -> Note {
    Note::Guessed("its name has those of the application and of the environment.".into())
}

/// There is no other.
pub fn only_one() -> Note {
    Note::Guessed("it is the only database of the account in this region.".into())
}

/// It was said.
pub fn said() -> Note {
    Note::Seen("given as an answer.".into())
}

/// It was said that there is none.
pub fn none_said() -> Note {
    Note::Seen("no database, as answered: no snapshot is taken.".into())
}

/// There is none.
pub fn none(region: &str) -> Note {
    Note::Seen(format!(
        "no RDS database in {region}: no snapshot is taken."
    ))
}

/// Only production's is backed up.
pub fn not_production(environment: &str) -> Note {
    Note::Guessed(format!(
        "{environment} needs no snapshot before each deployment. To take one, remove the `#`:"
    ))
}

/// Which database.
pub fn which(environment: &str, known: &[&str]) -> String {
    format!(
        "which database does {environment} use, so that a snapshot is taken before it is migrated: {}, or \
         none?",
        names(known)
    )
}
