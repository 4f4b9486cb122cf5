"""What a command says, and how it ends, when it cannot go on: a sentence, no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cluster.pools import ClusterTooSmall
from pipeline import storage
from pipeline.budget import BudgetSpent
from pipeline.clean import NoLedger, RunIsOpen
from pipeline.feed import FeedError
from pipeline.overlap import RunInProgress, TakenOver
from pipeline.redact import redacted
from pipeline.rows import RecipeError
from schemas.config_error import ConfigError

UNREACHABLE, REFUSED, OVER_BUDGET, TAKEN_OVER, STOPPED = 1, 2, 3, 4, 130
"""Exit statuses: a store that does not answer, a refusal before anything was spent, a run whose
next unit would exceed the budget, one that another driver went on with, Ctrl-C."""

_REFUSALS = (ConfigError, RecipeError, FeedError, ClusterTooSmall, RunIsOpen, NoLedger)


@contextmanager
def for_people() -> Iterator[None]:
    """Errors of the user, and of the store, as one message on stderr and an exit status.

    Everything else is a bug of ours and keeps its traceback.
    """
    try:
        yield
    except _REFUSALS as error:
        typer.echo(redacted(str(error)), err=True)
        raise typer.Exit(REFUSED) from None
    except BudgetSpent as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(OVER_BUDGET) from None
    except TakenOver as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(TAKEN_OVER) from None
    except RunInProgress as error:  # as it was told to: no schedule is to alarm anybody
        typer.echo(str(error))
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        typer.echo("stopped; the same command goes on from here", err=True)
        raise typer.Exit(STOPPED) from None
    except Exception as error:
        refusal = storage.refusal(error)
        if refusal is None:
            raise
        typer.echo(redacted(refusal), err=True)
        raise typer.Exit(UNREACHABLE) from None
