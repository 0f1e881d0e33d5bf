"""A scanner's findings, compared with the exceptions in sluice.toml.

    findings.py bandit|pip-audit|trivy FOLDER --block SEVERITY

Reads the scanner's report in FOLDER and `scan.except` in sluice.toml (CI_CONFIG), says what blocks
and what to do, and leaves the counts beside the report. An exception that has expired fails,
whether or not anything is found that it is for.
"""

import argparse
import json
import os
import re
import sys
import tomllib
import urllib.request
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

SEVERITIES = ["unknown", "low", "medium", "high", "critical"]
BANDIT_ID = re.compile(r"B\d{3}")


class Refusal(Exception):
    """What happened, and what to do."""


@dataclass(frozen=True)
class Finding:
    ids: tuple[str, ...]  # its own first, then those it has elsewhere
    severity: str
    what: str
    remedy: str

    def blocks(self, least: str) -> bool:
        # An unrated finding may be anything.
        return self.severity == "unknown" or at_least(self.severity, least)


@dataclass(frozen=True)
class Exemption:
    id: str
    by: str
    reason: str
    until: date

    def covers(self, finding: Finding) -> bool:
        return self.id in finding.ids


def at_least(severity: str, least: str) -> bool:
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)


def exemptions(config: Path) -> list[Exemption]:
    """The exceptions in sluice.toml; none if it has none."""
    if not config.exists():
        return []
    try:
        entries = tomllib.loads(config.read_text()).get("scan", {}).get("except", [])
    except tomllib.TOMLDecodeError as error:
        raise Refusal(f"{config} is no TOML: {error}", "Correct it.") from error
    return [exemption(entry, config) for entry in entries]


def exemption(entry: dict[str, Any], config: Path) -> Exemption:
    missing = [key for key in ("id", "by", "reason", "until") if not entry.get(key)]
    if missing:
        raise Refusal(
            f"an exception in {config} has no {' and no '.join(missing)}: {entry}",
            "Say what is excepted, who answers for it, why, and until when: it must have"
            " `id`, `by`, `reason` and `until`.",
        )
    try:
        until = date.fromisoformat(str(entry["until"]))
    except ValueError as error:
        raise Refusal(
            f"`until` of {entry['id']} in {config} is no date: {entry['until']}",
            'Write it as until = "2026-03-01".',
        ) from error
    return Exemption(entry["id"], entry["by"], entry["reason"], until)


def bandit(report: dict[str, Any]) -> list[Finding]:
    for error in report["errors"]:
        raise Refusal(
            f"Bandit cannot read {error['filename']}: {error['reason']}",
            "Correct that file: what cannot be read is not checked.",
        )
    return [
        Finding(
            (result["test_id"],),
            result["issue_severity"].lower().replace("undefined", "unknown"),
            f"{result['filename']}:{result['line_number']}: {result['issue_text']}",
            result["more_info"],
        )
        for result in report["results"]
    ]


def pip_audit(report: dict[str, Any]) -> list[Finding]:
    for skipped in (one for one in report["dependencies"] if "skip_reason" in one):
        raise Refusal(
            f"pip-audit skipped {skipped['name']}: {skipped['skip_reason']}",
            "Take it from PyPI by its name and version: what is skipped is not checked.",
        )
    return [
        Finding(
            (ids := (vulnerability["id"], *vulnerability["aliases"])),
            rating(ids),
            f"{dependency['name']} {dependency['version']}",
            remedy(vulnerability["fix_versions"]),
        )
        for dependency in report["dependencies"]
        for vulnerability in dependency["vulns"]
    ]


def rating(ids: tuple[str, ...]) -> str:
    """GitHub's severity, which OSV has beside its record; pip-audit has none."""
    for known in ids:
        address = f"{os.environ['CI_OSV_URL']}/v1/vulns/{known}"
        try:
            with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310
                record = json.load(answer)
        except (OSError, ValueError):
            continue
        word = str(record.get("database_specific", {}).get("severity", "")).lower()
        word = word.replace("moderate", "medium")
        if word in SEVERITIES:
            return word
    return "unknown"


