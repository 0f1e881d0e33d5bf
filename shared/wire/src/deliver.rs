//! What the cloud tells, carried to the account in which Sluice runs: events onto its EventBridge,
//! lifecycle hook calls to its Lambda functions, in AWS's own protocols.
//!
//! The account is an emulator's on this machine: requests name who asks and are not signed.

use std::fmt;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sluice_core::hook::HookAnswer;
use sluice_sim::cloud::{EcsHookCall, Emitted};

/// ECS asks again after this where the answer does not say (its own default).
const DEFAULT_CALL_BACK_S: u32 = 30;

/// Why something did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryError(String);

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DeliveryError {}

fn failed(what: impl fmt::Display) -> DeliveryError {
    DeliveryError(what.to_string())
}

/// An account at an emulator's endpoint.
#[derive(Clone, Debug)]
pub struct Account {
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Account {
    /// The account behind `url`, such as `http://127.0.0.1:4566`.
    ///
    /// # Errors
    /// It is no `http` address of this machine: what is sent is not signed and not encrypted.
    pub fn at(url: &str) -> Result<Self, DeliveryError> {
        let parsed: Uri = url
            .parse()
            .map_err(|why| failed(format!("`{url}`: {why}")))?;
        let here = matches!(parsed.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if parsed.scheme_str() != Some("http") || !here {
            return Err(failed(format!(
                "`{url}` is no emulator on this machine: give an address like http://127.0.0.1:4566"
            )));
        }
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        })
    }

    /// Puts an event onto the account's default event bus.
    ///
    /// # Errors
    /// EventBridge does not answer, or does not take it.
    pub async fn tell(&self, event: &Emitted) -> Result<(), DeliveryError> {
        let event = event.payload();
        let entry = json!({
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": event["detail"].to_string(),
            "Resources": event["resources"],
        });
        let request = self
            .request("events", &event)
            .uri(format!("{}/", self.url))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", "AWSEvents.PutEvents");
        let (_, answer) = self.send(request, &json!({"Entries": [entry]})).await?;
        match answer["FailedEntryCount"].as_u64() {
            Some(0) => Ok(()),
            _ => Err(failed(format!("EventBridge did not take it: {answer}"))),
        }
    }

    /// Asks a lifecycle hook as ECS does. `Err` is an error of the function, or no answer.
    ///
    /// # Errors
    /// The function failed, or its answer is none that ECS reads.
    pub async fn ask(
        &self,
        function: &str,
        call: &EcsHookCall,
    ) -> Result<HookAnswer, DeliveryError> {
        let place = json!({"account": call.place.account, "region": call.place.region});
        let request = self
            .request("lambda", &place)
            .uri(format!(
                "{}/2015-03-31/functions/{function}/invocations",
                self.url
            ))
            .header("content-type", "application/json");
        let (error, answer) = self.send(request, &call.payload()).await?;
        if error {
            return Err(failed(&answer["errorMessage"]));
        }
        match answer["hookStatus"].as_str() {
            Some("SUCCEEDED") => Ok(HookAnswer::Succeeded),
            Some("FAILED") => Ok(HookAnswer::Failed),
            Some("IN_PROGRESS") => {
                let delay = answer["callBackDelay"]
                    .as_u64()
                    .and_then(|s| s.try_into().ok());
                Ok(HookAnswer::InProgress {
                    again_in_s: delay.unwrap_or(DEFAULT_CALL_BACK_S),
                })
            }
            _ => Err(failed(format!("the hook's answer is none: {answer}"))),
        }
    }

    /// Whose it is, and where: all that an emulator reads of a signature.
    fn request(&self, service: &str, place: &Value) -> hyper::http::request::Builder {
        let (account, region) = (&place["account"], &place["region"]);
        let (account, region) = (account.as_str(), region.as_str());
        let (account, region) = (account.unwrap_or_default(), region.unwrap_or_default());
        Request::builder().method(Method::POST).header(
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/{service}/aws4_request, \
                 SignedHeaders=host, Signature=none"
            ),
        )
    }

    /// The answer, and whether it says that a function failed.
    async fn send(
        &self,
        request: hyper::http::request::Builder,
        body: &Value,
    ) -> Result<(bool, Value), DeliveryError> {
        let request = request.body(Full::from(body.to_string())).map_err(failed)?;
        let answer = self.client.request(request).await.map_err(failed)?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(failed)?.to_bytes();
        if !parts.status.is_success() {
            let said = String::from_utf8_lossy(&body);
            return Err(failed(format!("{}: {said}", parts.status)));
        }
        let error = parts.headers.contains_key("x-amz-function-error");
        let answer = serde_json::from_slice(&body).map_err(failed)?;
        Ok((error, answer))
    }
}
