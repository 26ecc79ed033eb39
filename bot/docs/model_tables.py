"""Tables of what a check reads: the fields of `snapshot.inputs` and their items, from the docstrings of the model."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.docs.markdown import code, table

MODEL = Path(__file__).parents[1] / "model"
WORDS = {
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "yes or no",
    "datetime": "time",
    "None": "nothing",
    "Any": "anything",
}
"""Types in words; every other type is a value of the model."""

_ITEMS = ("observed.py", "evidence.py")


@dataclass(frozen=True)
class Attribute:
    """A field of a value: its name, its type in words, and the line that describes it."""

    name: str
    type: str
    about: str


def inputs_table() -> str:
    """Return each field of `Inputs` with its type in words and its meaning."""
    (inputs,) = (one for one in _classes("inputs.py") if one.name == "Inputs")
    return table(("field", "type", "meaning"), ((code(one.name), one.type, one.about) for one in _fields(inputs)))


def items_table() -> str:
    """Return each value that `Inputs` contains, with its fields and meaning, sorted by name."""
    known = {one.name: one for file in _ITEMS for one in _classes(file)}
    (inputs,) = (one for one in _classes("inputs.py") if one.name == "Inputs")
    wanted = _named_in(inputs, known)
    rows = (
        (code(name), ", ".join(code(one.name) for one in _fields(known[name])), _first_line(known[name]))
        for name in sorted(wanted)
    )
    return table(("value", "fields", "meaning"), rows)


def _classes(file: str) -> list[ast.ClassDef]:
    tree = ast.parse((MODEL / file).read_text(encoding="utf-8"))
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]


def _fields(value: ast.ClassDef) -> Iterator[Attribute]:
    """Yield the annotated names of a class, each with the text below it."""
    for place, node in enumerate(value.body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            below = value.body[place + 1] if place + 1 < len(value.body) else None
            about = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else ""
            yield Attribute(node.target.id, in_words(node.annotation), str(about).replace("|", "\\|"))


def in_words(annotation: ast.expr) -> str:
    """Gives an annotation of the model in words: `tuple[Leak, ...]` is a list of `Leak`."""
    match annotation:
        case ast.Name(id=name):
            return WORDS.get(name, code(name))
        case ast.Constant(value=None):
            return WORDS["None"]
        case ast.BinOp(left=left, right=right):
            return f"{in_words(left)} or {in_words(right)}"
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[item, *_])):
            return f"list of {in_words(item)}"
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, item])):
            return f"{in_words(item)} for each {in_words(key)}"
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, *_])):
            return in_words(inner)
    raise TypeError(f"{ast.unparse(annotation)} has no words in {__name__}; add some")


def _named_in(value: ast.ClassDef, known: dict[str, ast.ClassDef]) -> set[str]:
    """The values that a class names in its fields, and those that these name."""
    found = {name for one in _fields(value) for name in re.findall(r"`(\w+)`", one.type) if name in known}
    return found.union(*(_named_in(known[name], known) for name in found))


def _first_line(value: ast.ClassDef) -> str:
    return (ast.get_docstring(value) or "").partition("\n")[0].replace("|", "\\|")
