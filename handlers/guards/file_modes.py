"""The guard `modes`: new executable files, symbolic links that may point outside the repository, submodules, binaries.

They are recognised by git's file modes and line counts: git reports no lines for a binary file.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from bot.model import Actor, ChangedFile, Check, Finding, Kind, Location, Report, Severity, Snapshot, Tools
from bot.policy import ModesGuard
from handlers.facts.modes import FILES, STATES, Said, judged, listed, switched_off, unread
from handlers.facts.patterns import chosen
from handlers.facts.protection import LINK, SUBMODULE, folded, targets
from handlers.facts.wording import some

NAME = "modes"
EXECUTABLE = "100755"
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
"""Names of text files. A binary file with such a name is reported when it is added."""

Findings = Iterator[Finding]


def rules(snapshot: Snapshot) -> ModesGuard:
    """Gives the guard's own section of the policy."""
    return snapshot.policy.guards.modes


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives a finding for each changed file that is not plain text and that the policy does not allow."""
    policy = rules(snapshot)
    if policy.mode == "off":
        return switched_off(NAME)
    links = targets(snapshot.inputs.added)
    findings: list[Finding] = []
    for file in snapshot.inputs.files:
        findings += [*_executable(file, policy), *_link(file, links), *_submodule(file, policy), *_binary(file, policy)]
    count = some(len(snapshot.inputs.files), "file")
    said = Said(clean=f"{count} changed; no unusual modes, links, submodules or binaries", found=_summary(findings))
    return judged(NAME, policy.mode, findings, unread(snapshot, FILES), said)


def _executable(file: ChangedFile, policy: ModesGuard) -> Findings:
    if file.new_mode == EXECUTABLE != file.old_mode and not chosen(policy.executables, file.path):
        yield _finding(
            "became-executable",
            "File becomes executable",
            file,
            f"mode {file.old_mode or 'none'} before, {file.new_mode} now",
            "Remove the executable bit (git update-index --chmod=-x FILE), or ask an operator to add the file to "
            "guards.modes.executables in the policy.",
        )


def _link(file: ChangedFile, links: Mapping[str, str]) -> Findings:
    """The finding for a link. A moved relative link has another target, which the diff does not show."""
    if file.new_mode != LINK or file.status == "deleted":
        return
    target = links.get(file.path)
    if target is None:
        fault, rule = "Symbolic link with an unknown target", "link-unread"
    else:
        fault, rule = _leads_out(file.path, target), "link-out-of-tree"
    if fault:
        evidence = f"target: {target}" if target is not None else "the diff does not show the target"
        fix = "Use a relative target inside this repository with .. only at its start, or remove the link."
        yield _finding(rule, fault, file, evidence, fix)


def _leads_out(path: str, target: str) -> str:
    """The problem of a link target, or an empty string. A directory in it may be a link itself, so `..` after a name is
    unsafe.
    """
    parts = target.split("/")
    up = next((place for place, part in enumerate(parts) if part not in {"..", ".", ""}), len(parts))
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if target.startswith("/") or whole.split("/")[0] == ".." or not target:
        return "Symbolic link points outside the repository"
    if ".git" in {part.casefold() for part in whole.split("/")}:
        return "Symbolic link points into the .git directory"
    return "Symbolic link has .. after a name and may point outside the repository" if ".." in parts[up:] else ""


def _submodule(file: ChangedFile, policy: ModesGuard) -> Findings:
    configuration = MODULES in {folded(file.path), folded(file.old_path)}
    if SUBMODULE not in {file.old_mode, file.new_mode} and not configuration:
        return
    if not chosen(policy.submodules, file.path):
        what = {"added": "is added", "deleted": "is removed"}.get(file.status, "changes")
        title = "Submodule configuration changes" if configuration else f"Submodule {what}"
        evidence = f"mode {file.old_mode or 'none'} before, {file.new_mode or 'none'} now; its content is not checked"
        fix = "Remove it from this pull request, or ask an operator to add it to guards.modes.submodules in the policy."
        yield _finding("submodule", title, file, evidence, fix)


def _binary(file: ChangedFile, policy: ModesGuard) -> Findings:
    if _has_no_lines(file) and not chosen(policy.binaries, file.path):
        yield _finding(
            "binary",
            "New file is binary or empty" if file.status == "added" else "Binary file changes",
            file,
            "git reports no added or removed lines",
            "Remove it, or commit its source instead. If it must be binary, ask an operator to add it to "
            "guards.modes.binaries in the policy.",
        )

    elif _may_have_changed(file) and not chosen(policy.binaries, file.path):
        what = f"from {file.old_path}" if file.old_path else f"mode {file.old_mode} before, {file.new_mode} now"
        yield _finding(
            "content-unseen",
            "Possibly binary file was moved or changed its mode, and its content may have changed",
            file,
            f"{what}; git reports no changed lines, and its name is not that of a text file",
            "Review the file. If it may be binary, ask an operator to add it to guards.modes.binaries in the policy.",
        )


def _has_no_lines(file: ChangedFile) -> bool:
    """Says whether a file is binary or empty. One that was a link or a submodule before has new content in any case."""
    same = file.old_mode == file.new_mode or file.old_mode not in REGULAR
    return _uncounted(file) and (file.status == "added" or (not file.old_path and same))


def _may_have_changed(file: ChangedFile) -> bool:
    """Says whether the content may have changed without changed lines, which is possible only for non-text files."""
    names = filter(None, (file.path, file.old_path))
    return _uncounted(file) and not _has_no_lines(file) and not all(_is_text(name) for name in names)


def _uncounted(file: ChangedFile) -> bool:
    return file.status != "deleted" and file.new_mode in REGULAR and not file.added and not file.removed


def _is_text(path: str) -> bool:
    name = posixpath.basename(path).casefold()
    return name in TEXT_NAMES or posixpath.splitext(name)[1].removeprefix(".") in TEXTS


def _finding(rule: str, title: str, file: ChangedFile, evidence: str, fix: str) -> Finding:
    severity = Severity.HIGH if rule.startswith(("link", "submodule")) else Severity.MEDIUM
    place = Location(where="diff", path=file.path)
    return Finding(
        rule=rule,
        severity=severity,
        title=title,
        location=place,
        evidence=evidence,
        next_step=fix,
        actor=Actor.AUTHOR,
        action=f"fix or explain {file.path} ({rule})",
    )


def _summary(findings: Sequence[Finding]) -> str:
    kinds = listed(list(dict.fromkeys(finding.rule for finding in findings)))
    return f"{some(len(findings), 'unusual file change')}: {kinds}"


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess, states=STATES, guards=False)
