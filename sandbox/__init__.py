"""Both systems as rules: ASGI doubles for the demo, the tests, the fault simulation and the
benchmark. Not deployed."""
