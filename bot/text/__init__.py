"""Text of users, Markdown and YAML: escaping, reading, and errors with their line.

Knows no other room; any room may use it.
"""

from bot.text.escape import INVISIBLE, code, cut, inert_json, plain, visible
from bot.text.markdown import READ, pieces
from bot.text.path_mentions import MOST, cleaned, path_names, words
from bot.text.yaml_lines import line_under
from bot.text.yaml_model import MAX_BYTES, YamlFile, YamlFileError
from bot.text.yaml_scalars import UNUSABLE, tell_bad_values

__all__ = [
    "INVISIBLE",
    "MAX_BYTES",
    "MOST",
    "READ",
    "UNUSABLE",
    "YamlFile",
    "YamlFileError",
    "cleaned",
    "code",
    "cut",
    "inert_json",
    "line_under",
    "path_names",
    "pieces",
    "plain",
    "tell_bad_values",
    "visible",
    "words",
]
