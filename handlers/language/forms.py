"""Forms of words: two-word verbs, acts as nouns and participles, and nouns in the singular."""

from handlers.language.lexicon import ALL_ACTS

TIES = 4
"""Words shorter than this are never read as a plural: `dns`, `nas`, `ties`."""

NOMINALS = {
    "rotation": "rotate", "revocation": "revoke", "renewal": "renew", "provisioning": "provision", "purchase": "buy",
    "rollout": "rollout", "cutover": "cutover", "deployment": "deploy", "deploy": "deploy", "migration": "migrate",
    "deletion": "delete", "purge": "purge", "decommissioning": "decommission", "signature": "sign",
    "signing": "sign", "failover": "failover", "upgrade": "upgrade", "removal": "remove", "payment": "pay",
    "release": "release", "restart": "restart", "wipe": "wipe", "erasure": "erase",
}  # fmt: skip
"""Acts in noun form, as used in titles, with their verbs."""

PHRASAL = {
    ("roll", "out"): "rollout", ("roll", "back"): "rollback", ("cut", "over"): "cutover",
    ("shut", "down"): "shutdown", ("set", "up"): "setup", ("turn", "off"): "disable", ("turn", "on"): "enable",
    ("top", "up"): "topup",  ("hand", "over"): "hand", ("fail", "over"): "failover", ("force", "push"): "forcepush",
    ("force", "pushing"): "forcepush", ("force", "pushed"): "forcepushed",
    ("scope", "down"): "narrow", ("tear", "down"): "destroy", ("spin", "up"): "provision",
    ("switch", "over"): "cutover", ("take", "down"): "shutdown", ("bring", "down"): "shutdown",
    ("stand", "up"): "provision", ("get", "rid"): "delete", ("make", "sure"): "ensure",
    ("switch", "off"): "shutdown", ("power", "off"): "shutdown", ("throw", "away"): "delete",
    ("re", "issue"): "reissue", ("sign", "off"): "signoff", ("log", "in"): "signin", ("sign", "in"): "signin",
    ("sign", "up"): "signup", ("move", "over"): "migrate", ("go", "live"): "golive",
    ("open", "source"): "opensource", ("switched", "off"): "disabled", ("turned", "off"): "disabled",
    ("powered", "off"): "shutdown", ("taken", "down"): "shutdown", ("rolled", "out"): "rollout",
}  # fmt: skip
"""Two-word verbs, and the single verb that each is read as."""


def forms(verb: str) -> tuple[str, ...]:
    """Return the past participle of an act, in all spellings in use."""
    irregular = {
        "make": "made", "set": "set", "give": "given", "put": "put", "run": "run", "buy": "bought", "pay": "paid",
        "rewrite": "rewritten", "overwrite": "overwritten", "cut": "cut", "send": "sent", "spend": "spent",
        "rollout": "rolled", "shutdown": "shut", "setup": "set",
    }  # fmt: skip
    if verb in irregular:
        return (irregular[verb],)
    if verb.endswith("e"):
        return (verb + "d",)
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return (verb[:-1] + "ied",)
    return (verb + "ed", verb + verb[-1] + "ed")


def singular(word: str) -> str:
    """Return a noun in the singular, accurate enough for a lookup."""
    if word.endswith("ies") and len(word) > TIES:
        return word[:-3] + "y"
    if word.endswith(("xes", "sses", "tches")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and len(word) >= TIES and not word.endswith(("ss", "us", "is")) else word


PARTICIPLES = {form: verb for verb in sorted(ALL_ACTS) for form in forms(verb)}
