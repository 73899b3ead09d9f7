"""The rules of a Dataverse environment as a web application: tables, conditions, privileges."""
