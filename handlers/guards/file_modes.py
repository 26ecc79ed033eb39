"""The guard of the modes: files that are more than text to be read.

Programs (a file becomes executable), links that may lead out of the tree, submodules, and binaries. Git's own modes
tell them, and its count of lines: it counts none in what it takes for binary.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from bot.model import ChangedFile, Check, Finding, Kind, Location, Report, Severity, Snapshot, Tools
from bot.policy import ModesGuard
from handlers.facts.modes import FILES, STATES, Said, judged, listed, switched_off, unread
from handlers.facts.patterns import chosen
from handlers.facts.wording import some

NAME = "modes"
EXECUTABLE, LINK, SUBMODULE = "100755", "120000", "160000"
REGULAR = frozenset({"100644", EXECUTABLE})
MODULES = ".gitmodules"
TEXTS = frozenset({
    "adoc", "bash", "bat", "c", "cc", "cfg", "cjs", "conf", "cpp", "cs", "css", "csv", "diff", "env", "fish",
    "go", "gradle", "graphql", "h", "hcl", "hpp", "htm", "html", "ini", "ipynb", "j2", "java", "jinja", "js",
    "json", "json5", "jsonl", "jsx", "kt", "less", "lock", "lua", "md", "mdx", "mjs", "nix", "patch", "php", "pl",
    "properties", "proto", "ps1", "py", "pyi", "rb", "rs", "rst", "scala", "scss", "service", "sh", "sql", "sum",
    "svelte", "svg", "swift", "tf", "tfvars", "timer", "tmpl", "toml", "ts", "tsv", "tsx", "txt", "vue", "xml",
    "yaml", "yml", "zsh",
})  # fmt: skip
TEXT_NAMES = frozenset({
    ".dockerignore", ".editorconfig", ".gitattributes", ".gitignore", "caddyfile", "codeowners", "containerfile",
    "dockerfile", "justfile", "license", "makefile", "notice", "procfile", "py.typed", "readme",
})  # fmt: skip
"""Names of texts. A file that only is called so was told as binary when it came."""

Told = Iterator[Finding]


def rules(snapshot: Snapshot) -> ModesGuard:
    """Gives the guard's own section of the policy."""
    return snapshot.policy.guards.modes


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives a finding for each changed file that is more than text and that the policy doesn't expect."""
    policy = rules(snapshot)
    if policy.mode == "off":
        return switched_off(NAME)
    links = _links(snapshot)
    findings: list[Finding] = []
    for file in snapshot.inputs.files:
        findings += [*_executable(file, policy), *_link(file, links), *_submodule(file, policy), *_binary(file, policy)]
    count = some(len(snapshot.inputs.files), "file")
    said = Said(clean=f"{count} changed, all of them plain", found=_summary(findings))
    return judged(NAME, policy.mode, findings, unread(snapshot, FILES), said)


def _executable(file: ChangedFile, policy: ModesGuard) -> Told:
    if file.new_mode == EXECUTABLE != file.old_mode and not chosen(policy.executables, file.path):
        yield _finding(
            "became-executable",
            "A file becomes executable",
            file,
            f"mode {file.old_mode or 'none'} before, {file.new_mode} now",
            "Take the right to execute away (git update-index --chmod=-x), or an operator names the file under "
            "guards.modes.executables in the policy.",
        )


def _link(file: ChangedFile, links: Mapping[str, str]) -> Told:
    """A link that is only moved leads elsewhere too, and nobody sees where."""
    if file.new_mode != LINK or file.status == "deleted":
        return
    target = links.get(file.path)
    if target is None:
        fault, rule = "A link whose target can't be seen", "link-unread"
    else:
        fault, rule = _leads_out(file.path, target), "link-out-of-tree"
    if fault:
        evidence = f"it leads to {target}" if target is not None else "the change doesn't show where it leads"
        mend = "Let it lead to a file of this tree, by a path that goes up first and then down; or take it out."
        yield _finding(rule, fault, file, evidence, mend)


