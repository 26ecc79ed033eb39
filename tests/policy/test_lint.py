"""A policy that can't do what its author meant is refused in a new file, and told with its line and what to write."""

import pytest

from bot.policy import PATH, Policy, PolicyError, load, load_stored, misplaced
from bot.policy.lint import pattern_fault


def problems(text: str, models: tuple[str, ...] | None = None) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        load(text, models=models)
    return caught.value.problems


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("./infra/", 'has "." or ".."'),
        ("./infra", 'has "." or ".."'),
        ("!./infra/", 'has "." or ".."'),
        ("infra/./x", 'has "." or ".."'),
        ("infra/../x", 'has "." or ".."'),
        ("../infra/", 'has "." or ".."'),
        ("infra/..", 'has "." or ".."'),
        (".", 'has "." or ".."'),
        ("..", 'has "." or ".."'),
        ("./", 'has "." or ".."'),
        ("/./infra", 'has "." or ".."'),
        ("infra//x", 'has "//"'),
        ("//infra", 'has "//"'),
        ("infra//", 'has "//"'),
        ("**//x", 'has "//"'),
        ("https://git.example.org/owner/repo/infra/", "is a URL"),
        ("file:///srv/x", "is a URL"),
        ("C:/infra/", "is a path on a disk"),
        ("C:\\infra", "is a path on a disk"),
        ("~/infra/", "is a path on a disk"),
        ("infra\\main.tf", "has a backslash"),
        ("\\*.tf", "has a backslash"),
        ("{infra,deploy}/", "has braces"),
        ("*.{yml,yaml}", "has braces"),
        ("{a,{b,c}}/x", "has braces"),
        ("host-{1..3}.yml", "has braces"),
        ("(infra|deploy)/", 'has "|"'),
        ("infra/|deploy/", 'has "|"'),
        ("^infra/", "is a regular expression"),
        ("infra/.*$", "is a regular expression"),
        ("infra/[abc", 'has "[" without "]"'),
        ("in[fra/x]", 'has "[" without "]"'),
        ("a[", 'has "[" without "]"'),
        ("a[]", 'has "[" without "]"'),
        ("a[!]", 'has "[" without "]"'),
        ("a[z-a].tf", "has a range in brackets that contains no character"),
        ("[[:alpha:]]*.tf", "has a class such as [[:alpha:]]"),
        (" infra/", "begins with a space"),
        ("! infra/", "begins with a space"),
        ("!!infra/", 'begins with "!" twice'),
        ("'infra/'", "has quotes inside its quotes"),
        ("infra/,deploy/", "has several patterns in one text"),
        ("infra/\ndeploy/", "has a line break"),
        (".git/config", "is in the folder .git"),
        ("#infra", '"#" begins a comment'),
        ("/", "matches no file"),
        ("!/", "matches no file"),
    ],
)
def test_a_pattern_that_can_match_nothing_is_told_with_what_to_write(pattern: str, told: str) -> None:
    assert told in pattern_fault(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "infra/", "/infra/", "infra/**", "**/infra", "*.tf", "!*.md", "a?c", ".forgejo/", ".*", "..a", "a..b",
        ".gitignore",
        "[abc]x", "[a-z]*.tf", "[!a]b", "[^a]b", "[]]x", "[]a]x", "[[]id].tsx", "app/(auth)/", "routes/$id.tsx",
        "{{cookiecutter.name}}/", "{name}/", "a,b", "a, b.md", "Datei mit Leerzeichen.md", "x ", "[{]a,b}", "[|]",
        "über/", "a^b", "a!b", "C:", "a:b/c",
    ],
)  # fmt: skip
def test_a_pattern_that_can_match_is_let_pass(pattern: str) -> None:
    assert pattern_fault(pattern) == ""


RED = "guards:\n  red-zone:\n    mode: block\n    paths:\n"


@pytest.mark.parametrize(
    ("entries", "line", "told"),
    [
        (["infra/", "./deploy/"], 6, 'paths.1`: has "." or ".."'),
        (["!infra/"], 5, "paths.0`: excludes files, but no entry before it selects any"),
        (["!infra/keep/", "infra/"], 5, "paths.0`: excludes files, but no entry before it selects any"),
        (["infra/", "!infra/"], 5, "paths.0`: is excluded again"),
        (["infra/", "!**"], 5, "paths.0`: is excluded again"),
    ],
)
def test_a_red_zone_that_protects_nothing_is_refused_with_its_line(entries: list[str], line: int, told: str) -> None:
    (found,) = problems(RED + "".join(f"      - '{entry}'\n" for entry in entries))
    assert found.startswith(f"{PATH}:{line}: `guards.red-zone.{told}")


