"""The facts that label rules use: taken from a snapshot, each with a name and few possible values."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.model import ChangedFile, Kind, Leak, Snapshot
from bot.policy import is_agent
from handlers.facts.accepted import open_leaks
from handlers.facts.path_index import Budget, PathIndex

AGENTS = {
    "agent/claude-code": ("claude-code", "claude"),
    "agent/codex": ("codex", "codex-bot"),
    "agent/hermes": ("hermes", "hermes-bot"),
    "agent/iskra": ("iskra", "iskra-bot"),
    "agent/ollama": ("ollama", "ollama-bot"),
    "agent/patchwarden": ("patchwarden", "patchwarden-bot"),
}
"""Well-known agent accounts, by label. A policy lists more under `agents`."""

SIZES = (("tiny", 10, 2), ("small", 100, 10), ("medium", 500, 30))
"""The sizes with their maximum of changed lines and of files; anything above is large."""

GENERATED = (
    "*.lock", "package-lock.json", "pnpm-lock.yaml", "npm-shrinkwrap.json", "go.sum", "bun.lockb", "gradle.lockfile",
    "*.min.js", "*.min.css", "*.js.map", "*.css.map", "*.pb.go", "*_pb2.py", "*_pb2_grpc.py", "*.snap",
    "__snapshots__/", "node_modules/", "vendor/", "third_party/",
)  # fmt: skip
"""Generated files. They do not count for the size."""

AGENT_RULES = (
    "AGENTS.md", "CLAUDE.md", "GEMINI.md", "SKILL.md", "copilot-instructions.md", ".cursorrules", ".claude/", ".codex/",
    ".cursor/", ".agents/",
)  # fmt: skip
AGENT_FILES = (*AGENT_RULES, "agents/", "prompts/", "skills/")
"""Instructions for agents: they look like documentation, but have effects like code."""

TESTS = ("tests/", "test/", "__tests__/", "test_*.py", "*_test.py", "*_test.go", "*.test.ts", "*.test.js", "*.spec.ts")

DOCUMENTS = (
    "*.md", "*.mdx", "*.rst", "*.adoc", "*.asciidoc", "docs/**/*.txt", "docs/**/*.png", "docs/**/*.jpg",
    "docs/**/*.svg", "LICENSE", "NOTICE", "AUTHORS", *(f"!{name}" for name in AGENT_FILES),
)  # fmt: skip
"""Documentation: files that only people read."""

REGULAR = frozenset({"", "000000", "100644", "100755"})
TITLE = re.compile(r"([a-z][a-z0-9_-]{0,29})(?:\(([^()]{1,60})\))?(!?):\s", re.IGNORECASE)
PREFIX = re.compile(r"(?:\[?(?:wip|draft)\]?:?\s+)+", re.IGNORECASE)
MAX_TITLE = 1000
MAX_HEADING = 200
MARKDOWN = MarkdownIt("commonmark").disable("inline")
"""Parses blocks only; the source text inside a heading is compared unchanged."""
MARKDOWN.parse("")  # the first parse compiles the rules, which is not thread-safe


@dataclass(frozen=True)
class Announced:
    """The parts of a conventional title: `feat(ui,api)!: …` has types `feat` and `breaking`, scopes `ui` and `api`."""

    types: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """The facts of one snapshot. Expensive ones are computed on first use."""

    snapshot: Snapshot
    budget: Budget = field(default_factory=Budget)

    @cached_property
    def kind(self) -> str:
        """Gives `issue` or `pull`."""
        return self.snapshot.target.kind.value

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Gives the state, and `held` or `new` if they apply."""
        inputs = self.snapshot.inputs
        if inputs.state != "open":
            return (inputs.state,)
        state = "draft" if inputs.draft else "open"
        more = [name for name, so in (("held", self._held), ("new", self._new)) if so]
        return (state, *more)

    @cached_property
    def by(self) -> tuple[str, ...]:
        """Gives `agent` or `other`; empty if the account was deleted."""
        author = self.snapshot.inputs.author
        known = (name for names in AGENTS.values() for name in names)
        if not author:
            return ()
        return ("agent",) if is_agent(author, (*self.snapshot.policy.agents, *known)) else ("other",)

    @cached_property
    def announced(self) -> Announced:
        """Gives the parts of a conventional title; empty for any other title."""
        return announced(self.snapshot.inputs.title)

    @cached_property
    def base(self) -> str:
        """Gives the base branch of a pull request; empty for an issue."""
        return self.snapshot.inputs.base.ref

    @cached_property
    def files(self) -> tuple[tuple[str, ...], ...]:
        """Gives the name of each changed file, and the old name of a renamed one."""
        return tuple(_names(file) for file in self.snapshot.inputs.files)

    @cached_property
    def names(self) -> PathIndex:
        """Gives all names of changed files, indexed for patterns."""
        return PathIndex((name for file in self.files for name in file), self.budget)

    @property
    def answered(self) -> bool:
        """Says whether all matches so far are complete; false if there were too many rules and files."""
        return self.names.answered

    @cached_property
    def size(self) -> str:
        """Gives the size of a pull request; empty for an issue."""
        return size(self.snapshot.inputs.files) if self.snapshot.target.kind is Kind.PULL else ""

    @cached_property
    def tier(self) -> str:
        """Gives `lite` for documentation only, `stacked` if the base is not the default branch, else `full`."""
        inputs = self.snapshot.inputs
        if self.snapshot.target.kind is not Kind.PULL:
            return ""
        documents = self.names.chosen(DOCUMENTS) if inputs.files and not inputs.gaps else {}
        if documents and all(_document(file, documents) for file in inputs.files):
            return "lite"
        return "stacked" if inputs.base.ref and inputs.base.ref != inputs.default_branch else "full"

    @cached_property
    def words(self) -> str:
        """Gives title and description, case-folded."""
        return f"{self.snapshot.inputs.title}\n{self.snapshot.inputs.body}".casefold()

    @cached_property
    def added(self) -> str:
        """Gives the lines added to files that are neither documentation nor tests, case-folded."""
        added = self.snapshot.inputs.added
        passed = PathIndex(run.path for run in added).chosen((*DOCUMENTS, *TESTS))
        runs = [run for run in added if run.path not in passed]
        return "\n".join(run.text for run in runs).casefold()

    @cached_property
    def sections(self) -> tuple[str, ...]:
        """Gives the headings of the description that are followed by text."""
        return sections(self.snapshot.inputs.body)

    @cached_property
    def leaks(self) -> tuple[Leak, ...]:
        """Gives the secrets that are not accepted."""
        return open_leaks(self.snapshot)

    @cached_property
    def _held(self) -> bool:
        commands = [one.command for one in self.snapshot.inputs.decisions if not one.refused]
        return next((word == "hold" for word in reversed(commands) if word in {"hold", "unhold"}), False)

    @cached_property
    def _new(self) -> bool:
        inputs = self.snapshot.inputs
        since, made = inputs.served_since, inputs.created_at
        return self.snapshot.target.kind is Kind.ISSUE and (since is None or made is None or made >= since)


