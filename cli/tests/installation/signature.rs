//! Signature Version 4 as its documentation has it, and as Lambda checks it: written here once more,
//! so that it is not checked by the code that made it.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

/// Lambda takes a signature of at most five minutes.
const GOOD_FOR_S: i64 = 300;

/// The secret key of an access key.
pub(crate) fn secret_of(key: &str) -> String {
    format!("secret/of+{key}")
}

/// A request as it came.
pub(crate) struct Request {
    pub(crate) path: String,
    /// Names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// The access key that has signed it, or why it is refused.
pub(crate) fn checked(request: &Request, region: &str, now: Timestamp) -> Result<String, String> {
    let header = |name: &str| {
        let found = request.headers.get(name);
        found.map(String::as_str).ok_or(format!("no {name}"))
    };
    let authorization = header("authorization")?;
    let fields = authorization
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .ok_or("another algorithm")?;
    let fields: BTreeMap<&str, &str> = fields
        .split(',')
        .filter_map(|field| field.trim().split_once('='))
        .collect();
    let field = |name: &str| fields.get(name).copied().ok_or(format!("no {name}"));
    let (credential, names) = (field("Credential")?, field("SignedHeaders")?);
    let at = header("x-amz-date")?;
    let [key, day, of_region, service, end] = credential.split('/').collect::<Vec<_>>()[..] else {
        return Err("the credential has no scope".to_owned());
    };
    if !at.starts_with(day) || of_region != region || service != "lambda" || end != "aws4_request" {
        return Err(format!("the scope is {credential}"));
    }
    let signed_at = DateTime::strptime("%Y%m%dT%H%M%SZ", at).map_err(|error| error.to_string())?;
    let signed_at = signed_at
        .to_zoned(TimeZone::UTC)
        .map_err(|error| error.to_string())?;
    if signed_at.timestamp().duration_since(now).as_secs().abs() > GOOD_FOR_S {
        return Err("Signature expired".to_owned());
    }
    for needed in ["host", "x-amz-date"] {
        if !names.split(';').any(|name| name == needed) {
            return Err(format!("{needed} is not signed"));
        }
    }
    if key.starts_with("ASIA") && !names.split(';').any(|name| name == "x-amz-security-token") {
        return Err("the token is not signed".to_owned());
    }
    let mut canonical = format!("POST\n{}\n\n", request.path);
    for name in names.split(';') {
        canonical += &format!("{name}:{}\n", header(name)?.trim());
    }
    canonical += &format!("\n{names}\n{}", hex::encode(Sha256::digest(&request.body)));
    let scope = format!("{day}/{region}/lambda/aws4_request");
    let hashed = hex::encode(Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashed}");
    let mut signing = hmac(format!("AWS4{}", secret_of(key)).as_bytes(), day);
    for part in [region, "lambda", "aws4_request"] {
        signing = hmac(&signing, part);
    }
    match hex::encode(hmac(&signing, &to_sign)) == field("Signature")? {
        true => Ok(key.to_owned()),
        false => Err("The request signature we calculated does not match".to_owned()),
    }
}

/// RFC 2104, over SHA-256.
fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut block = [0_u8; 64];
    match key.len() > block.len() {
        true => block[..32].copy_from_slice(&Sha256::digest(key)),
        false => block[..key.len()].copy_from_slice(key),
    }
    let padded = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text);
    let outer = Sha256::new().chain_update(padded(0x5c));
    outer.chain_update(inner.finalize()).finalize().to_vec()
}
