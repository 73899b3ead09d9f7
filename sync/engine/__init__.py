"""What all flows share: plans, the executor that carries them out, claims, polls and pacing."""
