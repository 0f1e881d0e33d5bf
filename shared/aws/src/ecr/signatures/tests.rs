//! Signatures as ECR lists them, and S3 gives them.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use sluice_app::ports::Registry as _;
use sluice_core::failure::ErrorClass;
use sluice_core::id::{ImageTag, RepositoryName};
use sluice_core::release::Release;

use super::*;
use crate::ecr::EcrRegistry;
use crate::test_cloud::{Answer, Asked, TestCloud, target};

fn release() -> Release {
    Release {
        registry: "222222222222.dkr.ecr.eu-central-1.amazonaws.com".to_owned(),
        repository: RepositoryName::new("erp"),
        tag: ImageTag::new("v1"),
        digest: Digest::try_from(format!("sha256:{}", "a".repeat(64))).unwrap(),
        pushed_at: Timestamp::UNIX_EPOCH,
    }
}

/// An S3 that answers each request so, for as long as the test lives.
fn s3(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _request = stream.read(&mut [0; 4096]).unwrap();
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
        }
    });
    format!("http://{address}/layer?X-Amz-Signature=secret")
}

fn manifest(layers: &Value) -> Value {
    let manifest = json!({"schemaVersion": 2, "layers": layers}).to_string();
    json!({"images": [{"imageManifest": manifest}]})
}

/// An ECR with two pages of referrers: a bundle, something else, and a bundle.
fn ecr(url: Result<String, &'static str>) -> EcrRegistry {
    let cloud = TestCloud::new(move |asked: &Asked| match asked.operation.as_str() {
        "ListImageReferrers" => {
            let is_second = asked.body.get("nextToken").is_some();
            let kind = "application/vnd.dev.sigstore.bundle.v0.3+json";
            let one = |digest: &str, kind: &str| json!({"digest": digest, "mediaType": "m", "artifactType": kind, "size": 1});
            Answer::json(&match is_second {
                false => json!({
                    "referrers": [one("sha256:1", kind), one("sha256:2", "application/spdx+json")],
                    "nextToken": "2",
                }),
                true => json!({"referrers": [one("sha256:3", kind)]}),
            })
        }
        "BatchGetImage" if asked.body["imageIds"][0].get("imageTag").is_some() => {
            let failure = json!({"failureCode": "ImageNotFound"});
            Answer::json(&json!({"images": [], "failures": [failure]}))
        }
        "BatchGetImage" => Answer::json(&manifest(&json!([{
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "digest": format!("sha256:{}", "b".repeat(64)),
            "size": 2,
        }]))),
        _ => match &url {
            Ok(url) => Answer::json(&json!({"downloadUrl": url})),
            Err(code) => Answer::error(400, code, "it is not there"),
        },
    });
    EcrRegistry::new(Arc::clone(&cloud.clients))
}

#[tokio::test]
async fn bundles_on_every_page_are_read_and_nothing_else() {
    let ecr = ecr(Ok(s3("200 OK", "{}")));
    let seen = ecr.signatures(&target(), &release()).await.unwrap();
    let bundle = Stored::Bundle(b"{}".to_vec());
    assert_eq!(seen, [bundle.clone(), bundle]);
}

#[tokio::test]
async fn one_that_cannot_be_had_hides_no_other_and_one_that_s3_does_not_give_now_is_asked_again() {
    for code in ["LayersNotFoundException", "LayerInaccessibleException"] {
        let seen = ecr(Err(code)).signatures(&target(), &release()).await;
        assert_eq!(seen.unwrap().len(), 2, "{code}");
    }
    let ecr = ecr(Ok(s3("503 Slow Down", "")));
    let error = ecr.signatures(&target(), &release()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    assert!(error.message.contains("S3 answered 503"), "{error}");
    assert!(!error.message.contains("secret"), "{error}");
}
