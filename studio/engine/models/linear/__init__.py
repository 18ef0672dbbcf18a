"""Linear models, of words, embeddings and columns."""

from studio.engine.models.linear.logistic import TableLogistic
from studio.engine.models.linear.multi_label_logistic import MultiLabelLogistic
from studio.engine.models.linear.nb_svm import NBSVMClassifier
from studio.engine.models.linear.ridge import TunedRidge
from studio.engine.models.linear.svm import LinearSVMClassifier

__all__ = [
    "LinearSVMClassifier",
    "MultiLabelLogistic",
    "NBSVMClassifier",
    "TableLogistic",
    "TunedRidge",
]
