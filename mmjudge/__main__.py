"""`python -m mmjudge`: the same as the command."""

from mmjudge.cli import main

main()