def announced(title: str) -> Announced:
    """Gives the parts of a conventional title (conventionalcommits.org); a `WIP:` prefix is ignored."""
    title = title[:MAX_TITLE].strip()
    prefix = PREFIX.match(title)
    match = TITLE.match(title, prefix.end() if prefix else 0)
    if match is None:
        return Announced()
    scopes = tuple(part for part in re.split(r"[,/\s]+", (match[2] or "").casefold()) if part)
    return Announced((match[1].casefold(), *(("breaking",) if match[3] else ())), scopes)


def size(files: Sequence[ChangedFile]) -> str:
    """Gives the size in words; `unknown` if there are no files, or no lines were counted."""
    counted = _by_hand(files)
    lines = sum(file.added + file.removed for file in counted)
    if not files or (not lines and len(counted) <= SIZES[-1][2] and any(map(_unmeasured, counted))):
        return "unknown"
    return next((name for name, most, many in SIZES if lines <= most and len(counted) <= many), "large")


def measured(files: Sequence[ChangedFile]) -> str:
    """Gives the numbers behind a size, in words."""
    counted = _by_hand(files)
    left = len(files) - len(counted)
    lines = sum(file.added + file.removed for file in counted)
    text = f"{lines} changed lines in {len(counted)} file{'' if len(counted) == 1 else 's'}"
    return f"{text}, {left} generated not counted" if left else text


def sections(body: str) -> tuple[str, ...]:
    """Gives the headings that are followed by text, or by a subheading with text. Comments do not count as text."""
    filled: list[str] = []
    open_headings: list[tuple[int, str]] = []
    tokens = MARKDOWN.parse(body)
    for number, token in enumerate(tokens):
        if _heading(token):
            level = int(token.tag[1:])
            open_headings = [entry for entry in open_headings if entry[0] < level]
            open_headings.append((level, tokens[number + 1].content[:MAX_HEADING]))
        elif _text_of(token) and not _heading(tokens[number - 1]):
            filled += [text for _, text in open_headings]
            open_headings = [(level, "") for level, _ in open_headings]
    return tuple(dict.fromkeys(text for text in filled if text))


def _heading(token: Token) -> bool:
    """Says whether a heading starts here, outside quotes and lists."""
    return token.type == "heading_open" and token.level == 0


def _text_of(token: Token) -> bool:
    if token.type == "html_block":
        return bool(re.sub(r"<!--.*?(?:-->|\Z)", "", token.content, flags=re.DOTALL).strip())
    return token.type in {"inline", "fence", "code_block"} and bool(token.content.strip())


def _names(file: ChangedFile) -> tuple[str, ...]:
    return (file.path, file.old_path) if file.old_path else (file.path,)


def _by_hand(files: Sequence[ChangedFile]) -> list[ChangedFile]:
    generated = PathIndex(file.path for file in files).chosen(GENERATED)
    return [file for file in files if file.path not in generated]


def _document(file: ChangedFile, documents: Container[str]) -> bool:
    """Says whether a file is documentation. A link or a submodule with such a name is not."""
    return {file.old_mode, file.new_mode} <= REGULAR and all(name in documents for name in _names(file))


def _unmeasured(file: ChangedFile) -> bool:
    """Says whether changed lines are unexpectedly missing. Pure renames and mode changes have none."""
    moved = file.status in {"renamed", "copied"}
    return not (moved or (file.old_mode != file.new_mode and file.status == "changed"))
