//! ECDSA on P-256, as cosign and KMS use it. What a signature is worth is the core's to say:
//! [`sluice_core::signature`].

#[cfg(feature = "sign")]
mod sign;

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use sluice_core::signature::PublicKey;

#[cfg(feature = "sign")]
pub use sign::KeyPair;

/// Whether `signature`, in ASN.1, is the key's over the SHA-256 of these bytes.
pub fn is_signed(key: &PublicKey, bytes: &[u8], signature: &[u8]) -> bool {
    let key = VerifyingKey::from_sec1_bytes(key.point());
    let signature = Signature::from_der(signature);
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify(bytes, &signature).is_ok())
}
