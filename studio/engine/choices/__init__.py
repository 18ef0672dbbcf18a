"""What a person chooses to learn, checked before anything is learned.

- `validate`: refuses choices that cannot work;
- `questions`: what is worth asking about a choice of labels;
- `class_sizes`: which classes have too few rows.
"""
