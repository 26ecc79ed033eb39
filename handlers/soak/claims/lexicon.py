"""The words of claims about soaks: subjects, predicates, and words that cancel a claim.

All are as returned by `handlers.language.words.folded`: lower case without accents. Phrases are read as one word
(`phrases`). In Polish sentences, Polish words are read as the English ones.
"""

from typing import Literal

from handlers.language.words import word_set

Stage = Literal["started", "threshold", "complete", "removed"]
STAGES: tuple[Stage, ...] = ("started", "threshold", "complete", "removed")

SOAKS = word_set("soak soaks soaking burn~in bake~in bake~time soak~test")
PERIODS = word_set("window period clock timer phase time countdown trial bake week run test stage")
PERIOD_WORDS = word_set(
    "soak observation trial burn~in bake bake~in proving probation waiting monitoring watch cooling"
)
"""Words that make a period a soak: `observation window`."""
BARE_PERIODS = word_set("window clock timer countdown bake trial")
"""Periods that mean the soak without another word: `the window opened`."""
STATUSES = word_set("status state result outcome verdict progress")
AUDITS = word_set("audit audits")
THRESHOLDS = word_set(
    "threshold thresholds criteria criterion quota requirement requirements minimum target count gate"
)
RUNS = word_set("smoke smokes run runs deploy deploys deployment deployments test tests green greens")
THRESHOLD_WORDS = (
    word_set(
        "the its our their this that these all both soak smoke smokes run runs success required number count exit pass "
        "passing deploy deployment entry minimum full day whole burn~in bake green "
        "evidence mandatory necessary requisite trial 's three consecutive said agreed "
    )
    | PERIODS
)
"""The only words that may precede a threshold of a soak; others, such as coverage, mean another threshold."""

OLD = word_set(
    "fallback fallbacks direct legacy old older static former previous stale bypass hardcoded deprecated prior "
    "permanent temporary interim superseded obsolete replaced original outdated classic plain escape emergency backup"
)
SECRETS = word_set(
    "pat pats token tokens credential credentials cred creds secret secrets key keys password passwords path paths "
    "variable variables var vars env envvar access login auth route entry entries passphrase authentication bypass "
    "account hatch"
)
FALLBACK_PARTS = word_set("code logic branch mechanism block step support option setting copy handling lines switch")
SURELY_OLD = word_set("fallback fallbacks pat pats")
"""Words that mean the old part without another word."""
OF_SECRETS = word_set("token pat secret key credential credentials password passwd auth")
"""Parts of a variable's name that make it an old part: `DEPLOY_PAT`."""
THROUGH = word_set("trace traces rest remains remnant remnants last all both copy copies use half any none one")
"""Words for a part that mean the whole: `the last trace of the fallback` is the fallback."""

START_SAID = word_set(
    "started begun began running underway inprogress ongoing live active opened open kicked~off commenced launched "
    "ticking initiated entered triggered begins starts opens starting counting resumed restarted continues "
    "goes~on going~on off~the~ground set~off proceeding"
)
START_OF = word_set(
    "started begun began opened kicked~off commenced launched initiated entered triggered entering restarted underway"
)
"""Acts that start a soak."""
MET = word_set(
    "met reached hit satisfied fulfilled achieved attained crossed passed exceeded cleared complete completed full "
    "done green made"
)
MEETS = word_set("satisfies meets fulfils fulfills reaches")
PASSED = word_set(
    "passed green succeeded successful done completed complete ok fine finished clean through in went landed good "
    "worked ran got had has have behind recorded counted"
)
COMPLETE_SAID = word_set(
    "passed finished complete completed over done ended successful succeeded success concluded closed closed~out "
    "wrapped~up signed~off elapsed approved accepted through expired ran~its~course came~to~an~end lapsed "
    "behind~us accomplished up at~an~end ended~well"
)
COMPLETE_OF = word_set(
    "passed finished completed closed closed~out wrapped~up signed~off concluded survived ended cleared approved "
    "is~through came~through accepted"
)
AUDIT_SAID = word_set("passed clean green ok successful complete completed done finished clear succeeded")
GONE = word_set(
    "removed deleted retired dropped revoked gone decommissioned purged taken~out took~out ripped~out eliminated "
    "killed torn~out cleaned~up got~rid~of gotten~rid~of stripped unset wiped scrubbed vanished excised erased "
    "withdrawn sunset phased~out disappeared cut destroyed dismantled ditched axed removing~done invalidated nuked "
    "history pulled discarded deprovisioned ripped tore~out"
)
STARTS = word_set("start beginning kickoff kick~off launch opening commencement")
ENDS = word_set("completion end pass success closure passing conclusion sign~off")
REMOVALS = word_set("removal deletion retirement revocation decommissioning")
RECORDS = word_set(
    "record records recorded mark marks marked note notes noted log logs logged document documents documented announce "
    "announces announced declare declares declared confirm confirms confirmed register registers registered stamp "
    "status successful celebrate celebrates"
)
PRESENT_STARTS = word_set("starts begins opens runs")
NOW = word_set("now today hereby herewith since")
EXISTS = word_set(
    "exists exist there present contains contain set available has have holds hold carries carry configured defined "
    "part on at ships stores store includes include in around needed~and~gone has~access"
)

