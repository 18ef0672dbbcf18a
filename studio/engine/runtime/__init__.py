"""Resources of long computations: cache, threads, memory, time.

- `resources.Resources`: cache, number of threads and progress of a run;
- `cache`: results under content hashes;
- `one_thread`: limits native thread pools to one thread;
- `memory`: returns freed memory to the system;
- `stopwatch`: seconds per stage.
"""
