//! Signature Version 4, for a Function URL.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::{Request, header};

use crate::address::Address;
use crate::error::{CallError, words};

/// The service that a Function URL's signature names.
const SERVICE: &str = "lambda";

/// How the function's log sees us.
const USER_AGENT: &str = concat!("sluice/", env!("CARGO_PKG_VERSION"));

/// The request with its signature: of its address, its body and its time.
pub(crate) fn signed(
    address: &Address,
    body: &[u8],
    credentials: Credentials,
    at: SystemTime,
) -> Result<Request<Vec<u8>>, CallError> {
    let not_signed = |error: &dyn std::error::Error| CallError::NotSigned(words(error));
    let host = address.uri.authority().map_or("", |host| host.as_str());
    let mut request = Request::post(address.uri.clone())
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, USER_AGENT)
        .body(body.to_vec())
        .map_err(|error| not_signed(&error))?;
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&address.region)
        .name(SERVICE)
        .time(at)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| not_signed(&error))?
        .into();
    let headers = request.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let uri = address.uri.to_string();
    let signable = SignableRequest::new("POST", uri, headers, SignableBody::Bytes(body))
        .map_err(|error| not_signed(&error))?;
    let (instructions, _) = sign(signable, &params)
        .map_err(|error| not_signed(&error))?
        .into_parts();
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}
