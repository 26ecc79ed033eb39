"""The contract: compares a pull request's description with the pull request itself.

Runs on open pull requests and drafts, if the policy enables it. The description is read as Markdown and compared with
the changed files, the head's statuses, the tree, and other pull requests and issues. All data is in the snapshot:
there are no lookups here.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.model import Check, Finding, Kind, Report, Snapshot, Tools, Verdict
from bot.policy import ContractPolicy
from bot.text import code, cut, plain
from handlers.contract import announced_gates as gates
from handlers.contract import canary, section_contents, sources, tiers
from handlers.contract import files_touched as files
from handlers.contract import runtime_claims as claims
from handlers.contract.conditions import blockers
from handlers.contract.rules import finding, rules_table
from handlers.contract.template import filled_in
from handlers.facts.description.sections import LINES, NAMES, READ, Pack, read, title
from handlers.facts.modes import advice
from handlers.facts.wording import some

NAME = "contract"
OFF = "off (enable with contract.mode in the policy)"
HOW = "Comment /explain contract to get a template, filled in for this pull request."
FENCE = "`"
SHOWN = blockers.MAX_ITEMS
TEMPLATE = "A template for the description, with the known facts filled in:"


@dataclass(frozen=True)
class Contract:
    """One description with all data that it is compared with."""

    snapshot: Snapshot
    rules: ContractPolicy

    @cached_property
    def pack(self) -> Pack:
        """The description in sections."""
        return read(self.snapshot.inputs.body, self.rules)

    @cached_property
    def tier(self) -> tiers.Tier:
        """The tier: the sections that are required."""
        return tiers.of(self.snapshot, self.pack, self.rules)

    @cached_property
    def canary(self) -> canary.Canary:
        """The canary's state on the head."""
        return canary.real(self.snapshot, self.rules)

    @cached_property
    def gates(self) -> tuple[gates.Gate, ...]:
        """The gates that the description announces."""
        return gates.announced(self.pack, self.snapshot, self.rules)

    @cached_property
    def blockers(self) -> tuple[blockers.Answered, ...]:
        """The merge blockers with their answers."""
        return blockers.answered(blockers.BlockerInputs(self.pack, self.snapshot, self.rules, self.gates, self.touched))

    @cached_property
    def touched(self) -> files.Touched:
        """The changed files, indexed by their names."""
        return files.Touched(self.snapshot.inputs.files)

    @cached_property
    def sources(self) -> sources.Found:
        """The sources that the description names."""
        return sources.named(self.pack, self.snapshot)

    @cached_property
    def unread(self) -> tuple[Finding, ...]:
        """The findings for parts that were not checked."""
        seen = self.snapshot.inputs
        found = []
        if self.pack.unread:
            title = f"The description is too long: the limit is {READ} characters and {LINES} lines"
            found.append(finding("not-looked-at", title, "", "Shorten it: move long parts to a file or a comment."))
        if seen.gaps and not seen.files:
            why = f"{seen.gaps[0].what}: {seen.gaps[0].why}"
            found.append(
                finding("not-looked-at", "The changed files could not be read", why, "Split the change and push again.")
            )
        return tuple(found)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The findings. A description without any section gets only one."""
        if self.unread:
            return self.unread
        if self.tier.required and not self.pack.parts:
            return (self._absent(),)
        seen = self.snapshot.inputs
        runtime = tuple(claims.runtime(self.pack, seen, self.rules))
        return (
            *canary.check(self.pack, self.snapshot, self.canary, self.tier.name),
            *tiers.check(self.pack, self.tier),
            *section_contents.check(self.pack, self.tier, self.snapshot, told=bool(runtime)),
            *files.check(self.pack, seen.files, self.rules),
            *sources.check(self.sources, self.snapshot),
            *runtime,
            *claims.scope(self.pack, seen, self.touched),
            *blockers.check(self.blockers),
        )

    def _absent(self) -> Finding:
        missing = ", ".join(map(title, self.tier.required))
        return finding(
            "no-contract",
            "The description has none of the required sections",
            f"tier {self.tier.name} requires {missing}",
            HOW,
        )


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives the report by the repository's policy. It runs in a thread, because a hostile description takes seconds."""
    return await asyncio.to_thread(report, snapshot, snapshot.policy.contract)


