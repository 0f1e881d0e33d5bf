//! What Slack sends, and whoever else has the address.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures::executor::block_on;
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_hostile_tests::{bytes, holds, json, text};
use sluice_slack::{Incoming, SigningSecrets, parse, sign};
use sluice_slack_function::{Door, Endless, handler};
use sluice_words::slash;

use crate::stage::{ANSWER_MAX, events, is_told, now, sluice};
use crate::texts::known;

/// The words that mean something in a form's body.
const TOKENS: &[&str] = &[
    "payload=",
    "command=",
    "text=",
    "user_id=",
    "trigger_id=",
    "ssl_check=1",
    "&",
    "%7B",
    "%22",
    "%",
    "+",
    "%2Fsluice",
    "block_actions",
    "view_submission",
    "private_metadata",
    "url_verification",
];

fn secret() -> SecretString {
    SecretString::from("simulated-signing-secret")
}

/// The bodies of the committed requests, and the payloads in them.
fn bodies() -> (Vec<String>, Vec<Value>) {
    let requests = events(&["slack-"]);
    let bodies: Vec<String> = requests
        .iter()
        .map(|request| {
            let body = request["body"].as_str().unwrap();
            match request["isBase64Encoded"] == true {
                true => String::from_utf8(BASE64_STANDARD.decode(body).unwrap()).unwrap(),
                false => body.to_owned(),
            }
        })
        .collect();
    let mut payloads: Vec<Value> = Vec::new();
    for body in &bodies {
        if let Ok(event) = serde_json::from_str(body) {
            payloads.push(event);
        }
        let form = body.strip_prefix("payload=");
        let payload = form.and_then(|encoded| serde_json::from_str(&decoded(encoded)).ok());
        payloads.extend(payload);
    }
    payloads.push(submission());
    assert!(payloads.len() > 3);
    (bodies, payloads)
}

fn submission() -> Value {
    json!({
        "type": "view_submission",
        "team": {"id": "T0000000001"},
        "user": {"id": "U024BE7LH", "team_id": "T0000000001"},
        "view": {
            "id": "V1",
            "callback_id": "rollback",
            "private_metadata": "{\"roll-back\":{\"at\":{\"app\":\"erp\",\"environment\":\"production\"}}}",
            "state": {"values": {
                "reason": {"reason": {"type": "plain_text_input", "value": "the shop is down"}},
                "release": {"release": {"selected_option": {"value": "before"}}},
                "schema": {"schema": {"selected_option": {"value": "refuse"}}},
            }},
        },
    })
}

fn decoded(encoded: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                let digits = String::from_utf8(digits.to_vec()).unwrap();
                out.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            other => out.push(other),
        }
    }
    String::from_utf8(out).unwrap()
}

fn read(body: &[u8]) -> Result<(), TestCaseError> {
    match parse(body) {
        Err(error) => prop_assert!(!error.to_string().is_empty()),
        Ok((_, Incoming::Command(typed))) => {
            if let Err(error) = slash::parse(&typed.text, &known(), now()) {
                is_told(&error.to_string())?;
            }
        }
        Ok((_, Incoming::Submission(form))) => {
            let reason = form.reason();
            prop_assert!(reason.is_err() || reason.unwrap().as_str().chars().count() <= 500);
            let (_release, _point) = (form.release(), form.point());
        }
        Ok(_) => {}
    }
    Ok(())
}

#[test]
fn any_body_is_read_or_refused() {
    let (bodies, _) = bodies();
    let name = "any_body_is_read_or_refused";
    holds(name, 1_000, &bytes(bodies, TOKENS), |body| read(&body));
}

#[test]
fn any_payload_is_read_or_refused() {
    let (_, payloads) = bodies();
    holds(
        "any_payload_is_read_or_refused",
        1_000,
        &json(payloads),
        |payload| {
            let text = payload.to_string();
            read(text.as_bytes())?;
            read(
                format!(
                    "payload={}",
                    text.replace('%', "%25")
                        .replace('&', "%26")
                        .replace('+', "%2B")
                )
                .as_bytes(),
            )
        },
    );
}

/// A request of Lambda's, whole: with the body in it, and signed.
fn signed(body: &str) -> Value {
    let timestamp = now().as_second().to_string();
    json!({
        "headers": {
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": sign(&secret(), &timestamp, body.as_bytes()),
        },
        "body": body,
    })
}

fn answered(request: &Value) -> Result<u16, TestCaseError> {
    let (_world, app) = sluice();
    let door = Door {
        secrets: SigningSecrets::read(&secret()).unwrap(),
        team: Some("T0000000001".to_owned()),
    };
    let response = block_on(handler(&app, request, &door, &Endless, now()));
    // What Slack asks for to be sent back is sent back, however long it is.
    if !request["body"]
        .as_str()
        .unwrap_or_default()
        .contains("challenge")
    {
        prop_assert!(
            response.body.len() <= 4 * ANSWER_MAX,
            "{} bytes",
            response.body.len()
        );
    }
    Ok(response.status_code)
}

#[test]
fn any_request_is_answered() {
    let corpus = events(&["slack-"]);
    holds("any_request_is_answered", 150, &json(corpus), |request| {
        let status = answered(&request)?;
        prop_assert!([200, 400, 401, 413].contains(&status), "{status}");
        Ok(())
    });
}

#[test]
fn any_request_that_slack_signed_is_answered() {
    let (bodies, payloads) = bodies();
    let of_payload = json(payloads).prop_map(|payload| payload.to_string());
    let body = prop_oneof![text(bodies, TOKENS), of_payload];
    let name = "any_request_that_slack_signed_is_answered";
    holds(name, 200, &body, |body| {
        let status = answered(&signed(&body))?;
        prop_assert!([200, 400, 413].contains(&status), "{status}");
        Ok(())
    });
}