def _leads_out(path: str, target: str) -> str:
    """A folder on the way may be a link itself, so going up behind a name may lead anywhere."""
    parts = target.split("/")
    up = next((place for place, part in enumerate(parts) if part not in {"..", ".", ""}), len(parts))
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if target.startswith("/") or whole.split("/")[0] == ".." or not target:
        return "A link leads out of the tree"
    if ".git" in {part.casefold() for part in whole.split("/")}:
        return "A link leads into git's own folder"
    return "A link goes up behind a name and may lead out of the tree" if ".." in parts[up:] else ""


def _submodule(file: ChangedFile, policy: ModesGuard) -> Told:
    if SUBMODULE not in {file.old_mode, file.new_mode} and MODULES not in {file.path, file.old_path}:
        return
    if not chosen(policy.submodules, file.path):
        what = {"added": "is added", "deleted": "is taken out"}.get(file.status, "changes")
        title = "Where submodules come from changes" if MODULES in {file.path, file.old_path} else f"A submodule {what}"
        evidence = (
            f"mode {file.old_mode or 'none'} before, {file.new_mode or 'none'} now; what it brings isn't read here"
        )
        mend = "Take it out of this pull request; or an operator names it under guards.modes.submodules in the policy."
        yield _finding("submodule", title, file, evidence, mend)


def _binary(file: ChangedFile, policy: ModesGuard) -> Told:
    if _has_no_lines(file) and not chosen(policy.binaries, file.path):
        yield _finding(
            "binary",
            "A new file that is binary, or empty" if file.status == "added" else "A binary file changes",
            file,
            "git counts no lines in what it adds or takes away",
            "Take it out, or keep what it is made from; what has to be binary, an operator names under "
            "guards.modes.binaries in the policy.",
        )

    elif _may_have_changed(file) and not chosen(policy.binaries, file.path):
        what = f"from {file.old_path}" if file.old_path else f"mode {file.old_mode} before, {file.new_mode} now"
        yield _finding(
            "content-unseen",
            "A file that may be binary is moved or changes its mode, and nothing tells whether its content changes",
            file,
            f"{what}; git counts no lines in it, and its name isn't that of a text",
            "Look at it; what may be binary, an operator names under guards.modes.binaries in the policy.",
        )


def _has_no_lines(file: ChangedFile) -> bool:
    """Also what was a link or a submodule before: its content is another one for sure."""
    same = file.old_mode == file.new_mode or file.old_mode not in REGULAR
    return _uncounted(file) and (file.status == "added" or (not file.old_path and same))


def _may_have_changed(file: ChangedFile) -> bool:
    """A text whose content changes has lines to count, so only what may be no text is in doubt."""
    names = filter(None, (file.path, file.old_path))
    return _uncounted(file) and not _has_no_lines(file) and not all(_is_text(name) for name in names)


def _uncounted(file: ChangedFile) -> bool:
    return file.status != "deleted" and file.new_mode in REGULAR and not file.added and not file.removed


def _is_text(path: str) -> bool:
    name = posixpath.basename(path).casefold()
    return name in TEXT_NAMES or posixpath.splitext(name)[1].removeprefix(".") in TEXTS


def _links(snapshot: Snapshot) -> dict[str, str]:
    """A link's content is its target, on one line."""
    return {run.path: run.text for run in snapshot.inputs.added if run.start <= 1}


def _finding(rule: str, title: str, file: ChangedFile, evidence: str, mend: str) -> Finding:
    severity = Severity.HIGH if rule.startswith(("link", "submodule")) else Severity.MEDIUM
    place = Location(where="diff", path=file.path)
    return Finding(rule=rule, severity=severity, title=title, location=place, evidence=evidence, next_step=mend)


def _summary(findings: Sequence[Finding]) -> str:
    kinds = listed(list(dict.fromkeys(finding.rule for finding in findings)))
    return f"{some(len(findings), 'file')} more than text: {kinds}"


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess, states=STATES, guards=False)
