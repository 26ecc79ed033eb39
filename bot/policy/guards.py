"""The policy of the guards: what each one checks, and whether it blocks. All are off by default."""

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
    """Allowed base branches."""

    mode: Mode = Field(default="off", description="Effect of another base branch on the verdict.")
    allowed: tuple[Branch, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Patterns with `*` and `?` for allowed base branches; empty: the default branch.",
    )
    stacked: Switch = Field(
        default="on", description="Whether a pull request that names its open parent may have any base branch."
    )


class DriftRule(Section):
    """One rule: files that must change together."""

    name: str = Field(min_length=1, max_length=60, description="The rule's name in the report.")
    when: Paths = Field(min_length=1, description="Patterns as in `.gitignore`: if one of these files changes …")
    need: Paths = Field(min_length=1, description="… one of these files must change too.")


class DocsDriftGuard(Section):
    """Documents that must be updated together with other files."""

    mode: Mode = Field(default="off", description="Effect of outdated documents on the verdict.")
    rules: tuple[DriftRule, ...] = Field(
        default=(), max_length=MAX_RULES, description="Files that must change together."
    )
    mentions: Switch = Field(
        default="on", description="Whether documents that still mention a moved or deleted path are reported."
    )


class WorkflowLintGuard(Section):
    """Linting of changed workflows."""

    mode: Mode = Field(default="off", description="Effect of a linter finding on the verdict.")
    least: Literal["low", "medium", "high", "critical"] = Field(
        default="low", description="The minimum severity of reported findings."
    )
    ignore: tuple[LintRule, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Names of linter rules that are disabled."
    )


class ScopeModule(Section):
    """One module and its files."""

    name: ModuleName = Field(description="The module's name.")
    paths: Paths = Field(min_length=1, description="Patterns as in `.gitignore` for the module's files.")


class ScopeGuard(Section):
    """Touched modules, and which of them may be applied automatically."""

    mode: Mode = Field(default="off", description="Effect of a module that is not in `auto` on the verdict.")
    modules: tuple[ScopeModule, ...] = Field(default=(), max_length=MAX_RULES, description="The modules.")
    auto: tuple[ModuleName, ...] = Field(
        default=(), max_length=MAX_RULES, description="Names of the modules that may be applied automatically."
    )
    beside: Paths = Field(
        default=(), description="Patterns as in `.gitignore` for files that need no module, such as documentation."
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        names = [module.name for module in self.modules]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"duplicate module {twice[0]}; merge its paths into one entry")
        if unknown := [name for name in self.auto if name not in names]:
            raise ValueError(f"unknown module {unknown[0]} in `auto`; add it to `modules`, or remove it from `auto`")
        return self


class RedZoneGuard(Section):
    """Paths that always need an operator's approval."""

    mode: Mode = Field(
        default="off", description="Effect of a touched path without an operator's approval on the verdict."
    )
    paths: Paths = Field(
        default=(), description="Patterns as in `.gitignore` for paths that always need an operator's approval."
    )


class ModesGuard(Section):
    """Special files: executables, links, submodules, binaries."""

    mode: Mode = Field(default="off", description="Effect of an unexpected special file on the verdict.")
    executables: Paths = Field(
        default=(), description="Patterns as in `.gitignore` for files that may become executable."
    )
    binaries: Paths = Field(default=(), description="Patterns as in `.gitignore` for files that may be binary.")
    submodules: Paths = Field(default=(), description="Patterns as in `.gitignore` for submodules that may change.")


class GuardsPolicy(Section):
    """The guards: separate checks, each with its own mode."""

    base: BaseGuard = Field(default_factory=BaseGuard)
    docs_drift: DocsDriftGuard = Field(default_factory=DocsDriftGuard, alias="docs-drift")
    workflow_lint: WorkflowLintGuard = Field(default_factory=WorkflowLintGuard, alias="workflow-lint")
    scope: ScopeGuard = Field(default_factory=ScopeGuard)
    red_zone: RedZoneGuard = Field(default_factory=RedZoneGuard, alias="red-zone")
    modes: ModesGuard = Field(default_factory=ModesGuard)

    @model_validator(mode="after")
    def _few(self) -> Self:
        """Limit the patterns: each one is matched against up to some thousand changed files."""
        rules = [*self.docs_drift.rules, *self.scope.modules, self.scope, self.red_zone, self.modes]
        lists = ("when", "need", "paths", "beside", "executables", "binaries", "submodules")
        entries = sum(len(value) for rule in rules for name, value in rule if name in lists)
        if entries > MAX_IN_ALL:
            raise ValueError(f"too many patterns in the guards: {entries}, maximum {MAX_IN_ALL}; remove some")
        return self
