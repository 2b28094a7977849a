"""The same chat models in vLLM's offline engine."""
