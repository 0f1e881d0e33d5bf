//! Where today's code differs from a recorded history, in words.

use sluice_core::command::CommandKey;
use sluice_core::history::Differs;

/// What differs, what the record says, what today's code says.
pub fn sides(differs: &Differs) -> (&'static str, String, String) {
    let keys = |keys: &[CommandKey]| match keys {
        [] => "nothing".to_owned(),
        keys => {
            let keys: Vec<String> = keys.iter().map(CommandKey::to_string).collect();
            keys.join(", ")
        }
    };
    let words = |words: &[String]| match words {
        [] => "nothing".to_owned(),
        words => words.join("; "),
    };
    match differs {
        Differs::Event { recorded, today } => (
            "event",
            format!("taken, and led to {recorded}"),
            format!("refused: {today}"),
        ),
        Differs::Effect { recorded, today } => (
            "effect",
            format!("changed the deployment, which was {recorded} after it"),
            format!("changes nothing: the deployment stays {today}"),
        ),
        Differs::Phase { recorded, today } => ("phase", recorded.clone(), today.clone()),
        Differs::Intends { recorded, today } => ("intends", keys(recorded), keys(today)),
        Differs::Asked { recorded } => (
            "asked",
            format!("{recorded} was asked for before"),
            "not asked for up to here".to_owned(),
        ),
        Differs::Words { recorded, today } => ("words", words(recorded), words(today)),
    }
}
