"""The contract as a whole: what keeps it passes, each single change has its one finding, and no body breaks it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import ChangedFile, Gap, Kind, Snapshot, Verdict
from bot.plan import report as reporting
from bot.policy.contract import ContractPolicy
from handlers.contract.check import CHECK, OFF, assess
from handlers.contract.rules import RULES
from handlers.facts.description.sections import LINES, READ
from tests.handlers.contract.contract_mutations import MUTATIONS, Mutation
from tests.handlers.contract.contract_table import right
from tests.handlers.contract.contracts import BLOCK, FULL_BODY, RUNTIME, found, full, judged, lite
from tests.rendered import TRIGGERS, blocks, spoken, tokens, without_payload
from tests.snapshots import POLICY, TOOLS, snapshot

ALL = 11
ADVISE = ContractPolicy(mode="advise")


@pytest.mark.parametrize("policy", [BLOCK, RUNTIME, ADVISE])
@pytest.mark.parametrize("observed", [lite(), full()])
def test_what_keeps_the_contract_passes_with_all_its_sections(observed: Snapshot, policy: ContractPolicy) -> None:
    report = judged(observed, policy)
    assert (report.verdict, report.findings) == (Verdict.PASS, ())
    assert len(set(report.data["sections"]) - {"validation", "red-team"}) == ALL


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_single_change_has_exactly_the_finding_that_is_expected(mutation: Mutation) -> None:
    assert right(mutation)
    report = judged(mutation.observed(), mutation.policy)
    finding = report.findings[0]
    assert report.verdict is Verdict.BLOCK
    assert mutation.says in f"{finding.title} {finding.evidence}"
    assert mutation.fix in finding.next_step
    assert finding.severity is RULES[finding.rule][0]


def test_the_table_has_forty_changes_and_every_rule_that_a_description_can_break() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 40
    assert {mutation.rule for mutation in MUTATIONS} == RULES.keys() - {"not-looked-at", "no-contract"}


def test_by_advice_nothing_is_blocked() -> None:
    report = judged(full(body=FULL_BODY.replace("### Product story", "### Backstory")), ADVISE)
    assert (report.verdict, report.summary) == (Verdict.ADVISE, "Section Product story is missing")


async def test_without_a_policy_it_is_off_and_still_answers_with_a_template() -> None:
    report = await assess(full(), TOOLS)
    assert (report.verdict, report.summary, report.shown, report.status) == (Verdict.SKIP, OFF, False, False)
    assert "### Files touched" in report.explanation


async def test_a_policy_switches_it_on() -> None:
    report = await assess(full(policy=POLICY.model_copy(update={"contract": BLOCK})), TOOLS)
    assert (report.verdict, report.shown, report.status) == (Verdict.PASS, True, True)


def test_it_looks_at_open_pull_requests_alone() -> None:
    assert (set(CHECK.on), set(CHECK.states)) == ({Kind.PULL}, {"open", "draft"})


def test_a_description_without_any_of_it_is_one_finding_that_says_how_to_begin() -> None:
    report = judged(full(body="It is dry."))
    assert [one.rule for one in report.findings] == ["no-contract"]
    assert "Product story, What changed" in report.findings[0].evidence
    assert "/explain contract" in report.findings[0].next_step


def test_changed_files_that_could_not_be_read_are_an_error_in_every_mode() -> None:
    observed = full(files=(), gaps=(Gap(what="the commits", why="git failed"),))
    for policy in (BLOCK, ADVISE):
        report = judged(observed, policy)
        assert (report.verdict, [one.rule for one in report.findings]) == (Verdict.ERROR, ["not-looked-at"])
        assert report.findings[0].evidence == "the commits: git failed"


def test_blockers_gates_and_references_stand_in_the_report_one_by_one() -> None:
    report = judged(full())
    assert [note.split('": ')[1].split(" (")[0] for note in report.notes if note.startswith("Merge")] == ["clear"] * 4
    assert sum(note.startswith("Gate w04-signer-") and ": closed" in note for note in report.notes) == 2
    references = "References: #112 (pull request, merged), #113 (pull request, merged), #64 (not looked up)"
    assert any(note.startswith(references) for note in report.notes)
    assert report.data["gates"][0] == {"phrase": "w04-signer-cutover-approved", "open": False, "by": ""}
    assert report.data["canary"] == {"said": "pending", "is": "has not run"}


POLISH = FULL_BODY.replace("### ", "### \U0001f331 ").replace(
    "The greenhouse leaves the old signing service for a local signer",
    "Szklarnia żegna się ze starą usługą podpisującą \U0001f44b i używa własnej",
)
NAMED_IN_POLISH = ContractPolicy.model_validate(
    {"mode": "block", "aliases": {"product-story": ["Po co to"], "files-touched": ["Zmienione pliki"]}}
)
PARTS = FULL_BODY.split("\n### ")
ODD = {
    "a megabyte of words": ("wet " * 262_144, ["not-looked-at"]),
    "a megabyte behind a good one": (FULL_BODY + "wet " * 262_144, ["not-looked-at"]),
    "five thousand headings": ("".join(f"# Part {n}\n\n" for n in range(5_000)), ["no-contract"]),
    "a good one behind five thousand headings": ("".join(f"# Part {n}\n" for n in range(5_000)) + FULL_BODY, []),
    "comments alone": ("".join(f"<!-- ### What changed\n{n} -->\n" for n in range(1_000)), ["no-contract"]),
    "a good one within a comment": (f"<!--\n{FULL_BODY}\n-->", ["no-contract"]),
    "Polish with emoji": (POLISH, []),
    "lines that end with CRLF": (FULL_BODY.replace("\n", "\r\n"), []),
    "lines that end with CR": (FULL_BODY.replace("\n", "\r"), []),
    "nothing": ("", ["no-contract"]),
    "another order": ("\n### ".join([PARTS[0], *reversed(PARTS[1:])]), []),
    "capitals": (FULL_BODY.replace("### Files touched", "# FILES TOUCHED:"), []),
    "quotations alone": ("\n".join(f"> {line}" for line in FULL_BODY.split("\n")), ["no-contract"]),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_descriptions_are_answered_in_time(name: str) -> None:
    body, expected = ODD[name]
    begun = time.process_time()
    report = judged(full(body=body))
    assert time.process_time() - begun < 1
    assert [one.rule for one in report.findings] == expected
    assert report.verdict is (Verdict.ERROR if "not-looked-at" in expected else report.verdict)


def test_a_policy_names_sections_in_its_own_language() -> None:
    body = FULL_BODY.replace("Product story", "PO CO TO?").replace("Files touched", "1. Zmienione pliki \U0001f4c4")
    assert found(full(body=body), NAMED_IN_POLISH) == []
    assert found(full(body=body)) == ["section-missing", "section-missing"]


def test_the_longest_that_is_read_is_read() -> None:
    assert found(full(body=FULL_BODY + "x" * (READ - len(FULL_BODY)))) == []
    assert found(full(body=FULL_BODY + "x" * (READ - len(FULL_BODY) + 1))) == ["not-looked-at"]
    assert found(full(body="\n" * LINES)) == ["not-looked-at"]


HEADINGS = ("Files touched", "Merge blockers", "Relevant context", "Runtime evidence", "Explicit out-of-scope")
BITS = (
    *(f"\n\n### {name}\n\n" for name in HEADINGS),
    *("\n- ", "\n\n", "`", "```\n", "| a |\n| - |\n", "<!--", "-->", "</details>", "<b>", "@operator ", "#12 ", "!3 "),
    *("compose/", "a/b.py", "*.md", "[x](y)", "https://x.y/z", "**", "\u202e", "\0", "\ud800", "\r\n", "$", "    "),
    *("No change to ", "Red checks", "a soak has started. ", "deployed to production. ", "secret leak ", "> ", "1. "),
    *("w04-x-approved ", "TODO ", "\U0001f331", "ż", "Canary status: ", "Tier: lite\n"),
)
bodies = st.lists(st.sampled_from(BITS) | st.text(max_size=5), max_size=60).map("".join)
names = st.lists(st.sampled_from(BITS) | st.text(min_size=1, max_size=5), min_size=1, max_size=5).map("".join)


@settings(max_examples=150)
@given(bodies, st.lists(names, max_size=4))
def test_no_description_and_no_path_breaks_the_check_or_its_report(body: str, paths: list[str]) -> None:
    files = tuple(ChangedFile(path=path, status="changed", old_path=path[:3]) for path in paths)
    report = judged(full(body=body, files=files, paths=dict.fromkeys(paths, False)), RUNTIME)
    without = report.model_copy(update={"explanation": ""})
    for markdown in (reporting.explanation(without), without_payload(reporting.write(snapshot(), (without,), ()))):
        assert TRIGGERS.search(spoken(markdown.replace("/help", ""))) is None
        assert {"fence", "code_block"}.isdisjoint(blocks(markdown))
    said = tokens(reporting.explanation(without))
    assert {"html_inline", "html_block", "image"}.isdisjoint(token.type for token in said)
    explained = blocks(report.explanation)
    assert explained.count("fence") == 1
    assert explained[-1] == "fence"
    assert set(explained) <= {"paragraph", "inline", "table", "thead", "tbody", "tr", "th", "td", "fence"}
