"""Tables in Azure Table Storage."""
