"""What all types of the API's answers have in common: frozen, blind to unknown fields, null the same as absent.

Forgejo gives null, `[]` or `""` for the same emptiness, by endpoint and by version, so a field that is null takes its
default, which is the empty value.
"""

from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from bot.forgejo.errors import Malformed, clean
from bot.text import described


def _never_is_none(value: Any) -> Any:
    # Go's zero time stands for "never".
    return None if isinstance(value, str) and value.startswith("0001-01-01") else value


Moment = Annotated[AwareDatetime | None, BeforeValidator(_never_is_none)]
"""A time with its zone, or None for never."""


class Reply(BaseModel):
    """An answer of the API, or a part of one."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: Any) -> Any:
        return {name: part for name, part in value.items() if part is not None} if isinstance(value, dict) else value

    @classmethod
    def of(cls, value: Any) -> Self:
        """Gives the typed form of decoded JSON. Raises Malformed, which names the fields and shows no content."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)[:5]
            wrong = "; ".join(f"{'.'.join(map(str, part['loc']))}: {described(part)}" for part in errors)
            raise Malformed("reading", cls.__name__, 0, clean(wrong)) from None
