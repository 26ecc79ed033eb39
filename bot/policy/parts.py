"""The common parts of a policy's sections."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Login = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Fingerprint = Annotated[str, Field(pattern=r"^[a-z]{2}_[0-9a-f]{16}$")]


def _unquoted_off(value: object) -> object:
    """Return `off` for false: YAML 1.1 reads an unquoted `off` as false."""
    return "off" if value is False else value


def _unquoted(value: object) -> object:
    return "on" if value is True else _unquoted_off(value)


Mode = Annotated[Literal["block", "advise", "off"], BeforeValidator(_unquoted_off)]
Switch = Annotated[Literal["on", "off"], BeforeValidator(_unquoted)]


class Section(BaseModel):
    """A section of the policy; unknown keys are errors, so a typo never disables a rule silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
