"""A number of things in words, for sentences that people read."""


def counted(n: int, singular: str, plural: str = "") -> str:
    """Return `n` with the form of the word that agrees with it.

    `plural` is needed where it is not `singular` with an s, also for a word with its verb.

    Examples
    --------
    >>> counted(1, "row"), counted(2_500, "row"), counted(0, "class", "classes")
    ('1 row', '2,500 rows', '0 classes')
    >>> counted(1, "row was", "rows were")
    '1 row was'
    """
    if n == 1:
        return f"1 {singular}"
    return f"{n:,} {plural or f'{singular}s'}"
