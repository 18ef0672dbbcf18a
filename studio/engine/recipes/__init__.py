"""The entry points of the engine that other packages call.

- `build`: a cleanset; `train`: the model to deploy; `predict`: labels of new rows;
- `artifacts`: signed files of a trained model;
- `manifest`, `tolerance`: what a cleanset was made from, and whether it can be reproduced.
"""
