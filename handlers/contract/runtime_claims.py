"""Compares a description's claims about runtime, and its out-of-scope items, with the change."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from bot.model import Finding, Inputs, Location
from bot.policy import ContractPolicy
from handlers.contract.files_touched import Touched
from handlers.contract.rules import finding, line, listed
from handlers.facts.change import DOCUMENTS
from handlers.facts.description import mentions as text
from handlers.facts.description.sections import Item, Pack
from handlers.facts.patterns import chosen, says
from handlers.facts.protection import protected, targets
from handlers.facts.wording import quoted

MAX_ITEMS = 200
MAX_NAMES = 20
LONGEST = 20_000
SHOWN = 5

_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n\s*\n")
_DENIED = re.compile(
    r"\bno (?:\w+ ){0,2}runtime (?:behaviou?r )?(?:changes?|impact|effects?)\b"
    r"|\bno changes? (?:to|at|of|in) (?:the )?runtime\b"
    r"|\bruntime (?:is|remains|stays) (?:unchanged|untouched|the same)\b"
    r"|\b(?:does not|doesn't|do not|don't) (?:change|touch|affect) (?:the )?runtime\b"
    r"|\b(?:docs|documentation)[- ]only\b|\bbrak zmian (?:w |na )?(?:runtime|środowisk)"
)
_NOT_DONE = re.compile(
    r"\bno (?:\w+ ){0,2}(?:mutations?|deploy(?:ment)?s?|restarts?|rollouts?|apply)\b"
    r"|\b(?:nothing|none) (?:was|is|has been) (?:run|deployed|restarted|applied|changed|rolled out)\b"
    r"|\bnot (?:yet )?(?:been )?(?:deployed|applied|rolled out|restarted)\b"
)
_DID = re.compile(
    r"\b(?:(?:re)?(?:deployed|started|rebooted|loaded)|stopped|applied|migrated|rotated|provisioned|promoted|installed"
    r"|upgraded|(?:cut|switched|failed) over|rolled (?:out|back))\b"
)
_WHERE = re.compile(
    r"\bprod(?:uction)?\b|\bstaging\b|\blive\b|\bruntime\b|\bservers?\b|\bhosts?\b|\bcluster\b|\bcontainers?\b"
    r"|\bservices?\b|\brunners?\b|\bdatabase\b|\bvms?\b|\bnodes?\b|\bdaemon\b"
)
_UNSURE = re.compile(
    r"\b(?:no|not|never|without|nothing|none|neither|nor|will|would|should|must|can|could|may|to be|when|if|once|after"
    r"|before|until|unless|how|requires?|needs?|pending|add(?:s|ed)?|document(?:s|ed)?|describe[sd]?|explain(?:s|ed)?)\b"
    r"|n't\b"
)
_EVIDENCE = re.compile(
    r"\b(?:run|job|pipeline|build) ?(?:id ?)?(?:[#:=] ?\d{1,12}|\d{3,12})\b|/runs/\d+|\bsha256:[0-9a-f]{8,64}\b"
    r"|\b(?=[0-9a-f]{0,63}\d)(?=\d{0,63}[a-f])[0-9a-f]{7,64}\b"
    r"|\bexit[ _-]?(?:code|status)?s?[ :=]{1,3}\d{1,3}\b|\brc ?[:=] ?\d{1,3}\b|\bexited (?:with )?\d{1,3}\b"
)
_EXCEPT = re.compile(r"\b(?:beyond|except(?:ing|ion)?|other than|besides|apart from|outside|unless|than|poza)\b")
_ACTS = re.compile(
    r"\b(?:restarts?|stops?|starts?|dispatch\w*|smokes?|runs?|apply|applies|deploys?|deployments?|writes?|mutations?"
    r"|calls?|rollouts?|rotations?|cut-?overs?|reboots?)\b"
)
_CHANGES = re.compile(r"\b(?:chang\w+|edit\w*|modif\w+|refactor\w*|renam\w+|touch\w*|cleanup)\b")


def runtime(pack: Pack, inputs: Inputs, rules: ContractPolicy) -> Iterator[Finding]:
    """Gives at most one finding: a denied runtime change, or one that is claimed or made without evidence."""
    said = pack.items("runtime-evidence")
    touched = list(protected(rules.runtime, inputs.files, targets(inputs.added)))
    whole = "\n".join(item.text for item in (*said, *pack.items("validation")))[:LONGEST].casefold()
    denial = next((item for item in said if _DENIED.search(_plain(item))), None)
    if denial and touched:
        yield finding(
            "runtime-denied",
            f"The description says that nothing changes at runtime, but the change touches {listed(touched, SHOWN)}",
            quoted(denial.text),
            "Describe the change under Runtime evidence, with a run, a hash or an exit code.",
            line(denial.line),
        )
    elif not _EVIDENCE.search(whole):
        yield from _unproven(pack, touched, bool(_NOT_DONE.search(whole)))


def _unproven(pack: Pack, touched: Sequence[str], not_done: bool) -> Iterator[Finding]:
    fix = "Add the run, hash or exit code that proves it under Runtime evidence, or say that it was not done."
    for sentence, item in sentences(pack.items("runtime-evidence", "what-changed")):
        if _DID.search(sentence) and _WHERE.search(sentence) and not _UNSURE.search(sentence):
            title = "A runtime change is claimed without evidence"
            yield finding("runtime-unproven", title, quoted(sentence), fix, line(item.line))
            return
    part = pack.parts.get("runtime-evidence")
    if touched and not not_done and part is not None and part.read:
        yield finding(
            "runtime-unproven",
            f"The change touches runtime paths ({listed(list(touched), SHOWN)}), but gives no evidence",
            quoted(part.read[0].text),
            fix,
            line(part.line),
        )


def scope(pack: Pack, inputs: Inputs, touched: Touched) -> Iterator[Finding]:
    """Gives a finding for each out-of-scope item that the change touches."""
    items = pack.items("out-of-scope")[:MAX_ITEMS]
    lines = [(run.path, run.text.casefold()) for run in inputs.added if not chosen(DOCUMENTS, run.path)]
    for item in items:
        hit = _path_touched(item, touched) or _name_touched(item, touched, lines)
        if hit:
            name, where = hit
            yield finding(
                "out-of-scope-touched",
                f"{name} is declared out of scope, but {where} touches it",
                quoted(item.text),
                "Remove it from the change, or remove the item from Explicit out-of-scope.",
                Location(where="diff", path=where),
            )


def _plain(item: Item) -> str:
    return " ".join(piece.text for piece in text.pieces(item.text.replace("\n", " "))).casefold()


def sentences(items: Iterable[Item]) -> Iterator[tuple[str, Item]]:
    """Return each sentence outside of code blocks, in small letters and with single spaces, with its item."""
    for item in items:
        if item.form != "fence":
            for sentence in _SENTENCES.split(item.text[: text.LONGEST_LINE]):
                yield " ".join(sentence.casefold().split()), item


def _path_touched(item: Item, touched: Touched) -> tuple[str, str] | None:
    for path in islice(text.mentioned(item), MAX_NAMES):
        before = item.text.partition(path.name)[0]
        hit = "" if _EXCEPT.search(before.casefold()) else touched.by(path.name)
        if hit:
            return path.name, hit
    return None


def _name_touched(item: Item, touched: Touched, added: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """The name in an item that the change touches, with the file. Items about actions (restart, deploy) are skipped,
    because actions leave no trace in a change.
    """
    said = _plain(item)
    if _ACTS.search(said) and not _CHANGES.search(said):
        return None
    for name, before in islice(text.names(item), MAX_NAMES):
        if not _EXCEPT.search(before.casefold()):
            where = touched.called(name) or next((path for path, lines in added if says(lines, name)), "")
            if where:
                return name, where
    return None
