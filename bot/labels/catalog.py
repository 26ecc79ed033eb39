"""The labels of a repository, as `labels.yaml` declares them: which there are, which exclude each other, and by which
of them somebody decides.

Nothing here asks a server. `label_sync` compares a set with what a repository has, `label_lint` looks for weaknesses.
"""

import unicodedata
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.labels.colours import HEX, normal
from bot.text import YamlFile, YamlFileError

FILE = "labels.yaml"
NAME_LIMIT = 50
"""Characters; Forgejo's form for labels takes no more (services/forms, CreateLabelForm)."""


def _named(name: str) -> str:
    if not name or name != name.strip() or not name.isprintable():
        raise ValueError("a name is one line of visible characters, without spaces at its ends; mend it")
    return name


Name = Annotated[str, AfterValidator(_named)]


class LabelFileError(YamlFileError):
    """A label file that can't be used; `problems` are lines for its author."""


class LintFinding(BaseModel):
    """One weakness of a label set. An `error` makes the set unusable, a `warning` only harder to use."""

    model_config = ConfigDict(frozen=True)

    level: Literal["error", "warning"]
    rule: str
    subject: str
    text: str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LabelGroup(_Part):
    """Labels that belong together. The bot keeps at most one of an `exclusive` group; in a `decision` group only an
    operator's change stays.
    """

    name: Name
    description: str = ""
    exclusive: bool
    decision: bool


class LabelDef(_Part):
    """One label. `exclusive` is Forgejo's flag, which empties the rest of the scope; `aliases` are earlier names."""

    name: Name
    color: str
    description: str = ""
    group: str
    exclusive: bool = False
    aliases: Annotated[tuple[Name, ...], Field(strict=False)] = ()


