//! Two environments side by side, for people.

use sluice_core::config::ParityTopic;
use sluice_core::id::{AppName, ServiceName};
use sluice_core::parity::{Difference, NotKnown, Parity, Side, Unknown, Unlike, Verdict};
use sluice_core::quantity;

use crate::message::{Block, Message};

/// Lines of each list in a chat: the rest is counted.
pub const LINES_IN_CHAT: usize = 20;

/// Characters of a value in the table; `--json` has all of them.
const VALUE_CHARS: usize = 44;

/// The comparison, with at most so many lines of each list.
pub fn message(app: &AppName, parity: &Parity, lines: usize) -> Message {
    let summary = summary(app, parity);
    let mut blocks = vec![Block::Text(match parity.verdict() {
        Verdict::Alike => summary.clone(),
        Verdict::Differs => format!(
            "{summary} What succeeds in one of them may fail in the other.\nMake them alike, or accept \
             a difference with a reason: `allow` in [parity] of sluice.toml (docs/parity.md)."
        ),
        Verdict::Unknown => format!(
            "{summary} They may differ in it.\nFix what is named below, then compare them again."
        ),
    })];
    let not_allowed: Vec<&Difference> = parity.not_allowed().collect();
    blocks.extend(table(parity, &not_allowed, lines).map(Block::Code));
    let unknown = parity.unknown.iter().map(not_known);
    blocks.extend(list("Not known", unknown.collect(), lines));
    let allowed = parity.allowed().map(|(one, waiver)| {
        let [first, second] = sides(one);
        format!(
            "{}: {first} | {second}\n  {} ({})",
            subject(one.what, one.service.as_ref(), &one.name),
            waiver.reason,
            waiver.by
        )
    });
    blocks.extend(list("Accepted", allowed.collect(), lines));
    blocks.push(Block::Context(alike(parity)));
    Message { summary, blocks }
}

/// In a line.
fn summary(app: &AppName, parity: &Parity) -> String {
    let [one, other] = &parity.environments;
    let both = format!("{one} and {other} of {app}");
    let open = parity.not_allowed().count();
    let accepted = parity.allowed().count();
    let mut said = match parity.verdict() {
        Verdict::Differs => format!("{both} differ: {}", quantity::count(open, "difference")),
        Verdict::Unknown => format!("{both}: no difference was seen, but not everything is known"),
        Verdict::Alike if accepted > 0 => {
            format!("{both} are alike, apart from {}", accepted_ones(accepted))
        }
        Verdict::Alike => format!("{both} are alike"),
    };
    if parity.verdict() != Verdict::Alike && accepted > 0 {
        said = format!("{said}, and {}", accepted_ones(accepted));
    }
    if !parity.unknown.is_empty() {
        let count = quantity::count(parity.unknown.len(), "thing");
        said = format!("{said}; {count} could not be read");
    }
    format!("{said}.")
}

fn accepted_ones(count: usize) -> String {
    let noun = if count == 1 {
        "difference"
    } else {
        "differences"
    };
    format!("{count} accepted {noun}")
}

/// What a plan says of the environment before, in a line.
pub fn unlike(unlike: &Unlike) -> String {
    let before = &unlike.environment;
    let compare = "`sluice parity` shows both side by side";
    let count = unlike.named.len() + unlike.more;
    if count == 0 {
        let unknown = unlike.unknown.as_ref().map(not_known).unwrap_or_default();
        return format!("it is not known whether {before} is like this environment: {unknown}");
    }
    let named = unlike.named.iter();
    let mut named: Vec<String> = named
        .map(|one| subject(one.what, one.service.as_ref(), &one.name))
        .collect();
    if unlike.more > 0 {
        named.push(format!("{} more", unlike.more));
    }
    format!(
        "{before} is unlike this environment in {} ({}), so what succeeded there may fail here; {compare}",
        quantity::count(count, "thing"),
        named.join(", ")
    )
}

