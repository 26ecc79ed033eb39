"""Files, sources, tiers, what runs and what is out of scope: where a finding follows, and where it must not."""

import time
from typing import Any

import pytest

from bot.model import AddedLines, ChangedFile, Side
from bot.policy.contract import ContractPolicy
from tests.handlers.contract.contract_mutations import emptied, instead, unproven, without
from tests.handlers.contract.contracts import BLOCK, FULL_BODY, LITE_BODY, RUNTIME, changed, found, full, judged, lite
from tests.snapshots import BASE

ELSEWHERE = Side(ref="release", sha=BASE, repository="workshop/garden")


def lite_needs(*names: str) -> ContractPolicy:
    return ContractPolicy.model_validate({"mode": "block", "required": {"lite": names}})


def listing(*lines: str) -> str:
    return emptied("Files touched", "\n".join(lines))(FULL_BODY)


def findings(files: tuple[ChangedFile, ...], *lines: str, policy: ContractPolicy = BLOCK) -> list[str]:
    return found(full(files=files, body=listing(*lines)), policy)


@pytest.mark.parametrize(
    "lines",
    [
        ("- `src/a.py`", "- `src/b.py`"),
        ("* modified: src/a.py", "* added: src/b.py (new)"),
        ("src/a.py", "src/b.py"),
        ("`src/a.py`, `src/b.py`",),
        ("```", "src/a.py", "src/b.py", "```"),
        ("| File | What |", "| --- | --- |", "| `src/a.py` | as `old/x.py` was |", "| src/b.py | new |"),
        ("1. **src/a.py** \u2014 all of it", "2. [src/b.py](src/b.py)"),
        ("- src/", "  - `src/a.py`", "  - `src/b.py`"),
    ],
)
def test_files_are_listed_in_many_ways(lines: tuple[str, ...]) -> None:
    files = (changed("src/a.py"), changed("src/b.py", "added"))
    assert findings(files, *lines) == []


def test_names_without_an_ending_or_with_blanks_are_known_by_the_change() -> None:
    files = (changed("Makefile"), changed("docs/a b.md"), changed("bin/run"))
    assert findings(files, "- Makefile", "- `docs/a b.md`", "- bin/run - starts it") == []


def test_a_rename_needs_the_new_name_and_may_have_the_old_one() -> None:
    files = (changed("src/new.py", "renamed", old_path="src/old.py"),)
    assert findings(files, "- `src/old.py` \u2192 `src/new.py`") == []
    assert findings(files, "- `src/new.py`") == []
    assert findings(files, "- `src/old.py`") == ["files-unlisted"]


def test_a_deleted_file_is_a_changed_one() -> None:
    assert findings((changed("src/a.py", "deleted"),), "- `src/a.py` (gone)") == []


def test_generated_files_may_be_summed_up_and_others_not() -> None:
    files = (changed("src/a.py"), *(changed(f"web/dist/{number}.js", "added") for number in range(20)))
    ruled = ContractPolicy.model_validate({"mode": "block", "generated": ["web/dist/"]})
    for pattern in ("web/dist/", "web/dist/*.js", "web/**"):
        assert findings(files, "- `src/a.py`", f"- `{pattern}` (built)", policy=ruled) == []
        assert findings(files, "- `src/a.py`", f"- `{pattern}` (built)") == ["files-unlisted"]
    assert findings((changed("uv.lock"), changed("a/go.sum")), "- `uv.lock`", "- `a/*`") == []
    assert findings(files, "- `src/a.py`", policy=ruled) == ["files-unlisted"]


def test_a_finding_on_many_files_names_some_and_counts_the_rest() -> None:
    files = tuple(changed(f"src/{number}.py") for number in range(30))
    finding = judged(full(files=files, body=listing("- `src/0.py`", "- `gone.py`"))).findings[0]
    assert finding.title == "29 files are changed but not listed under Files touched"
    assert "src/10.py and 19 more; listed: src/0.py" in finding.evidence
    assert finding.location.path == "src/1.py"


def test_a_path_nobody_looked_for_is_told_and_no_finding() -> None:
    report = judged(full(paths={}))
    assert report.findings == ()
    assert "not looked up in the tree: decisions/0014-one-secret-store.md" in report.notes[-1]


def test_a_source_that_the_change_adds_is_there_and_one_that_it_deletes_is_not() -> None:
    add = instead("- `AGENTS.md`", "- `compose/overlays/well-local-signer.yaml`")
    assert found(full(body=add(FULL_BODY))) == []
    gone = changed("AGENTS.md", "deleted")
    body = FULL_BODY.replace("- `runbooks/", "- `AGENTS.md`\n- `runbooks/")
    paths = {name: True for name in full().inputs.paths if name != "AGENTS.md"}
    assert found(full(body=body, files=(*full().inputs.files, gone), paths=paths)) == ["path-missing"]


