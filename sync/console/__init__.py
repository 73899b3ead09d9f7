"""The web console: server-rendered pages over the same functions that the commands use.

It works without JavaScript. Nothing is fetched from elsewhere, and a viewer changes nothing.
"""
