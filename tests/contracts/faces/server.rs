//! The real HTTP client, at a server of the test's.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sluice_app::ports::Http;
use sluice_aws::HttpsHttp;
use std::convert::Infallible;
use std::time::Duration;
use tokio::net::TcpListener;

use crate::ports::http::{LATENCY, Stage};

/// An application, and the client that asks it.
pub(crate) struct Application {
    http: HttpsHttp,
    base: String,
}

pub(crate) async fn stage() -> Application {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener));
    Application {
        http: HttpsHttp::new(),
        base,
    }
}

impl Stage for Application {
    fn http(&self) -> &dyn Http {
        &self.http
    }

    fn base(&self) -> String {
        self.base.clone()
    }
}

async fn serve(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async {
            // An error here is the client's, which may have had enough.
            let _ended = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(answer))
                .await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    tokio::time::sleep(Duration::try_from(LATENCY).unwrap()).await;
    let (status, body) = match (request.method().as_str(), request.uri().path()) {
        ("GET", "/healthz/live") => (200, r#"{"status":"ok"}"#),
        _ => (404, r#"{"detail":"Not Found"}"#),
    };
    let response = Response::builder().status(status);
    Ok(response.body(Full::from(body)).unwrap())
}