def trivy(report: dict[str, Any]) -> list[Finding]:
    return [
        Finding(
            (found["VulnerabilityID"],),
            found["Severity"].lower(),
            f"{found['PkgName']} {found['InstalledVersion']} ({result['Target']})",
            remedy([found["FixedVersion"]] if found.get("FixedVersion") else []),
        )
        for result in report.get("Results") or []
        for found in result.get("Vulnerabilities") or []
    ]


def remedy(fixed_in: list[str]) -> str:
    return f"fixed in {', '.join(fixed_in)}" if fixed_in else "no version with a fix yet"


READERS = {"bandit": bandit, "pip-audit": pip_audit, "trivy": trivy}


def expired(exempt: list[Exemption], scanner: str, today: date) -> list[Exemption]:
    """The exceptions for this scanner: Bandit has its own ids, the others have CVEs."""
    of_bandit = scanner == "bandit"
    of_scanner = [one for one in exempt if bool(BANDIT_ID.fullmatch(one.id)) == of_bandit]
    return [one for one in of_scanner if one.until < today]


def judge(scanner: str, folder: Path, least: str, config: Path) -> str:
    today = datetime.now(UTC).date()
    exempt = exemptions(config)
    findings = READERS[scanner](json.loads((folder / f"{scanner}.json").read_text()))
    over = expired(exempt, scanner, today)
    in_force = [one for one in exempt if one.until >= today]
    excepted = [one for one in findings if any(each.covers(one) for each in in_force)]
    open_findings = [one for one in findings if one not in excepted]
    for finding in findings:
        mark = "excepted" if finding in excepted else finding.severity
        print(f"  {finding.ids[0]:<20} {mark:<9} {finding.what} ({finding.remedy})", flush=True)
    blocking = [one for one in open_findings if one.blocks(least)]
    if over:
        raise Refusal(
            "; ".join(
                f"the exception of {one.id} by {one.by} expired on {one.until} ({one.reason})"
                for one in over
            ),
            f"Fix what it is for and remove it from `scan.except` in {config}, or have"
            f" {over[0].by} answer for it until a later day.",
        )
    if blocking:
        names = ", ".join(dict.fromkeys(one.ids[0] for one in blocking))
        raise Refusal(
            f"findings of {least} severity or worse, or of an unknown one: {names}",
            advice(scanner, config),
        )
    keep(folder, scanner, len(open_findings), in_force)
    return f"{len(open_findings)} findings, {len(excepted)} excepted, none blocks"


def advice(scanner: str, config: Path) -> str:
    first = {
        "bandit": "Change the code as the finding's page says.",
        "pip-audit": "Raise the version in requirements/ to one with the fix.",
        "trivy": "Build on a newer base image, or raise the version in requirements/.",
    }[scanner]
    return (
        f"{first} If it does no harm here, someone can accept it for a time: add an entry with"
        f" `id`, `by`, `reason` and `until` under `scan.except` in {config}."
    )


def keep(folder: Path, scanner: str, count: int, in_force: list[Exemption]) -> None:
    lines = [f"findings={count}", f"exceptions={len(in_force)}"]
    if in_force:
        lines.append(f"exceptions_until={min(one.until for one in in_force)}")
    (folder / f"{scanner}.results").write_text("\n".join(lines) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("scanner", choices=READERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--block", choices=SEVERITIES[1:], required=True)
    asked = parser.parse_args()
    stage = {"bandit": "sast", "pip-audit": "dependencies", "trivy": "scan"}[asked.scanner]
    config = Path(os.environ.get("CI_CONFIG", "sluice.toml"))
    try:
        print(f"{stage}: {judge(asked.scanner, asked.folder, asked.block, config)}")
    except Refusal as refusal:
        what, to_do = refusal.args
        means = "No image is pushed, so nothing is deployed."
        words = f"{stage} FAILED: {what}.\n{means}\nTo do: {to_do}\n"
        (asked.folder / "refusal").write_text(words)
        sys.stderr.write(words)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
