use super::PublicKey;

const BASE64: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJKLuht9ZgXZSCJfh4bBvyWmyldZENY0BwDlDGdgFjL9WElr0\
                      RmARNw4Gz0vk51J8CVXOHGl7+t5G1op7ShYmag==";

#[test]
fn a_key_is_read_in_pem_and_as_kms_prints_it() {
    let (first, second) = BASE64.split_at(64);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n");
    let key = PublicKey::parse(BASE64).unwrap();
    assert_eq!(PublicKey::parse(&pem), Ok(key.clone()));
    assert_eq!(key.point().len(), 65);
    assert_eq!(String::from(key.clone()), BASE64);
    let stored = serde_json::to_string(&key).unwrap();
    assert_eq!(serde_json::from_str::<PublicKey>(&stored).unwrap(), key);
}

#[test]
fn another_kind_of_key_is_named_and_a_private_one_is_not_repeated() {
    let ed25519 = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    let p384 = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEDl0fFrA8Wk2v0A3Jr3Qv6kBn2xVTw0gZ7Cz2C0Y5";
    let rsa = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA";
    for (text, said) in [
        (ed25519, "an Ed25519 key"),
        (p384, "an ECDSA key on P-384"),
        (rsa, "an RSA key"),
        (&BASE64[..96], "this is no public key"),
        ("bot", "this is no public key in PEM"),
        ("", "this is no public key"),
    ] {
        let error = PublicKey::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(said), "{text}: {error}");
    }
    let private = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIsecret\n-----END EC PRIVATE KEY-----";
    let error = PublicKey::parse(private).unwrap_err().to_string();
    assert!(
        error.contains("make a new pair") && !error.contains("secret"),
        "{error}"
    );
}
