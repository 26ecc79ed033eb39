"""The contract: what a pull request's description has to say, against what the pull request really is.

Runs on open pull requests and drafts, where the policy switches it on. The description is read as Markdown; the
changed files, the head's statuses, the tree and other pull requests and issues say whether it is so. Everything is in
the snapshot: nothing is looked up here.
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
from handlers.contract import blockers, canary, sources, tiers
from handlers.contract import files_touched as files
from handlers.contract import runtime_claims as claims
from handlers.contract.rules import finding, rules_table
from handlers.contract.template import filled_in
from handlers.facts.description.sections import LINES, NAMES, READ, Pack, read, title

NAME = "contract"
OFF = "switched off: no policy asks for a contract here"
HOW = "/explain contract answers with a template that is filled in for this pull request."
FENCE = "`"
SHOWN = blockers.MAX_ITEMS
ON_TOP = "What the description should look like, with what is known in place:"


@dataclass(frozen=True)
class Contract:
    """One description with all that it is held against."""

    snapshot: Snapshot
    rules: ContractPolicy

    @cached_property
    def pack(self) -> Pack:
        """The description in sections."""
        return read(self.snapshot.inputs.body, self.rules)

    @cached_property
    def tier(self) -> tiers.Tier:
        """How much it has to say."""
        return tiers.of(self.snapshot, self.pack, self.rules)

    @cached_property
    def canary(self) -> canary.Canary:
        """What the canary did on the head."""
        return canary.real(self.snapshot, self.rules)

    @cached_property
    def gates(self) -> tuple[gates.Gate, ...]:
        """The gates that it announces."""
        return gates.announced(self.pack, self.snapshot, self.rules)

    @cached_property
    def blockers(self) -> tuple[blockers.Answered, ...]:
        """Its merge blockers, answered."""
        return blockers.answered(blockers.BlockerInputs(self.pack, self.snapshot, self.rules, self.gates, self.touched))

    @cached_property
    def touched(self) -> files.Touched:
        """The changed files, by what names them."""
        return files.Touched(self.snapshot.inputs.files)

    @cached_property
    def sources(self) -> sources.Found:
        """What it rests on."""
        return sources.named(self.pack, self.snapshot)

    @cached_property
    def unread(self) -> tuple[Finding, ...]:
        """What can't be judged, since it wasn't looked at."""
        seen = self.snapshot.inputs
        found = []
        if self.pack.unread:
            title = f"The description is too long; at most {READ} characters and {LINES} lines are read"
            found.append(finding("not-looked-at", title, "", "Move what is long into a file or a comment."))
        if seen.gaps and not seen.files:
            why = f"{seen.gaps[0].what}: {seen.gaps[0].why}"
            found.append(
                finding("not-looked-at", "The changed files couldn't be read", why, "Split the change and push again.")
            )
        return tuple(found)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with it; an absent contract is one thing."""
        if self.unread:
            return self.unread
        if self.tier.required and not self.pack.parts:
            return (self._absent(),)
        seen = self.snapshot.inputs
        return (
            *canary.check(self.pack, self.snapshot, self.canary, self.tier.name),
            *tiers.check(self.pack, self.tier),
            *files.check(self.pack, seen.files, self.rules),
            *sources.check(self.sources, self.snapshot),
            *claims.runtime(self.pack, seen, self.rules),
            *claims.scope(self.pack, seen, self.touched),
            *blockers.check(self.blockers),
        )

    def _absent(self) -> Finding:
        missing = ", ".join(map(title, self.tier.required))
        return finding(
            "no-contract",
            "The description has none of the sections that are asked for",
            f"tier {self.tier.name} asks for {missing}",
            HOW,
        )


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives the report by the repository's policy. A hostile description takes seconds, so it is read in a thread."""
    return await asyncio.to_thread(report, snapshot, snapshot.policy.contract)


def report(snapshot: Snapshot, policy: ContractPolicy) -> Report:
    """Gives `pass` for a description that is as it should be, else by the policy's mode `block` or `advise`.

    `error` where something wasn't looked at. `/explain` answers with a template also where the check is off.
    """
    contract = Contract(snapshot, policy)
    if policy.mode == "off":
        explained = explanation(contract)
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, explanation=explained, shown=False, status=False)
    return Report(
        check=NAME,
        verdict=_verdict(contract),
        summary=_summary(contract),
        findings=contract.findings,
        notes=tuple(_notes(contract)),
        explanation=explanation(contract),
        data=_data(contract),
    )


def explanation(contract: Contract) -> str:
    """Gives in Markdown what stands in which section, how blockers are answered, and the template in a fence."""
    pack, tier = contract.pack, contract.tier
    rows = [
        [title(name), plain(pack.parts[name].heading) if name in pack.parts else "missing", _need(name, tier)]
        for name in NAMES
        if name in pack.parts or name in tier.required
    ]
    told = [
        [plain(one.item.text, 200), one.answer.word, plain(one.answer.why, 300)] for one in contract.blockers[:SHOWN]
    ]
    written = filled_in(contract.snapshot, pack, contract.rules)
    fence = FENCE * (max(3, _longest_run(written) + 1))
    parts = [
        f"Tier {code(tier.name)}.",
        _table(["Section", "Heading", "Needed"], rows),
        _table(["Merge blocker", "Answer", "Why"], told) if told else "",
        ON_TOP,
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
        rest = f", and {len(found) - 1} more to mend" if len(found) > 1 else ""
        return f"{cut(found[0].title, 110)}{rest}"
    waiting = sum(one.answer.word == "operator" for one in contract.blockers)
    asked = f"; {waiting} of the merge blockers {'is' if waiting == 1 else 'are'} for the operator" if waiting else ""
    return f"all sections of tier {contract.tier.name} are there and agree with the change{asked}"


def _notes(contract: Contract) -> Iterator[str]:
    if contract.unread:
        return
    if contract.findings:
        yield HOW
    yield from (one.told for one in contract.blockers[:SHOWN])
    if len(contract.blockers) > SHOWN:
        yield f"{len(contract.blockers) - SHOWN} more merge blockers: operator (only {SHOWN} are looked into)."
    yield from (gate.told for gate in contract.gates)
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
