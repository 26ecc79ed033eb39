"""What the database knows of the repositories that are served, for the secrets of their webhooks."""

from sqlalchemy import select

from bot.intake.hook_secrets import HookSecrets, Signer
from bot.model import SignerKind
from bot.store import Store
from bot.store.tables import Repository


async def derived(store: Store, secrets: HookSecrets) -> tuple[bytes, ...]:
    """Return the secrets of all repositories that are served now, so that they are masked wherever they occur."""
    async with store.read() as session:
        ids = (await session.execute(select(Repository.id).where(Repository.id > 0))).scalars().all()
    return tuple(secrets.secret(Signer(SignerKind.REPOSITORY, number)) for number in ids)


async def take_note(store: Store, secrets: HookSecrets) -> None:
    """Tell the secrets which repositories are served, and which of them have one of their own.

    Called at start and every minute: `assay setup` is another process.
    """
    if not secrets.shared:
        return
    async with store.read() as session:
        rows = (await session.execute(select(Repository.id, Repository.full_name, Repository.own_secret_since))).all()
    secrets.serves((number, name, since.timestamp() if since else None) for number, name, since in rows)
