"""SARIF 2.1.0: the fields that the standard requires, and how a finding is told in it."""

from typing import Any

from bot.cli.commands.scan.leaks import Found, Scanned
from bot.cli.commands.scan.sarif import sarif_log

FOUND = Found("forgejo-token", "critical", "deploy/run me.sh", 7, "a" * 40, "sf_0123456789abcdef", suppressed=False)
IN_MESSAGE = Found("password", "medium", "", 1, "b" * 40, "sf_fedcba9876543210", suppressed=True)


def run_of(scanned: Scanned) -> dict[str, Any]:
    log = sarif_log(scanned, "1.2.3")
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    for result in run["results"]:
        assert result["message"]["text"]
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
    for invocation in run["invocations"]:
        assert isinstance(invocation["executionSuccessful"], bool)
    return dict(run)


def test_a_finding_has_its_file_line_and_fingerprint() -> None:
    (result,) = run_of(Scanned((FOUND,)))["results"]
    assert result["level"] == "error"
    assert result["partialFingerprints"] == {"assaySecret/v1": FOUND.fingerprint}
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "deploy/run%20me.sh", "uriBaseId": "SRCROOT"},
                "region": {"startLine": 7},
            }
        }
    ]


def test_a_commit_message_is_a_logical_place_and_an_allowing_comment_a_rejected_suppression() -> None:
    (result,) = run_of(Scanned((IN_MESSAGE,)))["results"]
    assert result["locations"][0]["logicalLocations"][0]["name"] == f"message of commit {'b' * 40}"
    assert result["suppressions"] == [{"kind": "inSource", "status": "rejected"}]


def test_rules_are_listed_once_and_found_by_their_index() -> None:
    rules = run_of(Scanned((FOUND, IN_MESSAGE, FOUND)))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["forgejo-token", "password"]


def test_what_wasnt_looked_at_makes_the_run_unsuccessful() -> None:
    run = run_of(Scanned((), ("big.bin: too large",)))
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert "big.bin" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert run["results"] == []
