"""The common parts of all types of the API's answers: frozen, unknown fields ignored, null the same as absent.

Each type names its definition in the server's OpenAPI description, or a recording if there is no description. A test
compares names and types of the fields with it, so that no field is read that no server sends. Forgejo sends null, `[]`
or `""` for an empty value, depending on endpoint and version, so a null field gets its default, the empty value.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError, model_validator

from bot.forgejo.errors import Malformed, clean
from bot.text import described


def _never_is_none(value: datetime) -> datetime | None:
    # Go's zero time means "never", and so does the start of the epoch, which Actions report for unstarted jobs.
    return value if value.timestamp() > 0 else None


Moment = Annotated[AwareDatetime | None, AfterValidator(lambda value: value and _never_is_none(value))]
"""A time with its zone, or None for never."""


class Reply(BaseModel):
    """An answer of the API, or a part of one."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True)

    definition: ClassVar[str] = ""
    """The definition in the OpenAPI description; `A | B` if its name differs between versions."""
    recording: ClassVar[str] = ""
    """A recorded answer, for types without a description."""

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


R = TypeVar("R", bound=Reply)


class OneOf(Generic[R]):
    """An object with different fields on different servers: the first type whose `mark` is among them parses it."""

    def __init__(self, name: str, **marks: type[R]) -> None:
        self.name = name
        self.marks = marks

    def of(self, value: Any) -> R:
        """Return the typed form. Raises Malformed."""
        for mark, kind in self.marks.items():
            if isinstance(value, dict) and mark in value:
                return kind.of(value)
        raise Malformed("reading", self.name, 0, f"none of {', '.join(self.marks)} is there")
