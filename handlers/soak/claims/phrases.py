"""Phrases that are read as one word in claims, written with a tilde (`no~longer`), and the words for numbers.

All are as returned by `handlers.language.words.folded`: lower case without accents, and without hyphens.
"""

_COUNTED = (
    ("zero",),
    ("one", "single", "jeden"),
    ("two", "dwa", "dwoch"),
    ("three", "trzy", "trzech"),
    ("four", "cztery"),
    ("five", "piec"),
    ("six", "szesc"),
    ("seven", "siedem"),
    ("eight", "osiem"),
    ("nine", "dziewiec"),
    ("ten", "dziesiec"),
)
NUMBERS = {word: number for number, words in enumerate(_COUNTED) for word in words}
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10,
}  # fmt: skip

_CAME = ("came out", "came back", "came up", "came through", "turned out", "turned", "went")
_PHRASES = (
    "burn in|bake in|bake time|kicked off|kick off|closed out|wrapped up|signed off|sign off|came to an end|at an end"
    "|behind us|ended well|taken out|took out|ripped out|tore out|torn out|cleaned up|got rid of|gotten rid of"
    "|phased out|going to|about to|yet to|as of|as required|as needed|so that|even if|since then|thanks to|now that"
    "|given that|as soon as|in case|only after|only once|only when|only if|not until|not before|so far|set off"
    "|off the ground|no longer|not only|to be|to have|come to an end|half way|come through|came through|not after"
    "|all green|too early|too soon|by mistake|in error|goes on|going on|make sure|makes sure|closing out"
)
PHRASES = {tuple(phrase.split()): phrase.replace(" ", "~") for phrase in _PHRASES.split("|")} | {
    tuple(said.split()): read
    for said, read in (
        ("under way", "underway"),
        ("in progress", "inprogress"),
        ("in flight", "inprogress"),
        *((f"did {verb}", "did started") for verb in ("begin", "start", "commence", "open")),
        ("did end", "did ended"),
        ("did finish", "did finished"),
        ("did pass", "did passed"),
        ("on its way", "underway"),
        ("on record", "recorded"),
        ("made it through", "lasted"),
        ("got through", "lasted"),
        ("officially on", "officially live"),
        ("even though", "although"),
        ("and last", "last"),
        ("and final", "final"),
        ("hard coded", "hardcoded"),
        *((f"{came} {how}", "passed") for came in _CAME for how in ("clean", "green", "fine")),
        ("in effect", "live"),
        ("up and running", "running"),
        ("any more", "anymore"),
        ("any longer", "anymore"),
        ("not just", "not~only"),
        ("not merely", "not~only"),
        ("not simply", "not~only"),
        ("isnt just", "is"),
        ("isnt only", "is"),
        ("hasnt just", "has"),
        ("hasnt only", "has"),
        ("didnt just", "did"),
        ("didnt only", "did"),
        ("wasnt just", "was"),
        ("not yet", "not"),
        ("no doubt", "indeed"),
        ("no more", "no~longer"),
        ("not any", "not"),
        ("not exist", "no~longer exist"),
        ("doesnt exist", "no~longer exist"),
        ("dont exist", "no~longer exist"),
        ("follow up", "followup"),
        ("has to", "needs"),
        ("have to", "needs"),
        ("had to", "needs"),
        ("less than", "not"),
        ("fewer than", "not"),
        ("rather than", "without"),
        ("ran its course", "ran~its~course"),
        ("ran its full course", "ran~its~course"),
        ("run its course", "ran~its~course"),
        ("run its full course", "ran~its~course"),
        ("turned out", "was"),
        ("went live", "opened"),
        ("gone live", "opened"),
        ("gone well", "fine"),
        ("go ahead", "next"),
        ("as planned", "indeed"),
        ("according to plan", "indeed"),
        ("according to schedule", "indeed"),
        ("can confirm", "confirmed"),
        ("can report", "confirmed"),
        ("got going", "started"),
        ("kicked in", "started"),
        ("taken off", "removed"),
        ("reached its end", "came~to~an~end"),
        ("come to an end", "came~to~an~end"),
        ("as expected", "indeed"),
        ("as scheduled", "indeed"),
        ("on schedule", "indeed"),
        ("as agreed", "indeed"),
        ("as scheduled", "indeed"),
        ("dont think", "not"),
    )
}
"""Phrases that are read as one word, each with that word."""
PARTICLES = {
    ("kicked", "off"): "kicked~off",
    ("took", "out"): "took~out",
    ("taken", "out"): "taken~out",
    ("ripped", "out"): "ripped~out",
    ("tore", "out"): "tore~out",
    ("closed", "out"): "closed~out",
    ("wrapped", "up"): "wrapped~up",
    ("signed", "off"): "signed~off",
    ("phased", "out"): "phased~out",
    ("set", "off"): "set~off",
}
"""Verbs that are read as one word with a particle after their object: `kicked the soak off`."""
LONGEST_PHRASE = max(map(len, PHRASES))
