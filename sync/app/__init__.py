"""Where the product runs: on one machine, on emulators, in Azure; and the settings that say so."""