@pytest.mark.parametrize(
    ("change", "policy", "expected"),
    [
        ({}, BLOCK, []),
        ({"labels": ("tier/full",)}, BLOCK, ["canary-disagrees", "section-missing"]),
        ({"base": ELSEWHERE}, BLOCK, []),
        ({"files": (changed("docs/ops/pump-contract.md"), changed("AGENTS.md"))}, BLOCK, "full"),
        ({}, lite_needs("relevant-context"), []),
        ({}, lite_needs("validation"), ["section-missing"]),
    ],
)
def test_a_tier_decides_what_is_required(change: dict[str, Any], policy: ContractPolicy, expected: Any) -> None:
    body = without("Known constraints")(LITE_BODY)
    if expected == "full":
        assert "section-missing" in found(lite(body=body, **change), policy)
    else:
        assert found(lite(body=body, **change), policy) == expected


def test_a_looser_label_changes_nothing_and_an_equal_line_is_fine() -> None:
    assert judged(full(labels=("tier/lite",))).data["tier"] == "full"
    assert found(full(body=f"Tier: stacked\n\n{FULL_BODY}")) == []
    assert found(full(body=f"Tier: full\n\n{FULL_BODY}", base=ELSEWHERE)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No runtime changes.", ["runtime-denied"]),
        ("This doesn't touch the runtime.", ["runtime-denied"]),
        ("Docs-only.", ["runtime-denied"]),
        ("No runtime mutation was performed.", []),
        ("Nothing was deployed yet.", []),
        ("Deployed to staging in run #812.", []),
        ("Restarted the service; exit code 0.", []),
        ("Rolled out on the host at commit 3f9c2ab71d.", []),
        ("Rolled out on the host last night.", ["runtime-unproven"]),
        ("The change looks right.", ["runtime-unproven"]),
        ("How the service is restarted is described in the runbook.", ["runtime-unproven"]),
    ],
)
def test_what_is_said_of_a_change_to_what_runs(text: str, expected: list[str]) -> None:
    assert found(full(body=unproven(text)(FULL_BODY)), RUNTIME) == expected


@pytest.mark.parametrize(
    "text",
    [
        "No runtime changes in this PR.",
        "Docs-only.",
        "The service will be restarted once this is merged.",
        "Added how the service is restarted.",
        "It never restarted the service.",
        "Nobody deployed it.",
        "The parser was restarted with a new grammar.",
    ],
)
def test_without_runtime_paths_only_claims_of_deeds_need_proof(text: str) -> None:
    assert found(full(body=unproven(text)(FULL_BODY))) == []


@pytest.mark.parametrize(
    ("item", "touched"),
    [
        ("Nothing in `compose/`.", True),
        ("No edits under compose/overlays/*.yaml.", True),
        ("`scripts/cutover/well-local-signer-preflight.sh` stays.", True),
        ("No change to `ALLOWED_PRINCIPALS`.", True),
        ("No rename of `well-api`.", True),
        ("No well-api restart.", False),
        ("No `well-api` restart.", False),
        ("No change to principals beyond `ALLOWED_PRINCIPALS`.", False),
        ("Nothing outside `compose/`.", False),
        ("No change to `pumps/` or `OTHER_PRINCIPALS`.", False),
        ("No UI/ACL changes.", False),
        ("No stop/delete of anything.", False),
        ("No change to `w04-signer-cutover-approved`.", False),
    ],
)
def test_what_is_out_of_scope_is_looked_for_in_the_change(item: str, touched: bool) -> None:
    body = FULL_BODY.replace("- No comments on issues.", f"- {item}")
    assert found(full(body=body)) == (["out-of-scope-touched"] if touched else [])


def test_a_document_may_speak_of_what_is_out_of_scope() -> None:
    body = FULL_BODY.replace("- No comments on issues.", "- No change to `PUMP_LEASE`.")
    added = AddedLines(path="runbooks/well-local-signer-cutover.md", start=9, text="Mind PUMP_LEASE.")
    assert found(full(body=body, added=(*full().inputs.added, added))) == []


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("> Who wants it.", True),
        ("[//]: # (A story of nobody)", True),
        ("&nbsp;", True),
        ("&#8203; <br><br>", True),
        ("<b></b>", True),
        ("<div>\nA story\n</div>", True),
        ("<b>A gardener</b> wants it.", False),
        ("`<b>`", True),
        ("`&nbsp;` becomes a blank.", False),
    ],
)
def test_a_section_in_which_a_reader_sees_nothing_is_empty(text: str, *, empty: bool) -> None:
    observed = full(body=emptied("Product story", text)(FULL_BODY))
    assert found(observed) == (["section-empty"] if empty else [])


def test_only_so_many_patterns_are_looked_at_and_the_rest_is_told() -> None:
    files = tuple(changed(f"src/{'a' * 40}/{number}.py") for number in range(300))
    body = listing(*(f"- {'*a' * 4}*{number}/" for number in range(5_000)))
    began = time.perf_counter()
    rules = found(full(files=files, body=body))
    assert time.perf_counter() - began < 10
    assert rules == ["files-unlisted", "not-looked-at", "files-untouched"]


def test_a_pattern_that_is_listed_again_and_again_is_looked_at_once() -> None:
    assert findings((changed("uv.lock"), changed("a/go.sum")), "- `uv.lock`", *["- `a/*`"] * 60) == []
