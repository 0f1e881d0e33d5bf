//! What is read out of policies. They are JSON, and where one thing stands there may be a list.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// IAM hands out documents in percent encoding.
pub(super) fn decoded(document: &str) -> String {
    percent_decode_str(document)
        .decode_utf8_lossy()
        .into_owned()
}

/// The ARNs that the policy's conditions name as the source of a call.
pub(super) fn source_arns(policy: &str) -> Vec<String> {
    let statements = statements(policy);
    let allowing = statements.iter().filter(|one| one["Effect"] == "Allow");
    let conditions = allowing.filter_map(|one| one["Condition"].as_object());
    let keys = conditions.flat_map(|condition| condition.values().filter_map(Value::as_object));
    let values = keys
        .flatten()
        .filter(|(key, _)| key.eq_ignore_ascii_case("aws:sourcearn"));
    values.flat_map(|(_, value)| texts(value)).collect()
}

/// Whether a statement lets the account do that.
pub(super) fn lets(policy: &str, account: &str, action: &str) -> bool {
    let whole = |principal: &str| {
        principal == "*" || principal == account || principal.contains(&format!("::{account}:"))
    };
    statements(policy).iter().any(|one| {
        let principals = match &one["Principal"] {
            Value::Object(by_kind) => by_kind.values().flat_map(texts).collect(),
            other => texts(other),
        };
        one["Effect"] == "Allow"
            && texts(&one["Action"])
                .iter()
                .any(|one| one == action || one == "*")
            && principals.iter().any(|principal| whole(principal))
    })
}

fn statements(policy: &str) -> Vec<Value> {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    match &policy["Statement"] {
        Value::Array(statements) => statements.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"Statement":[
        {"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111111111111:root","333333333333"]},"Action":"events:PutEvents"},
        {"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":["sqs:SendMessage"],
         "Condition":{"ArnEquals":{"aws:SourceArn":["arn:1","arn:2"]},"ArnLike":{"AWS:SourceArn":"arn:3"}}},
        {"Effect":"Deny","Principal":"*","Action":"*","Condition":{"ArnEquals":{"aws:SourceArn":"arn:4"}}}]}"#;

    #[test]
    fn sources_are_read_out_of_lists_and_single_values() {
        assert_eq!(source_arns(POLICY), ["arn:1", "arn:2", "arn:3"]);
        assert_eq!(source_arns("{}"), Vec::<String>::new());
        assert_eq!(source_arns("nonsense"), Vec::<String>::new());
    }

    #[test]
    fn an_account_is_let_in_by_its_root_or_its_number_and_by_no_denial() {
        assert!(lets(POLICY, "111111111111", "events:PutEvents"));
        assert!(lets(POLICY, "333333333333", "events:PutEvents"));
        assert!(!lets(POLICY, "444444444444", "events:PutEvents"));
        assert!(!lets(POLICY, "111111111111", "sqs:SendMessage"));
    }

    #[test]
    fn a_document_of_iam_is_decoded() {
        assert_eq!(decoded("%7B%22a%22%3A%22b%20c%22%7D"), r#"{"a":"b c"}"#);
    }
}
