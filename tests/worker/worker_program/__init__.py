"""A worker's process: Microsoft's code and the app, between two pipes. It runs where the tests are
not: in the unpacked package."""
