"""Adobe Commerce <-> Dynamics 365 Finance & Operations, exactly once in effect and to the cent."""