BE = word_set("is are was were be been being 's am gets got re")
HAVE = word_set("has have had having ve")
AUXILIARY = BE | HAVE | word_set("did does do")
ADVERBS = word_set(
    "now already just also finally successfully officially currently still all~green "
    "right shortly immediately even today yesterday both only "
    "yet "
    "completely fully then since~then safely permanently cleanly entirely really actually formally indeed only~just "
    "since been as well nicely happily all to~date here herewith hereby recently itself themselves again properly "
    "effectively also~been duly altogether long out not~only first afterwards therefore thus"
)
PREPOSITIONS = word_set(
    "of in on at by from for with without via to into over~on during through under since~the as~of following per "
    "against about within between across after~the onto off despite behind along since thanks~to as until by~way~of "
    "after"
)
DETERMINERS = word_set("the a an its our their his her my your this that these those each every any no all both")
PRONOUNS = word_set("it this that they which these those who itself both")
AGENTS = word_set("i we you he she they somebody someone who")
GENERIC = word_set("a an any each every no such")

ON_RECORD = word_set("recorded documented announced confirmed logged registered verified noted")
"""Words for recording a start, an end or a removal."""
HARM = word_set(
    "hit hits failure failures error errors incident incidents rollback outage alert alerts abort regression"
)
"""Ends of a soak that mean it did not pass."""
DENIALS = word_set(
    "not no never none nobody nothing neither nor cannot without hardly barely scarcely isnt wasnt arent werent hasnt "
    "havent hadnt didnt doesnt dont cant couldnt wont wouldnt shouldnt mustnt aint unable fails failed refuses refused "
    "any far short forgot premature wrong false untrue incorrect mistaken lacks lacking instead un non impossible "
    "avoid forbid forbids denies deny denied mustn nope misleading prevents blocked only~one "
    "missing pending awaiting awaits waiting yet~to half~way"
)
AMISS = word_set("too~early too~soon by~mistake in~error wrongly erroneously incorrectly prematurely mistakenly")
"""Words for a thing that was done or said by mistake."""
NEGATED = frozenset(word for word in DENIALS if word.endswith("nt"))
MODALS = word_set(
    "will would shall should must may might can could ll wont needs need going~to about~to due planned scheduled "
    "expected supposed want wants hope hopes hoping plan plans planning intend intends lets let please ought ready "
    "wait waits id until~then aim aims expect expects requires require target targeted eta tbd "
    "wish wishes upcoming next requested wanted request proposes propose proposing awaits aiming"
)
GOVERNING = word_set(
    "check checks ensure ensures verify verifies assert asserts case cases detect detects make~sure makes~sure prove "
    "guard guards requires require demand demands insist please remind warn warns error fail expect tells decide "
    "decides determine"
)
"""Words that ask for something, or check it."""
DOUBTS = word_set(
    "probably maybe perhaps possibly presumably apparently seems seem looks appears appear think thinks believe "
    "believes guess unsure unclear doubt doubts wonder wonders likely almost nearly assume assumes assuming allegedly "
    "supposedly reportedly suspect unknown unverified unconfirmed unproven prematurely ostensibly hypothetically "
    "virtually practically halfway partly partially"
)
REPORTS = word_set(
    "says said say claims claimed claim claiming claimed wrote writes suggests suggested implies implied imply "
    "prints printed pretends asserts asserted states alleges alleged told thought reads~as saying wording "
    "statement statements suggestion suggesting mention mentions phrase pretend assertion assertions word words "
    "insists believed assumed asks asked string text sentence sounds pretended rumour rumor phrases example according"
)
"""Words for reports: a statement of somebody else is not a claim."""
REFUTED = word_set(
    "wrong false untrue incorrect premature mistaken inaccurate misleading unproven unverified unconfirmed doubtful "
    "missing lacking nonsense bogus unfounded"
)
UNDONE = word_set(
    "queued pending failed red outstanding planned left remaining missing scheduled due aborted flaky failing waiting "
    "cancelled canceled stuck blocked needed necessary skipped todo open paused broken open~still tbd "
    "running underway interrupted halted rejected invalid postponed delayed"
)
"""Words for runs and days that do not count."""
FAILED = word_set("failed red aborted cancelled canceled flaky failing rejected invalid")
HYPOTHETICAL = word_set(
    "if unless whether until till before provided in~case lest how assuming suppose only~after only~once only~when "
    "only~if not~until not~before even~if wherever whenever whatever not~after"
)
TEMPORAL = word_set("once when after as~soon~as")
FACTUAL = word_set("because now~that so~that so but although though while whereas however since~that hence given~that")
CONDITIONS = word_set("if unless when once as~soon~as provided in~case only~after only~once only~when only~if whenever")
ASIDE_LABELS = word_set(
    "plan plans todo todos next definition acceptance blocker blockers goal goals target follow followup follow~up "
    "expected requirement requirements example examples title question questions states values ask proposal scope "
    "future remaining condition conditions phrase risk risks wanted rule rules later phases stages steps step open "
    "schedule roadmap timeline request requested checklist precondition preconditions prerequisite prerequisites "
    "criteria wip draft missing pending unproven idea wish hypothesis planned needs need must template format syntax "
    "usage legend options glossary term eta upcoming before never forbidden out decision hint outlook milestones "
    "intent requires means meaning purpose objective task tasks assumption assumptions wording text message"
)
"""Labels whose text is not a claim."""
ORDERS = word_set("add set apply use put create write post update rename change copy paste label")
"""Words at the start of a line that tell somebody what to write."""
OF_TEXT = word_set("word words term mention mentions wording phrase sentence link links reference references paragraph")
UNRELATED = word_set(
    "seed seeds pump beans bean rice water overnight~soak laundry clothes dishes lentils wood rain towel towels bath "
    "sponge tomato chickpeas soil plants plant dough oats stain grain pan bread cake "
    "cookies shirt shirts almonds nuts tea bag marinade brine chicken barley feet tub cloth leather"
)
