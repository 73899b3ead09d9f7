"""Queues in Azure Service Bus."""
