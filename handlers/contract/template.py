"""Writes a template for this pull request's description, with the known facts filled in.

The author's text is kept. Text that the author must write starts with TODO; a section with nothing else counts as
empty.
"""

from collections.abc import Iterator, Mapping

from bot.model import Snapshot
from bot.policy import ContractPolicy, SectionName
from bot.text import cut, visible
from handlers.contract import files_touched as files
from handlers.contract import sources
from handlers.contract.canary import Real, real, state_of
from handlers.contract.tiers import Tier, of
from handlers.facts.description import mentions as text
from handlers.facts.description.emptiness import silent
from handlers.facts.description.sections import NAMES, Pack, read, title
from handlers.facts.protection import protected, targets
from handlers.facts.statuses import self_reported

TODO = "TODO:"
MAX_BYTES = 40_000
MAX_KEPT = 4_000
MAX_LINE = 1_000
MAX_FILES = 300
MAX_REFERENCES = 30
MAX_STATUSES = 20
SUMMED_UP = 10
"""The maximum of generated files in a directory that are listed one by one."""

ASKED: Mapping[SectionName, str] = {
    "product-story": "who needs this, and what improves for them.",
    "what-changed": "what is different now, one line for each change.",
    "why-it-changed": "what was wrong or missing before.",
    "relevant-context": "pull requests, issues and documents that a reviewer should know.",
    "runtime-evidence": "what was run, with a run, a hash or an exit code; or: No runtime changes.",
    "known-constraints": "which constraints remain, and what this does not solve.",
    "out-of-scope": "what this change intentionally does not touch.",
    "requested-decision": "what the reviewer should decide.",
    "spec-sources-read": "paths of the documents read before, each with the reason.",
}
BLOCKERS = "- Red checks.\n- A leaked secret."


def template(snapshot: Snapshot, rules: ContractPolicy) -> str:
    """Gives the template as Markdown, for the tier of the change or a stricter requested one."""
    return filled_in(snapshot, read(snapshot.inputs.body, rules), rules)


def filled_in(snapshot: Snapshot, pack: Pack, rules: ContractPolicy) -> str:
    """Gives the template for a parsed description."""
    tier = of(snapshot, pack, rules)
    wanted = [name for name in NAMES if name in tier.required or _kept(pack, name)]
    parts = [_canary(snapshot, pack, rules, tier), "## Canary Context Pack"]
    for name in wanted:
        parts += [f"### {title(name)}", _section(name, snapshot, pack, rules)]
    return _fitting("\n\n".join(parts) + "\n")


def _fitting(text: str) -> str:
    """Gives the text, cut at a line end if it is too long for a comment."""
    data = text.encode()
    if len(data) <= MAX_BYTES:
        return text
    kept = data[:MAX_BYTES].decode("utf-8", "ignore").rpartition("\n")[0]
    return f"{kept}\n\n{TODO} the rest; it is too long for a comment.\n"


def _canary(snapshot: Snapshot, pack: Pack, rules: ContractPolicy, tier: Tier) -> str:
    seen = real(snapshot, rules)
    asked = f"\n\nTier: {tier.asked}" if tier.asked and tier.asked == tier.name else ""
    return f"Canary status: {_word(pack, seen.word(tier.name))} - {_shown(seen.sentence)}.{asked}"


def _word(pack: Pack, real_word: str) -> str:
    """The word for the canary line. The author's `waived` is kept, because an operator may still waive it."""
    said = pack.canary[0].word if pack.canary else ""
    return said if said == "waived" else real_word


def _section(name: SectionName, snapshot: Snapshot, pack: Pack, rules: ContractPolicy) -> str:
    if name == "files-touched":
        return "\n".join(_files(snapshot, pack, rules))
    if kept := _kept(pack, name):
        return kept
    known = {
        "relevant-context": _context,
        "runtime-evidence": _evidence,
        "spec-sources-read": _sources,
    }.get(name)
    lines = list(known(snapshot, rules)) if known else []
    if name == "merge-blockers":
        return BLOCKERS
    return "\n".join(lines) or f"{TODO} {ASKED.get(name, 'fill in.')}"


