"""Text of users, Markdown and YAML: escaping, reading, and errors with their line.

Imports no other package; any package may use it.

Public modules: `forgejo_blocks`, `html_cover`, `invisible`, `markdown`, `path_mentions`, `shown_lines`.
"""

from bot.text.escape import INVISIBLE, cell, code, cut, inert_json, plain, visible
from bot.text.validation import described
from bot.text.yaml_lines import line_under
from bot.text.yaml_model import MAX_BYTES, YamlFile, YamlFileError
from bot.text.yaml_scalars import UNUSABLE, tell_bad_values

__all__ = [
    "INVISIBLE",
    "MAX_BYTES",
    "UNUSABLE",
    "YamlFile",
    "YamlFileError",
    "cell",
    "code",
    "cut",
    "described",
    "inert_json",
    "line_under",
    "plain",
    "tell_bad_values",
    "visible",
]
