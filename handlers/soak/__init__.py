"""Soaks and gates: which evidence counts, the state of a soak, and who opens the next step."""

from handlers.soak.check import CHECK as SOAK_EVIDENCE
from handlers.soak.claims.classify import claim_of, sentences
from handlers.soak.gate_model import Gates
from handlers.soak.gates import CHECK as GATES
from handlers.soak.labels import asks
from handlers.soak.pull_rules import Pull
from handlers.soak.state.machine import tracked_soaks

__all__ = [
    "GATES",
    "SOAK_EVIDENCE",
    "Gates",
    "Pull",
    "asks",
    "claim_of",
    "sentences",
    "tracked_soaks",
]
