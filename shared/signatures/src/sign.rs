//! Key pairs, and signatures in both forms that cosign makes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;
use sluice_core::id::Digest;
use sluice_core::signature::{PublicKey, Stored, pre_authentication};

/// SubjectPublicKeyInfo of a key on P-256, up to its point.
const HEAD: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";

/// A key pair that signs as cosign does. Signatures are deterministic (RFC 6979).
#[derive(Debug)]
pub struct KeyPair(SigningKey);

impl KeyPair {
    /// The pair with this private key.
    ///
    /// # Panics
    /// If these bytes are no private key: all zeros, or more than the order of the curve.
    pub fn of(private: &[u8; 32]) -> Self {
        Self(SigningKey::from_slice(private).expect("nearly all 32 bytes are a key"))
    }

    /// Its public half.
    ///
    /// # Panics
    /// Never: a point on P-256 is a public key.
    pub fn public_key(&self) -> PublicKey {
        let point = self.0.verifying_key().to_sec1_point(false);
        let der = BASE64_STANDARD.encode(&point.as_bytes()[1..]);
        // 27 bytes are 36 characters: the two parts of the base64 can be joined.
        PublicKey::parse(&format!("{HEAD}{der}")).expect("a point is a public key")
    }

    /// Signs bytes; in ASN.1.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(bytes);
        signature.to_der().as_bytes().to_vec()
    }

    /// What `cosign sign` stores since version 3.
    pub fn bundle(&self, image: &Digest) -> Stored {
        self.stating("https://sigstore.dev/cosign/sign/v1", image)
    }

    /// What cosign stores for a statement about the image, such as an attestation.
    pub fn stating(&self, predicate: &str, image: &Digest) -> Stored {
        let hex = image.as_str().trim_start_matches("sha256:");
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": {"sha256": hex}}],
            "predicateType": predicate,
            "predicate": {},
        });
        let (payload_type, payload) = ("application/vnd.in-toto+json", statement.to_string());
        let signed = pre_authentication(payload_type, payload.as_bytes());
        let bundle = json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": self.public_key().id()}},
            "dsseEnvelope": {
                "payload": BASE64_STANDARD.encode(payload),
                "payloadType": payload_type,
                "signatures": [{"sig": BASE64_STANDARD.encode(self.sign(&signed))}],
            },
        });
        Stored::Bundle(bundle.to_string().into_bytes())
    }

    /// What `cosign sign` stored before version 3.
    pub fn simple(&self, reference: &str, image: &Digest) -> Stored {
        let payload = json!({
            "critical": {
                "identity": {"docker-reference": reference},
                "image": {"docker-manifest-digest": image},
                "type": "cosign container image signature",
            },
            "optional": null,
        });
        let payload = payload.to_string().into_bytes();
        let signature = BASE64_STANDARD.encode(self.sign(&payload));
        Stored::Simple { payload, signature }
    }
}
