//! AWS as these tests have it: requests are taken off the wire, read back by AWS's own service
//! models, recorded and answered.

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_cbor::Encoder;
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value, json};
use sluice_app::ports::Target;
use sluice_core::id::{AccountId, ClusterName, DeploymentId, Region, RoleArn};

use crate::clients::{Clients, RolloutHook};

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Such as `DescribeServices`.
    pub(crate) operation: String,
    /// The JSON body; of a query request its form, of a CBOR request nothing.
    pub(crate) body: Value,
    /// The host that was asked.
    pub(crate) host: String,
    /// The access key that signed it.
    pub(crate) signed_by: String,
}

/// What AWS answers.
pub(crate) struct Answer {
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(body: &Value) -> Self {
        Self {
            status: 200,
            content_type: "application/x-amz-json-1.1",
            body: body.to_string().into(),
        }
    }

    pub(crate) fn xml(body: &str) -> Self {
        Self {
            status: 200,
            content_type: "text/xml",
            body: body.into(),
        }
    }

    pub(crate) fn cbor(body: Vec<u8>) -> Self {
        Self {
            status: 200,
            content_type: "application/cbor",
            body,
        }
    }

    /// The same as an error.
    pub(crate) fn cbor_error(status: u16, code: &str, message: &str) -> Self {
        let mut cbor = Encoder::new(Vec::new());
        cbor.begin_map().str("__type").str(code);
        cbor.str("message").str(message).end();
        Self {
            status,
            ..Self::cbor(cbor.into_writer())
        }
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({ "__type": code, "message": message });
        Self {
            status,
            ..Self::json(&body)
        }
    }

    /// An error with more in it than a code and a message.
    pub(crate) fn refusal(body: &Value) -> Self {
        Self {
            status: 400,
            ..Self::json(body)
        }
    }

    pub(crate) fn xml_error(status: u16, code: &str, message: &str) -> Self {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}\
             </Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
        );
        Self {
            status,
            ..Self::xml(&body)
        }
    }

    fn into_response(self) -> http::Response<SdkBody> {
        http::Response::builder()
            .status(self.status)
            .header("content-type", self.content_type)
            .header("smithy-protocol", "rpc-v2-cbor")
            .body(SdkBody::from(self.body))
            .unwrap()
    }
}

/// The cloud, and what it was asked.
pub(crate) struct TestCloud {
    pub(crate) clients: Arc<Clients>,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

/// The account of Sluice's own credentials, and of [`target`].
const ACCOUNT: &str = "111111111111";
/// Asked by the clients themselves, before the first request without a role.
const WHO_ASKS: &str = "GetCallerIdentity";

impl TestCloud {
    pub(crate) fn new(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::in_account(ACCOUNT, answer)
    }

    /// A cloud in which Sluice lives in this account.
    pub(crate) fn in_account(
        own: &'static str,
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::without_identity(move |asked| match asked.operation.as_str() {
            WHO_ASKS => caller_identity(own),
            _ => answer(asked),
        })
    }

    /// A cloud that says who asks only if `answer` does.
    pub(crate) fn without_identity(
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        sluice_service_models::start();
        Self::made(true, answer)
    }

    /// A cloud that gives nonsense, and gets requests made of it that AWS's models do not know.
    pub(crate) fn unchecked(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::made(false, answer)
    }

    fn made(checks: bool, answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = asked.clone();
        let client = infallible_client_fn(move |request| {
            if checks && !is_lambda(&request) {
                assert_known(&request);
            }
            let request = read(&request);
            record.lock().unwrap().push(request.clone());
            answer(&request).into_response()
        });
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys()))
            .http_client(client)
            .time_source(SystemTimeSource::new())
            .build();
        let hook = RolloutHook {
            function_arn: "arn:aws:lambda:{region}:{account}:function:sluice-rollout-hook".into(),
            role_arn: "arn:aws:iam::{account}:role/sluice-rollout-hook-caller".into(),
        };
        Self {
            clients: Arc::new(Clients::new(config, Some(hook))),
            asked,
        }
    }

    /// The bodies of all requests for the operation.
    pub(crate) fn asked(&self, operation: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|one| one.operation == operation)
            .map(|one| one.body.clone())
            .collect()
    }

    /// Every request but for who asks.
    pub(crate) fn everything_asked(&self) -> Vec<Asked> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.retain(|one| one.operation != WHO_ASKS);
        asked
    }
}

/// Lambda's protocol is in paths, which the models are not read for.
fn is_lambda(request: &http::Request<SdkBody>) -> bool {
    request
        .uri()
        .host()
        .is_some_and(|host| host.starts_with("lambda."))
}

/// Fails the test if AWS does not know the request.
fn assert_known(request: &http::Request<SdkBody>) {
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), value)
    });
    let verdict = sluice_service_models::check(&sluice_service_models::Request {
        path: request.uri().path().to_owned(),
        headers: headers.collect(),
        body: request.body().bytes().unwrap_or_default().to_vec(),
    });
    assert!(
        verdict.problems.is_empty(),
        "AWS does not know {verdict:#?}"
    );
}

/// STS's word for whose the credentials are.
pub(crate) fn caller_identity(account: &str) -> Answer {
    Answer::xml(&format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{account}</Account>\
         <Arn>arn:aws:sts::{account}:assumed-role/sluice/advance</Arn><UserId>AROA:advance</UserId>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    ))
}

fn keys() -> Credentials {
    Credentials::new("own-key", "own-secret", None, None, "test")
}

fn read(request: &http::Request<SdkBody>) -> Asked {
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let bytes = request.body().bytes().unwrap_or_default();
    let (operation, body) = match header("x-amz-target") {
        Some(target) => (
            target.rsplit('.').next(),
            serde_json::from_slice(bytes).unwrap(),
        ),
        None if header("smithy-protocol").is_some() => {
            (request.uri().path().rsplit('/').next(), Value::Null)
        }
        None if is_lambda(request) => (Some(request.uri().path()), Value::Null),
        None => (None, form(bytes)),
    };
    let of_form = body.get("Action").and_then(Value::as_str);
    Asked {
        operation: operation.or(of_form).unwrap_or_default().to_owned(),
        host: request.uri().host().unwrap_or_default().to_owned(),
        signed_by: signer(header("authorization").unwrap_or_default()).to_owned(),
        body,
    }
}

fn form(bytes: &[u8]) -> Value {
    let pairs = form_urlencoded::parse(bytes).map(|(k, v)| (k.into_owned(), json!(v)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// The key in `AWS4-HMAC-SHA256 Credential=KEY/20260301/…`.
fn signer(authorization: &str) -> &str {
    let after = authorization
        .split_once("Credential=")
        .map_or("", |(_, after)| after);
    after.split('/').next().unwrap_or_default()
}

/// Production of the tests, worked in with Sluice's own credentials.
pub(crate) fn target() -> Target {
    Target {
        account: AccountId::new(ACCOUNT),
        region: Region::new("eu-central-1"),
        role: None,
        cluster: ClusterName::new("erp"),
        deployment: DeploymentId::from_outside("dep-0123456789abcdef"),
    }
}

/// The same through a role.
pub(crate) fn target_with_role() -> Target {
    Target {
        role: Some(RoleArn::new(
            "arn:aws:iam::111111111111:role/sluice-deploys",
        )),
        ..target()
    }
}
