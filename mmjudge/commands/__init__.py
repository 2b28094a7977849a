"""What the commands do; `mmjudge.cli` imports each when it is called."""