/// A name with what it is: `variable LOG_LEVEL of web`.
fn subject(what: ParityTopic, service: Option<&ServiceName>, name: &str) -> String {
    match service {
        Some(service) => format!("{what} {name} of {service}"),
        None => format!("{what} {name}"),
    }
}

/// Names down, environments across.
fn table(parity: &Parity, differences: &[&Difference], lines: usize) -> Option<String> {
    if differences.is_empty() {
        return None;
    }
    let [one, other] = &parity.environments;
    let mut rows = vec![[String::new(), one.to_string(), other.to_string()]];
    rows.extend(differences.iter().take(lines).map(|one| {
        let [first, mut second] = sides(one);
        if let Some(ratio) = one.ratio {
            second = format!("{second}  ({ratio})");
        }
        let name = subject(one.what, one.service.as_ref(), &one.name);
        [name, first, second]
    }));
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let (names, values) = (width(0), width(1));
    let written = rows
        .iter()
        .map(|[name, first, second]| format!("{name:names$}  {first:values$}  {second}"));
    let mut written: Vec<String> = written.collect();
    written.extend(more(differences.len(), lines));
    Some(written.join("\n"))
}

fn list(title: &str, entries: Vec<String>, lines: usize) -> Option<Block> {
    if entries.is_empty() {
        return None;
    }
    let left_out = more(entries.len(), lines);
    let shown = entries.into_iter().take(lines).chain(left_out);
    let shown: Vec<String> = std::iter::once(format!("{title}:")).chain(shown).collect();
    Some(Block::Code(shown.join("\n")))
}

fn more(all: usize, lines: usize) -> Option<String> {
    let left = all.checked_sub(lines).filter(|left| *left > 0)?;
    Some(format!(
        "… and {left} more: `sluice parity` in a terminal shows all"
    ))
}

fn sides(one: &Difference) -> [String; 2] {
    match &one.sides {
        [Side::Hidden, Side::Hidden] => ["hidden".to_owned(), "hidden, another value".to_owned()],
        [first, second] => [first, second].map(|side| said(side, one.what)),
    }
}

fn said(side: &Side, what: ParityTopic) -> String {
    match (side, what) {
        (Side::Absent, ParityTopic::Configuration) => "not set".to_owned(),
        (Side::Absent, _) => "none".to_owned(),
        (Side::Present, _) => "there".to_owned(),
        (Side::Hidden, _) => "hidden".to_owned(),
        (Side::Value(text), _) => short(text),
    }
}

