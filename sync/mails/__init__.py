"""Mail servers, spoken to over SMTP."""
