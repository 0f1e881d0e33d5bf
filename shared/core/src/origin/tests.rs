use super::{Commit, Origin, PushedBy, Source};
use crate::id::{ImageTag, UserId};

const OLD: &str = "4c1f0a2b9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a";
const NEW: &str = "8F3C2D1E0B9A8F7E6D5C4B3A2F1E0D9C8B7A6F5E";

fn of_tags(tags: &[&str]) -> Option<String> {
    let tags: Vec<ImageTag> = tags.iter().map(|tag| ImageTag::new(*tag)).collect();
    Commit::of_tags(&tags).map(String::from)
}

#[test]
fn a_tag_names_a_commit_only_if_it_looks_like_one() {
    assert_eq!(
        of_tags(&["v1.4.0", "sha-8f3c2d1"]).as_deref(),
        Some("8f3c2d1")
    );
    assert_eq!(of_tags(&["sha-1234567"]).as_deref(), Some("1234567"));
    assert_eq!(of_tags(&["8f3c2d1", OLD]).as_deref(), Some(OLD));
    for none in [
        "20260105",
        "v1.4.0",
        "8f3c2d",
        "latest",
        "deadbeefs",
        "sha-",
        "",
    ] {
        assert_eq!(of_tags(&[none]), None, "{none}");
    }
}

#[test]
fn only_the_address_of_a_repository_is_one() {
    for (written, read) in [
        ("https://github.com/acme/erp", "https://github.com/acme/erp"),
        (
            "https://github.com/acme/erp.git",
            "https://github.com/acme/erp",
        ),
        (
            " https://git.example.com:8443/a/b/ ",
            "https://git.example.com:8443/a/b",
        ),
    ] {
        let source = Source::parse(written);
        assert_eq!(source.as_ref().map(Source::as_str), Some(read), "{written}");
    }
    for none in [
        "http://github.com/acme/erp",
        "git@github.com:acme/erp.git",
        "https://github.com",
        "https://user:pass@github.com/acme/erp",
        "https://github.com/acme/erp|Approve",
        "https://github.com/acme/erp>",
        "https://github.com/a b",
        "javascript:alert(1)",
    ] {
        assert_eq!(Source::parse(none), None, "{none}");
    }
}

#[test]
fn only_hosts_that_are_known_or_configured_are_linked_to() {
    let own = ["git.example.com:8443".to_owned()];
    for (source, trusted) in [
        ("https://github.com/acme/erp", true),
        ("https://gitlab.com/acme/erp", true),
        ("https://git.example.com:8443/acme/erp", true),
        ("https://git.example.com/acme/erp", false),
        ("https://github.com.evil.example/acme/erp", false),
        ("https://evil-github.com/acme/erp", false),
        ("https://gitlab.com:8443/acme/erp", false),
        ("https://GitHub.com/acme/erp", false),
    ] {
        let source = Source::parse(source).unwrap();
        assert_eq!(source.is_trusted(&own), trusted, "{}", source.as_str());
    }
}

fn origin(source: &str, commit: &str) -> Origin {
    Origin {
        committed_at: None,
        commit: Commit::parse(commit),
        source: Source::parse(source),
        pushed_by: None,
        ci: None,
    }
}

#[test]
fn every_forge_is_linked_in_its_own_way() {
    let links = |source: &str| {
        let (old, new) = (origin(source, OLD), origin(source, NEW));
        let links = [new.commit_url(), new.compare_url(&old)];
        links
            .map(|link| link.unwrap_or_else(|| "none".to_owned()))
            .join("\n")
    };
    let all: Vec<String> = [
        "https://github.com/acme/erp",
        "https://gitlab.example.com/acme/erp",
        "https://bitbucket.org/acme/erp",
        "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/erp",
    ]
    .map(links)
    .into();
    insta::assert_snapshot!(all.join("\n"));
    let new = origin("https://github.com/acme/erp", NEW);
    assert_eq!(new.compare_url(&new), None, "nothing came after itself");
    assert_eq!(new.compare_url(&Origin::default()), None);
}

#[test]
fn who_pushed_is_a_user_or_an_address_and_the_address_is_never_printed() {
    let user = PushedBy::User(UserId::new("U024BE7LH"));
    assert_eq!(PushedBy::parse(" U024BE7LH"), Some(user));
    let email = PushedBy::parse("maria@example.com").unwrap();
    assert_eq!(format!("{email:?}"), "Email(…)");
    for none in [
        "",
        "maria",
        "@example.com",
        "a b@example.com",
        "U1",
        "x@y@z.example",
    ] {
        assert_eq!(PushedBy::parse(none), None, "{none}");
    }
}