/// A digest or a hash by its first twelve digits, and any other text up to the length of a cell.
fn short(text: &str) -> String {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return hex[..12].to_owned();
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn not_known(one: &Unknown) -> String {
    let of = match &one.service {
        Some(service) => format!("{} of {service} in {}", one.what, one.environment),
        None => format!("{} of {}", one.what, one.environment),
    };
    format!("{of}: {}", why(&one.why))
}

fn why(why: &NotKnown) -> String {
    match why {
        NotKnown::Unread(error) => error.trim_end_matches('.').to_owned(),
        NotKnown::TooSlow => {
            "there was no answer in time; `sluice parity` in a terminal waits longer".to_owned()
        }
        NotKnown::NothingDeployed => {
            "Sluice has deployed nothing there yet, and can only look on behalf of a deployment"
                .to_owned()
        }
        NotKnown::Restored(id) => format!("{id} restored the database"),
        NotKnown::Migrating(id) => format!("the migration of {id} may still run"),
        NotKnown::MigrationFailed(id) => format!("the migration of {id} did not succeed"),
        NotKnown::NotInspected(id) => format!("the migration of {id} was not inspected"),
        NotKnown::NeverInspected => "no deployment has inspected the schema yet".to_owned(),
    }
}

/// What is alike, counted.
fn alike(parity: &Parity) -> String {
    let counted = ParityTopic::ALL.into_iter().filter_map(|what| {
        let of_topic = parity.alike.iter().filter(|one| one.what == what);
        let count: usize = of_topic.map(|one| one.names.len()).sum();
        (count > 0).then(|| format!("{what} {count}"))
    });
    let counted: Vec<String> = counted.collect();
    let alike = match counted.is_empty() {
        true => "Nothing was seen to be alike.".to_owned(),
        false => format!("Alike: {}.", counted.join(", ")),
    };
    format!(
        "{alike} {{env}}, {{account}}, {{region}} and {{host}} stand for each environment's own; secrets \
         and variables are compared by name."
    )
}

#[cfg(test)]
mod tests {
    use sluice_core::config::Ratio;
    use sluice_core::id::{DeploymentId, EnvironmentName};
    use sluice_core::migration::Waiver;
    use sluice_core::parity::Alike;

    use super::*;

    fn difference(
        what: ParityTopic,
        service: Option<&str>,
        name: &str,
        sides: [Side; 2],
    ) -> Difference {
        Difference {
            what,
            service: service.map(ServiceName::new),
            name: name.to_owned(),
            sides,
            ratio: None,
            allowed: None,
        }
    }

    fn value(text: &str) -> Side {
        Side::Value(text.to_owned())
    }

    fn parity() -> Parity {
        let image = |of: char| value(&format!("sha256:{}", of.to_string().repeat(64)));
        let size = difference(
            ParityTopic::TaskSize,
            Some("worker"),
            "memory",
            [value("1024"), value("4096")],
        );
        Parity {
            environments: ["staging", "production"].map(EnvironmentName::new),
            differences: vec![
                difference(
                    ParityTopic::Image,
                    Some("web"),
                    "image",
                    [image('a'), image('b')],
                ),
                Difference {
                    ratio: Ratio::of(1024, 4096),
                    ..size.clone()
                },
                difference(
                    ParityTopic::Variable,
                    Some("web"),
                    "DEBUG",
                    [Side::Present, Side::Absent],
                ),
                difference(
                    ParityTopic::StackParameter,
                    None,
                    "Password",
                    [Side::Hidden, Side::Hidden],
                ),
                difference(
                    ParityTopic::Configuration,
                    None,
                    "metrics.least_requests",
                    [Side::Absent, value("100")],
                ),
                Difference {
                    allowed: Some(Waiver {
                        by: "the platform team".to_owned(),
                        reason: "production has more load".to_owned(),
                    }),
                    ..size
                },
            ],
            unknown: vec![
                Unknown {
                    what: ParityTopic::ListenerRule,
                    service: Some(ServiceName::new("web")),
                    environment: EnvironmentName::new("production"),
                    why: NotKnown::Unread("elasticloadbalancing:DescribeRules: denied".to_owned()),
                },
                Unknown {
                    what: ParityTopic::Schema,
                    service: None,
                    environment: EnvironmentName::new("staging"),
                    why: NotKnown::Restored(DeploymentId::from_outside("dep-1")),
                },
            ],
            alike: vec![Alike {
                what: ParityTopic::Secret,
                service: Some(ServiceName::new("web")),
                names: vec!["DATABASE_URL".to_owned(), "SECRET_KEY".to_owned()],
            }],
        }
    }

    fn told(parity: &Parity, lines: usize) -> String {
        let message = message(&AppName::new("erp"), parity, lines);
        let blocks = message.blocks.iter().map(|block| match block {
            Block::Text(text) | Block::Code(text) | Block::Context(text) => text.as_str(),
            other => panic!("{other:?}"),
        });
        blocks.collect::<Vec<_>>().join("\n\n")
    }

    #[test]
    fn both_stand_side_by_side() {
        insta::assert_snapshot!(told(&parity(), usize::MAX));
    }

    #[test]
    fn every_end_is_told_as_what_it_is() {
        let mut parity = parity();
        let mut said = vec![told(&parity, 2)];
        parity.differences.drain(..5);
        said.push(told(&parity, usize::MAX));
        parity.unknown.clear();
        said.push(told(&parity, usize::MAX));
        parity.differences.clear();
        said.push(told(&parity, usize::MAX));
        insta::assert_snapshot!(said.join("\n\n----\n\n"));
    }
}