def _kept(pack: Pack, name: SectionName) -> str:
    """The author's text, unless it is empty; a placeholder if it is too long."""
    part = pack.parts.get(name)
    if part is None or silent(part, name):
        return ""
    source = pack.source(name)
    if len(source) > MAX_KEPT:
        return f"{TODO} keep the existing text; it is too long to repeat here."
    return "\n".join(_shown(line) for line in source.split("\n"))


def _files(snapshot: Snapshot, pack: Pack, rules: ContractPolicy) -> Iterator[str]:
    """The entries for the changed files. The author's remarks are kept; directories with many generated files are one
    entry.
    """
    changed = snapshot.inputs.files
    said: dict[str, str] = {}
    for item in pack.items("files-touched"):
        for entry in text.entries(item):
            said.setdefault(entry.name, entry.text)
    if not changed:
        yield f"{TODO} no file is changed yet."
    summed = _summed(snapshot, rules)
    yield from (f"- `{pattern}` - {count} generated files" for pattern, count in summed.items())
    rest = [file for file in changed if not _in(file.path, rules, summed)]
    for file in rest[:MAX_FILES]:
        name = _quoted(file.path)
        about = f" - {file.status}" + (f", was {_quoted(file.old_path)}" if file.old_path else "")
        yield f"- {name}{_about(said.get(file.path, ''), file.path) or about}"
    if len(rest) > MAX_FILES:
        yield f"{TODO} {len(rest) - MAX_FILES} more files, as `git diff --name-only` lists them."


def _summed(snapshot: Snapshot, rules: ContractPolicy) -> dict[str, int]:
    """The directories with many generated files, each with their number."""
    counts: dict[str, int] = {}
    for file in snapshot.inputs.files:
        folder, slash, _ = file.path.rpartition("/")
        if slash and files.generated(file.path, rules) and text.path_of(f"{folder}/"):
            counts[f"{folder}/"] = counts.get(f"{folder}/", 0) + 1
    return {folder: count for folder, count in counts.items() if count > SUMMED_UP}


def _in(path: str, rules: ContractPolicy, summed: Mapping[str, int]) -> bool:
    return any(path.startswith(folder) for folder in summed) and files.generated(path, rules)


def _about(line: str, path: str) -> str:
    """The author's remark after the name of a file."""
    before, name, behind = line.partition(f"`{path}`")
    remark = behind.rstrip() if name and len(before.split()) <= 1 else ""
    return _shown(remark) if remark.startswith((" -", " \u2013", " \u2014", ":", " (")) else ""


def _context(snapshot: Snapshot, _: ContractPolicy) -> Iterator[str]:
    known = [one for one in snapshot.inputs.references if one.state != "missing"]
    yield from (f"- {sources.described(one)}" for one in known[:MAX_REFERENCES])


def _evidence(snapshot: Snapshot, rules: ContractPolicy) -> Iterator[str]:
    """Evidence from statuses on the head, and whether runtime paths change, if the policy names any."""
    seen = snapshot.inputs
    touched = protected(rules.runtime, seen.files, targets(seen.added))
    if rules.runtime and not touched:
        yield "No runtime changes in this pull request."
    elif touched or not seen.statuses:
        yield f"{TODO} {ASKED['runtime-evidence']}"
    done = [one for one in seen.statuses if state_of(one) is Real.PASSED and not self_reported(one, snapshot)]
    if done:
        yield "\nOn the head:\n"
    for one in done[:MAX_STATUSES]:
        address = f", {_shown(one.target_url)}" if one.target_url else ""
        yield f"- {_shown(one.context)}: {_shown(one.description or one.state)}{address}"


def _sources(snapshot: Snapshot, _: ContractPolicy) -> Iterator[str]:
    changed = {file.path for file in snapshot.inputs.files}
    there = [path for path, known in snapshot.inputs.paths.items() if known and path not in changed]
    yield from (f"- {_quoted(path)} - {TODO} reason" for path in sorted(there)[:MAX_REFERENCES])


def _quoted(path: str) -> str:
    return f"``{_shown(path)}``" if "`" in path else f"`{_shown(path)}`"


def _shown(line: str) -> str:
    return cut(visible(line.replace("\t", "    ")), MAX_LINE)
