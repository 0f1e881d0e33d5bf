//! Addresses: of servers, with somebody's name and password in them, and of people.

/// `scheme://…@` for every address with a name and a password in it. A password may hold spaces and
/// at-signs of its own, so the last `@` before the next address ends it. Where the line was cut before
/// that, all that is left of the address goes.
pub(super) fn without_passwords(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        kept.push_str(before);
        let end = next_scheme(after);
        let (address, behind) = after.split_at(end);
        match address.rfind('@') {
            _ if !has_credentials(address) => kept.push_str(address),
            Some(host) => {
                kept.push('…');
                kept.push_str(&address[host..]);
            }
            None => kept.push('…'),
        }
        rest = behind;
    }
    kept.push_str(rest);
    kept
}

/// Where the next address begins.
fn next_scheme(text: &str) -> usize {
    let Some(at) = text.find("://") else {
        return text.len();
    };
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    text[..at].trim_end_matches(is_scheme).len()
}

/// Whether what follows `://` begins with a name and a password, not with a host and a port.
fn has_credentials(address: &str) -> bool {
    let first = address.split(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#'));
    let first = first.into_iter().next().unwrap_or_default();
    let is_port = |port: &str| port.chars().all(|c| c.is_ascii_digit());
    let looks_so = first
        .split_once(':')
        .is_some_and(|(_, port)| !is_port(port));
    first.contains('@') || looks_so
}

/// `…@` for every e-mail address.
pub(super) fn without_people(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('@') {
        let (before, after) = rest.split_at(at);
        let host: &str = &after[1..];
        let host_length = host.find(|c: char| !is_host(c)).unwrap_or(host.len());
        let is_host = host[..host_length].trim_end_matches('.').contains('.');
        match is_host {
            true => kept.push_str(before.trim_end_matches(is_local)),
            false => kept.push_str(before),
        }
        if is_host && !kept.ends_with('…') {
            kept.push('…');
        }
        kept.push('@');
        rest = host;
    }
    kept.push_str(rest);
    kept
}

fn is_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-')
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-')
}