class LabelSet(_Part):
    """All labels with their groups. Lookups are by exact name, as on Forgejo, but for `is_decision`."""

    groups: Annotated[tuple[LabelGroup, ...], Field(strict=False)]
    labels: Annotated[tuple[LabelDef, ...], Field(strict=False)]

    @classmethod
    def load(cls, path: Path | None = None, *, check: bool = True) -> Self:
        """Gives the set in a file, or without `path` the one that comes with the program.

        Raises LabelFileError where the file can't be read or has errors; with `check` off, what `faults` would find
        is let through, so that a lint can show it beside the rest.
        """
        path = path or shipped_file()
        try:
            return cls.parse(path.read_text(encoding="utf-8"), str(path), check=check)
        except (OSError, UnicodeDecodeError) as fault:
            reason = fault.strerror if isinstance(fault, OSError) else "not UTF-8 text"
            raise LabelFileError([f"{path}: {reason}; name a label file that can be read"]) from None

    @classmethod
    def parse(cls, text: str, path: str = FILE, *, check: bool = True) -> Self:
        """Gives the set that a YAML text holds; as `load` else."""
        try:
            file = YamlFile(text, path)
            found = file.read(cls, _KEYS)
        except YamlFileError as fault:
            raise LabelFileError(fault.problems) from None
        problems = [f"{path}:{file.line_of(*place)}: {finding.text}" for place, finding in found.faults()]
        if check and problems:
            raise LabelFileError(problems)
        return found

    @cached_property
    def names(self) -> frozenset[str]:
        """Gives the names of all declared labels."""
        return frozenset(self._by_name)

    def get(self, name: str) -> LabelDef | None:
        """Gives the label of exactly this name."""
        return self._by_name.get(name)

    def group_of(self, name: str) -> LabelGroup | None:
        """Gives the group of a declared label."""
        label = self.get(name)
        return self._groups.get(label.group) if label else None

    def exclusive_peers(self, name: str) -> tuple[str, ...]:
        """Gives the labels that the bot doesn't let stand beside this one, in the file's order."""
        group = self.group_of(name)
        if group is None or not group.exclusive:
            return ()
        return tuple(label.name for label in self.labels if label.group == group.name and label.name != name)

    def is_decision(self, name: str) -> bool:
        """Whether somebody decides by this label: it, or a label that could pass for one of its family, is of a
        decision group.

        Undeclared names count by their family (`judge/anything`) and by looks (`Judge/P0`, full-width letters): a
        reader, or a rule on a prefix, would take them for the real one.
        """
        group = self.group_of(name)
        if group is not None:
            return group.decision
        looks = alike(name)
        return looks in self._decisions or looks.startswith(self._decision_families)

    def faults(self) -> Iterator[tuple[tuple[str | int, ...], LintFinding]]:
        """Gives what makes the set unusable, each with its place in the file."""
        yield from self._name_faults()
        for index, label in enumerate(self.labels):
            for key, rule, text in self._label_faults(label):
                yield ("labels", index, key), _error(rule, label.name, text)

    @cached_property
    def _by_name(self) -> dict[str, LabelDef]:
        return {label.name: label for label in reversed(self.labels)}

    @cached_property
    def _groups(self) -> dict[str, LabelGroup]:
        return {group.name: group for group in reversed(self.groups)}

    @cached_property
    def _decisions(self) -> frozenset[str]:
        deciding = [label for label in self.labels if self.is_decision(label.name)]
        return frozenset(alike(name) for label in deciding for name in (label.name, *label.aliases))

    @cached_property
    def _decision_families(self) -> tuple[str, ...]:
        return tuple(sorted({family(name) for name in self._decisions} - {""}))

    def _name_faults(self) -> Iterator[tuple[tuple[str | int, ...], LintFinding]]:
        groups: set[str] = set()
        for index, group in enumerate(self.groups):
            if group.name in groups:
                text = f'the group "{group.name}" is declared twice; keep one'
                yield ("groups", index, "name"), _error("duplicate-group", group.name, text)
            groups.add(group.name)
        names: dict[str, str] = {}
        for index, label in enumerate(self.labels):
            for name in (label.name, *label.aliases):
                other = names.setdefault(alike(name), label.name)
                key = "name" if name == label.name else "aliases"
                if other != label.name or (key == "name" and self._by_name[name] is not label):
                    text = f'"{name}" is already a name of "{other}"; names may not differ by case alone; change one'
                    yield ("labels", index, key), _error("duplicate-name", label.name, text)

    def _label_faults(self, label: LabelDef) -> Iterator[tuple[str, str, str]]:
        if len(label.name) > NAME_LIMIT:
            yield "name", "long-name", f'"{label.name}" has over {NAME_LIMIT} characters; shorten it for Forgejo'
        if HEX.fullmatch(label.color) is None:
            yield "color", "bad-colour", f'the colour of "{label.name}" isn\'t one; write it like "#0e8a16"'
        if label.group not in self._groups:
            yield (
                "group",
                "unknown-group",
                f'"{label.name}" is in no declared group; declare "{label.group}" or mend it',
            )
        elif label.exclusive and (reason := self._flag_fault(label)):
            yield "exclusive", "bad-exclusive", f'"{label.name}" can\'t have `exclusive`: {reason}'

    def _flag_fault(self, label: LabelDef) -> str | None:
        own = scope(label.name)
        if not own:
            return 'Forgejo reads it only in names such as "size/small"; leave it out'
        if not self._groups[label.group].exclusive:
            return f'its group "{label.group}" isn\'t exclusive; make the group so, or leave it out'
        for other in self.labels:
            if scope(other.name) == own and (other.group != label.group or not other.exclusive):
                return f'all of "{own}/" would have to be one group and carry it, and "{other.name}" doesn\'t'
        return None


def scope(name: str) -> str:
    """Gives what Forgejo takes for a label's exclusive scope: what stands before the last "/", or nothing."""
    before, slash, after = name.rpartition("/")
    return before if slash and before and after else ""


def family(name: str) -> str:
    """Gives the prefix that a label shares with its relatives, with its separator: `judge/`, `review:`, or nothing."""
    own = scope(name)
    if own:
        return f"{own}/"
    before, colon, after = name.partition(":")
    return f"{before}:" if colon and before and after else ""


def alike(name: str) -> str:
    """Gives a form that is the same for all names that a reader would take for one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def hex_colour(label: LabelDef) -> str:
    """Gives a label's colour as Forgejo takes it: "#" and six digits. Raises ValueError where it isn't a colour."""
    return f"#{normal(label.color)}"


def shipped_file() -> Path:
    """Gives the file that comes with the program: in `bot/` when installed, else at the checkout's top."""
    here = Path(__file__).parent.parent
    inside = here / FILE
    return inside if inside.is_file() else here.parent / FILE


def _error(rule: str, subject: str, text: str) -> LintFinding:
    return LintFinding(level="error", rule=rule, subject=subject, text=text)


_KEYS = frozenset(key for part in (LabelSet, LabelGroup, LabelDef) for key in part.model_fields)
