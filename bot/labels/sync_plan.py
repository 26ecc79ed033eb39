"""What it takes to make a repository's or an organisation's labels those of a label set. It only plans: the same two
lists always give the same changes.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from bot.labels.catalog import LabelDef, LabelSet, alike, hex_colour

SHOWN = 80
"""Characters of a server's text in a line for people."""

Kind = Literal["create", "rename", "edit", "delete", "conflict"]
Fields = dict[str, str | bool]


class ExistingLabel(Protocol):
    """A label as the server answers with it (Forgejo API, definition `Label`)."""

    @property
    def id(self) -> int:
        """What a call names the label by."""

    @property
    def name(self) -> str:
        """Its name; not unique on Forgejo."""

    @property
    def color(self) -> str:
        """Six hexadecimal digits, with or without "#"."""

    @property
    def description(self) -> str:
        """What Forgejo shows on hovering."""

    @property
    def exclusive(self) -> bool:
        """Whether setting it takes off the others of its scope."""


class LabelChange(BaseModel):
    """One step. `fields` is the body of the call (POST for create, PATCH on `id` for rename and edit, else empty);
    `text` is one printable line for people, without markup. A conflict is for a human: nothing is to be written.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    name: str
    text: str
    id: int | None = None
    fields: Fields = {}


def plan_sync(
    wanted: LabelSet, existing: Sequence[ExistingLabel], used: Collection[str] | None, *, prune: bool
) -> tuple[LabelChange, ...]:
    """Gives the changes in the order of `wanted`, then those to labels that it doesn't list, by name.

    `used` names the labels that something carries; unlisted ones outside of it are deleted when `prune` is set.
    Renaming keeps a label's id, so what carries it goes on doing so. Raises ValueError where `prune` is set and
    `used` isn't known, or `wanted` has a bad colour.
    """
    if prune and used is None:
        raise ValueError("pruning needs the names of all labels in use; ask for them first")
    there = _There(wanted, existing)
    changes = [change for label in wanted.labels if (change := there.settle(label))]
    spare = frozenset(label.name for label in existing) - frozenset(used or ()) if prune else frozenset()
    return (*changes, *there.leftovers(spare))


def shown(text: str) -> str:
    """Gives a server's text in a form that can't move a terminal's cursor, hide letters or break the line."""
    safe = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[: SHOWN + 1])
    return f'"{safe if len(safe) <= SHOWN else safe[: SHOWN - 1] + "…"}"'


class _There:
    """The labels of the server, and which of them a wanted label has claimed by name or by an earlier name."""

    def __init__(self, wanted: LabelSet, existing: Sequence[ExistingLabel]) -> None:
        self._listed = {label.name for label in wanted.labels}
        self._existing = sorted(existing, key=lambda label: (label.name, label.id))
        self._count = Counter(label.name for label in existing)
        self._claimed: set[int] = set()
        self._former = {alike(name): label.name for label in wanted.labels for name in (label.name, *label.aliases)}

    def settle(self, label: LabelDef) -> LabelChange | None:
        """Gives what a wanted label needs, if anything."""
        found = self._find(label)
        if found is None:
            text = f"create {shown(label.name)} {hex_colour(label)}"
            return LabelChange(kind="create", name=label.name, text=text, fields=_fields(label))
        if self._count[found.name] > 1:
            return self._claim_doubles(found.name)
        self._claimed.add(found.id)
        return _mend(label, found)

    def leftovers(self, spare: Collection[str]) -> Iterator[LabelChange]:
        """Gives what to do about labels that no wanted one has claimed; those in `spare` may go."""
        told: set[str] = set()
        for label in self._existing:
            if label.id in self._claimed:
                continue
            if label.name in spare:
                text = f"delete {shown(label.name)}: not listed, and nothing carries it"
                yield LabelChange(kind="delete", name=label.name, id=label.id, text=text)
            elif label.name not in told and (text := self._complaint(label.name)):
                told.add(label.name)
                yield LabelChange(kind="conflict", name=label.name, text=text)

    def _find(self, label: LabelDef) -> ExistingLabel | None:
        candidates = [other for other in self._existing if other.id not in self._claimed]
        exact = next((other for other in candidates if other.name == label.name), None)
        if exact is not None:
            return exact
        free = [other for other in candidates if other.name not in self._listed]
        for name in (label.name, *label.aliases):
            same = [other for other in free if alike(other.name) == alike(name)]
            if same:
                return min(same, key=lambda other: (other.name != name, other.id))
        return None

    def _claim_doubles(self, name: str) -> LabelChange:
        doubles = [label.id for label in self._existing if label.name == name]
        self._claimed.update(doubles)
        return LabelChange(kind="conflict", name=name, text=self._doubled(name))

    def _complaint(self, name: str) -> str:
        if self._count[name] > 1:
            return self._doubled(name)
        newer = self._former.get(alike(name))
        if newer is None:
            return ""
        return f"conflict: {shown(name)} is another name of {shown(newer)}; move what carries it there, then delete it"

    def _doubled(self, name: str) -> str:
        ids = ", ".join(str(label.id) for label in self._existing if label.name == name)
        return f"conflict: {shown(name)} exists {self._count[name]} times (ids {ids}); move what carries one, delete it"


def _mend(label: LabelDef, found: ExistingLabel) -> LabelChange | None:
    seen: Fields = {
        "name": found.name,
        "color": "#" + found.color.strip().lstrip("#").lower(),
        "description": found.description,
        "exclusive": found.exclusive,
    }
    fields = {key: value for key, value in _fields(label).items() if value != seen[key]}
    if not fields:
        return None
    details = ", ".join(_detail(key, seen[key], value) for key, value in fields.items() if key != "name")
    if "name" in fields:
        text = f"rename {shown(found.name)} to {shown(label.name)}" + (f": {details}" if details else "")
        return LabelChange(kind="rename", name=label.name, id=found.id, text=text, fields=fields)
    return LabelChange(
        kind="edit", name=label.name, id=found.id, text=f"edit {shown(label.name)}: {details}", fields=fields
    )


def _detail(key: str, old: str | bool, new: str | bool) -> str:
    if key == "exclusive":
        return f"exclusive {'on' if new else 'off'}"
    return f"{key} {shown(str(old))} → {shown(str(new))}"


def _fields(label: LabelDef) -> Fields:
    return {
        "name": label.name,
        "color": hex_colour(label),
        "description": label.description,
        "exclusive": label.exclusive,
    }
