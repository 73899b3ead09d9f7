"""Mails to buyers that neither Commerce nor F&O sends."""
