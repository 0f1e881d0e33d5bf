//! Lists, maps, numbers, durations and free JSON of the file.

use jiff::SignedDuration;
use schemars::{Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::reader::{At, Field, Node, Read, Table, wrong_type};
use super::report::{Place, Report};
use super::text::shown;

impl Read for bool {
    const EXPECTED: &'static str = "true or false";

    fn example() -> String {
        "true".to_owned()
    }

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        match node.value {
            DeValue::Boolean(value) => Some(*value),
            DeValue::String(text) if matches!(text.as_ref(), "no" | "off" | "false") => {
                let text = format!("{} = false", node.place.name());
                report.instead(
                    &node.place,
                    "this must be true or false, without quotes",
                    text,
                );
                None
            }
            _ => wrong_type(node, report),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number<const MIN: u16, const MAX: u16>(u16);

impl<const MIN: u16, const MAX: u16> Number<MIN, MAX> {
    pub(super) fn get(self) -> u16 {
        self.0
    }
}

impl<const MAX: u16> Number<1, MAX> {
    /// As the smaller type that holds every number up to `MAX`.
    pub(super) fn small(self) -> u8 {
        const { assert!(MAX <= u8::MAX as u16) };
        u8::try_from(self.0).expect("MAX fits, as the assertion says")
    }
}

impl<const MIN: u16, const MAX: u16> Read for Number<MIN, MAX> {
    const EXPECTED: &'static str = "a whole number";

    fn example() -> String {
        MIN.to_string()
    }

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let DeValue::Integer(integer) = node.value else {
            return wrong_type(node, report);
        };
        let number = u16::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.filter(|number| (MIN..=MAX).contains(number));
        if number.is_none() {
            let message = format!("{integer} is out of bounds: from {MIN} to {MAX}");
            let nearest = if integer.as_str().starts_with('-') || integer.as_str() == "0" {
                MIN
            } else {
                MAX
            };
            report.instead(
                &node.place,
                message,
                format!("{} = {nearest}", node.place.name()),
            );
        }
        number.map(Self)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

/// A length of time, given in milliseconds: from `MIN` to `MAX`, in whole `STEP`s.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time<const MIN: i64, const MAX: i64, const STEP: i64>(SignedDuration);

/// Milliseconds of a second.
pub(super) const SECOND: i64 = 1_000;
/// Milliseconds of a minute.
pub(super) const MINUTE: i64 = 60 * SECOND;
/// Milliseconds of an hour.
pub(super) const HOUR: i64 = 60 * MINUTE;

impl<const MIN: i64, const MAX: i64, const STEP: i64> Time<MIN, MAX, STEP> {
    pub(super) fn get(self) -> SignedDuration {
        self.0
    }
}

impl<const MIN: i64, const MAX: i64, const STEP: i64> Read for Time<MIN, MAX, STEP> {
    const EXPECTED: &'static str = "a length of time, such as \"90s\", \"30m\" or \"1h30m\"";

    fn example() -> String {
        let example = if MAX <= 2 * MINUTE {
            5 * SECOND
        } else {
            10 * MINUTE
        };
        format!("\"{}\"", in_words(SignedDuration::from_millis(example)))
    }

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let DeValue::String(text) = node.value else {
            return wrong_type(node, report);
        };
        let name = node.place.name();
        let (min, max) = (
            SignedDuration::from_millis(MIN),
            SignedDuration::from_millis(MAX),
        );
        let bounds = min..=max;
        let words = |time| {
            if MAX <= 2 * MINUTE {
                in_seconds(time)
            } else {
                in_words(time)
            }
        };
        let Some(time) = parse_time(text) else {
            let message = format!(
                "{} is not a length of time such as \"90s\", \"30m\", \"2h\" or \"1h30m\"",
                shown(text)
            );
            // jiff reads `30 minutes` and `PT30M` too; one way to write it is enough here.
            let meant = text.parse().ok().filter(|time| bounds.contains(time));
            let meant = meant.map_or_else(Self::example, |time| format!("\"{}\"", words(time)));
            report.instead(&node.place, message, format!("{name} = {meant}"));
            return None;
        };
        let millis = time.as_millis();
        if !bounds.contains(&time) {
            let message = format!(
                "{text} is out of bounds: from {} to {}",
                words(min),
                words(max)
            );
            let nearest = words(time.clamp(min, max));
            report.instead(&node.place, message, format!("{name} = \"{nearest}\""));
            return None;
        }
        let rest = millis % i128::from(STEP);
        if rest != 0 {
            let unit = if STEP == MINUTE { "minutes" } else { "seconds" };
            let up = SignedDuration::from_millis(
                i64::try_from(millis - rest).expect("it is at most MAX") + STEP,
            );
            let message = format!("{text} is not whole {unit}, and this is counted in them");
            report.instead(&node.place, message, format!("{name} = \"{}\"", words(up)));
            return None;
        }
        Some(Self(time))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^([0-9]+(h|ms|m|s))+$" })
    }
}

/// Hours, minutes, seconds and milliseconds, in this order; no spaces, no fractions, no signs.
fn parse_time(text: &str) -> Option<SignedDuration> {
    let known = text
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, 'h' | 'm' | 's'));
    if !known || text.is_empty() {
        return None;
    }
    text.parse().ok()
}

/// In seconds, as people count times that are at most two minutes.
fn in_seconds(time: SignedDuration) -> String {
    match time.subsec_millis() {
        0 => format!("{}s", time.as_secs()),
        _ => in_words(time),
    }
}

/// As it is written in the file, such as `1h30m`.
pub(super) fn in_words(time: SignedDuration) -> String {
    let millis = time.as_millis();
    let parts = [
        (millis / 3_600_000, "h"),
        (millis / 60_000 % 60, "m"),
        (millis / 1_000 % 60, "s"),
        (millis % 1_000, "ms"),
    ];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count != 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

/// What a text may hold to be shown: no `=` or `:`, before or after which secrets stand.
fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-' | '*' | '?')
}

impl<T: Read> Read for Vec<Field<T>> {
    const EXPECTED: &'static str = "a list";

    fn example() -> String {
        format!("[{}]", T::example())
    }

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let array = match node.value {
            DeValue::Array(array) => array,
            DeValue::String(text) if text.chars().all(plain) && !text.is_empty() => {
                let words: Vec<_> = text.split(' ').map(|word| format!("{word:?}")).collect();
                let list = format!("{} = [{}]", node.place.name(), words.join(", "));
                report.instead(&node.place, "this must be a list, and is a text", list);
                return None;
            }
            _ => return wrong_type(node, report),
        };
        let elements = array.iter().enumerate().map(|(index, element)| {
            let key = format!("{}[{index}]", node.place.key);
            let place = Place {
                span: element.span(),
                key,
            };
            T::field(
                Node {
                    value: element.get_ref(),
                    place,
                    is_key: false,
                },
                report,
            )
        });
        Some(elements.collect())
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({ "type": "array", "items": items })
    }
}

