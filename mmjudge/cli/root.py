"""The group of all commands, and how it says what went wrong."""

from typing import Annotated, Any

import typer

from mmjudge.engine.interrupts import INTERRUPTED
from mmjudge.errors import MmjudgeError

MISTAKE = 2
"""Exit code of anything that the user can mend."""


class Commands(typer.core.TyperGroup):
    """Prints what a user can mend without a traceback, and keeps the words of the command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep the words as written, for the line that says how to go on."""
        ctx.obj = ["mmjudge", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; a mistake is one message and exit code 2, a second Ctrl-C 130."""
        try:
            return super().invoke(ctx)
        except MmjudgeError as error:
            typer.echo(f"error: {_visible(str(error))}", err=True)
            raise typer.Exit(MISTAKE) from None
        except KeyboardInterrupt:
            typer.echo("stopped; what was committed is safe", err=True)
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=Commands,
    help="Evaluate multimodal judges: models that compare, grade and rank other models' output.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich would take most of the time that --help has
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _visible(text: str) -> str:
    """Text of strangers in a message: control characters are shown and not obeyed."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def _version(wanted: bool) -> None:
    if wanted:
        import mmjudge

        typer.echo(f"mmjudge {mmjudge.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of all commands."""
