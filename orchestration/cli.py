"""The `perennial` command: the same jobs that the Makefile and Dagster offer, one sub-command each.

Parses, calls, prints. What a command does stands in the module it calls, which is imported when the command is given,
so that `--help` is quick; a failure of ours ends with its message and exit code 1, without a traceback.
"""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from models.errors import MisconfiguredError, PerennialError
from orchestration.campaign_cli import campaign
from orchestration.deliveries_cli import deliveries
from orchestration.export_cli import export
from orchestration.identity_cli import identity
from orchestration.loyalty_cli import loyalty
from orchestration.rfm_cli import rfm
from orchestration.segment_cli import segment
from orchestration.settings import current_settings
from orchestration.suppression_cli import suppress
from orchestration.sync_cli import sync

app = typer.Typer(
    name="perennial",
    help="Customer lifetime value, from the raw order to the message that follows from it.\n\n"
    "Declare your shops in perennial.yml, then: perennial run. New here? perennial demo.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
warehouse = typer.Typer(help="The warehouse: start it, stop it, connect to it.", no_args_is_help=True)
archive = typer.Typer(help="The archive: every record as it was read, in Parquet.", no_args_is_help=True)
prior = typer.Typer(help="What merchants teach about small ones.", no_args_is_help=True)
serve = typer.Typer(help="Single processes of a server deployment.", no_args_is_help=True)
app.add_typer(warehouse, name="warehouse")
app.add_typer(serve, name="serve")
app.add_typer(archive, name="archive")
app.add_typer(prior, name="prior")
app.add_typer(identity, name="identity")
app.add_typer(loyalty, name="loyalty")
app.add_typer(rfm, name="rfm")
app.add_typer(segment, name="segment")
app.add_typer(sync, name="sync")
app.add_typer(campaign, name="campaign")
app.add_typer(suppress, name="suppress")
app.add_typer(deliveries, name="deliveries")

MerchantOption = Annotated[
    list[str] | None, typer.Option("--merchant", "-m", help="Only this merchant; may be given several times.")
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        help="The last day to describe. Default: as perennial.yml says, else the last one that is over.",
    ),
]


@app.command()
def demo(
    loop: Annotated[
        bool, typer.Option(help="End with the loop, closed at a small shop; it takes some minutes.")
    ] = True,
) -> None:
    """Load real purchases, build every table, predict, send, and print what came of it."""
    from orchestration.demonstration import run_demo

    raise typer.Exit(run_demo(current_settings(), closes_loop=loop))


@app.command()
def run(merchant: MerchantOption = None, as_of: AsOfOption = None) -> None:
    """Run the whole pipeline now: read, land, transform, predict, publish, deliver."""
    from orchestration.execution import run_pipeline

    raise typer.Exit(run_pipeline(current_settings(), merchant or [], as_of.date() if as_of else None))


