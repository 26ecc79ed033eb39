"""A repository's policy, `.forgejo/assay.yml`: its model, its loading with errors that name file, line, key and mend,
and how much of a change takes effect before an operator trusts it.
"""

from collections.abc import Iterable
from typing import Literal, Self, get_args

from pydantic import BaseModel, Field, model_validator

from bot.policy.commands import CommandsPolicy
from bot.policy.contract import ContractPolicy
from bot.policy.guards import GuardsPolicy
from bot.policy.judge import JudgePolicy
from bot.policy.labels import LabelsPolicy
from bot.policy.merge import MergePolicy
from bot.policy.parts import Login, Section
from bot.policy.secret_leak import SecretLeakPolicy
from bot.policy.soaks import MAX_GATES, MAX_SOAKS, GatePolicy, SoakPolicy
from bot.text import YamlFile, YamlFileError

PATH = ".forgejo/assay.yml"


class Policy(Section):
    """The repository's rules. What it trusts takes effect once an operator merged it or ran `assay policy trust`."""

    version: Literal[1] = Field(default=1, description="The version of this format.")
    operators: tuple[Login, ...] | None = Field(
        default=None,
        description="Which of the operators in the bot's own settings decide here. It can only narrow them.",
    )
    agents: tuple[Login, ...] = Field(default=(), description="Accounts of coding agents: they command nothing.")
    writers: tuple[Login, ...] = Field(
        default=(), description="Accounts trusted to set labels of decision families where no check has an opinion."
    )
    secret_leak: SecretLeakPolicy = Field(default_factory=SecretLeakPolicy, alias="secret-leak")
    judge: JudgePolicy = Field(default_factory=JudgePolicy)
    labels: LabelsPolicy = Field(default_factory=LabelsPolicy)
    commands: CommandsPolicy = Field(default_factory=CommandsPolicy)
    contract: ContractPolicy = Field(default_factory=ContractPolicy)
    guards: GuardsPolicy = Field(default_factory=GuardsPolicy)
    merge: MergePolicy = Field(default_factory=MergePolicy)
    soaks: tuple[SoakPolicy, ...] = Field(
        default=(), max_length=MAX_SOAKS, description="Changes that prove themselves before the next step."
    )
    gates: tuple[GatePolicy, ...] = Field(
        default=(), max_length=MAX_GATES, description="Steps that only an operator opens, beside those of the soaks."
    )

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [soak.name for soak in self.soaks]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the soak {twice[0]} stands here twice; give one of them another name")
        phrases = [soak.gate.casefold() for soak in self.soaks if soak.gate]
        phrases += [gate.phrase.casefold() for gate in self.gates]
        if twice := sorted({phrase for phrase in phrases if phrases.count(phrase) > 1}):
            raise ValueError(f"the phrase {twice[0]} opens two gates; give each its own")
        return self

    def narrowed(self, operators: tuple[str, ...]) -> "Policy":
        """Gives the policy with its operators narrowed to those of the process's settings."""
        kept = self.operators
        chosen = operators if kept is None else tuple(name for name in operators if named(name, kept))
        return self.model_copy(update={"operators": chosen})


TRUSTED_KEYS = (
    "operators",
    "agents",
    "writers",
    "secret_leak",
    "judge",
    "labels",
    "commands",
    "contract",
    "guards",
    "merge",
    "soaks",
    "gates",
)
"""What a policy trusts. Whole checks are among it: switching one off is the widest trust there is."""


class PolicyError(YamlFileError):
    """A policy that can't be used; `problems` are lines for its author, each with place, key and mend."""


def load(text: str, *, path: str = PATH) -> Policy:
    """Gives the policy that a YAML text holds; an empty text is the default policy.

    Raises PolicyError with one line for each thing wrong.
    """
    try:
        file = YamlFile(text, path)
        return Policy() if file.empty else file.read(Policy, _known_keys(Policy))
    except YamlFileError as fault:
        raise PolicyError(fault.problems) from None


def named(login: str, names: Iterable[str]) -> bool:
    """Says whether an account is among names; logins differ by more than case, and one that is gone has none."""
    return bool(login) and login.casefold() in {name.casefold() for name in names}


def effective(current: Policy, trusted: Policy | None) -> tuple[Policy, tuple[str, ...]]:
    """Gives the policy in force and a note for each change in what it trusts that no operator has confirmed.

    Without a trusted policy the defaults hold for what a policy trusts.
    """
    known = trusted or Policy()
    waiting = [key for key in TRUSTED_KEYS if getattr(current, key) != getattr(known, key)]
    if not waiting:
        return current, ()
    kept = current.model_copy(update={key: getattr(known, key) for key in waiting})
    names = ", ".join(key.replace("_", "-") for key in waiting)
    note = (
        f"{PATH} changed {names} without an operator's merge; the earlier values stay in force "
        "until an operator runs: assay policy trust"
    )
    return kept, (note,)


def _known_keys(model: type[BaseModel]) -> list[str]:
    """Names of all sections' keys, those in lists of sections too: what a misspelt one may have meant."""
    names: list[str] = []
    for name, field in model.model_fields.items():
        names.append(field.alias or name)
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                names += _known_keys(inner)
    return names
