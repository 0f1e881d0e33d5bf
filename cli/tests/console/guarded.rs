//! Who is answered, and with what.

use super::http::{get, host, page, send};
use super::played::{played, served};

fn url() -> String {
    served(played("rejected", |_| false))
}

#[test]
fn only_this_machines_own_names_are_answered() {
    let url = url();
    let port = host(&url).rsplit(':').next().unwrap();
    let asked = |head: String| send(&url, &head).status;
    for name in [format!("127.0.0.1:{port}"), format!("localhost:{port}")] {
        assert_eq!(
            asked(format!("GET / HTTP/1.1\r\nHost: {name}")),
            200,
            "{name}"
        );
    }
    for name in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("localhost:{port}.evil.example"),
        format!("LOCALHOST:{port}"),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{port}, evil.example"),
        format!("0.0.0.0:{port}"),
        String::new(),
    ] {
        for path in ["/", "/console.css", "/deployments/dep-1"] {
            let head = format!("GET {path} HTTP/1.1\r\nHost: {name}");
            assert_eq!(asked(head), 421, "{name} {path}");
        }
    }
    let ours = format!("127.0.0.1:{port}");
    assert_eq!(
        asked(format!(
            "GET / HTTP/1.1\r\nHost: {ours}\r\nHost: evil.example"
        )),
        421
    );
    assert_eq!(
        asked(format!("GET http://evil.example/ HTTP/1.1\r\nHost: {ours}")),
        421
    );
    assert_eq!(asked("GET / HTTP/1.0".to_owned()), 421);
}

#[test]
fn nothing_is_changed_by_any_request_and_nothing_is_loaded_from_elsewhere() {
    let url = url();
    let ours = host(&url);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let reply = send(
            &url,
            &format!("{method} / HTTP/1.1\r\nHost: {ours}\r\nContent-Length: 0"),
        );
        assert_eq!(reply.status, 405, "{method}");
        assert!(!reply.head.contains("access-control"), "{}", reply.head);
    }
    for path in [
        "/",
        "/nothing",
        "/history",
        "/console.js",
        "/deployments/dep-0",
    ] {
        let reply = get(&url, path);
        let policy = "content-security-policy: default-src 'none'; img-src data:; script-src \
                      'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri \
                      'none'; frame-ancestors 'none'";
        assert!(reply.head.contains(policy), "{path}: {}", reply.head);
        for header in ["nosniff", "no-store", "no-referrer", "same-origin"] {
            assert!(
                reply.head.contains(header),
                "{path} {header}: {}",
                reply.head
            );
        }
        let elsewhere = reply.body.replace("noreferrer", "");
        assert!(!elsewhere.contains("src=\"http"), "{path}");
    }
    assert_eq!(get(&url, "/deployments/dep-0").status, 404);
    assert_eq!(get(&url, "/environments/erp/nowhere").status, 404);
    assert_eq!(get(&url, "/nothing").status, 404);
    let read = page(&url, "/");
    assert!(
        !read.contains("style=\"") && !read.contains("<style"),
        "the policy would drop it"
    );
}
