"""Enables checks that a policy disables, for commands that name a check."""

from collections.abc import Collection
from contextlib import suppress

from pydantic import ValidationError

from bot.policy import Policy
from bot.policy.parts import Section


def off(policy: Policy, checks: Collection[str]) -> frozenset[str]:
    """Return those of these checks that the policy disables."""
    return frozenset(check for check in checks if getattr(_section(policy, check), "mode", "") == "off")


def switched_on(policy: Policy, checks: Collection[str]) -> Policy:
    """Return the policy with these checks enabled.

    A disabled check gets its default mode, or its strictest mode if the default is off.
    """
    guards, sections = dict[str, Section](), dict[str, Section]()
    for check in off(policy, checks):
        section, name = _section(policy, check), _attribute(check)
        default = type(section).model_fields["mode"].default if section else "off"
        modes = (default,) if default != "off" else ("block", "on")
        (guards if name not in type(policy).model_fields else sections)[name] = _with_mode(section, modes)
    changed = policy.guards.model_copy(update=guards)
    return policy.model_copy(update={**sections, "guards": changed})


def _with_mode(section: Section | None, modes: Collection[str]) -> Section:
    """Return the section with the first of these modes that it supports."""
    for mode in modes:
        with suppress(ValidationError):
            if section is not None:
                return type(section).model_validate({**section.model_dump(by_alias=True), "mode": mode})
    raise TypeError(f"{type(section).__name__} supports none of the modes {', '.join(modes)}")


def _attribute(check: str) -> str:
    return check.replace("-", "_")


def _section(policy: Policy, check: str) -> Section | None:
    name = _attribute(check)
    found = getattr(policy, name, None) or getattr(policy.guards, name, None)
    return found if isinstance(found, Section) else None
