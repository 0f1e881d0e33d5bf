//! Public keys that signatures are verified with.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What an ECDSA key on P-256 begins with as SubjectPublicKeyInfo in DER (RFC 5480), up to its point.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The object identifiers of other keys, as DER has them, and what people call them.
const OTHERS: [(&[u8], &str); 4] = [
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01],
        "an RSA key",
    ),
    (&[0x2b, 0x65, 0x70], "an Ed25519 key"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], "an ECDSA key on P-384"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], "an ECDSA key on P-521"),
];

/// An uncompressed point: one byte that says so, and two coordinates of 32.
const POINT: usize = 65;

/// As many hexadecimal digits tell keys apart.
const ID_DIGITS: usize = 12;

/// A public key for ECDSA on P-256: cosign's own kind, and KMS's `ECC_NIST_P256`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey {
    der: Vec<u8>,
}

impl PublicKey {
    /// Reads a key in PEM, or the base64 that stands in it, which is what KMS answers.
    ///
    /// # Errors
    /// Says what the text is instead, and never repeats it: it may be a private key.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        if text.contains("PRIVATE KEY") {
            return Err(NotAKey(
                "this is a private key, which belongs in no file: make a new pair, and write its \
                 public key here"
                    .to_owned(),
            ));
        }
        let lines = text.lines().map(str::trim);
        let base64: String = lines.filter(|line| !line.starts_with("-----")).collect();
        let Ok(der) = BASE64_STANDARD.decode(base64.trim()) else {
            return Err(NotAKey("this is no public key in PEM".to_owned()));
        };
        if der.starts_with(&P256) && der.len() == P256.len() + POINT && der[P256.len()] == 4 {
            return Ok(Self { der });
        }
        let has = |id: &[u8]| der.windows(id.len()).take(40).any(|bytes| bytes == id);
        let other = OTHERS.iter().find(|(id, _)| has(id));
        let what = other.map_or("this is no public key", |(_, name)| name);
        Err(NotAKey(format!(
            "{what}; signatures are verified with ECDSA keys on P-256, which cosign makes and which \
             KMS calls ECC_NIST_P256"
        )))
    }

    /// The uncompressed point: 65 bytes.
    pub fn point(&self) -> &[u8] {
        &self.der[P256.len()..]
    }

    /// By what people tell it from others.
    pub fn id(&self) -> KeyId {
        let digest = hex::encode(Sha256::digest(&self.der));
        KeyId(digest[..ID_DIGITS].to_owned())
    }
}

impl TryFrom<String> for PublicKey {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        Self::parse(&text)
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        BASE64_STANDARD.encode(key.der)
    }
}

/// Why a text is no key to verify signatures with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAKey(pub String);

/// The first twelve hexadecimal digits of the SHA-256 of a public key in DER:
/// `openssl pkey -pubin -outform DER | sha256sum`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
