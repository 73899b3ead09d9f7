"""The app in Microsoft's own worker code.

`worker_program` runs as a process of its own, in the unpacked package, and hands messages between
its pipes and the worker's library; the tests write to it what the Functions host would
(`process.py`, `inputs.py`).
"""
