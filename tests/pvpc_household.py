"""A household on PVPC, and the public archive that has the prices of its days."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Final

from local_service import LocalService, Reply

TARIFF: Final = """\
id = "es-pvpc"
supplier = "a supplier of reference"
names.en = "PVPC"
currency = "EUR"
series = "pvpc-peninsula.csv"
[[version]]
from = 2021-06-01
confidence = "own"
source = "my contract"
subscription = "3.10"
"""
CONTRACT: Final = '[[contract]]\ntariff = "es-pvpc"\npower = 5\nfrom = 2021-06-01\n'


def publish(service: LocalService, day: date, prices: Iterable[int]) -> None:
    """Publish a day's prices in EUR a MWh, by hour from local midnight."""
    rows = [
        {"Dia": f"{day:%d/%m/%Y}", "Hora": f"{n:02}-{n + 1:02}", "PCB": f"{each},00", "CYM": "1"}
        for n, each in enumerate(prices)
    ]
    service.replies[f"/archives/70/download_json?locale=es&date={day}"] = Reply(json.dumps({"PVPC": rows}).encode())
