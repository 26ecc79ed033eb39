"""The secrets of webhooks: one for each signer, and when a shared one is accepted beside them."""

import hmac
import secrets

import pytest

from bot.intake.hook_secrets import GRACE_SECONDS, SHARED, HookSecrets, Signer
from bot.model import SignerKind, witness_of

KEY = secrets.token_bytes(32)
OLD = secrets.token_hex(20).encode()
GARDEN, SHED = 42, 43
SIGNERS = [
    Signer(SignerKind.REPOSITORY, 4),
    Signer(SignerKind.REPOSITORY, 42),
    Signer(SignerKind.OWNER, 4),
    Signer(SignerKind.OWNER, 42),
    Signer(SignerKind.SERVER),
]


def test_each_signer_of_each_installation_has_a_secret_of_its_own() -> None:
    found = {HookSecrets(key).secret(signer) for key in (KEY, secrets.token_bytes(32)) for signer in SIGNERS}
    assert len(found) == 2 * len(SIGNERS)
    assert all(len(secret) == 64 and secret.isascii() for secret in found)
    assert HookSecrets(KEY).secret(SIGNERS[0]) == HookSecrets(KEY).secret(SIGNERS[0])


def test_no_text_that_the_installations_key_is_used_for_gives_a_secret() -> None:
    made = HookSecrets(KEY)
    for signer in SIGNERS:
        words = (f"{signer.kind}:{signer.id}", "\ufffdassay webhook secrets 1", "\u00ffassay webhook secrets 1")
        assert made.secret(signer).decode() not in {witness_of(word, KEY) for word in words}
        for root in (KEY, *(bytes.fromhex(witness_of(word, KEY)) for word in words)):
            derived = hmac.digest(root, f"{signer.kind}:{signer.id}".encode(), "sha256").hex()
            assert made.secret(signer).decode() != derived


@pytest.mark.parametrize("signer", SIGNERS, ids=str)
def test_an_address_names_its_signer(signer: Signer) -> None:
    assert Signer.of(signer.query) == signer
    ((named, secret),) = HookSecrets(KEY).candidates(signer.query)
    assert (named, secret) == (signer, HookSecrets(KEY).secret(signer))


@pytest.mark.parametrize(
    "query",
    [
        "", "repository", "repository=", "repository=0", "repository=-1", "repository=042", "repository=4.0",
        "repository=4&owner=4", "repository=4&repository=5", "Repository=4", "repository=4 ", " repository=4",
        "repository=\u0664", "repository=" + "9" * 20, "server=1", "server&repository=4", "shared", "x=repository=4",
    ],
)  # fmt: skip
def test_another_query_names_nobody(query: str) -> None:
    assert Signer.of(query) is None
    assert HookSecrets(KEY).candidates(query) == ()
    assert HookSecrets(KEY, [OLD]).candidates(query) == ((SHARED, OLD),)


@pytest.mark.parametrize(
    ("signer", "repository", "owner", "covered"),
    [
        (Signer(SignerKind.REPOSITORY, 4), 4, 9, True),
        (Signer(SignerKind.REPOSITORY, 4), 5, 4, False),
        (Signer(SignerKind.REPOSITORY, 4), 0, 0, False),
        (Signer(SignerKind.OWNER, 4), 5, 4, True),
        (Signer(SignerKind.OWNER, 4), 4, 5, False),
        (Signer(SignerKind.OWNER, 4), 4, 0, False),
        (Signer(SignerKind.SERVER), 5, 6, True),
    ],
)
def test_a_signer_covers_what_is_its_own(signer: Signer, repository: int, owner: int, covered: bool) -> None:
    assert signer.covers(repository, owner) is covered


def test_a_shared_secret_is_accepted_for_served_repositories_until_they_have_their_own() -> None:
    made = HookSecrets(KEY, [OLD])
    assert not made.accepts_shared(GARDEN, "a/garden", 0)
    made.serves([(GARDEN, "a/garden", None), (SHED, "a/shed", 0.0), (-1, "a/old", None)])
    assert made.accepts_shared(GARDEN, "a/garden", 0)
    assert made.accepts_shared(SHED, "a/shed", GRACE_SECONDS - 1)
    assert not made.accepts_shared(SHED, "a/shed", GRACE_SECONDS)
    assert made.accepts_shared(77, "a/old", 0)  # its id is not known yet
    made.proved(GARDEN, 1000.0)
    assert made.accepts_shared(GARDEN, "a/garden", 1000.0 + GRACE_SECONDS - 1)
    assert not made.accepts_shared(GARDEN, "a/garden", 1000.0 + GRACE_SECONDS)
    made.proved(GARDEN, 5000.0)
    assert not made.accepts_shared(GARDEN, "a/garden", 5001.0)


def test_a_setting_accepts_the_shared_secret_for_all_and_for_ever() -> None:
    made = HookSecrets(KEY, [OLD], always=True)
    made.proved(GARDEN, 0.0)
    assert made.accepts_shared(GARDEN, "a/garden", 1e9)
    assert made.accepts_shared(7, "never/seen", 1e9)
