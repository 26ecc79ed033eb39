"""The secrets of webhooks: one for each repository, derived from the installation's key and the repository's id.

Every administrator of a repository can read the secret of its webhook on Forgejo's page. So a secret proves deliveries
about its own repository only. A webhook's address says whose secret signs it, as its query: `?repository=42` for a
repository, `?owner=7` for the webhook of an organisation or a user, `?server` for a webhook of the whole server. So the
secret is known before anything of an unproven body is read.

A secret shared by all repositories is accepted if the settings say so. Without that setting, an installation that still
has one accepts it for the repositories that it serves already, until each has a secret of its own.
"""

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.model import SignerKind

GRACE_SECONDS = 60.0
"""How long a shared secret is accepted after the first delivery with the repository's own: some may be under way."""
KNOWN_SECRETS = 4096
_DOMAIN = b"\xffassay webhook secrets 1"
"""Not UTF-8: no text that the installation's key is used for elsewhere can be this."""
_QUERY = re.compile(r"(repository|owner)=([1-9][0-9]{0,18})|(server)")


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose secret signs a webhook's deliveries; `id` is 0 for the server and for the shared secret."""

    kind: SignerKind
    id: int = 0

    @classmethod
    def of(cls, query: str) -> "Signer | None":
        """Return the signer that an address names in its query, exactly; None for any other query."""
        found = _QUERY.fullmatch(query)
        if found is None:
            return None
        return cls(SignerKind(found[1]), int(found[2])) if found[1] else cls(SignerKind.SERVER)

    @property
    def query(self) -> str:
        """The query of the webhook's address; empty for the shared secret."""
        if self.kind is SignerKind.SHARED:
            return ""
        return f"{self.kind}={self.id}" if self.id else str(self.kind)

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.kind is SignerKind.OWNER else str(self.kind)

    def covers(self, repository_id: int, owner_id: int) -> bool:
        """Say whether deliveries about a repository, with an owner as the payload names it, may have this signer."""
        match self.kind:
            case SignerKind.REPOSITORY:
                return repository_id == self.id
            case SignerKind.OWNER:
                return owner_id == self.id
            case _:
                return True


SHARED = Signer(SignerKind.SHARED)


class HookSecrets:
    """The secrets that sign deliveries. `always`: the shared ones are accepted for all repositories, for ever.

    `shared` are accepted beside the derived ones, otherwise as `accepts_shared` says.
    """

    def __init__(self, key: bytes, shared: Sequence[bytes] = (), *, always: bool = False) -> None:
        self.shared = tuple(shared)
        self._always = always
        self._root = hmac.digest(key, _DOMAIN, "sha256")
        self._served: set[int] = set()
        self._nameless: set[str] = set()
        self._own: dict[int, float] = {}
        self.secret = lru_cache(KNOWN_SECRETS)(self._secret)
        """The secret of a signer, as ASCII: what is entered in Forgejo."""

    @classmethod
    def shared_by_all(cls, secrets: Sequence[bytes], key: bytes = b"\0" * 32) -> "HookSecrets":
        """Return secrets that each prove deliveries about every repository."""
        return cls(key, secrets, always=True)

    def candidates(self, query: str) -> tuple[tuple[Signer, bytes], ...]:
        """Return the signers, with their secrets, that a delivery to an address with this query may have."""
        named = Signer.of(query)
        own = ((named, self.secret(named)),) if named else ()
        return (*own, *((SHARED, secret) for secret in self.shared))

    def serves(self, repositories: Iterable[tuple[int, str, float | None]]) -> None:
        """Take note of the repositories that are served: id, name, and since when each has a secret of its own, if so.

        An id below 0 stands for a repository whose id is not known yet, of a database of version 0.1.
        """
        for number, name, own in repositories:
            if number < 0:
                self._nameless.add(name)
            else:
                self._served.add(number)
            if own is not None:
                self._own.setdefault(number, own)

    def proved(self, repository_id: int, now: float) -> None:
        """Take note that a repository's own secret signed a delivery, at a time in seconds."""
        if repository_id not in self._own:
            self._own[repository_id] = now

    def accepts_shared(self, repository_id: int, name: str, now: float) -> bool:
        """Say whether a shared secret is accepted for a repository now."""
        if self._always:
            return True
        since = self._own.get(repository_id)
        known = repository_id in self._served or name in self._nameless
        return known and (since is None or now - since < GRACE_SECONDS)

    def _secret(self, signer: Signer) -> bytes:
        return hmac.digest(self._root, f"{signer.kind}:{signer.id}".encode(), "sha256").hex().encode()
