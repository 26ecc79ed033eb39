"""The words that distinguish operator matters from talk about them: acts, their objects, and words that make a clause
be about software instead. All are in base form and lower case; other forms of acts come from `forms`.
"""

from enum import StrEnum

from handlers.language.words import word_set


class Matter(StrEnum):
    """The kinds of matters that only an operator may decide."""

    CREDENTIAL = "credential"
    PRODUCTION = "production"
    DESTRUCTIVE = "destructive"
    LEGAL = "legal"
    SPENDING = "spending"


STRONG = {
    Matter.CREDENTIAL: word_set("rotate revoke reissue mint provision invalidate renew regenerate issue grant"),
    Matter.PRODUCTION: word_set(
        "deploy redeploy golive rollout rollback cutover failover promote restart reboot shutdown decommission "
        "migrate upgrade"
    ),
    Matter.DESTRUCTIVE: word_set(
        "delete drop purge wipe erase destroy truncate shred overwrite scrub rewrite forcepush"
    ),
    Matter.LEGAL: word_set("sign countersign negotiate opensource relicense terminate"),
    Matter.SPENDING: word_set("buy purchase pay order topup refund reimburse"),
}
"""Strong acts: they mean the matter with any object of it."""

BARE = {
    Matter.CREDENTIAL: {
        verb: word_set("key identity account") for verb in ("rotate", "revoke", "reissue", "invalidate", "renew")
    },
    Matter.DESTRUCTIVE: {verb: word_set("history") for verb in ("rewrite", "scrub", "purge")},
}
"""Objects that need no qualifier with these acts."""

WEAK = {
    Matter.CREDENTIAL: word_set(
        "create add generate make setup replace reset narrow restrict scope tighten reduce store move migrate switch "
        "swap change set update remove delete disable enable retire share hand install register request obtain give "
        "extend upload put deactivate configure limit widen elevate drop lock unlock relax lift loosen bypass sign"
    ),
    Matter.PRODUCTION: word_set(
        "apply run execute stop start move switch flip restore scale resize install reinstall configure reconfigure "
        "expose open change edit modify update patch enable disable provision replace retire point release ship "
        "publish launch push import activate set create remove delete drop roll cut enforce"
    ),
    Matter.DESTRUCTIVE: word_set("remove clear reset prune retire empty terminate decommission"),
    Matter.LEGAL: word_set(
        "accept agree approve review change answer respond reply file submit settle cancel renew license send share "
        "disclose hand"
    ),
    Matter.SPENDING: word_set(
        "renew upgrade increase raise extend approve book rent hire cancel subscribe spend commit double transfer"
    ),
}
"""Weak acts: they mean the matter only with further evidence."""

OPERATE = word_set(
    "restart reboot upgrade migrate decommission shutdown provision reinstall resize replace failover cutover "
    "redeploy wipe promote stop"
)
"""Acts that mean production on any machine, of any name."""

SELF_SAID = {
    Matter.LEGAL: word_set("relicense countersign opensource"),
    Matter.DESTRUCTIVE: word_set("forcepush"),
    Matter.PRODUCTION: word_set("decommission reboot golive shutdown"),
}
"""Acts that mean the matter with any object except a part of a program."""

STRONG_ACCESS = word_set("grant give revoke")
ACCESS = word_set("grant give revoke elevate widen extend narrow restrict reduce tighten limit remove")

ACTS = {matter: STRONG[matter] | WEAK[matter] for matter in Matter}
ALL_ACTS = frozenset().union(*ACTS.values())

OBJECTS = {
    Matter.CREDENTIAL: word_set(
        "token pat credential password passphrase secret certificate cert keypair apikey mfa 2fa protection mailbox hsm"
    ),
    Matter.PRODUCTION: word_set("production prod live dns mx"),
    Matter.DESTRUCTIVE: word_set(
        "trash database db backup volume bucket disk repository server cluster mailbox tenant vm vps host recording"
    ),
    Matter.LEGAL: word_set(
        "contract agreement dpa nda licence license trademark lawsuit subpoena takedown dmca lawyer counsel "
        "settlement cla sla"
    ),
    Matter.SPENDING: word_set(
        "plan subscription invoice budget licence license seat credit hardware gpu disk domain quote hosting vps "
        "storage quota spend spending tier laptop server drive ssd nvme spare"
    ),
}
"""Objects that mean the matter by themselves, in the singular."""

