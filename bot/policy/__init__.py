"""A repository's policy, `.forgejo/assay.yml`, as values. Works on texts only; every package may use it.

Public modules: `switches`.
"""

from bot.policy.commands import CommandsPolicy
from bot.policy.contract import ContractPolicy, SectionName
from bot.policy.guards import (
    BaseGuard,
    DocsDriftGuard,
    DriftRule,
    ModesGuard,
    RedZoneGuard,
    ScopeGuard,
    WorkflowLintGuard,
)
from bot.policy.judge import Candidates, JudgePolicy
from bot.policy.labels import LabelRule, LabelsPolicy, When, label_wanted, permits, profiles_table
from bot.policy.lint import FOLDERS, misplaced, mistakes
from bot.policy.merge import MergePolicy
from bot.policy.parts import Login, Section
from bot.policy.policy import (
    PATH,
    TRUSTED_KEYS,
    Policy,
    PolicyError,
    effective,
    is_agent,
    load,
    load_stored,
    named,
    text_digest,
)
from bot.policy.secret_leak import Accepted, SecretLeakPolicy
from bot.policy.soaks import GatePolicy, Protected, SoakPolicy

__all__ = [
    "FOLDERS",
    "PATH",
    "TRUSTED_KEYS",
    "Accepted",
    "BaseGuard",
    "Candidates",
    "CommandsPolicy",
    "ContractPolicy",
    "DocsDriftGuard",
    "DriftRule",
    "GatePolicy",
    "JudgePolicy",
    "LabelRule",
    "LabelsPolicy",
    "Login",
    "MergePolicy",
    "ModesGuard",
    "Policy",
    "PolicyError",
    "Protected",
    "RedZoneGuard",
    "ScopeGuard",
    "SecretLeakPolicy",
    "Section",
    "SectionName",
    "SoakPolicy",
    "When",
    "WorkflowLintGuard",
    "effective",
    "is_agent",
    "label_wanted",
    "load",
    "load_stored",
    "misplaced",
    "mistakes",
    "named",
    "permits",
    "profiles_table",
    "text_digest",
]
