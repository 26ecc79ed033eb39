"""Sixty cases that were written before the rules were changed for them, and apart from the rules.

They are in `blind/`, one file for each group. What the rules make of them is held by `test_blind.py`.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from tests.handlers.judge.judge_corpus import Action, Case

FOLDER = Path(__file__).parent / "blind"
GROUPS = ("operator", "agent_work", "unclear", "hostile")


class BlindCase(BaseModel):
    """One case with what an operator expects, and why. `floor`: its operator matter must not be lowered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["issue", "pull"]
    title: str
    body: str
    expected: Action
    priority: Literal["p0", "p1", "p2", "p3"]
    why: str
    author: str = "codex"
    labels: tuple[str, ...] = ()
    files: tuple[tuple[str, int, int], ...] = ()
    added: str = ""
    also_right: tuple[Action, ...] = ()
    also_priority: tuple[str, ...] = ()
    floor: bool = False

    @property
    def case(self) -> Case:
        """Gives the case in the form that the rules' other cases have."""
        fields: dict[str, Any] = self.model_dump(exclude={"priority", "also_priority", "floor", "why"})
        return Case(**fields, priority=self.priority)

    def accepts_priority(self, priority: str) -> bool:
        """Gives True for the expected priority and for the others that can be defended."""
        return priority == self.priority or priority in self.also_priority


def blind_cases(group: str) -> tuple[BlindCase, ...]:
    """Gives the cases of a group, in their order."""
    read = YAML(typ="safe", pure=True).load((FOLDER / f"{group}.yaml").read_text(encoding="utf-8"))
    return tuple(BlindCase.model_validate(one) for one in read)
