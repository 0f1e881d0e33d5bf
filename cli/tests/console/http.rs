//! Requests as they go over the wire.

use std::io::{Read, Write};
use std::net::TcpStream;

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Where a server is: `http://127.0.0.1:PORT/`.
pub(crate) fn host(url: &str) -> &str {
    url.trim_start_matches("http://").trim_end_matches('/')
}

/// Sends this head, and reads the answer to its end.
pub(crate) fn send(url: &str, head: &str) -> Reply {
    let mut stream = TcpStream::connect(host(url)).unwrap();
    write!(stream, "{head}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Reply {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_lowercase(),
        body: body.to_owned(),
    }
}

/// Gets a page by its own name.
pub(crate) fn get(url: &str, path: &str) -> Reply {
    send(url, &format!("GET {path} HTTP/1.1\r\nHost: {}", host(url)))
}

/// A page that is there.
pub(crate) fn page(url: &str, path: &str) -> String {
    let reply = get(url, path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    reply.body
}

/// What a reader sees of a page: its text, with each run of spaces as one.
pub(crate) fn text(html: &str) -> String {
    let html = html.replace("<br>", " ");
    let (mut text, mut inside) = (String::new(), false);
    for c in html.chars() {
        match c {
            '<' => {
                inside = true;
                text.push(' ');
            }
            '>' if inside => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&amp;", "&");
    squeezed(&text)
}

/// The text with each run of spaces as none: where markup begins is no difference.
pub(crate) fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Every address that a page links to.
pub(crate) fn links(html: &str) -> Vec<String> {
    let links = html.split("<a ").skip(1);
    let links = links.filter_map(|tag| tag.split("href=\"").nth(1)?.split('"').next());
    links.map(|link| link.replace("&amp;", "&")).collect()
}
