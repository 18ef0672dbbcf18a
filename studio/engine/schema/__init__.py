"""The dataclasses that cross the engine's border: what goes in, what comes out.

- `cleanset`: the choices that decide a cleanset, and its result;
- `split`: which rows are for training, validation and testing;
- `class_weights`: how much the rows of each class weigh in fits;
- `configuration`: those of them that are varied between analyses of the same data;
- `provided`: predictions of a model that was trained elsewhere;
- `health`: findings about a whole dataset, as plain values.

Nothing here loads numpy or pandas: database models and pages read it.
"""

from studio.engine.schema.cleanset import CandidateResult, CleansetResult, CleansetSpec
from studio.engine.schema.split import Part, SplitChoice

__all__ = ["CandidateResult", "CleansetResult", "CleansetSpec", "Part", "SplitChoice"]
