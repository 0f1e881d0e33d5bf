//! The endpoint: HTTP/1.1, one connection a task, one request at a time at the model.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::dispatch::{self, Answer};
use crate::front::Served;

/// The largest request that any of the services takes, and more.
const MOST_OF_REQUEST: usize = 4 * 1024 * 1024;

/// Serves a cloud, and Slack if it is given, until the listener fails. A lost answer is a connection that ends without one.
///
/// Time does not pass by itself: whoever holds the cloud moves it.
///
/// # Errors
///
/// The listener cannot accept any more.
pub async fn serve(served: impl Into<Served>, listener: TcpListener) -> io::Result<Infallible> {
    let served = served.into();
    let requests = Arc::new(AtomicU64::new(1));
    loop {
        let (stream, _) = listener.accept().await?;
        let (served, requests) = (served.clone(), requests.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let number = requests.fetch_add(1, Ordering::Relaxed);
                respond(served.clone(), request, number)
            });
            // An error here is the client's: it went away, or its answer is lost on purpose.
            let _ended = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn respond(
    served: Served,
    request: Request<Incoming>,
    number: u64,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MOST_OF_REQUEST).collect().await;
    let body = body.map_err(io::Error::other)?.to_bytes();
    let request = dispatch::Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body: body.to_vec(),
    };
    let id = format!("00000000-0000-4000-8000-{number:012x}");
    let late = served.answer(&request, &id);
    if !late.after.is_zero() {
        tokio::time::sleep(late.after).await;
    }
    late.answer
        .map(into_response)
        .ok_or_else(|| io::Error::other("the answer is lost"))
}

fn into_response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::builder()
        .status(answer.status)
        .header("content-type", answer.content_type);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response
        .body(Full::new(Bytes::from(answer.body)))
        .expect("every status and header of ours is one that HTTP has")
}
