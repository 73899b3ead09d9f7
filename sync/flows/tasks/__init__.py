"""What accounts do in the shop, and the tasks that sellers get of it."""
