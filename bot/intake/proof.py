"""Checks whose secret signed a delivery, and that the delivery is about what that secret stands for.

The signature is checked over the raw bytes, with the secret that the webhook's address names. Only then the body is
read, once: the repository that it names there is the repository that all else is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.forgejo.signature import BadSignature, proven
from bot.intake.hook_secrets import HookSecrets, Signer
from bot.model import SignerKind

UNNAMED = "the address names no repository, and no shared webhook secret is configured; run assay setup OWNER/REPO"
OTHER = "the body is about another repository than the webhook's secret is for; run assay setup for that repository"
NO_MORE = "the shared webhook secret is not accepted for this repository; run assay setup OWNER/REPO"


class Foreign(Exception):
    """A delivery that is signed, but not by a secret for the repository that its body names; the text says why."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The JSON bytes of a delivery, and who signed them."""

    payload: bytes
    signer: Signer
    secrets: HookSecrets

    def check_subject(self, repository_id: int, owner_id: int, name: str, now: float) -> None:
        """Check that the signer may speak about a repository, as the payload names it; `now` is in seconds.

        Raises Foreign. That an owner really has the repository is for the server to say, when the delivery is routed.
        """
        if self.signer.kind is SignerKind.SHARED:
            if not self.secrets.accepts_shared(repository_id, name, now):
                raise Foreign(NO_MORE)
        elif not self.signer.covers(repository_id, owner_id):
            raise Foreign(OTHER)
        elif self.signer.kind is SignerKind.REPOSITORY:
            self.secrets.proved(repository_id, now)


def prove(secrets: HookSecrets, query: str, headers: Mapping[str, str], body: bytes) -> Proof:
    """Return the signed bytes of a body. Nothing of it is parsed. Raises BadSignature."""
    candidates = secrets.candidates(query)
    if not candidates:
        raise BadSignature(UNNAMED)
    payload, place = proven(headers, body, [secret for _, secret in candidates])
    return Proof(payload, candidates[place][0], secrets)
