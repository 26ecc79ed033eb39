"""The policy of the guards: what each watches over, and whether it blocks. All are off until the policy names them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bot.policy.labels import MAX_ENTRIES, MAX_IN_ALL, PathPattern
from bot.policy.parts import Mode, Section, Switch

MAX_RULES = 200

Branch = Annotated[str, Field(min_length=1, max_length=200)]
ModuleName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,59}$")]
LintRule = Annotated[str, Field(min_length=1, max_length=100)]
Paths = Annotated[tuple[PathPattern, ...], Field(max_length=MAX_ENTRIES)]


class BaseGuard(Section):
    """Which branches a pull request may go into."""

    mode: Mode = Field(default="off", description="What a pull request into another branch does to the verdict.")
    allowed: tuple[Branch, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Patterns with `*` and `?` for the branches allowed; empty: the default branch.",
    )
    stacked: Switch = Field(
        default="on", description="Whether any other branch is allowed to a pull request that names its open parent."
    )


class DriftRule(Section):
    """One rule: what has to change together."""

    name: str = Field(min_length=1, max_length=60, description="What the report calls the rule.")
    when: Paths = Field(min_length=1, description="Patterns as in `.gitignore`: when one of these files changes …")
    need: Paths = Field(min_length=1, description="… one of these has to change with it.")


class DocsDriftGuard(Section):
    """Whether documents keep up with what they are about."""

    mode: Mode = Field(default="off", description="What documents that fell behind do to the verdict.")
    rules: tuple[DriftRule, ...] = Field(
        default=(), max_length=MAX_RULES, description="What has to change together with what."
    )
    mentions: Switch = Field(
        default="on", description="Whether documents count that still name a path that was moved or deleted."
    )


class WorkflowLintGuard(Section):
    """What linters say of changed workflows."""

    mode: Mode = Field(default="off", description="What a linter's finding does to the verdict.")
    least: Literal["low", "medium", "high", "critical"] = Field(
        default="low", description="The least severity that counts."
    )
    ignore: tuple[LintRule, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Rules of the linters that don't count, by their names."
    )


class ScopeModule(Section):
    """One module: the files that belong to it."""

    name: ModuleName = Field(description="The module's name.")
    paths: Paths = Field(min_length=1, description="Patterns as in `.gitignore` for the module's files.")


class ScopeGuard(Section):
    """Which modules a pull request touches, and which of these may be applied by machines alone."""

    mode: Mode = Field(default="off", description="What a module that may not be applied alone does to the verdict.")
    modules: tuple[ScopeModule, ...] = Field(default=(), max_length=MAX_RULES, description="The modules.")
    auto: tuple[ModuleName, ...] = Field(
        default=(), max_length=MAX_RULES, description="Names of the modules that may be applied automatically."
    )
    beside: Paths = Field(
        default=(), description="Patterns for files that belong to no module and needn't, such as documentation."
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        names = [module.name for module in self.modules]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the module {twice[0]} stands here twice; put its paths together")
        if unknown := [name for name in self.auto if name not in names]:
            raise ValueError(f"`auto` names {unknown[0]}, which is no module here; add it to `modules`, or take it out")
        return self


class RedZoneGuard(Section):
    """What always needs an operator."""

    mode: Mode = Field(default="off", description="What a touched path without an operator's approval does.")
    paths: Paths = Field(default=(), description="Patterns as in `.gitignore` for what always needs an operator.")


class ModesGuard(Section):
    """Files that are more than text: programs, links, submodules, binaries."""

    mode: Mode = Field(default="off", description="What such a file does to the verdict.")
    executables: Paths = Field(default=(), description="Patterns for files that may become executable.")
    binaries: Paths = Field(default=(), description="Patterns for files that may be binary.")
    submodules: Paths = Field(default=(), description="Patterns for submodules that may change.")


class GuardsPolicy(Section):
    """The guards: each a check of its own, with its own mode."""

    base: BaseGuard = Field(default_factory=BaseGuard)
    docs_drift: DocsDriftGuard = Field(default_factory=DocsDriftGuard, alias="docs-drift")
    workflow_lint: WorkflowLintGuard = Field(default_factory=WorkflowLintGuard, alias="workflow-lint")
    scope: ScopeGuard = Field(default_factory=ScopeGuard)
    red_zone: RedZoneGuard = Field(default_factory=RedZoneGuard, alias="red-zone")
    modes: ModesGuard = Field(default_factory=ModesGuard)

    @model_validator(mode="after")
    def _few(self) -> Self:
        """Each pattern is held against each of some thousand changed files."""
        rules = [*self.docs_drift.rules, *self.scope.modules, self.scope, self.red_zone, self.modes]
        lists = ("when", "need", "paths", "beside", "executables", "binaries", "submodules")
        entries = sum(len(value) for rule in rules for name, value in rule if name in lists)
        if entries > MAX_IN_ALL:
            raise ValueError(f"the guards have {entries} patterns, over {MAX_IN_ALL}; leave some out")
        return self
