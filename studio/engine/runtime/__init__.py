"""How long work runs on a machine: what it is given, what it keeps, what it gives back.

- `resources.Resources`: what a run is given besides its data;
- `cache`: finished pieces of work under content hashes;
- `one_thread`: bounds native thread pools;
- `memory`: returns freed memory to the system;
- `stopwatch`: seconds per stage.
"""
