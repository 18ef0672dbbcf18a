"""Model families that scikit-learn lacks, or has with other habits; each is a scikit-learn
classifier.
"""
