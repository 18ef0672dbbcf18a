"""How one candidate is fitted, and how predictions are measured, calibrated and mixed.

- `candidates`: which models are tried for which data;
- `learners`: fits one candidate to the labels of a task;
- `metrics`: measures of class probabilities;
- `calibration`: makes probabilities speak of the true label;
- `class_factors`: calibration of models that were fitted with class weights;
- `ensemble`: weights of the candidates.
"""
