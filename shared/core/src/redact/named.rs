//! Values that are secrets by their name, or by how they look.

/// What a name has in it whose value is a secret, in lower case and without `_`, `-` and `.`.
const SECRET: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "credential",
    "authorization",
    "apikey",
    "accesskey",
    "privatekey",
    "encryptionkey",
    "cookie",
    "dsn",
];

/// What stands before a secret by itself.
const SCHEMES: [&str; 3] = ["Bearer", "Basic", "Digest"];

/// How well-known secrets begin: a JSON web token, an AWS key's id, and tokens of Slack, GitHub,
/// GitLab and Stripe.
const BEGINNINGS: [&str; 14] = [
    "eyJ",
    "AKIA",
    "ASIA",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "sk_test_",
    "whsec_",
];

/// Shorter ones are words.
const SHORTEST: usize = 12;

/// `NAME=…` and `NAME: …` for every name of a secret.
pub(super) fn without_values(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, after) = rest.split_at(at + 1);
        kept.push_str(before);
        rest = after;
        if !names_a_secret(&kept[..kept.len() - 1]) {
            continue;
        }
        let value = rest.trim_start_matches([' ', '"', '\'', '=']);
        kept.push_str(&rest[..rest.len() - value.len()]);
        let end = value.find(ends_value).unwrap_or(value.len());
        rest = value;
        // Which scheme it is may be read; what follows it is left out below.
        let stays = SCHEMES.contains(&&value[..end]) || value.starts_with('…');
        if end > 0 && !stays {
            kept.push('…');
            rest = &value[end..];
        }
    }
    kept.push_str(rest);
    kept
}

/// Whether the text ends with the name of a secret. The parts of an ARN are no names.
fn names_a_secret(text: &str) -> bool {
    let text = text.trim_end_matches([' ', '"', '\'']);
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let before = text.trim_end_matches(is_name);
    let word = before.rsplit(char::is_whitespace).next();
    if word.is_some_and(|word| word.contains("arn:")) {
        return false;
    }
    let name = text[before.len()..].to_lowercase();
    let name = name.replace(['_', '-', '.'], "");
    name != "secretsmanager" && SECRET.iter().any(|part| name.contains(part))
}

fn ends_value(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '&' | '}' | ']' | ')' | '"' | '\'')
}

/// `…` for everything after `Bearer` and the like, after a flag that names a secret, and for what looks like a well-known secret.
pub(super) fn without_tokens(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    let mut before = "";
    while !rest.is_empty() {
        let space = rest.len() - rest.trim_start().len();
        kept.push_str(&rest[..space]);
        rest = &rest[space..];
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let scheme = before.trim_start_matches(|c: char| !c.is_alphanumeric());
        let is_flag = before.starts_with('-') && !before.contains('=');
        if SCHEMES.iter().any(|it| it.eq_ignore_ascii_case(scheme))
            || (is_flag && names_a_secret(before))
        {
            kept.push('…');
        } else {
            kept.push_str(&without_well_known(word));
        }
        before = word;
        rest = behind;
    }
    kept
}

fn without_well_known(word: &str) -> String {
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+');
    let mut kept = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
        let (token, behind) = rest.split_at(end);
        let is_secret =
            token.len() >= SHORTEST && BEGINNINGS.iter().any(|it| token.starts_with(it));
        kept.push_str(if is_secret { "…" } else { token });
        let mut others = behind.chars();
        kept.extend(others.next());
        rest = others.as_str();
    }
    kept
}
