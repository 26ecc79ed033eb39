"""The policy of the labels: which facts give which labels."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from bot.policy.parts import Section, Switch

MAX_PATTERN = 200
MAX_ENTRIES = 100
MAX_RULES = 200
MAX_IN_ALL = 1000
"""Entries of all rules together: each is looked for in each of some thousand files, or in a long text."""


def _path_pattern(text: str) -> str:
    """A line that `.gitignore` passes over would make a rule that silently never fits."""
    if not text.strip(" /!") or text.startswith("#"):
        raise ValueError('fits no file; write a pattern such as "docs/" or "*.md"')
    return text


PathPattern = Annotated[str, Field(min_length=1, max_length=MAX_PATTERN), AfterValidator(_path_pattern)]
TextPattern = Annotated[str, Field(min_length=1, max_length=MAX_PATTERN)]
Size = Literal["tiny", "small", "medium", "large", "unknown"]
Tier = Literal["lite", "full", "stacked"]
State = Literal["open", "draft", "closed", "merged", "held", "new"]


class When(Section):
    """What has to hold, all of it; of each list one entry is enough. What isn't given holds always."""

    paths: tuple[PathPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Patterns as in `.gitignore`; one changed file that fits is enough.",
    )
    only: tuple[PathPattern, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="The same, and every changed file has to fit."
    )
    adds: tuple[TextPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Words or phrases, in any case, in lines added to files other than documentation and tests.",
    )
    title: tuple[TextPattern, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Patterns with `*` and `?` for the whole title, in any case."
    )
    type: tuple[TextPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Types of a conventional title, such as `fix` of `fix(ui): …`; `breaking` for one marked with `!`.",
    )
    scope: tuple[TextPattern, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Scopes of a conventional title, such as `ui` of `fix(ui): …`."
    )
    words: tuple[TextPattern, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Words or phrases in title or description, in any case."
    )
    sections: tuple[TextPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Patterns for headings of the description that have text under them, in any case.",
    )
    author: tuple[TextPattern, ...] = Field(default=(), max_length=MAX_ENTRIES, description="Logins.")
    by: tuple[Literal["agent", "other"], ...] = Field(
        default=(), description="`agent` for accounts under `agents` and agents known by name, `other` for the rest."
    )
    kind: tuple[Literal["issue", "pull"], ...] = Field(default=(), description="Issues, pull requests, or both.")
    state: tuple[State, ...] = Field(
        default=(),
        description="States; `held` is open and on hold, `new` is an issue that was opened since the bot is here.",
    )
    base: tuple[TextPattern, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Patterns for the branch that a pull request goes into."
    )
    size: tuple[Size, ...] = Field(default=(), description="Sizes, as in `size/*`.")
    tier: tuple[Tier, ...] = Field(default=(), description="Tiers, as in `tier/*`.")
    secrets: tuple[Literal["low", "medium", "high", "critical"], ...] = Field(
        default=(), description="Severities of secrets that were found and that nobody accepted."
    )


class LabelRule(Section):
    """One rule: labels for what fits."""

    name: str = Field(min_length=1, max_length=60, description="What `assay policy explain` calls the rule.")
    when: When = Field(description="What has to hold.")
    labels: tuple[str, ...] = Field(
        min_length=1, max_length=MAX_ENTRIES, description="Labels that are declared, and of no decision family."
    )


class LabelsPolicy(Section):
    """Labels by rule: the built-in ones are on without any policy."""

    mode: Switch = Field(default="on", description="Whether labels are set by rule.")
    defaults: Switch = Field(default="on", description="Whether the built-in rules hold beside those given here.")
    rules: tuple[LabelRule, ...] = Field(default=(), max_length=MAX_RULES, description="The repository's own rules.")

    @model_validator(mode="after")
    def _few(self) -> Self:
        entries = sum(len(getattr(rule.when, name)) for rule in self.rules for name in When.model_fields)
        if entries > MAX_IN_ALL:
            raise ValueError(f"the rules have {entries} conditions' entries, over {MAX_IN_ALL}; leave some out")
        return self