/// A table whose keys are the user's own, in the order of the file.
#[derive(Clone, Debug)]
pub(super) struct Map<K, V> {
    pub(super) entries: Vec<(At<K>, Field<V>)>,
}

impl<K: Read, V: Read> Read for Map<K, V> {
    const EXPECTED: &'static str = "a table";

    fn example() -> String {
        "{ … }".to_owned()
    }

    fn header(key: &str) -> Option<String> {
        Some(format!("[{key}.{}]", K::example().trim_matches('"')))
    }

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let DeValue::Table(table) = node.value else {
            return wrong_type(node, report);
        };
        let mut entries = Vec::new();
        for entry in Table::new(table, &node.place).entries() {
            let key = DeValue::String(entry.bare_key().into());
            let key = Node {
                value: &key,
                place: entry.key_place(),
                is_key: true,
            };
            // The value is read even when its key is refused, for the sake of its own problems.
            let (key, value) = (K::field(key, report), V::field(entry.node, report));
            if let Field::Given(key) = key {
                entries.push((key, value));
            }
        }
        Some(Self { entries })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let (names, values) = (K::schema(generator), V::schema(generator));
        json_schema!({ "type": "object", "propertyNames": names, "additionalProperties": values })
    }
}

/// Any value that JSON has too.
#[derive(Clone, Debug)]
pub(super) struct Json(pub(super) serde_json::Value);

impl Read for Json {
    const EXPECTED: &'static str =
        "a value that JSON has: text, number, true or false, list, table";

    fn example() -> String {
        "\"ok\"".to_owned()
    }

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        match json(node.value) {
            Some(mut value) => {
                // It is hashed with the settings, and a hash must not depend on how serde_json was
                // built (`preserve_order`).
                value.sort_all_objects();
                Some(Self(value))
            }
            None => wrong_type(node, report),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<serde_json::Value>()
    }
}

fn json(value: &DeValue<'_>) -> Option<serde_json::Value> {
    use serde_json::Value;
    Some(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => {
            Value::from(i64::from_str_radix(number.as_str(), number.radix()).ok()?)
        }
        DeValue::Float(number) => {
            Value::Number(serde_json::Number::from_f64(number.as_str().parse().ok()?)?)
        }
        DeValue::Boolean(value) => Value::from(*value),
        DeValue::Datetime(_) => return None,
        DeValue::Array(array) => Value::Array(
            array
                .iter()
                .map(|e| json(e.get_ref()))
                .collect::<Option<_>>()?,
        ),
        DeValue::Table(table) => Value::Object(
            table
                .iter()
                .map(|(key, value)| Some((key.get_ref().to_string(), json(value.get_ref())?)))
                .collect::<Option<_>>()?,
        ),
    })
}

/// Text whose content is the user's own, and may be a secret put in the wrong place: no message
/// shows it.
#[derive(Clone, Debug)]
pub(super) struct Unshown(pub(super) String);

impl Read for Unshown {
    const EXPECTED: &'static str = "a text in quotes";

    fn example() -> String {
        "\"…\"".to_owned()
    }

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        match node.value {
            DeValue::String(text) => Some(Self(text.to_string())),
            _ => wrong_type(node, report),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}
