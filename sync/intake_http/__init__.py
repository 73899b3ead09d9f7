"""What comes in by HTTP and from F&O's own queue: verified, its keys taken out, stored as
notifications, answered."""
