"""A repository's policy, `.forgejo/assay.yml`: its model, its loading with errors that name file, line, key and fix,
and the part of a change that takes effect before an operator trusts it.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable
from typing import Literal, get_args

from pydantic import BaseModel, Field

from bot.policy.commands import CommandsPolicy
from bot.policy.contract import ContractPolicy
from bot.policy.guards import GuardsPolicy
from bot.policy.judge import JudgePolicy
from bot.policy.labels import LabelsPolicy
from bot.policy.lint import mistakes
from bot.policy.merge import IncidentPolicy, MergePolicy
from bot.policy.parts import Login, Section
from bot.policy.secret_leak import SecretLeakPolicy
from bot.policy.soaks import MAX_GATES, MAX_SOAKS, GatePolicy, SoakPolicy
from bot.text import YamlFile, YamlFileError

PATH = ".forgejo/assay.yml"
Resolve = Callable[[tuple[str, ...]], tuple[str, ...]]
"""Returns the names of the accounts that a list of logins means."""
MAX_LISTED = 100


class Policy(Section):
    """The repository's rules. Security-relevant settings take effect once an operator trusted this very file: by an
    approving review, with `/trust`, or with `assay policy trust`.
    """

    version: Literal[1] = Field(default=1, description="The version of this format.")
    operators: tuple[Login, ...] | None = Field(
        default=None,
        description="The operators of this repository, a subset of those in the bot's settings; not set: all of them.",
    )
    agents: tuple[Login, ...] = Field(
        default=(), description="Accounts of coding agents; they cannot use slash commands."
    )
    writers: tuple[Login, ...] = Field(
        default=(), description="Accounts that may set labels of decision groups that no check has set."
    )
    statuses: Literal["each", "failing", "one"] = Field(
        default="failing",
        description="Statuses beside `assay`: of each check, of each check once it was not green on the head, or none.",
    )
    secret_leak: SecretLeakPolicy = Field(default_factory=SecretLeakPolicy, alias="secret-leak")
    incident: IncidentPolicy = Field(default_factory=IncidentPolicy)
    judge: JudgePolicy = Field(default_factory=JudgePolicy)
    labels: LabelsPolicy = Field(default_factory=LabelsPolicy)
    commands: CommandsPolicy = Field(default_factory=CommandsPolicy)
    contract: ContractPolicy = Field(default_factory=ContractPolicy)
    guards: GuardsPolicy = Field(default_factory=GuardsPolicy)
    merge: MergePolicy = Field(default_factory=MergePolicy)
    soaks: tuple[SoakPolicy, ...] = Field(
        default=(), max_length=MAX_SOAKS, description="Changes that must prove themselves before the next step."
    )
    gates: tuple[GatePolicy, ...] = Field(
        default=(),
        max_length=MAX_GATES,
        description="Steps that only an operator can open, in addition to those of the soaks.",
    )

    def logins(self) -> tuple[str, ...]:
        """Return the logins in all lists of the policy, each once."""
        soaks = (login for soak in self.soaks for login in soak.evidence_from)
        authors = (login for rule in self.labels.rules for login in rule.when.author)
        listed = (*(self.operators or ()), *self.agents, *self.writers, *self.judge.judges, *soaks, *authors)
        return tuple(dict.fromkeys(listed))

    def with_logins(self, resolve: Resolve, resolve_agents: Resolve) -> "Policy":
        """Return the policy with all lists of logins resolved; the list of agents has its own way."""
        labels = [
            rule.model_copy(update={"when": rule.when.model_copy(update={"author": resolve(rule.when.author)})})
            for rule in self.labels.rules
        ]
        return self.model_copy(
            update={
                "operators": None if self.operators is None else resolve(self.operators),
                "agents": resolve_agents(self.agents),
                "writers": resolve(self.writers),
                "judge": self.judge.model_copy(update={"judges": resolve(self.judge.judges)}),
                "soaks": tuple(
                    one.model_copy(update={"evidence_from": resolve(one.evidence_from)}) for one in self.soaks
                ),
                "labels": self.labels.model_copy(update={"rules": tuple(labels)}),
            }
        )

    def narrowed(self, operators: tuple[str, ...]) -> "Policy":
        """Return the policy with its operators limited to those of the process's settings."""
        kept = self.operators
        chosen = operators if kept is None else tuple(name for name in operators if named(name, kept))
        return self.model_copy(update={"operators": chosen})


TRUSTED_KEYS = (
    "operators",
    "agents",
    "writers",
    "secret_leak",
    "incident",
    "judge",
    "labels",
    "commands",
    "contract",
    "guards",
    "merge",
    "soaks",
    "gates",
)
"""The security-relevant settings. They include whole checks, because a policy can disable a check."""


class PolicyError(YamlFileError):
    """An invalid policy; `problems` are lines for its author, each with place, key and fix."""


def load(text: str, *, path: str = PATH, models: Collection[str] | None = None) -> Policy:
    """Return the policy of a YAML text; an empty text is the default policy. `models` are the names in the bot's
    settings, if they are known.

    Raises PolicyError with one line for each error.
    """
    policy, file = _read(text, path)
    found = [f"{path}:{file.line_of(*at)}: `{'.'.join(map(str, at))}`: {told}" for at, told in mistakes(policy, models)]
    if found:
        raise PolicyError([*found[:MAX_LISTED], *([f"{path}: more errors"] if len(found) > MAX_LISTED else [])])
    return policy


def load_stored(text: str, *, path: str = PATH) -> Policy:
    """Return a policy that was accepted before, without the checks that `load` makes of a new file.

    Raises PolicyError if this version cannot read it.
    """
    return _read(text, path)[0]


def _read(text: str, path: str) -> tuple[Policy, YamlFile]:
    try:
        file = YamlFile(text, path)
        return Policy() if file.empty else file.read(Policy, _known_keys(Policy)), file
    except YamlFileError as fault:
        raise PolicyError(fault.problems) from None


def named(login: str, names: Iterable[str]) -> bool:
    """Return whether an account is among the names; case is ignored, and a deleted account has an empty login."""
    return bool(login) and login.casefold() in {name.casefold() for name in names}


def is_agent(login: str, agents: Iterable[str]) -> bool:
    """Return whether an account is among the agents. `codex#9`, an account that only has or had an agent's login, is
    one: a restriction holds for all accounts of its login, a right for one.
    """
    return named(login.partition("#")[0], agents)


def text_digest(text: str) -> str:
    """Return what names a policy file in `/trust`: the SHA-256 of its text as 64 hexadecimal digits.

    It is of the whole text and not of what the settings mean, so that no other text ever has it, also under another
    version of the bot; `sha256sum` prints the same for the file. Secrets in it are masked first, as in what takes
    effect.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def effective(current: Policy, trusted: Policy | None) -> tuple[Policy, tuple[str, ...]]:
    """Return the policy in force, and the names of security-relevant settings that no operator has trusted.

    Without a trusted policy, security-relevant settings have their defaults.
    """
    known = trusted or Policy()
    waiting = [key for key in TRUSTED_KEYS if getattr(current, key) != getattr(known, key)]
    if not waiting:
        return current, ()
    kept = current.model_copy(update={key: getattr(known, key) for key in waiting})
    return kept, tuple(key.replace("_", "-") for key in waiting)


def _known_keys(model: type[BaseModel]) -> list[str]:
    """Return the keys of all sections, those in lists too, as suggestions for a misspelled key."""
    names: list[str] = []
    for name, field in model.model_fields.items():
        names.append(field.alias or name)
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                names += _known_keys(inner)
    return names
