"""Model families that scikit-learn lacks, or has with other habits; each is a scikit-learn
estimator.

- `linear`, `trees`: most of them;
- `naive_bayes`, `neighbours`, `network`: one of a kind each;
- `base`: what cross-validation expects of a model.
"""
