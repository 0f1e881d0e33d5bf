"""Which branch may be merged where."""

import pytest

from application import Application


@pytest.mark.parametrize(
    ("head", "base", "may"),
    [
        ("release/v1.2.0", "main", True),
        ("release/1.2", "main", True),
        ("hotfix/ERP-7", "main", True),
        ("fix/v1.2.1-login", "main", True),
        ("fix/login", "main", False),
        ("develop", "main", False),
        ("feature/orders", "main", False),
        ("release/soon", "main", False),
        ("feature/orders", "develop", True),
        ("feat/ERP-8-orders", "develop", True),
        ("release/v1.2.0", "develop", True),
        ("hotfix/ERP-7", "develop", True),
        ("main", "develop", True),
        ("orders", "develop", False),
        ("fix/login", "release/v1.2.0", True),
        ("docs/login", "release/v1.2.0", True),
        ("hotfix/ERP-7", "release/v1.2.0", True),
        ("main", "release/v1.2.0", True),
        ("feature/orders", "release/v1.2.0", False),
        ("develop", "release/v1.2.0", False),
        ("orders", "feature/orders", True),
    ],
)
def test_gitflow(erp: Application, head: str, base: str, may: bool) -> None:
    spoken = [
        {"CI_HEAD": head, "CI_BASE": base},
        {"GITHUB_HEAD_REF": head, "GITHUB_BASE_REF": base},
        {
            "CODEBUILD_WEBHOOK_HEAD_REF": f"refs/heads/{head}",
            "CODEBUILD_WEBHOOK_BASE_REF": f"refs/heads/{base}",
        },
    ]
    for settings in spoken:
        ended = erp.stage("gitflow", **settings)
        assert (ended.status == 0) == may, ended.said
        assert f"`{head}`" in ended.said
        assert may or "To do: " in ended.said


def test_a_push_is_not_asked_about(erp: Application) -> None:
    ended = erp.stage("gitflow", CI_HEAD="develop", GITHUB_REF="refs/heads/develop")
    assert ended.status == 0 and "nothing to check" in ended.said
