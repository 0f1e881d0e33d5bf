//! An installation as pages: read with the caller's credentials, and what a page says is typed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use sluice_sim::world::Bounds;

use super::server::{Fault, Server};
use super::{ANNA, OUTSIDER, Terminal, production, terminal};

struct Console(Child, String);

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Console {
    fn of(terminal: &Terminal<'_>) -> Self {
        let mut command = terminal.command(&["console", "--port", "0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut said).unwrap();
        let at = said
            .split("http://")
            .nth(1)
            .unwrap_or_else(|| panic!("{said}"));
        let host = at.split('/').next().unwrap().to_owned();
        // It would stop where no one reads what it says.
        std::thread::spawn(move || lines.lines().for_each(drop));
        Self(child, host)
    }

    fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        let host = &self.1;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (
            head.split(' ').nth(1).unwrap().parse().unwrap(),
            body.to_owned(),
        )
    }

    fn page(&self, path: &str) -> String {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

/// The commands that a page shows.
fn commands(html: &str) -> Vec<String> {
    let all = html.split("<code>").skip(1);
    let all = all.filter_map(|rest| rest.split("</code>").next());
    let all = all.map(|one| one.replace("&quot;", "\""));
    all.filter(|one| one.starts_with("sluice ")).collect()
}

#[test]
fn what_a_page_says_is_typed_as_it_stands_there() {
    let mut server = Server::start();
    server.awaits_approval();
    let console = Console::of(&terminal(&server, ANNA));
    let first = console.page("/");
    assert!(first.contains("Waiting for a person (1)"), "{first}");
    assert!(first.contains("open for deployments"), "{first}");
    let id = production(&server).id;
    let shown = console.page(&format!("/deployments/{id}"));
    let all = commands(&shown);
    let typed = |command: &str| {
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let region = words.iter().position(|word| *word == "--region").unwrap();
        assert_eq!(words[region + 1], "eu-central-1", "{command}");
        // The rest of this test's own options follow.
        terminal(&server, ANNA).types(&words[..region])
    };
    let exported = all
        .iter()
        .find(|one| one.starts_with("sluice export"))
        .unwrap();
    assert_eq!(typed(exported).0, 0, "{exported}");
    let own = console.page("/environments/erp/production");
    for about in ["status", "rollback", "hold", "release", "freeze", "thaw"] {
        let command = commands(&own).into_iter();
        let mut command = command.filter(|one| one.starts_with(&format!("sluice {about} ")));
        let (code, said) = typed(&command.next().unwrap());
        // Done, or not possible now: never misunderstood, and never refused for how it is written.
        assert!([0, 1, 3].contains(&code), "{about}: {code} {said}");
    }
    assert_eq!(production(&server).phase.name(), "AwaitingApproval");
    let approve = all
        .iter()
        .find(|one| one.starts_with("sluice approve"))
        .unwrap();
    let (code, said) = typed(approve);
    assert_eq!(code, 0, "{approve}: {said}");
    server.world.run(Bounds::default(), |_| false);
    let over = console.page(&format!("/deployments/{id}"));
    assert!(over.contains("The hash chain is whole"), "{over}");
    assert!(console.page("/").contains("Waiting for a person (0)"));
    let mut after = commands(&over).into_iter();
    assert!(
        !after.any(|one| one.starts_with("sluice rollback")),
        "it is the first release: nothing leads back"
    );
    let (status, history) = console.get("/history?environment=erp%2Fproduction");
    assert!(status == 200 && history.contains(id.as_str()), "{history}");
    assert!(
        console
            .page("/figures")
            .contains("Deployment frequency: 1 release")
    );
}

#[test]
fn what_cannot_be_read_is_said_and_nothing_is_made_up() {
    let mut server = Server::start();
    server.awaits_approval();
    let outside = Console::of(&terminal(&server, OUTSIDER));
    let (status, said) = outside.get("/");
    assert_eq!(status, 502);
    assert!(
        said.contains("AWS does not let you call this installation"),
        "{said}"
    );
    let inside = Console::of(&terminal(&server, ANNA));
    assert_eq!(inside.get("/deployments/dep-0000000000000000").0, 404);
    let (status, said) = inside.get("/environments/erp/nowhere");
    assert!(
        status == 404 && said.contains("There is no erp/nowhere"),
        "{said}"
    );
    for fault in [Fault::AnswerLost, Fault::Crashed] {
        server.fails(fault);
        let (status, said) = inside.get("/");
        assert!(
            status == 502 && !said.contains("All environments"),
            "{said}"
        );
        assert_eq!(inside.get("/").0, 200);
    }
}
