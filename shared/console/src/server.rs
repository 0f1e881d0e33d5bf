//! The server: on 127.0.0.1 alone, for GET and HEAD, and for no page of another origin.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use maud::Markup;
use serde::Deserialize;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{AppName, DeploymentId, EnvironmentName};
use sluice_words::overview::{Look, Seen};
use tokio::net::TcpListener;

use crate::page::{self, Filter, Page};
use crate::{Source, Unseen};

const STYLE: &str = include_str!("../assets/console.css");
const SCRIPT: &str = include_str!("../assets/console.js");

/// Nothing is loaded from elsewhere, no page frames this one, and nothing is kept by the browser.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; img-src data:; script-src 'self'; style-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

type Shared = State<Arc<dyn Source>>;

/// Serves the pages of a source until the process ends.
///
/// # Errors
/// The listener failed.
pub async fn serve(listener: TcpListener, source: Arc<dyn Source>) -> std::io::Result<()> {
    let port = listener.local_addr()?.port();
    axum::serve(listener, router(source, port)).await
}

/// The pages, for requests that were meant for this port of this machine.
pub fn router(source: Arc<dyn Source>, port: u16) -> Router {
    let names = [
        format!("{}:{port}", Ipv4Addr::LOCALHOST),
        format!("localhost:{port}"),
    ];
    Router::new()
        .route("/", get(overview))
        .route("/environments/{app}/{environment}", get(environment))
        .route("/deployments/{id}", get(deployment))
        .route("/history", get(history))
        .route("/figures", get(figures))
        .route(
            "/console.css",
            get(|| asset("text/css; charset=utf-8", STYLE)),
        )
        .route(
            "/console.js",
            get(|| asset("text/javascript; charset=utf-8", SCRIPT)),
        )
        .fallback(nothing)
        .with_state(source)
        .layer(middleware::from_fn_with_state(Arc::new(names), guard))
}

/// Lets through what a browser on this machine asked of this address by its own name. A page of another
/// site can make the browser look up its own name as 127.0.0.1, but not send another `Host`.
async fn guard(State(names): State<Arc<[String; 2]>>, request: Request, next: Next) -> Response {
    let mut response = match is_meant(&names[..], request.headers(), &request) {
        true => next.run(request).await,
        false => (
            StatusCode::MISDIRECTED_REQUEST,
            "This address is not answered here: use the one that `sluice console` has printed.\n",
        )
            .into_response(),
    };
    let headers = response.headers_mut();
    headers.extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

fn is_meant(names: &[String], headers: &HeaderMap, request: &Request) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let is_ours = |host: &[u8]| names.iter().any(|name| name.as_bytes() == host);
    let first = hosts.next().is_some_and(|host| is_ours(host.as_bytes()));
    let authority = request.uri().authority();
    let in_target = authority.is_none_or(|authority| is_ours(authority.as_str().as_bytes()));
    first && hosts.next().is_none() && in_target
}

async fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind)], text)
}

/// A page of environments.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    matching: String,
    #[serde(default)]
    from: usize,
}

async fn overview(State(source): Shared, Query(wanted): Query<Wanted>) -> Response {
    let look = Look::Overview {
        matching: wanted.matching.clone(),
        from: wanted.from,
    };
    shown(&*source, &look, |page, seen| match seen {
        Seen::Overview(seen) => Some(page.overview(&seen, &wanted.matching)),
        _ => None,
    })
    .await
}

async fn environment(
    State(source): Shared,
    Path((app, environment)): Path<(String, String)>,
) -> Response {
    let look = Look::Environment(EnvironmentKey {
        app: AppName::new(app),
        environment: EnvironmentName::new(environment),
    });
    shown(&*source, &look, |page, seen| match seen {
        Seen::Environment(seen) => Some(page.environment(&seen)),
        _ => None,
    })
    .await
}

async fn deployment(State(source): Shared, Path(id): Path<String>) -> Response {
    let look = Look::Deployment(DeploymentId::from_outside(&id));
    shown(&*source, &look, |page, seen| match seen {
        Seen::Deployment(seen) => page.deployment(&seen),
        _ => None,
    })
    .await
}

async fn history(State(source): Shared, Query(filter): Query<Filter>) -> Response {
    let look = Look::History {
        matching: filter.environment.clone(),
    };
    shown(&*source, &look, |page, seen| match seen {
        Seen::History(seen) => Some(page.history(&seen, &filter)),
        _ => None,
    })
    .await
}

async fn figures(State(source): Shared, Query(wanted): Query<Wanted>) -> Response {
    let matching = wanted.matching;
    let look = Look::Figures {
        matching: matching.clone(),
    };
    shown(&*source, &look, |page, seen| match seen {
        Seen::Figures(seen) => Some(page.figures(&seen, &matching)),
        _ => None,
    })
    .await
}

async fn nothing(State(source): Shared) -> Response {
    let unseen = Unseen::Missing("There is no page at this address.".to_owned());
    failed(&Page::of(source.about()), &unseen)
}

/// The page of what is seen, or the reason for which there is none.
async fn shown(
    source: &dyn Source,
    look: &Look,
    page: impl FnOnce(&Page<'_>, Seen) -> Option<Markup>,
) -> Response {
    let of = Page::of(source.about());
    match source.see(look).await {
        Ok(seen) => match page(&of, seen) {
            Some(page) => Html(page.into_string()).into_response(),
            None => {
                let other = "The answer is about something else: the installation is of another \
                    version than this program.";
                failed(&of, &Unseen::Failed(other.to_owned()))
            }
        },
        Err(unseen) => failed(&of, &unseen),
    }
}

fn failed(of: &Page<'_>, unseen: &Unseen) -> Response {
    let status = match unseen {
        Unseen::Missing(_) => StatusCode::NOT_FOUND,
        Unseen::Failed(_) => StatusCode::BAD_GATEWAY,
    };
    (status, Html(page::Page::unseen(of, unseen).into_string())).into_response()
}