QUALIFIED = {
    Matter.CREDENTIAL: word_set("key identity account client user login"),
    Matter.PRODUCTION: word_set(""),
    Matter.DESTRUCTIVE: word_set(
        "table data record account user row column index log customer image history snapshot archive namespace "
        "instance file"
    ),
    Matter.LEGAL: word_set("term request policy claim clause data notice"),
    Matter.SPENDING: word_set("account machine service capacity api limit cap ceiling package"),
}
"""Objects that mean the matter only together with a word of `QUALIFIERS`."""

QUALIFIERS = {
    Matter.CREDENTIAL: word_set(
        "api ssh gpg pgp deploy signing private access encryption host ca age recovery master machine service "
        "upload publishing store workload bot root admin oauth oidc tls wireguard vpn registry robot registrar hoster "
        "bank"
    ),
    Matter.PRODUCTION: word_set(""),
    Matter.DESTRUCTIVE: word_set(
        "production prod live customer personal git real tenant subscriber member patient dormant user reader"
    ),
    Matter.LEGAL: word_set("customer personal legal gdpr privacy erasure court copyright processing liability subject"),
    Matter.SPENDING: word_set(
        "cloud paid billing hosting hoster provider vendor rented weekly monthly yearly annual money spend cost"
    ),
}

RIGHTS = word_set("access permission right role scope privilege membership admin")
HARD = word_set(
    "production prod live real admin root org organisation organization shared personal deploy deployment "
    "registry runner machine infisical vault customer bank billing backup ci ssh signing leaked exposed "
    "dedicated instance infra infrastructure server database host forgejo pat master smtp dns broker registrar owner"
)
"""Words that show that a real thing is meant, so that a weak act counts."""

REAL = word_set("production prod live customer")
MONEY = word_set("$ € £ eur usd pln gbp chf zl euro dollar")

STORES = word_set("nas backup copy bucket disk archive mailbox server host tape volume drive")
MACHINES = word_set(
    "server host cluster node vm vps runner machine nas router firewall database db dns proxy gateway broker "
    "instance registry forge hypervisor loadbalancer switch service daemon relay"
)
OPERATED = MACHINES | word_set(
    "environment environments env traffic system data network config configuration deployment fleet site backend "
    "domain queue storage bucket volume schema tenant service stack platform website app application secret "
    "credential token key password certificate user customer account workload setting rollout cutover migration "
    "namespace zone record"
)
"""Words that may follow `production` when production itself is meant."""

SOFT = {
    Matter.CREDENTIAL: word_set(
        "fake dummy mock sample example fixture csrf xsrf syntax lexer lexical parser design css style pagination "
        "page continuation next cursor cancellation refresh session reset verification device push invite "
        "idempotency unknown invalid empty missing malformed eos special stop padding prompt completion output input "
        "max color colour unexpected primary foreign cache dictionary translation test tests stub placeholder "
        "markdown inline text bearer reasoning budget id anonymous temporary"
    ),
    Matter.PRODUCTION: word_set(
        "non pre staging dev development test local preview sandbox demo fake mock language debug ci"
    ),
    Matter.DESTRUCTIVE: word_set(
        "test tests fake mock sample example fixture dummy temporary temp tmp local sandbox demo token leaky memory "
        "in-memory scratch staging dev unused"
    ),
    Matter.LEGAL: word_set("api context interface smart runner type test header spdx file function mock"),
    Matter.SPENDING: word_set(
        "token time latency performance error retry request memory line size bundle test context query execution "
        "complexity cpu frame thread implementation migration rollout rate free web local mock dev"
    ),
}
"""Words before an object that make it a part of a program."""

SOFTWARE = word_set(
    "parser parsing parse bucket stream type class model field schema count counter counting length usage helper "
    "function method module handler endpoint route test testing fixture mock stub form page screen dialog button "
    "label ui view modal menu icon placeholder message error text string doc documentation readme guide example "
    "check checker validation validator detection detector scanner scan scanning masking redaction mask rule "
    "regex pattern logic flow code support feature command cli option flag variable cache caching refresh expiry "
    "expiration lookup list listing report metric dashboard alert reminder probe monitor monitoring drift "
    "failure retry format header encoding decoder encoder name prefix cost price embedding window interface sdk "
    "library package wrapper adapter middleware component story template typo section heading paragraph link "
    "wording comment abstraction slider layer driver query dropdown builder factory enum struct constant import "
    "export exporter callback hook event handling parameter argument widget tooltip badge column table syntax "
    "grammar tokenizer lexer crate dependency spec docstring annotation warning toast banner picker counts stat "
    "statistics chart graph log logging output verification hashing hash comparison generator generation "
    "rotation renewal checklist runbook build bundle mode typing difference diff size limit rate timeout notice "
    "finding linter lint formatter serializer serialization deserialization migration script tool tooling job "
    "workflow step"
)
"""Parts of a program: the word before one names what the program handles."""