def test_each_list_of_patterns_is_read() -> None:
    text = """\
labels:
  rules: [{name: a, when: {paths: [./a], only: [./a]}, labels: [meta]}]
contract: {runtime: [./a], generated: [./a]}
guards:
  docs-drift: {rules: [{name: a, when: [./a], need: [./a]}]}
  scope: {modules: [{name: a, paths: [./a]}], beside: [./a]}
  red-zone: {paths: [./a]}
  modes: {executables: [./a], binaries: [./a], submodules: [./a]}
soaks: [{name: a, issue: 1, protects: {paths: [./a]}}]
gates: [{phrase: open-the-gate, targets: [1], protects: {paths: [./a]}}]
"""
    assert len(problems(text)) == 14


def test_an_exclusion_may_stand_alone_where_built_in_patterns_come_before_it() -> None:
    assert load("contract: {generated: ['!web/dist/']}").contract.generated == ("!web/dist/",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("guards: {red-zone: {mode: block}}", "`guards.red-zone.mode`: protects nothing without `paths`"),
        ("guards: {red-zone: {mode: advise, paths: []}}", "`guards.red-zone.mode`: protects nothing without `paths`"),
        ("guards: {docs-drift: {mode: block, mentions: off}}", "`guards.docs-drift.mode`: checks nothing"),
        (
            "soaks:\n- {name: a1, issue: 1}\n- {name: a1, issue: 2}",
            ":3: `soaks.1.name`: is the name of two soaks; rename one of them (the other is `soaks.0.name`)",
        ),
        (
            "soaks:\n- {name: a1, issue: 1, gate: go-on-now}\ngates:\n- {phrase: Go-on-now, targets: [3]}",
            ":4: `gates.0.phrase`: is the phrase of two gates",
        ),
        (
            "gates:\n- {phrase: go-on-now, targets: [3]}\n- {phrase: go-on-now, targets: [4]}",
            ":3: `gates.1.phrase`: is the phrase of two gates",
        ),
    ],
)
def test_what_has_no_effect_or_stands_twice_is_told_with_its_place(text: str, told: str) -> None:
    (found,) = problems(text)
    assert told in found


def test_an_unknown_model_is_an_error_where_the_settings_are_known() -> None:
    text = "judge: {model: smal}"
    assert load(text).judge.model == "smal"
    assert problems(text, ("small", "large")) == (f"{PATH}:1: `judge.model`: unknown model; use one of large, small",)
    assert problems(text, ()) == (f"{PATH}:1: `judge.model`: unknown model; the settings define none; leave it empty",)
    assert load("judge: {model: small}", models=("small",)).judge.model == "small"


def test_a_stored_policy_stays_readable_when_the_rules_for_new_files_grow() -> None:
    assert load_stored(f"{RED}      - ./infra/\n").guards.red_zone.paths == ("./infra/",)
    assert load_stored("") == Policy()


@pytest.mark.parametrize(
    "name",
    [".forgejo/assay.yaml", ".forgejo/Assay.yml", "assay.yml", "assay.yaml", ".gitea/assay.yml", ".github/assay.yml",
     ".assay.yml", ".Forgejo/assay.yml", ".forgejo/assaymaster.yml"],
)  # fmt: skip
def test_a_policy_of_another_name_is_recognised(name: str) -> None:
    assert misplaced(name)


@pytest.mark.parametrize("name", [PATH, ".forgejo/workflows/assay.yml", "docs/assay.yml", "assay.toml", "assay.py"])
def test_other_files_are_not_taken_for_a_policy(name: str) -> None:
    assert not misplaced(name)


@pytest.mark.parametrize("written", ["030", "08", "00", "-01", "0_7"])
def test_a_number_with_a_leading_zero_is_refused_since_yaml_reads_it_as_octal(written: str) -> None:
    told = "invalid YAML: a number with a leading zero; write it without the zero, or in quotes if it is text"
    assert problems(f"judge:\n  stale-days: {written}") == (f"{PATH}:2: {told}",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("agents: codex", "`agents`: expected a list, such as [a, b]"),
        ("secret-leak: block", "`secret-leak`: expected a mapping of keys to values"),
        ("judge: {stale-days: many}", "`judge.stale-days`: expected a whole number, such as 3"),
        ("judge: {stale-days: 0}", "`judge.stale-days`: expected a number of at least 1"),
        ("judge: {mode: maybe}", '`judge.mode`: expected "on" or "off"'),
        ("soaks: [{issue: 1}]", "`soaks.0.name`: is required"),
        ("agents: [a b]", "`agents.0`: invalid form; write text that matches `^[A-Za-z0-9]"),
        ("agents: [12]", "`agents.0`: expected text; put the value in quotes"),
        ("a: b: c", "invalid YAML: a second `: ` on one line; put the value in quotes"),
        ("agents:\n\t- a", "invalid YAML: "),
        ("agents: [a", "invalid YAML: a list in brackets is not closed"),
        ("agents: 'a", "invalid YAML: a text in quotes is not closed; add the closing quote"),
        ("agents: !!python/name:os.system [a]", "invalid YAML: tags such as `!name` are not supported"),
    ],
)
def test_no_message_of_a_library_is_passed_on(text: str, told: str) -> None:
    (found,) = problems(text)
    assert told in found
    assert not any(
        part in found.casefold() for part in ("tuple", "value error", "input should", "instance of", "policy\\b")
    )
