"""One file per kind of issue; `registry.py` lists them."""
