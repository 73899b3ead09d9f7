.PHONY: golden

# What the app registers, as text; read the difference in the pull request.
golden:
	.venv/bin/python -m tests.hosts.surface
