"""What mmjudge brings along: a pack of scenes and tiny judges; `manifest.toml` names each."""
