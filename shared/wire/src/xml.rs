//! The query protocol's answers: XML.

use crate::refusal::Refusal;

/// What stands in an element.
#[derive(Clone, Debug)]
pub(crate) enum Xml {
    Text(String),
    Structure(Vec<(&'static str, Xml)>),
    /// A list: the name of each entry's element, and the entries.
    List(&'static str, Vec<Xml>),
}

impl Xml {
    pub(crate) fn structure() -> Self {
        Self::Structure(Vec::new())
    }

    /// The same with a member more; of anything but a structure, it as it is.
    pub(crate) fn with(mut self, name: &'static str, member: Xml) -> Self {
        if let Self::Structure(members) = &mut self {
            members.push((name, member));
        }
        self
    }

    pub(crate) fn text(self, name: &'static str, text: impl ToString) -> Self {
        self.with(name, Self::Text(text.to_string()))
    }

    pub(crate) fn maybe(self, name: &'static str, text: Option<impl ToString>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => escape(text, out),
            Self::Structure(members) => {
                for (name, member) in members {
                    element(name, member, out);
                }
            }
            Self::List(name, entries) => {
                for entry in entries {
                    element(name, entry, out);
                }
            }
        }
    }
}

fn element(name: &str, content: &Xml, out: &mut String) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    content.write(out);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            other => out.push(other),
        }
    }
}

/// The whole answer to an operation.
pub(crate) fn response(operation: &str, namespace: &str, result: &Xml, request_id: &str) -> String {
    let mut out = format!("<{operation}Response xmlns=\"{namespace}\">");
    element(&format!("{operation}Result"), result, &mut out);
    out.push_str("<ResponseMetadata><RequestId>");
    out.push_str(request_id);
    out.push_str("</RequestId></ResponseMetadata></");
    out.push_str(operation);
    out.push_str("Response>");
    out
}

/// The whole refusal.
pub(crate) fn error(refusal: &Refusal, namespace: &str, request_id: &str) -> String {
    let fault = if refusal.status >= 500 {
        "Receiver"
    } else {
        "Sender"
    };
    let mut out = format!("<ErrorResponse xmlns=\"{namespace}\">");
    let told = Xml::structure()
        .text("Type", fault)
        .text("Code", &refusal.code)
        .text("Message", &refusal.message);
    element("Error", &told, &mut out);
    out.push_str("<RequestId>");
    out.push_str(request_id);
    out.push_str("</RequestId></ErrorResponse>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_lists_name_their_entries() {
        let names = vec![Xml::Text("a<b".into()), Xml::Text("\"c\" & 'd'".into())];
        let result = Xml::structure()
            .with("Names", Xml::List("member", names))
            .maybe("None", None::<&str>);
        assert_eq!(
            response("List", "urn:x", &result, "r"),
            "<ListResponse xmlns=\"urn:x\"><ListResult><Names><member>a&lt;b</member><member>\
             &quot;c&quot; &amp; &apos;d&apos;</member></Names></ListResult><ResponseMetadata>\
             <RequestId>r</RequestId></ResponseMetadata></ListResponse>"
        );
    }
}
