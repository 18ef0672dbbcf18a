"""What can be said of a data set as a whole; one file per finding, `registry.py` lists them,
`report.py` holds them.
"""
