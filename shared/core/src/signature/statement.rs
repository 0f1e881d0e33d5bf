//! What a signature says it signs.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::id::Digest;

/// The media type of the payload of a signature under the tag `sha256-DIGEST.sig`.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// What the media type of a bundle begins with; its version follows.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";

/// What a payload of [`SIMPLE_SIGNING`] is.
const OF_AN_IMAGE: &str = "cosign container image signature";

/// What a statement that signs an image states. One about its SBOM, by the same key, is no signature.
const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A signature as a registry stores it. Anyone who may push can have written any of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// A payload, and the annotation `dev.cosignproject.cosign/signature` of its layer.
    Simple {
        /// The layer.
        payload: Vec<u8>,
        /// In base64.
        signature: String,
    },
    /// A bundle of sigstore in JSON.
    Bundle(Vec<u8>),
}

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The bytes.
    pub signed: Vec<u8>,
    /// The signatures over them, in ASN.1.
    pub signatures: Vec<Vec<u8>>,
    /// The images that the bytes name.
    pub images: Vec<Digest>,
}

impl Stored {
    /// What it signs: `None` if it is something else than a signature of an image, `Some(None)` if
    /// that cannot be read.
    pub(super) fn statement(&self) -> Option<Option<Statement>> {
        match self {
            Self::Simple { payload, signature } => Some(simple(payload, signature)),
            Self::Bundle(bundle) => bundled(bundle),
        }
    }
}

fn simple(payload: &[u8], signature: &str) -> Option<Statement> {
    let said: Value = serde_json::from_slice(payload).ok()?;
    let critical = &said["critical"];
    let image = critical["image"]["docker-manifest-digest"].as_str()?;
    let image = Digest::try_from(image.to_owned()).ok()?;
    (critical["type"] == OF_AN_IMAGE).then_some(Statement {
        signed: payload.to_vec(),
        signatures: vec![BASE64_STANDARD.decode(signature.trim()).ok()?],
        images: vec![image],
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    dsse_envelope: Envelope,
}

/// <https://github.com/secure-systems-lab/dsse/blob/master/envelope.md>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Deserialize)]
struct EnvelopeSignature {
    sig: String,
}

/// <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InToto {
    predicate_type: String,
    #[serde(default)]
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    digest: serde_json::Map<String, Value>,
}

impl Subject {
    fn image(&self) -> Option<Digest> {
        let hex = self.digest.get("sha256")?.as_str()?;
        Digest::try_from(format!("sha256:{hex}")).ok()
    }
}

fn bundled(bundle: &[u8]) -> Option<Option<Statement>> {
    let Ok(Bundle {
        dsse_envelope: envelope,
    }) = serde_json::from_slice(bundle)
    else {
        return Some(None);
    };
    let statement = BASE64_STANDARD.decode(&envelope.payload).ok();
    let in_toto = statement
        .as_ref()
        .and_then(|statement| serde_json::from_slice::<InToto>(statement).ok());
    let (Some(statement), Some(in_toto)) = (statement, in_toto) else {
        return Some(None);
    };
    if in_toto.predicate_type != SIGN {
        return None;
    }
    let signatures = envelope.signatures.iter();
    let signatures: Option<Vec<Vec<u8>>> = signatures
        .map(|one| BASE64_STANDARD.decode(&one.sig).ok())
        .collect();
    let is_in_toto = envelope.payload_type == IN_TOTO;
    Some(
        signatures
            .filter(|_| is_in_toto)
            .map(|signatures| Statement {
                signed: pre_authentication(&envelope.payload_type, &statement),
                signatures,
                images: in_toto.subject.iter().filter_map(Subject::image).collect(),
            }),
    )
}

/// What a signature of DSSE is over:
/// <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>
pub fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}
