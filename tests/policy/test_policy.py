"""The repository's policy: mistakes are told with line and mend, and trust takes effect only from an operator."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy import (
    PATH,
    TRUSTED_KEYS,
    Accepted,
    Policy,
    PolicyError,
    SecretLeakPolicy,
    effective,
    load,
    text_digest,
)
from bot.text.yaml_model import MAX_BYTES

WHOLE = f"""
version: 1
operators: [operator]
agents: [codex, claude-code]
writers:
  - iskra
secret-leak:
  mode: advise
  accept:
    - fingerprint: sf_{"0" * 16}
      reason: a token of the tests
"""


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        load(text)
    return caught.value.problems


def test_a_whole_policy_is_read() -> None:
    assert load(WHOLE) == Policy(
        operators=("operator",),
        agents=("codex", "claude-code"),
        writers=("iskra",),
        secret_leak=SecretLeakPolicy(
            mode="advise", accept=(Accepted(fingerprint=f"sf_{'0' * 16}", reason="a token of the tests"),)
        ),
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "{}"])
def test_an_empty_policy_is_the_default_one(text: str) -> None:
    assert load(text) == Policy()
    assert (Policy().secret_leak.mode, Policy().operators) == ("block", None)


@pytest.mark.parametrize("word", ["off", '"off"', "no", "false"])
def test_an_unquoted_off_is_off(word: str) -> None:
    assert load(f"secret-leak: {{mode: {word}}}").secret_leak.mode == "off"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("agnets: [codex]", f"{PATH}:1: unknown key `agnets`; did you mean `agents`?"),
        ("# x\nsecret-leaks: {}", f"{PATH}:2: unknown key `secret-leaks`; did you mean `secret-leak`?"),
        (
            "labels:\n  rules:\n    - {name: a, when: {pats: [x]}, labels: [api]}",
            f"{PATH}:3: unknown key `labels.rules.0.when.pats`; did you mean `paths`?",
        ),
        (
            "secret-leak:\n  mode: block\n  acept: []\n",
            f"{PATH}:3: unknown key `secret-leak.acept`; did you mean `accept`?",
        ),
        ("xyzzy: 1", f"{PATH}:1: unknown key `xyzzy`; remove it"),
        ("secret-leak: {}\nsecret_leak: {}", f"{PATH}:2: unknown key `secret_leak`; did you mean `secret-leak`?"),
        ("agents: [a]\nagents: [b]", f"{PATH}:2: duplicate key `agents`; remove one"),
        ("agents: &a [x]\nwriters: *a", f"{PATH}:2: YAML aliases are not supported; write the value out"),
        ("- agents", f"{PATH}:1: the file must be a mapping of keys to values"),
        ("x" * (MAX_BYTES + 1), f"{PATH}: the file is larger than 256 KiB; shorten it"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_mend(text: str, told: str) -> None:
    assert problems(text) == (told,)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version: 2", ":1: `version`"),
        ("secret-leak:\n  mode: true", ":2: `secret-leak.mode`"),
        ("agents: codex", ":1: `agents`"),
        ("agents:\n- ok\n- bad name", ":3: `agents.1`"),
        ("agents: ['-x']", ":1: `agents.0`"),
        (
            "secret-leak:\n  accept:\n  - fingerprint: sf_1\n    reason: because",
            ":3: `secret-leak.accept.0.fingerprint`",
        ),
        (f"secret-leak:\n  accept:\n  - fingerprint: sf_{'0' * 16}", ":3: `secret-leak.accept.0.reason`"),
        (
            f"secret-leak:\n  accept:\n  - fingerprint: sf_{'0' * 16}\n    reason: no",
            ":4: `secret-leak.accept.0.reason`",
        ),
        ("a: b: c", ":1: invalid YAML: "),
        ("!!python/object/apply:os.system [id]", ":1: invalid YAML: "),
    ],
)
def test_each_mistake_stands_where_it_was_made(text: str, place: str) -> None:
    (told,) = problems(text)
    assert told.startswith(f"{PATH}{place}")


def test_all_mistakes_are_told_at_once() -> None:
    assert [line.split(": ")[0] for line in problems("version: 3\nagnets: []\nwriters: 4")] == [
        f"{PATH}:1",
        f"{PATH}:3",
        f"{PATH}:2",
    ]


@given(st.text(max_size=80) | st.text("&*[]{}:-,#!|>'\"\n ab", max_size=40))
def test_any_text_is_a_policy_or_a_list_of_mistakes(text: str) -> None:
    try:
        load(text)
        told = [PATH]
    except PolicyError as fault:
        told = list(fault.problems)
    assert [line.startswith(PATH) for line in told] == [True] * max(1, len(told))


@pytest.mark.parametrize(
    ("chosen", "settings", "decide"),
    [
        (None, ("a", "b"), ("a", "b")),
        (("b",), ("a", "b"), ("b",)),
        (("b", "mallory"), ("a", "b"), ("b",)),
        (("mallory",), ("a",), ()),
        ((), ("a",), ()),
        (("a",), (), ()),
    ],
)
def test_a_policy_narrows_operators_and_never_adds_one(
    chosen: tuple[str, ...] | None, settings: tuple[str, ...], decide: tuple[str, ...]
) -> None:
    assert Policy(operators=chosen).narrowed(settings).operators == decide


TRUSTED = load(WHOLE)


@pytest.mark.parametrize(
    "change",
    [
        {"operators": None},
        {"agents": ()},
        {"writers": ("iskra", "mallory")},
        {"secret_leak": SecretLeakPolicy(mode="off")},
        {"agents": (), "secret_leak": SecretLeakPolicy()},
    ],
    ids=" and ".join,
)
def test_a_change_of_trust_waits_for_an_operator(change: dict[str, object]) -> None:
    policy, waiting = effective(TRUSTED.model_copy(update=change), TRUSTED)
    assert policy == TRUSTED
    assert waiting == tuple(name.replace("_", "-") for name in TRUSTED_KEYS if name in change)


def test_the_digest_of_a_policy_is_that_of_its_text_as_other_programs_compute_it() -> None:
    assert text_digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert text_digest("version: 1\n") != text_digest("version: 1\n# a word\n")


def test_what_is_trusted_is_in_force_without_a_word() -> None:
    assert effective(TRUSTED, TRUSTED) == (TRUSTED, ())


def test_without_a_trusted_policy_the_defaults_hold() -> None:
    policy, waiting = effective(TRUSTED, None)
    assert (policy, bool(waiting)) == (Policy(), True)
    assert effective(Policy(), None) == (Policy(), ())


def test_everything_that_a_policy_says_is_trusted_or_harmless() -> None:
    assert set(Policy.model_fields) - set(TRUSTED_KEYS) == {"version", "statuses"}
