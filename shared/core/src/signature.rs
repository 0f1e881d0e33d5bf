//! Signatures of images: whose are valid, what each one signs, and what they are worth together.
//!
//! Two forms, both made by cosign: the one of its
//! [specification](https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md), beside the
//! image under the tag `sha256-DIGEST.sig`, and since version 3 a
//! [bundle](https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md) that refers to the
//! image. No cryptography is here: an adapter says whether a key has signed some bytes.

mod key;
mod statement;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::id::Digest;

pub use key::{KeyId, NotAKey, PublicKey};
pub use statement::{BUNDLE, SIMPLE_SIGNING, Statement, Stored, pre_authentication};

/// What the registry has of an image's signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureObservation {
    /// One of the keys has signed exactly this image.
    SignedBy(KeyId),
    /// None has.
    Unsigned {
        /// Signatures that are there: of other keys, of other images, or damaged.
        others: usize,
    },
}

/// What the signatures beside an image are worth. `is_signed` says whether a key has signed bytes:
/// ECDSA on P-256 over their SHA-256, the signature in ASN.1.
pub fn observe(
    stored: &[Stored],
    image: &Digest,
    keys: &[PublicKey],
    is_signed: impl Fn(&PublicKey, &[u8], &[u8]) -> bool,
) -> SignatureObservation {
    let statements: Vec<Option<Statement>> = stored.iter().filter_map(Stored::statement).collect();
    let ours = statements.iter().flatten().find_map(|statement| {
        let signed = |key: &&PublicKey| {
            let signatures = statement.signatures.iter();
            let mut each = signatures.map(|signature| is_signed(key, &statement.signed, signature));
            statement.images.contains(image) && each.any(|is_valid| is_valid)
        };
        keys.iter().find(signed)
    });
    match ours {
        Some(key) => SignatureObservation::SignedBy(key.id()),
        None => SignatureObservation::Unsigned {
            others: statements.len(),
        },
    }
}
