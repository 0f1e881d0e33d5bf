"""From the image to the registry, with stand-ins for the container engine, the scanner and AWS: in
which order they are called and with what, and that nothing is pushed that failed."""

import json
from datetime import UTC, datetime

import pytest

from application import IMAGE, Application, at, made


def test_what_is_pushed_is_what_was_scanned_signed_before_anybody_is_told(
    checked: Application,
) -> None:
    commit, tree = checked.git("rev-parse", "HEAD"), checked.git("rev-parse", "HEAD^{tree}")
    assert "failed" not in made(checked)
    tags = [f"tree-{tree}", f"sha-{commit}", f"develop-{commit[:7]}"]
    (digest,) = checked.registry["images"]
    assert checked.registry["tags"] == dict.fromkeys(tags, digest)
    layout = "build/ci/image"
    signing = ["--yes", "--key", "awskms:///alias/erp-images"]
    signing += ["--use-signing-config=false", "--tlog-upload=false"]
    sbom = ["--type", "cyclonedx", "--predicate", "build/ci/sbom.cdx.json"]

    def looked(tag: str) -> list[str]:
        return [
            *["aws", "ecr", "describe-images", "--region", "eu-central-1"],
            *["--repository-name", "erp", "--image-ids", f"imageTag={tag}"],
            *["--query", "imageDetails[0].imageDigest", "--output", "text"],
        ]

    def tagged(tag: str) -> list[str]:
        return ["skopeo", "copy", f"docker://{IMAGE}@{digest}", f"docker://{IMAGE}:{tag}"]

    trivy = ["trivy", "image", "--quiet", "--input", layout]
    calls = checked.calls
    assert calls[0] == ["docker", "buildx", "inspect", "ci"]
    assert calls[1][:3] == ["docker", "buildx", "build"]
    assert calls[2:] == [
        [*trivy, "--scanners", "vuln", "--format", "json", "--output", "build/ci/trivy.json"],
        [*trivy, "--format", "cyclonedx", "--output", "build/ci/sbom.cdx.json"],
        ["aws", "ecr", "get-login-password", "--region", "eu-central-1"],
        ["docker", "login", "--username", "AWS", "--password-stdin", IMAGE.split("/")[0]],
        looked(tags[0]),
        [
            *["skopeo", "copy"],
            *[f"oci:{layout}", f"docker://{IMAGE}@{digest}"],
        ],
        ["cosign", "sign", *signing, f"{IMAGE}@{digest}"],
        ["cosign", "attest", *signing, *sbom, f"{IMAGE}@{digest}"],
        *[call for tag in tags for call in (looked(tag), tagged(tag), looked(tag))],
    ]


def test_the_image_is_built_as_the_dockerfile_takes_it(checked: Application) -> None:
    commit = checked.git("rev-parse", "HEAD")
    made(checked)
    (build,) = [call for call in checked.calls if call[1:3] == ["buildx", "build"]]
    arguments = [build[at + 1] for at, word in enumerate(build) if word == "--build-arg"]
    assert arguments == [f"REVISION={commit}", f"VERSION=develop-{commit[:7]}"]
    assert {"--provenance=false", "--sbom=false", "--pull"} < set(build)
    said = "\n".join(build)
    for name, value in {
        "pushed-by": "ada@example.com",
        "ci.tests": "14",
        "ci.coverage": "93",
        "ci.findings": "3",
        "ci.exceptions": "1",
        "ci.exceptions-until": "2099-03-01",
    }.items():
        assert f"manifest:sluice.{name}={value}\n" in said


VULNERABILITY = {
    "VulnerabilityID": "CVE-2026-0861",
    "PkgName": "libc6",
    "InstalledVersion": "2.41-12",
    "Severity": "HIGH",
    "Title": "glibc: integer overflow in memalign",
}


def found(severity: str) -> str:
    target = {"Target": "erp (debian 13.3)", "Class": "os-pkgs", "Type": "debian"}
    vulnerability = VULNERABILITY | {"Severity": severity}
    return json.dumps({"SchemaVersion": 2, "Results": [{**target, "Vulnerabilities": [vulnerability]}]})


@pytest.mark.parametrize("severity", ["CRITICAL", "HIGH", "UNKNOWN"])
def test_an_image_with_a_vulnerability_is_not_pushed(checked: Application, severity: str) -> None:
    checked.plant("trivy.json", found(severity))
    said = made(checked)
    assert said["failed"] == "scan"
    for words in [
        "CVE-2026-0861",
        "libc6 2.41-12",
        "no version with a fix yet",
        "newer base image",
    ]:
        assert words in said["scan"]
    assert checked.registry["images"] == {}
    assert not [call for call in checked.calls if call[0] in ("skopeo", "cosign", "aws")]
    # Not even by somebody who runs the next stage all the same.
    ended = checked.stage("push")
    assert ended.status and "Run the stage `scan` first" in ended.said
    assert checked.registry["images"] == {}


def test_the_same_exception_answers_for_an_image(checked: Application) -> None:
    checked.plant("trivy.json", found("HIGH"))
    today = datetime.now(UTC).date()
    entry = f'{{ id = "CVE-2026-0861", by = "ops", reason = "no fix", until = "{today}" }}'
    checked.replace("sluice.toml", "[app]\n", f"[scan]\nexcept = [{entry}]\n[app]\n")
    said = made(checked)
    assert "failed" not in said and "CVE-2026-0861        excepted" in said["scan"]