def report(snapshot: Snapshot, policy: ContractPolicy) -> Report:
    """Gives `pass` for a correct description, `block` or `advise` for findings, by the policy's mode.

    `error` if parts were not checked. `/explain` answers with a template even if the check is off.
    """
    contract = Contract(snapshot, policy)
    if policy.mode == "off":
        explained = explanation(contract)
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, explanation=explained, shown=False, status=False)
    verdict = _verdict(contract)
    return Report(
        check=NAME,
        verdict=verdict,
        summary=_summary(contract),
        findings=tuple(map(advice, contract.findings)) if verdict is Verdict.ADVISE else contract.findings,
        notes=tuple(_notes(contract)),
        explanation=explanation(contract),
        data=_data(contract),
    )


def explanation(contract: Contract) -> str:
    """Gives the sections, the answers to merge blockers and the template, as Markdown."""
    pack, tier = contract.pack, contract.tier
    rows = [
        [title(name), plain(pack.parts[name].heading) if name in pack.parts else "missing", _need(name, tier)]
        for name in NAMES
        if name in pack.parts or name in tier.required
    ]
    answers = [
        [plain(one.item.text, 200), one.answer.word, plain(one.answer.why, 300)] for one in contract.blockers[:SHOWN]
    ]
    written = filled_in(contract.snapshot, pack, contract.rules)
    fence = FENCE * (max(3, _longest_run(written) + 1))
    parts = [
        f"Tier {code(tier.name)}.",
        _table(["Section", "Heading", "Required"], rows),
        _table(["Merge blocker", "Answer", "Why"], answers) if answers else "",
        TEMPLATE,
        f"{fence}markdown\n{written}{fence}",
    ]
    return "\n\n".join(part for part in parts if part)


def _need(name: str, tier: tiers.Tier) -> str:
    return "yes" if name in tier.required else "no"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == FENCE else 0
        longest = max(longest, run)
    return longest


def _verdict(contract: Contract) -> Verdict:
    if contract.unread:
        return Verdict.ERROR
    if not contract.findings:
        return Verdict.PASS
    return Verdict.BLOCK if contract.rules.mode == "block" else Verdict.ADVISE


def _summary(contract: Contract) -> str:
    found = contract.findings
    if found:
        rest = f", and {some(len(found) - 1, 'more finding')}" if len(found) > 1 else ""
        return f"{cut(found[0].title, 110)}{rest}"
    waiting = sum(one.answer.word == "operator" for one in contract.blockers)
    asked = f"; {some(waiting, 'merge blocker')} to check by whoever merges" if waiting else ""
    return f"all sections of tier {contract.tier.name} are present and match the change{asked}"


def _notes(contract: Contract) -> Iterator[str]:
    if contract.unread:
        return
    if contract.findings:
        yield HOW
    yield from (one.sentence for one in contract.blockers[:SHOWN])
    if len(contract.blockers) > SHOWN:
        yield f"{len(contract.blockers) - SHOWN} more merge blockers: operator (only the first {SHOWN} are checked)."
    yield from (gate.sentence for gate in contract.gates)
    yield from sources.notes(contract.sources, contract.snapshot)


def _data(contract: Contract) -> dict[str, Any]:
    seen = contract.snapshot
    known = {one.number: sources.state(one.number, seen) for one in contract.sources.numbers}
    return {
        "schema": "assay.contract.v1",
        "tier": contract.tier.name,
        "sections": [name for name in NAMES if name in contract.pack.parts],
        "canary": {
            "said": contract.pack.canary[0].word if contract.pack.canary else "",
            "is": contract.canary.state.value,
        },
        "blockers": [
            {"text": cut(one.item.text, 200), "answer": one.answer.word, "why": one.answer.why}
            for one in contract.blockers[:SHOWN]
        ],
        "gates": [{"phrase": gate.phrase, "open": bool(gate.by), "by": gate.by} for gate in contract.gates],
        "references": [
            {"number": number, "state": one.state if one else "unknown"} for number, one in sorted(known.items())
        ],
    }


CHECK = Check(
    name=NAME,
    on=frozenset({Kind.PULL}),
    assess=assess,
    states=frozenset({"open", "draft"}),
    guards=False,
    tables={"contract-rules": rules_table()},
)
