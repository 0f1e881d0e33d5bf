//! Signatures of images as cosign stores them, and what is none.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sluice_core::id::Digest;
use sluice_core::signature::{PublicKey, SignatureObservation, Stored, observe};
use sluice_signatures::{KeyPair, is_signed};

const OPENSSL_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeI14XL//1AsvzPOdPk+MDooLJktR\n\
CFq0t+tEd3CGwN/m4GDeirGJ0koh1EE417szYtodE+aCB+h1IwGPJ7f9kg==\n\
-----END PUBLIC KEY-----";

/// By `openssl pkey -pubin -outform DER | sha256sum`.
const OPENSSL_ID: &str = "a7e500dcf036";

const OPENSSL_PAYLOAD: &str = r#"{"critical":{"identity":{"docker-reference":"222222222222.dkr.ecr.eu-central-1.amazonaws.com/erp"},"image":{"docker-manifest-digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"type":"cosign container image signature"},"optional":null}"#;

const OPENSSL_SIGNATURE: &str = "MEYCIQCRC9i7teBJJ0rbCSl+o3O79LdPrjUdAykyP/hYD+8CCwIhAMF1wV1NHv1hor74hMPdoCVYgwGgp+MfOIYW1f9I0pQa";

fn image(digit: char) -> Digest {
    let hex: String = std::iter::repeat_n(digit, 64).collect();
    Digest::try_from(format!("sha256:{hex}")).expect("64 digits")
}

fn ci() -> KeyPair {
    KeyPair::of(&[7; 32])
}

fn stranger() -> KeyPair {
    KeyPair::of(&[8; 32])
}

fn seen(stored: &[Stored], keys: &[PublicKey]) -> SignatureObservation {
    observe(stored, &image('a'), keys, is_signed)
}

fn unsigned(others: usize) -> SignatureObservation {
    SignatureObservation::Unsigned { others }
}

/// RFC 6979, A.2.5: P-256 with SHA-256, the message "sample".
#[test]
fn keys_and_signatures_are_those_of_the_standard() {
    let private = hex::decode("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
    let pair = KeyPair::of(&private.unwrap().try_into().unwrap());
    let point = "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6\
                 7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
    assert_eq!(pair.public_key().point(), hex::decode(point).unwrap());
    let signature = pair.sign(b"sample");
    let in_asn1 = "3046\
                   022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
                   022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
    assert_eq!(signature, hex::decode(in_asn1).unwrap());
    assert!(is_signed(&pair.public_key(), b"sample", &signature));
    assert!(!is_signed(&pair.public_key(), b"simple", &signature));
    assert!(!is_signed(&ci().public_key(), b"sample", &signature));
}

/// Made with `openssl dgst -sha256 -sign`.
#[test]
fn what_openssl_signed_is_signed() {
    let key = PublicKey::parse(OPENSSL_KEY).unwrap();
    assert_eq!(key.id().to_string(), OPENSSL_ID);
    let stored = Stored::Simple {
        payload: OPENSSL_PAYLOAD.as_bytes().to_vec(),
        signature: OPENSSL_SIGNATURE.to_owned(),
    };
    let id = key.id();
    assert_eq!(seen(&[stored], &[key]), SignatureObservation::SignedBy(id));
}

#[test]
fn each_form_counts_and_any_of_the_keys_may_have_signed() {
    let keys = [stranger().public_key(), ci().public_key()];
    let by_ci = SignatureObservation::SignedBy(ci().public_key().id());
    let reference = "222222222222.dkr.ecr.eu-central-1.amazonaws.com/erp";
    for stored in [
        ci().bundle(&image('a')),
        ci().simple(reference, &image('a')),
    ] {
        assert_eq!(seen(std::slice::from_ref(&stored), &keys), by_ci);
        let foreign = KeyPair::of(&[9; 32]).bundle(&image('a'));
        assert_eq!(seen(&[foreign, stored], &keys), by_ci);
    }
    assert_eq!(seen(&[], &keys), unsigned(0));
}

#[test]
fn what_others_signed_what_signs_others_and_what_is_damaged_does_not_count() {
    let keys = [ci().public_key()];
    assert_eq!(seen(&[stranger().bundle(&image('a'))], &keys), unsigned(1));
    // A signature of another image, stored beside this one.
    for replayed in [ci().bundle(&image('b')), ci().simple("erp", &image('b'))] {
        assert_eq!(seen(&[replayed], &keys), unsigned(1));
    }
    // The SBOM is signed with the same key, and vouches for nothing but itself.
    let sbom = ci().stating("https://cyclonedx.org/bom", &image('a'));
    assert_eq!(seen(&[sbom], &keys), unsigned(0));

    let Stored::Simple { payload, signature } = ci().simple("erp", &image('b')) else {
        unreachable!("that is its form");
    };
    let retold = String::from_utf8(payload).unwrap();
    let retold = retold.replace(image('b').as_str(), image('a').as_str());
    let forged = Stored::Simple {
        payload: retold.into_bytes(),
        signature,
    };
    let damaged = Stored::Bundle(b"{}".to_vec());
    assert_eq!(seen(&[forged, damaged], &keys), unsigned(2));
}

#[test]
fn a_statement_that_is_changed_after_it_was_signed_does_not_count() {
    let Stored::Bundle(bundle) = ci().bundle(&image('b')) else {
        unreachable!("that is its form");
    };
    let mut bundle: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let payload = String::from_utf8(BASE64_STANDARD.decode(payload).unwrap()).unwrap();
    let other = payload.replace(&"b".repeat(64), &"a".repeat(64));
    assert_ne!(payload, other);
    bundle["dsseEnvelope"]["payload"] = BASE64_STANDARD.encode(other).into();
    let changed = Stored::Bundle(bundle.to_string().into_bytes());
    assert_eq!(seen(&[changed], &[ci().public_key()]), unsigned(1));
}

#[test]
fn every_byte_of_a_signature_matters() {
    let key = ci().public_key();
    let signature = ci().sign(b"an image");
    for at in 0..signature.len() {
        let mut other = signature.clone();
        other[at] ^= 1;
        assert!(!is_signed(&key, b"an image", &other), "byte {at}");
    }
    assert!(!is_signed(&key, b"an image", &[]));
}
