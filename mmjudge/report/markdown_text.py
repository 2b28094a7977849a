"""Untrusted text and tables in GitHub-flavoured Markdown."""

import re
from collections.abc import Iterable, Sequence

from mmjudge.report.outcome import printable

LONGEST = 120
"""Characters of a stranger's text that are shown."""
SPECIAL = re.compile(
    r"[\\`*\[\]<|~&$]"  # code, emphasis, links, tags, cells, entities, formulas
    r"|(?<![^\W_])_|_(?![^\W_])"  # emphasis; not within a word
    r"|:(?=//)|(?<=\bwww)\.|(?<=\bWWW)\."  # addresses
    r"|:(?=[\w+-]+:)"  # emojis
    r"|^[-+#>=]|(?<=\d)[.)](?=\s|$)"  # what begins a list, a heading, a quotation
)
"""What may mean something in Markdown; a backslash before it takes that away."""
NAMES = re.compile(r"(?<!\w)@|@(?=\S*\.)|#(?=\d)")
"""What GitHub links by itself: people, addresses of mail, issues; not before a comment."""


def text(said: str, longest: int = LONGEST) -> str:
    r"""Untrusted text of one line that Markdown and GitHub show as it is.

    Nothing of it is a link, a mention, a tag, code, or the end of a cell.

    Example:
        >>> text("a|b <b> `c` www.x.org @me")
        'a\\|b \\<b> \\`c\\` www\\.x.org @<!-- -->me'
        >>> text("scenes_image@1"), text("clip:scenes-clip")
        ('scenes_image@1', 'clip:scenes-clip')
    """
    safe = SPECIAL.sub(lambda found: f"\\{found[0]}", printable(said, longest))
    return NAMES.sub(lambda found: f"{found[0]}<!-- -->", safe)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> list[str]:
    """A table of cells that are safe already: the first ones to the left, others to the right."""
    sides = ["---"] * left + ["--:"] * (len(head) - left)
    line = [f"| {' | '.join(head)} |", f"|{'|'.join(sides)}|"]
    return [*line, *(f"| {' | '.join(row)} |" for row in rows), ""]
