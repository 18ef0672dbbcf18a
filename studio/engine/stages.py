"""The stages of long work, by the names that people see."""

from __future__ import annotations

FETCHING_FILE = "Fetching file"
CHECKING_FILE = "Checking file"
UNPACKING_FILE = "Unpacking file"
READING_FILE = "Reading file"
PROFILING_COLUMNS = "Profiling columns"
READING_ROWS = "Reading rows"
READING_FEATURES = "Reading features"
ENCODING_TEXT = "Encoding text"
TRAINING_MODELS = "Training models"
ENSEMBLING = "Ensembling"
FINDING_ISSUES = "Finding issues"
TRAINING_BEST_MODEL = "Training the best model"
SAVING = "Saving"
PREDICTING = "Predicting"
WRITING_DECISIONS = "Writing decisions"
