"""The recipes that other packages call.

- `build`: a cleanset; `train`: the model to deploy; `predict`: labels of new rows;
- `artifacts`: signed files of a trained model;
- `manifest`, `tolerance`: what made a cleanset, and whether it comes out the same again.
"""
