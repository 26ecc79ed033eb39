"""Groups options in a dataclass, so that a command with many options has few parameters."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any


def with_options(made: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds the options of a dataclass; the command gets them as one value, `given`."""
    return functools.partial(_with, made)


def _with(made: type[Any], command: Callable[..., None]) -> Callable[..., None]:
    shape = inspect.signature(command)

    @functools.wraps(command)
    def taken(**values: object) -> None:
        given = made(**{one.name: values.pop(one.name) for one in fields(made)})
        command(**values, given=given)

    options = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=one.default if one.default_factory is MISSING else one.default_factory(),
            annotation=one.type,
        )
        for one in fields(made)
    ]
    own = [one.replace(kind=one.KEYWORD_ONLY) for name, one in shape.parameters.items() if name != "given"]
    taken.__signature__ = shape.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    return taken
