"""The Commerce half of the sandbox: a double of the 2.4.8 REST API that implements its rules, and a
maker of orders."""
