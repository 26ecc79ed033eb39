"""Findings as SARIF 2.1.0 (OASIS), the format that code hosts and editors read. Pure.

A suppression comment on a secret's line becomes a *rejected* suppression: readers see it, and the result still counts.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.cli.commands.scan.leaks import Found, Scanned

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
VERSION = "2.1.0"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
Json = dict[str, Any]


def sarif_log(scanned: Scanned, version: str) -> Json:
    """Return the log of one run by this version of the program, as JSON values."""
    rules = sorted({found.rule for found in scanned.findings})
    driver = {"name": "Assaymaster", "version": version, "rules": [_rule(name) for name in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(scanned.errors)],
        "results": [_result(found, rules.index(found.rule)) for found in scanned.findings],
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _rule(name: str) -> Json:
    return {"id": name, "shortDescription": {"text": f"A secret of type {name}."}}


def _invocation(errors: Sequence[str]) -> Json:
    notifications = [{"level": "error", "message": {"text": f"Not scanned: {error}"}} for error in errors]
    return {"executionSuccessful": not errors, "toolExecutionNotifications": notifications}


def _result(found: Found, index: int) -> Json:
    text = f"Secret ({found.rule}, fingerprint {found.fingerprint}). Revoke it first, then remove it from the history."
    result: Json = {
        "ruleId": found.rule,
        "ruleIndex": index,
        "level": LEVELS.get(found.severity, "error"),
        "message": {"text": text},
        "locations": [_location(found)],
        "partialFingerprints": {"assaySecret/v1": found.fingerprint},
        "properties": {"severity": found.severity, "commit": found.commit},
    }
    if found.suppressed:
        result["suppressions"] = [{"kind": "inSource", "status": "rejected"}]
    return result


def _location(found: Found) -> Json:
    """Return the place; a commit message has no file, so it becomes a logical location."""
    if not found.path:
        return {"logicalLocations": [{"name": f"message of commit {found.commit}", "kind": "commit message"}]}
    physical: Json = {"artifactLocation": {"uri": quote(found.path), "uriBaseId": "SRCROOT"}}
    if found.line > 0:
        physical["region"] = {"startLine": found.line}
    return {"physicalLocation": physical}
