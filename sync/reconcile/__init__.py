"""Both systems' books compared: counts and money per day, store, currency and kind, and the cause
of each difference. Reads only."""
