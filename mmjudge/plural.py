"""Numbers of things in words."""


def many(n: int, thing: str) -> str:
    """A number of things, one of them without an s.

    Example:
        >>> many(1, "item"), many(0, "item"), many(2000, "judgment")
        ('1 item', '0 items', '2000 judgments')
    """
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
