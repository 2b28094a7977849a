"""Endpoints that speak the OpenAI protocol: messages, calls, costs, log probabilities."""
