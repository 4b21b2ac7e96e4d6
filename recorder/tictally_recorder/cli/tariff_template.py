"""`tictally tariff template`: list market offers, and write one of them as a file to begin with."""

from typing import Annotated

import typer

from tictally_recorder.cli.catalogue import catalogue_of, end_with_problems
from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.options import Configuration, JsonOption
from tictally_recorder.reports import tariff_templates as report
from tictally_recorder.tariffs.template_files import template as template_of
from tictally_recorder.tariffs.template_files import templates, write_template
from tictally_recorder.translations import catalogue as words_of


def template(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A template. Default: list all of them and write none.")
    ] = None,
    *,
    only_print: Annotated[bool, typer.Option("--print", help="Print the file instead of writing it.")] = False,
    json: JsonOption = False,
    configuration: Configuration,
) -> None:
    """List what suppliers sell beside the regulated tariffs, or write one of these offers among your tariffs.

    The prices are from a public collection of price sheets and hold on the day that is shown, not from it: compare them
    with your supplier's own sheet. An existing file is never overwritten.
    """
    settings = configuration.settings()
    catalogue = catalogue_of(settings)
    if name is None:
        found = [each.tariff(catalogue.tax_tables) for each in templates().values()]
        if json:
            echo(report.as_json(found, settings.language))
        else:
            print_table(report.as_table(found, settings.language))
    elif only_print:
        echo(template_of(name).text.rstrip("\n"))
    else:
        wanted = template_of(name)
        path = write_template(wanted, settings.tariffs_folder)
        tariff = wanted.tariff(catalogue.tax_tables)
        words = words_of(settings.language)
        echo(words.text("template.written", file=str(path), day=str(tariff.versions[-1].start), tariff=wanted.id))
        for key in report.needs(tariff):
            echo(words.text(f"template.{key}"))
    end_with_problems((), catalogue, ())
