"""Which item a SKU is, which account a customer is: tables, their CSV, and their first filling by
rules."""