def test_a_medium_finding_is_shown_and_pushed(checked: Application) -> None:
    checked.plant("trivy.json", found("MEDIUM"))
    said = made(checked)
    assert "failed" not in said and "CVE-2026-0861        medium" in said["scan"]


@pytest.mark.parametrize(
    ("call", "stage", "words"),
    [
        ("docker buildx build", "image", "the image cannot be built"),
        ("trivy image", "scan", "Trivy itself failed"),
        ("aws ecr get-login-password", "push", "ecr:GetAuthorizationToken"),
        ("aws ecr describe-images", "push", "ecr:DescribeImages"),
        ("skopeo copy", "push", "push FAILED: it ended with status"),
        ("cosign sign", "push", "push FAILED: it ended with status"),
        ("cosign attest", "push", "push FAILED: it ended with status"),
    ],
)
def test_what_fails_on_the_way_leaves_no_tag(
    checked: Application, call: str, stage: str, words: str
) -> None:
    checked.plant("fails", call)
    said = made(checked)
    assert said["failed"] == stage and words in said[stage], said
    assert "To do: " in said[stage]
    assert checked.registry["tags"] == {}
    # And the next build of the same commit goes through.
    checked.plant("fails")
    at(checked)
    assert "failed" not in made(checked)
    assert len(checked.registry["tags"]) == 3


def test_a_builder_that_does_not_annotate_is_found_out(checked: Application) -> None:
    checked.plant("buildx-does-not-annotate")
    said = made(checked)
    assert said["failed"] == "image" and "annotated with commit None" in said["image"]


def test_another_image_than_the_scanned_one_is_not_pushed(checked: Application) -> None:
    checked.stage("image")
    checked.stage("scan")
    checked.stage("image")
    ended = checked.stage("push")
    assert ended.status and "was not scanned" in ended.said
    assert checked.registry["images"] == {}


def test_a_pull_request_pushes_nothing(erp: Application) -> None:
    pull_request = {"CI_BASE": "develop", "CI_HEAD": "feature/orders"}
    at(erp, **pull_request)
    said = made(erp, **pull_request)
    assert "failed" not in said and "a pull request's image is not pushed" in said["push"]
    assert erp.registry["images"] == {}


def test_the_version_is_the_image_that_staging_ran(erp: Application) -> None:
    """GitFlow's way: release branch, merge commit on main, tag; and back into develop."""
    erp.git("checkout", "--quiet", "-b", "main")
    erp.commit("The last release")
    erp.git("checkout", "--quiet", "-b", "release/v1.5.0")
    erp.replace("app/main.py", "1.4.0", "1.5.0")
    erp.commit("Release 1.5.0")
    at(erp, CI_REF="refs/heads/release/v1.5.0")
    assert "failed" not in made(erp)
    (digest,) = erp.registry["images"]
    erp.git("checkout", "--quiet", "main")
    erp.git("merge", "--quiet", "--no-ff", "--message=Merge release/v1.5.0", "release/v1.5.0")
    merge = erp.git("rev-parse", "HEAD")
    at(erp, CI_REF="refs/heads/main")
    said = made(erp)
    assert "was built of the same files before" in said["push"]
    at(erp, CI_REF="refs/tags/v1.5.0")
    assert "failed" not in made(erp)
    assert list(erp.registry["images"]) == [digest]
    assert erp.registry["tags"]["v1.5.0"] == erp.registry["tags"][f"sha-{merge}"] == digest
    assert [call[1] for call in erp.calls if call[0] == "cosign"] == ["sign", "attest"]


def test_a_version_of_other_files_is_refused(checked: Application) -> None:
    made(checked)
    checked.replace("app/main.py", "1.4.0", "1.5.0")
    checked.commit("Late change")
    at(checked, CI_REF="refs/tags/v1.5.0")
    said = made(checked)
    assert said["failed"] == "push" and "none was verified" in said["push"]
    assert "v1.5.0" not in checked.registry["tags"]


def test_a_tag_says_nothing_that_ecr_does_not_take(erp: Application) -> None:
    at(erp, CI_REF="refs/heads/feature/größer+schneller")
    made(erp)
    (branch,) = [tag for tag in erp.registry["tags"] if tag.startswith("feature-")]
    assert branch.isascii() and "+" not in branch
    erp.write("app/long.py", '"""Another tree."""\n')
    erp.commit("Another tree")
    at(erp, CI_REF=f"refs/heads/feature/{'long-' * 40}")
    assert "failed" not in made(erp)
    assert max(len(tag) for tag in erp.registry["tags"]) <= 128


def test_who_merged_in_the_forge_is_the_person_not_the_forge(erp: Application) -> None:
    name = ["-c", "user.name=GitHub", "-c", "user.email=noreply@github.com"]
    author = "--author=Grace <grace@example.com>"
    erp.git(*name, "commit", "--quiet", "--allow-empty", author, "--message=Merge")
    at(erp)
    made(erp)
    (image,) = erp.registry["images"].values()
    assert image["annotations"]["sluice.pushed-by"] == "grace@example.com"
