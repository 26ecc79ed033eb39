"""The labels that `labels.yaml` declares: their names, which ones exclude each other, and which ones are decisions.

No server is called here. `sync_plan` compares a set with the labels of a repository, `lint` looks for weaknesses.
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
"""Characters; the limit of Forgejo's label form (services/forms, CreateLabelForm)."""


def _named(name: str) -> str:
    if not name or name != name.strip() or not name.isprintable():
        raise ValueError("invalid name; use printable characters on one line, without leading or trailing spaces")
    return name


Name = Annotated[str, AfterValidator(_named)]


class LabelFileError(YamlFileError):
    """An invalid label file; `problems` are lines for its author."""


class LintFinding(BaseModel):
    """One problem of a label set. An `error` makes the set invalid, a `warning` only harder to use."""

    model_config = ConfigDict(frozen=True)

    level: Literal["error", "warning"]
    rule: str
    subject: str
    text: str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LabelGroup(_Part):
    """A group of labels. The bot keeps at most one label of an `exclusive` group. In a `decision` group, it reverts
    changes by anybody but operators.
    """

    name: Name
    description: str = ""
    exclusive: bool
    decision: bool


class LabelDef(_Part):
    """One label. `exclusive` is Forgejo's flag, which removes other labels of a scope; `aliases` are earlier names."""

    name: Name
    color: str
    description: str = ""
    group: str
    exclusive: bool = False
    aliases: Annotated[tuple[Name, ...], Field(strict=False)] = ()


class LabelSet(_Part):
    """All labels with their groups. Lookups are by exact name, as on Forgejo, except in `is_decision`."""

    groups: Annotated[tuple[LabelGroup, ...], Field(strict=False)]
    labels: Annotated[tuple[LabelDef, ...], Field(strict=False)]

    @classmethod
    def load(cls, path: Path | None = None, *, check: bool = True) -> Self:
        """Gives the set in a file, or without `path` the set that is shipped with the program.

        Raises LabelFileError if the file cannot be read or is invalid. With `check` off, the errors that `faults` finds
        are ignored, so that a lint can show them with the other findings.
        """
        path = path or shipped_file()
        try:
            return cls.parse(path.read_text(encoding="utf-8"), str(path), check=check)
        except (OSError, UnicodeDecodeError) as fault:
            reason = fault.strerror if isinstance(fault, OSError) else "not UTF-8 text"
            raise LabelFileError([f"{path}: {reason}; pass the path of a readable label file"]) from None

    @classmethod
    def parse(cls, text: str, path: str = FILE, *, check: bool = True) -> Self:
        """Gives the set in a YAML text; see `load`."""
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
        """Gives the labels that exclude this one, in the order of the file."""
        group = self.group_of(name)
        if group is None or not group.exclusive:
            return ()
        return tuple(label.name for label in self.labels if label.group == group.name and label.name != name)

    def is_decision(self, name: str) -> bool:
        """Says whether a label is in a decision group, or looks like a label of one.

        Undeclared names are compared by family (`judge/anything`) and by look (`Judge/P0`, full-width letters),
        because a reader, or a rule on a prefix, would mistake them for the real label.
        """
        group = self.group_of(name)
        if group is not None:
            return group.decision
        looks = alike(name)
        return looks in self._decisions or looks.startswith(self._decision_families)

    def faults(self) -> Iterator[tuple[tuple[str | int, ...], LintFinding]]:
        """Gives the errors of the set, each with its place in the file."""
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
                text = f'the group "{group.name}" is declared twice; remove one'
                yield ("groups", index, "name"), _error("duplicate-group", group.name, text)
            groups.add(group.name)
        names: dict[str, str] = {}
        for index, label in enumerate(self.labels):
            for name in (label.name, *label.aliases):
                other = names.setdefault(alike(name), label.name)
                key = "name" if name == label.name else "aliases"
                if other != label.name or (key == "name" and self._by_name[name] is not label):
                    text = f'"{name}" is already a name or alias of "{other}" (case is ignored); rename one'
                    yield ("labels", index, key), _error("duplicate-name", label.name, text)

    def _label_faults(self, label: LabelDef) -> Iterator[tuple[str, str, str]]:
        if len(label.name) > NAME_LIMIT:
            yield (
                "name",
                "long-name",
                f'"{label.name}" is longer than {NAME_LIMIT} characters (Forgejo limit); shorten it',
            )
        if HEX.fullmatch(label.color) is None:
            yield "color", "bad-colour", f'invalid colour of "{label.name}"; use the form "#0e8a16"'
        if label.group not in self._groups:
            yield (
                "group",
                "unknown-group",
                f'unknown group "{label.group}" of "{label.name}"; declare the group or correct its name',
            )
        elif label.exclusive and (reason := self._flag_fault(label)):
            yield "exclusive", "bad-exclusive", f'"{label.name}" cannot have `exclusive`: {reason}'

    def _flag_fault(self, label: LabelDef) -> str | None:
        own = scope(label.name)
        if not own:
            return 'Forgejo supports it only for names with a scope, such as "size/small"; remove it'
        if not self._groups[label.group].exclusive:
            return f'its group "{label.group}" is not exclusive; make the group exclusive or remove the flag'
        for other in self.labels:
            if scope(other.name) == own and (other.group != label.group or not other.exclusive):
                return f'all labels of "{own}/" must be in one group and have the flag; "{other.name}" does not'
        return None


def scope(name: str) -> str:
    """Gives the exclusive scope of a label on Forgejo: the text before the last "/", or an empty string."""
    before, slash, after = name.rpartition("/")
    return before if slash and before and after else ""


def family(name: str) -> str:
    """Gives the family prefix of a label with its separator: `judge/`, `review:`, or an empty string."""
    own = scope(name)
    if own:
        return f"{own}/"
    before, colon, after = name.partition(":")
    return f"{before}:" if colon and before and after else ""


def alike(name: str) -> str:
    """Gives a normal form that is equal for all names that look the same to a reader."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def hex_colour(label: LabelDef) -> str:
    """Gives a label's colour in Forgejo's form: "#" and six digits. Raises ValueError for an invalid colour."""
    return f"#{normal(label.color)}"


def shipped_file() -> Path:
    """Gives the label file shipped with the program: in `bot/` if installed, else at the top of the checkout."""
    here = Path(__file__).parent.parent
    inside = here / FILE
    return inside if inside.is_file() else here.parent / FILE


def _error(rule: str, subject: str, text: str) -> LintFinding:
    return LintFinding(level="error", rule=rule, subject=subject, text=text)


_KEYS = frozenset(key for part in (LabelSet, LabelGroup, LabelDef) for key in part.model_fields)
