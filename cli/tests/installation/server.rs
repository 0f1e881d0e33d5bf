//! A Function URL: what Lambda does before the function, and the function in a simulated company.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sluice::wiring::operate_request;
use sluice_app::{App, Package};
use sluice_core::config::Config;
use sluice_core::id::{RepositoryName, UserId};
use sluice_sim::cloud::{ImageBehaviour, Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, Habit, World};
use sluice_words::message::ButtonAction;

use super::signature::{Request, checked};

const REGION: &str = "eu-central-1";

/// What goes wrong at the next request.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// It is done, and the connection breaks before the answer.
    AnswerLost,
    /// Lambda has no room for it.
    Throttled,
    /// The function ends with an error.
    Crashed,
}

/// The ERP's file, which Anna may change.
pub(crate) fn packaged() -> String {
    let whose = "repository = \"erp\"";
    let may = format!("{whose}\nconfigure = [\"U024BE7LH\"]");
    include_str!("../../../tests/erp/sluice.toml").replacen(whose, &may, 1)
}

pub(crate) struct Server {
    pub(crate) world: World,
    port: u16,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let text = packaged();
        let config = Config::parse(&text).unwrap();
        let package = Package {
            files: BTreeMap::from([(config.app.clone(), text)]),
            registry: None,
        };
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let mut world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
        let app = App::installed(world.ports(), vec![Arc::new(config)], package);
        world.deploy(Arc::new(DirectFunctions(app.clone())));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let fault = Arc::new(Mutex::new(None));
        let next = fault.clone();
        // Ends with the test's process.
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let _ = serve(&app, connection.unwrap(), &next);
            }
        });
        Self { world, port, fault }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn fails(&self, fault: Fault) {
        *self.fault.lock().unwrap() = Some(fault);
    }

    fn pushes(&mut self, tag: &str, image: &str, behaviour: &ImageBehaviour) {
        let push = Push::image(&RepositoryName::new("erp"), tag, digest_of(image));
        self.world
            .with_cloud(|cloud| cloud.push_image(push.behaving(behaviour.clone())));
    }

    /// v1.4.0 waits for its approval in production.
    pub(crate) fn awaits_approval(&mut self) {
        for tag in ["release-1.4.0", "v1.4.0"] {
            self.pushes(tag, "1.4.0", &ImageBehaviour::default());
            self.world.run(Bounds::default(), |world| {
                let stored = world.store().deployments();
                let mut phases = stored.iter().map(|stored| stored.deployment.phase.name());
                phases.any(|phase| phase == "AwaitingApproval")
            });
        }
    }

    /// v1.5.0 has followed v1.4.0 to production, and taken a column away.
    pub(crate) fn two_releases(&mut self) {
        for approver in ["U024BE7LH", "UONES0604QSJC"] {
            self.world.add_habit(Habit {
                user: UserId::new(approver),
                action: ButtonAction::Approve,
                environment: None,
                after: SignedDuration::from_mins(3),
            });
        }
        let mut behaviour = ImageBehaviour::default();
        behaviour.migration.sql = Some("ALTER TABLE orders DROP COLUMN note;".to_owned());
        for version in ["1.4.0", "1.5.0"] {
            for tag in [format!("release-{version}"), format!("v{version}")] {
                self.pushes(&tag, version, &behaviour);
                self.world.run(Bounds::default(), |_| false);
            }
        }
    }
}

/// Who has that access key.
fn principal_of(key: &str) -> Option<&'static str> {
    match key {
        super::ANNA => Some("arn:aws:iam::222222222222:user/anna"),
        super::BEN => Some("arn:aws:sts::222222222222:assumed-role/Deployers/ben@example.com"),
        _ => None,
    }
}

fn serve(app: &App, connection: TcpStream, fault: &Mutex<Option<Fault>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection);
    while let Some(request) = request(&mut reader)? {
        let fault = fault.lock().unwrap().take();
        let (status, kind, body) = answer(app, &request, fault);
        if let Some(Fault::AnswerLost) = fault {
            return Ok(());
        }
        let head = format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\n{kind}content-length: \
             {}\r\n\r\n",
            body.len()
        );
        let connection = reader.get_mut();
        connection.write_all(head.as_bytes())?;
        connection.write_all(body.as_bytes())?;
        connection.flush()?;
    }
    Ok(())
}

/// The next request of a connection.
fn request(reader: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    assert!(line.starts_with("POST "), "{line}");
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body)?;
    Ok(Some(Request {
        path,
        headers,
        body,
    }))
}

/// Status, a header, body: of Lambda's own, or of the function.
fn answer(app: &App, request: &Request, fault: Option<Fault>) -> (u64, &'static str, String) {
    match fault {
        Some(Fault::Throttled) => {
            return (429, "", json!({"Message": "Rate exceeded"}).to_string());
        }
        Some(Fault::Crashed) => return (502, "", "Internal Server Error".to_owned()),
        Some(Fault::AnswerLost) | None => {}
    }
    let key = match checked(request, REGION, now()) {
        Ok(key) => key,
        Err(why) => {
            let kind = "x-amzn-errortype: InvalidSignatureException\r\n";
            return (403, kind, json!({"message": why}).to_string());
        }
    };
    let Some(principal) = principal_of(&key) else {
        let kind = "x-amzn-errortype: AccessDeniedException\r\n";
        return (403, kind, json!({"Message": "Forbidden"}).to_string());
    };
    let body = String::from_utf8(request.body.clone()).unwrap();
    let payload = operate_request(&body, principal, app.ports().clock.now());
    let response = block_on(sluice_operate::handler(app, &payload));
    let response: Value = serde_json::to_value(response).unwrap();
    let status = response["statusCode"].as_u64().unwrap();
    (status, "", response["body"].as_str().unwrap().to_owned())
}

/// The time outside of the simulated company: signatures are made there.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_second(i64::try_from(since.as_secs()).unwrap()).unwrap()
}
