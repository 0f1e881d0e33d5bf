//! The query protocol's requests: a form in which lists and structures are spelled out in the keys.

use std::collections::BTreeMap;

use crate::refusal::Refusal;

/// The members of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    pub(crate) fn get(&self, member: &str) -> Option<&str> {
        self.0.get(member).map(String::as_str)
    }

    pub(crate) fn require(&self, member: &str) -> Result<&str, Refusal> {
        self.get(member)
            .ok_or_else(|| Refusal::new("ValidationError", format!("{member} is required")))
    }

    /// Every member with its value, in the order of their names.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A list's values: those of `prefix.1`, `prefix.2` and so on.
    pub(crate) fn list(&self, prefix: &str) -> Vec<&str> {
        (1..)
            .map_while(|n| self.get(&format!("{prefix}.{n}")))
            .collect()
    }

    /// A list of keys and values: those of `prefix.1.Key` and `prefix.1.Value` and so on.
    pub(crate) fn pairs(&self, prefix: &str) -> BTreeMap<String, String> {
        let pair = |n: usize| {
            let key = self.get(&format!("{prefix}.{n}.Key"))?;
            let value = self.get(&format!("{prefix}.{n}.Value")).unwrap_or_default();
            Some((key.to_owned(), value.to_owned()))
        };
        (1..).map_while(pair).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_pairs_are_read_in_their_order() {
        let form = Form::parse(
            b"Action=A&RuleArns.member.1=one&RuleArns.member.2=t%2Fwo\
              &Tags.Tag.1.Key=k&Tags.Tag.1.Value=v",
        );
        assert_eq!(form.get("Action"), Some("A"));
        assert_eq!(form.list("RuleArns.member"), ["one", "t/wo"]);
        assert_eq!(
            form.pairs("Tags.Tag"),
            BTreeMap::from([("k".to_owned(), "v".to_owned())])
        );
        assert!(form.require("None").is_err());
    }
}