KEEP = word_set(
    "value material pair set store scope policy permission right access file itself role privilege secret token "
    "key auth password account identity credential user licence license seat subscription"
)
"""Words that may follow an object without changing its meaning."""

CODE_CONTEXT = word_set(
    "handler function class module test tests testcase fixture mock parser endpoint cli ui page form dialog "
    "button log logs output doc docs readme example comment lint schema component helper middleware unit snippet "
    "placeholder tooltip screenshot docstring template header regex installer changelog frontend cache memory "
    "aria a11y toast container region "
    "payload object struct response sigterm sigint signal exit cleanly gracefully"
)

MAKING = word_set(
    "add implement support fix handle parse test document describe explain refactor rename extract render show "
    "display log warn detect monitor check verify validate probe write draft summarise summarize review "
    "investigate research compare evaluate improve simplify allow let make introduce build design cover mock "
    "teach prevent reject mask redact translate list print format sort use extend include provide propose "
    "outline prepare bump lint port remind alert notify track report record collect correct clarify polish style "
    "align speed optimise optimize cache expose return raise throw enable create generate mention note link "
    "explore study survey audit analyse analyze read say tell ask suggest adapt"
)
"""Verbs of making software and texts: acts in their clause only describe the program or text."""

PERFORM = word_set(
    "perform execute do carry complete finish schedule approve authorise authorize start begin run conduct"
)


FILLERS = word_set(
    "please then also next finally first now kindly lets let's we you i so just only actually really secondly "
    "second third lastly afterwards immediately today codex hermes patchwarden operator step - * once again "
    "hereby both either while at it there"
)
MODALS = word_set("must should shall will to needs need has have ought please be gonna")
INFINITIVE_ASIDE = word_set(
    "how ability option button command script way able allowed user users permission support used tries try "
    "fails unable attempt attempts attempting trying failed endpoint function method api flag page cli means "
    "possible possibility user's"
)
"""Words after which `to …` is not something to be done."""

PROGRAMS = word_set(
    "client app bot server service api cli function handler user users admins they it parser code test system "
    "endpoint program library sdk job workflow script middleware button page form session method that which "
    "cache worker"
)
DENIALS = word_set(
    "no not dont never without avoid doesnt wont cannot cant shouldnt mustnt neither nor isnt instead nothing "
    "nobody arent"
)
CONDITIONS = word_set("when if whenever upon unless whether every each until")
BREAKS = word_set(". ! ? ; : ( ) | \u2013 \u2014 \u2192 -")
STOPS = word_set(
    "when if because so that which who while where whether unless until before after but instead once as than "
    "whose via through using then is are was were be been has have had does do did must should will would can "
    "could may might fails fail failed returns return breaks broke crashes throws raises shows isnt arent doesnt "
    "dont works work needs need"
)
FINITE = word_set(
    "is are was were has had does did fails fail failed returns breaks broke crashes throws raises shows isnt "
    "arent doesnt works needs gets ignores ignored hangs panics leaks loses misses"
)
JOINTS = word_set("and or , then but")
BUY = word_set("buy purchase")
TURNING = word_set(
    "migrate move switch swap replace hand share change give grant sign reply respond agree pay subscribe"
)
"""Acts that change one thing into another: their object may follow a preposition."""
TURNS = word_set("from to with by onto for in on")
PLACES = word_set("to on in into onto from across at against off out over")
PREPOSITIONS = word_set(
    "to from on in into onto at with for by of off under over within against inside across out about regarding "
    "after before during per"
)
ADVERBS = word_set(
    "now today tomorrow tonight soon again immediately asap quarterly monthly weekly yearly next this first "
    "entirely completely there here too well please yet manually friday monday tuesday wednesday thursday "
    "saturday sunday january february march april june july august september october november december q1 q2 q3 "
    "q4 ourselves"
)
