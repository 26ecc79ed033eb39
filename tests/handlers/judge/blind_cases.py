"""Three times sixty cases that were written apart from the rules.

`blind/` was written before the rules were changed. After each measurement the misses of a set were read, the rules were
changed for their kinds, and a new set was written and measured: right in action and priority at first sight were 43 and
44 of sixty in `blind/`, 48 and 48 in `blind_again/`, 50 and 50 in `blind_third/`. `test_blind.py` holds what the rules
make of all of them now.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from tests.handlers.judge.judge_corpus import Action, Case

FOLDER = Path(__file__).parent
SETS = ("blind", "blind_again", "blind_third")
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


def blind_cases(group: str, folder: str = "blind") -> tuple[BlindCase, ...]:
    """Gives the cases of a group of one set, in their order."""
    read = YAML(typ="safe", pure=True).load((FOLDER / folder / f"{group}.yaml").read_text(encoding="utf-8"))
    return tuple(BlindCase.model_validate(one) for one in read)
