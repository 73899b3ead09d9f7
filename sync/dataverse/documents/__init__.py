"""Rows of Dataverse as the product knows them: values, without requests."""
