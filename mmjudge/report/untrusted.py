"""Text of strangers for a page: cut, and with its control characters shown and not obeyed."""

LONGEST = 2000
"""Characters of a text that are shown, unless told otherwise."""


def visible(text: str, longest: int = LONGEST) -> str:
    r"""Untrusted text with its lines, control characters shown and not obeyed.

    Example:
        >>> visible("a\x00b\nc")
        'a\\x00b\nc'
    """
    if len(text) <= longest and (text.isprintable() or text.replace("\n", "").isprintable()):
        return text
    cut = text if len(text) <= longest else f"{text[:longest]} ... ({len(text)} characters)"
    return "\n".join(
        "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
        for line in cut.splitlines()
    )
