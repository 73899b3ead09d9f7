"""The client of Dataverse, over an environment's rules."""
