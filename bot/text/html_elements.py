"""The elements of HTML, by what becomes of the text in them on a page of Forgejo.

Sources: the HTML standard, sections 13.2.5 and 13.2.6; bluemonday, elements whose content is skipped; Forgejo's policy
for its sanitizer. Elements in none of these sets are unknown to all of them: their tags alone are removed.
"""


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


RAW = _set("iframe noembed noframes noscript script style textarea title xmp")
"""Elements that no tag but their own ends."""
HIDING = RAW | _set("del nostyle object rp s strike video")
"""Elements whose content isn't shown, or is struck out."""
SHOWN_APART = _set(
    "a acronym applet audio bdi bdo blink blockquote button canvas caption code colgroup data datalist dd "
    "details dialog dir dl dt fieldset figcaption figure form h1 h2 h3 h4 h5 h6 h7 h8 hgroup kbd label legend "
    "li listing map marquee menu menuitem meter nobr ol optgroup option output picture pre progress q rb rt "
    "rtc ruby samp search slot small sub summary sup table tbody td tfoot th thead tr tt ul var"
)
"""Elements that show their content as a quote, a fold, a list, code, a link or the like, or ever smaller."""
TRACKED = HIDING | SHOWN_APART
"""All elements in which text isn't plain text."""
NEUTRAL = _set(
    "acronym applet audio bdi blink button canvas data datalist dialog fieldset form label legend map marquee "
    "menuitem meter nobr output picture progress search slot small sub sup"
)
"""Those of them that don't change what a heading is."""
FOR_EVER = _set("frameset math plaintext select svg template")
"""Elements with rules of their own for what is in them, and for what ends them."""
END_IMPLIED = _set("caption colgroup dd dt li optgroup option rb rp rt rtc tbody td tfoot th thead tr")
"""Elements that the end tag of an outer one ends."""
ENDS_WITH_BLOCK = _set("del details dialog h1 h2 h3 h4 h5 h6 kbd pre q samp sub summary sup var")
"""Elements that end with the quote or list item that they are in. Others go on, or take its end for their own."""
CLOSES_ANYWHERE = _set(
    "a applet blockquote button caption code colgroup dd details dialog dir dl dt fieldset figcaption figure "
    "h1 h2 h3 h4 h5 h6 hgroup li listing marquee menu nobr object ol pre s small strike summary table tbody "
    "td tfoot th thead tr tt ul"
)
"""Elements whose end tag ends whatever is open in them. The end tags of others count only where nothing is."""
BLOCKS = _set("address article aside center div footer header main nav p section")
"""Elements that keep the end tags of those others from working, and have no other effect."""
IN_LINES = _set(
    "a abbr b big bdi bdo br cite code del dfn em font i img ins kbd mark q s samp small span strike strong "
    "sub sup time tt u var wbr"
)
"""Elements that don't end the paragraph that they are in."""