@app.command()
def trace(
    delivery: Annotated[str, typer.Argument(help="Its number in activation.deliveries, or the beginning of its key.")],
    merchant: Annotated[str | None, typer.Option("--merchant", "-m", help="Only this merchant's.")] = None,
    is_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show where a delivery came from: campaign or sync, rule, model run, day, and the orders at the shops."""
    from orchestration.delivery_trace import print_trace

    print_trace(current_settings(), delivery, merchant, is_json=is_json)


@app.command()
def ui() -> None:
    """Serve the Dagster UI and run its daemon (schedules and sensors) until Ctrl-C."""
    from orchestration.serving import serve_ui

    raise typer.Exit(serve_ui(current_settings()))


@app.command("check-config")
def check_config() -> None:
    """Check perennial.yml, and read its sources to show what a run would find; changes nothing."""
    from orchestration.sandbox_process import sandbox_process
    from orchestration.trial_reading import check_configuration

    settings = current_settings()
    with sandbox_process(settings) as wait_for_shops:
        wait_for_shops()
        for line in check_configuration(settings):
            typer.echo(line)


@app.command()
def rejects(
    merchant: MerchantOption = None,
    output: Annotated[Path | None, typer.Option(help="Write them to this CSV file, to correct and replay.")] = None,
) -> None:
    """List the records that were set aside, with file, line, field and reason."""
    from orchestration.rejects import list_rejects

    list_rejects(current_settings(), merchant or [], output)


@app.command("replay-rejects")
def replay_rejects(
    corrections: Annotated[
        Path | None, typer.Argument(help="The CSV file of `perennial rejects --output`, with corrected_text filled in.")
    ] = None,
    merchant: MerchantOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Read rejected records again, with their corrections, and land what is good now."""
    from orchestration.rejects import replay

    raise typer.Exit(replay(current_settings(), merchant or [], corrections, as_of.date() if as_of else None))


@app.command("rebuild-raw")
def rebuild_raw(
    source: Annotated[str, typer.Argument(help="The source's name, such as files.")] = "files",
    stream: Annotated[
        str | None, typer.Argument(help="One stream, such as orders. Default: all of the source.")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Only compare; change nothing.")] = False,
) -> None:
    """Rebuild raw tables from the archive, without reading any shop again."""
    from orchestration.archive_commands import rebuild

    raise typer.Exit(rebuild(current_settings(), source, stream, verify_only=verify))


@archive.command("sql")
def archive_sql(
    query: Annotated[str, typer.Argument(help="DuckDB SQL over views such as files_orders.")],
) -> None:
    """Query the archive's history with DuckDB: one view per source and stream."""
    from orchestration.archive_commands import query_archive

    query_archive(current_settings(), query)


@prior.command("estimate")
def prior_estimate(
    output: Annotated[
        Path | None, typer.Option(help="Where it goes. Default: where runs look for it, PERENNIAL_PRIOR or the home.")
    ] = None,
) -> None:
    """Make a prior of your own from the fits of merchants with `shares_prior: true`; needs five of one model."""
    from orchestration.deployment_prior import estimate

    estimate(current_settings(), output)


@app.command()
def synthesize(
    folder: Annotated[
        Path | None, typer.Argument(help="Where the files go; `truth/` below it holds the true parameters.")
    ] = None,
    preset: Annotated[str, typer.Option(help="Which merchant to make up; see --list.")] = "model_following",
    customers: Annotated[
        int | None, typer.Option(min=1, max=10_000_000, help="How many customers. Default: as many as the preset has.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 1,
    file_format: Annotated[str, typer.Option("--format", help="csv, jsonl or parquet.")] = "csv",
    listing: Annotated[bool, typer.Option("--list", help="List the presets.")] = False,
) -> None:
    """Make up a merchant whose true behaviour is known, as files; prints the perennial.yml that reads them."""
    from orchestration.synthesis import list_presets, synthesize_merchant

    if listing:
        list_presets()
    elif folder is None:
        raise typer.BadParameter("say where the files go, or --list the presets", param_hint="FOLDER")
    else:
        synthesize_merchant(folder, preset, customers, seed, file_format)


@app.command()
def explain(
    customer: Annotated[str, typer.Argument(help="The customer's id, as in marts.customer_360.")],
    merchant: Annotated[
        str | None, typer.Option("--merchant", "-m", help="Whose; needed where there are several.")
    ] = None,
    model_run: Annotated[
        str | None, typer.Option("--run", help="The model run, or how its id begins. Default: the published one.")
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Say what drives a customer's prediction, in words and numbers."""
    from orchestration.customer_explanation import explain_customer

    if output_format not in ("text", "json"):
        raise MisconfiguredError("--format", f"{output_format!r}; use text or json")
    explain_customer(current_settings(), customer, merchant, model_run, is_json=output_format == "json")


@app.command()
def report(
    merchant: MerchantOption = None,
    output: Annotated[Path | None, typer.Option(help="The folder to write to. Default: reports, in the home.")] = None,
    model_run: Annotated[
        str | None, typer.Option("--run", help="The model run, or how its id begins. Default: the published one.")
    ] = None,
) -> None:
    """Write a page per merchant that says how good its forecast is, and whether it may be trusted."""
    from orchestration.merchant_report import write_reports

    write_reports(current_settings(), merchant or [], output, model_run)


app.command()(export)


@app.command()
def replay(
    model_run: Annotated[
        str | None, typer.Argument(help="The model run, or how its id begins. Default: the published one.")
    ] = None,
    merchant: Annotated[
        str | None, typer.Option("--merchant", "-m", help="Whose; needed where there are several and no run is named.")
    ] = None,
) -> None:
    """Make a past model run again from the archive, and say whether it is the same to the last bit."""
    from orchestration.replay import replay_model_run

    raise typer.Exit(replay_model_run(current_settings(), model_run, merchant))


@app.command()
def receiver() -> None:
    """Serve the demonstration's receiver on this machine until Ctrl-C."""
    from orchestration.serving import serve_receiver

    serve_receiver(current_settings())


@app.command()
def sandbox(
    customers: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many people the merchant has.")] = 600,
    seed: Annotated[int, typer.Option(help="The same seed gives the same shops.")] = 1,
    activity: Annotated[
        float | None, typer.Option(min=0.01, help="Let something happen at each shop every so many seconds.")
    ] = None,
    demonstration: Annotated[bool, typer.Option("--demonstration", help="Serve the demonstration's shops.")] = False,
    until_input_ends: Annotated[bool, typer.Option("--until-input-ends", hidden=True)] = False,
) -> None:
    """Serve a made-up merchant's shops on Shopify, BigCommerce and WooCommerce on this machine until Ctrl-C."""
    from orchestration.sandbox import serve_sandbox

    serve_sandbox(
        current_settings(),
        customers=customers,
        seed=seed,
        activity_seconds=activity,
        is_demonstration=demonstration,
        ends_with_input=until_input_ends,
    )


@app.command()
def docs(check: Annotated[bool, typer.Option("--check", help="Fail when a document is stale.")] = False) -> None:
    """Regenerate the generated documents."""
    from orchestration.documentation import generate

    raise typer.Exit(generate(current_settings(), check_only=check))


@app.command()
def clean() -> None:
    """Stop the embedded warehouse and remove everything Perennial keeps on this machine for this project."""
    from orchestration.serving import remove_home

    remove_home(current_settings())


@serve.command("webserver")
def serve_webserver(host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1") -> None:
    """Become the Dagster webserver."""
    from orchestration.serving import become_webserver

    become_webserver(current_settings(), host)


@serve.command("daemon")
def serve_daemon() -> None:
    """Become the Dagster daemon: schedules, sensors, the run queue."""
    from orchestration.serving import become_daemon

    become_daemon(current_settings())


@serve.command("unsubscribe")
def serve_unsubscribe(host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1") -> None:
    """Serve the other end of the links with which customers unsubscribe."""
    from orchestration.unsubscribing import serve_unsubscribe as serve_links

    serve_links(current_settings(), host)


@serve.command("daemon-health")
def serve_daemon_health() -> None:
    """Exit 0 when the daemon's heartbeats are fresh, 1 otherwise."""
    from orchestration.serving import check_daemon

    raise typer.Exit(check_daemon(current_settings()))


@warehouse.command("url")
def warehouse_url(
    role: Annotated[str, typer.Option(help="owner, or reader for BI tools: marts only.")] = "owner",
) -> None:
    """Start the warehouse if needed and print one libpq URL, and nothing else."""
    from orchestration import deployment

    if role not in {"owner", "reader"}:
        raise MisconfiguredError("--role", f"{role!r}; use owner or reader")
    typer.echo(deployment.warehouse_url(current_settings(), role))


@warehouse.command("start")
def warehouse_start() -> None:
    """Start the embedded warehouse, or find it running, and bring its tables up to date."""
    from orchestration.serving import start_warehouse

    start_warehouse(current_settings())


@warehouse.command("stop")
def warehouse_stop() -> None:
    """Stop the embedded warehouse cleanly."""
    from orchestration.serving import stop_warehouse

    stop_warehouse(current_settings())


@warehouse.command("status")
def warehouse_status() -> None:
    """Say whether the warehouse runs, where, and with which data."""
    from orchestration.serving import print_status

    print_status(current_settings())


def main() -> None:
    """Run the command; a failure of ours is one message, not a traceback."""
    try:
        from orchestration.logs import configure_logs

        configure_logs(current_settings().log_level)
        app(standalone_mode=True)
    except PerennialError as error:
        sys.stderr.write(f"perennial: {error}\n")
        sys.exit(1)
