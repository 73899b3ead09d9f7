"""What every flow shares: a notification, tries, what comes of them; claims, trail and copies;
polls that catch up."""
