"""The scenes of all servers, and the recorded calls and deliveries that the sandbox doesn't play, with the reason."""

from tests.sandbox.contract.scenes import described, garden, gitea, ledger, life, pulls, runs

SCENES = [
    *garden.SCENES,
    *runs.SCENES,
    *ledger.SCENES,
    *pulls.SCENES,
    *gitea.SCENES,
    *life.SCENES,
    *described.SCENES,
]
