"""Stands where the demo's command stands."""

import typer


def demo(ctx: typer.Context, orders: int = 1, serve: bool = False) -> None:
    """Show something."""
    typer.echo(f"{orders} orders, serving: {serve}")
    if orders > 100:
        raise typer.Exit(3)
