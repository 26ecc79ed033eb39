"""Plans the changes that make the labels of a repository or an organisation match a label set. Pure: the same two lists
always give the same changes.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from bot.labels.catalog import LabelDef, LabelSet, alike, hex_colour

SHOWN = 80
"""Maximum characters of a server's text in a message."""

Kind = Literal["create", "rename", "edit", "fold", "delete", "conflict"]
Fields = dict[str, str | bool]


class ExistingLabel(Protocol):
    """A label in the server's response (Forgejo API, definition `Label`)."""

    @property
    def id(self) -> int:
        """The id that identifies the label in API calls."""

    @property
    def name(self) -> str:
        """The name; not unique on Forgejo."""

    @property
    def color(self) -> str:
        """Six hexadecimal digits, with or without "#"."""

    @property
    def description(self) -> str:
        """The text that Forgejo shows on hovering."""

    @property
    def exclusive(self) -> bool:
        """Whether setting it removes the other labels of its scope."""


class LabelChange(BaseModel):
    """One step. `fields` is the body of the call (POST for create, PATCH on `id` for rename and edit, else empty);
    `text` is one printable line for people, without markup. A conflict needs a human; nothing is written for it. A fold
    keeps `id`, moves what carries one of the ids of `doubles` to it, and deletes these.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    name: str
    text: str
    id: int | None = None
    fields: Fields = {}
    doubles: tuple[int, ...] = ()


def plan_sync(
    wanted: LabelSet,
    existing: Sequence[ExistingLabel],
    used: Collection[str] | None,
    *,
    prune: bool,
    fold: bool = False,
) -> tuple[LabelChange, ...]:
    """Gives the changes in the order of `wanted`, then those to undeclared labels, by name.

    `used` contains the labels in use; other undeclared labels are deleted if `prune` is set. A renamed label keeps its
    id, so issues and pull requests keep it. With `fold`, definitions of one label that are exactly as declared become
    one: a definition with another colour or text is somebody's own and stays. Raises ValueError if `prune` is set
    without `used`, or `wanted` has an invalid colour.
    """
    if prune and used is None:
        raise ValueError("pruning needs the names of all labels in use")
    there = _There(wanted, existing, fold=fold)
    changes = [change for label in wanted.labels if (change := there.settle(label))]
    spare = frozenset(label.name for label in existing) - frozenset(used or ()) if prune else frozenset()
    return (*changes, *there.leftovers(spare))


def shown(text: str) -> str:
    """Gives a server's text, quoted and escaped so that it cannot move the cursor, hide letters or break the line."""
    safe = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[: SHOWN + 1])
    return f'"{safe if len(safe) <= SHOWN else safe[: SHOWN - 1] + "…"}"'


class _There:
    """The labels on the server, and those that a wanted label matches by name or by alias."""

    def __init__(self, wanted: LabelSet, existing: Sequence[ExistingLabel], *, fold: bool) -> None:
        self._fold = fold
        self._listed = {label.name for label in wanted.labels}
        self._existing = sorted(existing, key=lambda label: (label.name, label.id))
        self._count = Counter(label.name for label in existing)
        self._claimed: set[int] = set()
        self._former = {alike(name): label.name for label in wanted.labels for name in (label.name, *label.aliases)}

    def settle(self, label: LabelDef) -> LabelChange | None:
        """Gives the change that a wanted label needs, or None."""
        found = self._find(label)
        if found is None:
            text = f"create {shown(label.name)} {hex_colour(label)}"
            return LabelChange(kind="create", name=label.name, text=text, fields=_fields(label))
        if self._count[found.name] > 1:
            return self._claim_doubles(found.name, label)
        self._claimed.add(found.id)
        return _update(label, found)

    def leftovers(self, spare: Collection[str]) -> Iterator[LabelChange]:
        """Gives the changes for labels that match no wanted one; those in `spare` may be deleted."""
        reported: set[str] = set()
        for label in self._existing:
            if label.id in self._claimed:
                continue
            if label.name in spare:
                text = f"delete {shown(label.name)}: not declared and not in use"
                yield LabelChange(kind="delete", name=label.name, id=label.id, text=text)
            elif label.name not in reported and (text := self._complaint(label.name)):
                reported.add(label.name)
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

    def _claim_doubles(self, name: str, label: LabelDef) -> LabelChange:
        doubles = [other for other in self._existing if other.name == name]
        self._claimed.update(other.id for other in doubles)
        if self._fold and name == label.name and all(_update(label, other) is None for other in doubles):
            oldest, *rest = sorted(other.id for other in doubles)
            ids = ", ".join(map(str, rest))
            text = (
                f"fold {shown(name)}: {len(doubles)} equal definitions become one, id {oldest}; ids {ids} are deleted"
            )
            return LabelChange(kind="fold", name=name, id=oldest, text=text, doubles=tuple(rest))
        return LabelChange(kind="conflict", name=name, text=self._doubled(name))

    def _complaint(self, name: str) -> str:
        if self._count[name] > 1:
            return self._doubled(name)
        newer = self._former.get(alike(name))
        if newer is None:
            return ""
        return f"conflict: {shown(name)} duplicates {shown(newer)}; relabel its uses, then delete it"

    def _doubled(self, name: str) -> str:
        ids = ", ".join(str(label.id) for label in self._existing if label.name == name)
        times = f"{self._count[name]} times (ids {ids})"
        return f"conflict: {shown(name)} exists {times}; keep one, relabel the uses of the others, then delete them"


def _update(label: LabelDef, found: ExistingLabel) -> LabelChange | None:
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
