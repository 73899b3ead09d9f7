"""Returns and complaints of the shop as cases of Dataverse, and what becomes of them there."""
