"""The dataclasses that cross the engine's border: what goes in, what comes out.

- `cleanset`: the choices that decide a cleanset, and its result;
- `health`: findings about a whole dataset, as plain values.

Nothing here loads numpy or pandas: database models and pages read it.
"""

from studio.engine.schema.cleanset import CandidateResult, CleansetResult, CleansetSpec

__all__ = ["CandidateResult", "CleansetResult", "CleansetSpec"]
