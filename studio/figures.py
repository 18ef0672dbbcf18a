"""Fractions and durations as people read them."""

from __future__ import annotations

NO_BREAK = "\N{NO-BREAK SPACE}"
MINUTE = 60
HOUR = 3600


def percent(fraction: float | None, digits: int = 1) -> str:
    """0.931 → 93.1%."""
    if fraction is None:
        return "–"
    return f"{fraction * 100:.{digits}f}%"


def rounded(value: float) -> str:
    """A number with four digits, never as a power of ten above one: 37860.4 → 37,860."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def duration(seconds: float | None) -> str:
    """Seconds in the two largest fitting units: 0.42 s, 38 s, 4 min 10 s, 2 h 5 min."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f}{NO_BREAK}s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole}{NO_BREAK}s"
    if whole < HOUR:
        return f"{whole // MINUTE}{NO_BREAK}min {whole % MINUTE}{NO_BREAK}s"
    return f"{whole // HOUR}{NO_BREAK}h {whole % HOUR // MINUTE}{NO_BREAK}min"


def significant(value: float, n_digits: int = 3) -> str:
    """Write a number with the digits that count.

    >>> significant(48_312.6), significant(0.012345), significant(48_312.6, 8)
    ('48,300', '0.0123', '48,312.6')
    """
    rounded = float(f"{value:.{n_digits}g}")
    if abs(rounded) >= 100:
        return f"{rounded:,.4f}".rstrip("0").rstrip(".")
    return f"{rounded:.{n_digits}g}"
