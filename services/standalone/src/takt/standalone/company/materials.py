"""What products are made of and who sells the parts: bills of material, suppliers, lot rules."""

from collections.abc import Mapping
from decimal import Decimal

from takt.standalone.company.rows import BillLine, Item, Supplier, SupplierItem

WORKING_WEEK = "mon-fri"
ASSEMBLY_DAYS = 5

_BILLS = {
    "SUB-HYS": ("Hydraulic end, small", "CAST-S 1, IMP 1, SEAL 1, SHAFT 1, BRG 2, GSK 1"),
    "SUB-HYL": ("Hydraulic end, large", "CAST-L 1, IMP 2, SEAL 1, SHAFT 1, BRG 4, GSK 2"),
    "SUB-ELX": ("Electronics module", "PCB 1, ENC 1, FAST 1"),
    "SUB-ACT": ("Actuator unit", "ACT 1, PCB 1, GSK 1"),
    "SUB-ELM": ("Filter element", "MEDIA 12.5, GSK 1, FAST 1"),
    "PMP-C25": ("", "SUB-HYS 1, MOT-11 1, FAST 2"),
    "PMP-C40": ("", "SUB-HYS 1, MOT-22 1, CAST-M 1, FAST 2"),
    "PMP-C65": ("", "SUB-HYL 1, MOT-22 1, CAST-M 1, FAST 4"),
    "PMP-C100": ("", "SUB-HYL 1, MOT-55 1, CAST-M 2, FAST 6"),
    "PMP-D20": ("", "MOT-11 1, SEAL 2, ENC 1, GSK 2"),
    "PMP-S50": ("", "SUB-HYS 2, MOT-22 1, SEAL 2"),
    "VLV-C50": ("", "SUB-ACT 1, CAST-M 1, GSK 2, FAST 4"),
    "VLV-C80": ("", "SUB-ACT 1, CAST-L 1, GSK 2, FAST 8"),
    "VLV-M65": ("", "SUB-ACT 1, SUB-ELX 1, CAST-M 1, FAST 4"),
    "FLT-A10": ("", "HSG-S 1, MEDIA 4, GSK 1"),
    "FLT-A30": ("", "HSG-S 1, SUB-ELM 1, GSK 1"),
    "FLT-S20": ("", "HSG-L 2, SUB-ELM 3, MOT-11 1, SUB-ELX 1"),
    "FLT-C40": ("", "HSG-S 2, GSK 2"),
    "INS-F10": ("", "COIL 1, SUB-ELX 1, GSK 1"),
    "INS-F25": ("", "COIL 2, SUB-ELX 1, GSK 1"),
    "INS-P10": ("", "CELL 1, ENC 1"),
    "INS-Q15": ("", "CELL 2, COIL 1, SUB-ELX 2"),
    "INS-X08": ("", "SUB-ELX 3, PCB 2, FAST 2"),
}

# supplier: name, lead time in working days, payment days, items: name, price, minimum, multiple.
# A minimum is what a plant uses in four to eight weeks.
_SUPPLIERS = {
    "MOTEX": (
        "Motex Antriebe GmbH",
        25,
        45,
        (
            ("MOT-11", "Motor 1.1 kW", "205", 120, 10),
            ("MOT-22", "Motor 2.2 kW", "296", 80, 10),
            ("MOT-55", "Motor 5.5 kW", "640", 20, 2),
        ),
    ),
    "THALE": (
        "Gusswerk Thale GmbH",
        35,
        60,
        (
            ("CAST-S", "Pump casing, small", "58", 200, 20),
            ("CAST-M", "Body, medium", "112", 200, 20),
            ("CAST-L", "Body, large", "265", 80, 10),
        ),
    ),
    "DICHTA": (
        "Dichta Sealing AB",
        10,
        30,
        (
            ("SEAL", "Mechanical seal", "31", 500, 50),
            ("GSK", "Gasket kit", "5.60", 2000, 200),
        ),
    ),
    "NORDLAGER": ("Nordlager AB", 15, 30, (("BRG", "Ball bearing", "11.50", 600, 50),)),
    "TURNTECH": (
        "Turntech Precision Ltd",
        20,
        30,
        (
            ("SHAFT", "Shaft", "39", 240, 20),
            ("IMP", "Impeller", "47", 300, 20),
        ),
    ),
    "ELEKTRA": ("Elektra Boards s.r.o.", 30, 30, (("PCB", "Control board", "84", 500, 50),)),
    "SENSORIA": (
        "Sensoria Oy",
        25,
        45,
        (
            ("CELL", "Pressure cell", "61", 300, 20),
            ("COIL", "Flow coil", "118", 240, 20),
            ("INS-L20", "", "187", 140, 10),
        ),
    ),
    "ACTUMATIC": ("Actumatic SpA", 30, 60, (("ACT", "Electric actuator", "298", 100, 10),)),
    "FILTRANA": (
        "Filtrana Media BV",
        15,
        30,
        (
            ("MEDIA", "Filter media, square metre", "7.40", 2500, 250),
            ("FLT-R05", "", "12.10", 1800, 100),
            ("FLT-R20", "", "10.30", 1500, 100),
        ),
    ),
    "STAHLFORM": (
        "Stahlform Gehaeuse GmbH",
        12,
        30,
        (
            ("ENC", "Enclosure", "34", 800, 50),
            ("HSG-S", "Filter housing, small", "74", 450, 30),
            ("HSG-L", "Filter housing, large", "186", 36, 4),
            ("FAST", "Fastener kit", "3.80", 2500, 250),
        ),
    ),
    "VALBRENTA": (
        "Valbrenta Valvole SpA",
        22,
        60,
        (
            ("VLV-B25", "", "66", 480, 40),
            ("VLV-B50", "", "108", 260, 20),
            ("VLV-K40", "", "79", 320, 40),
        ),
    ),
}

_PRICE_BREAKS = ((1, "1"), (2, "0.96"), (4, "0.92"))
"""Multiples of the minimum from which a unit costs this part of its price."""


def suppliers() -> tuple[Supplier, ...]:
    """The suppliers with lead times and terms."""
    return tuple(
        Supplier(code, name, lead_time_days, payment_days, WORKING_WEEK)
        for code, (name, lead_time_days, payment_days, _) in _SUPPLIERS.items()
    )


def supplier_items() -> tuple[SupplierItem, ...]:
    """Every bought item with its lot rules and price breaks."""
    return tuple(
        SupplierItem(
            supplier,
            item,
            Decimal(minimum),
            Decimal(multiple),
            tuple(
                (
                    Decimal(minimum * times),
                    (Decimal(price) * Decimal(part)).quantize(Decimal("0.01")),
                )
                for times, part in _PRICE_BREAKS
            ),
        )
        for supplier, (_, _, _, offers) in _SUPPLIERS.items()
        for item, _, price, minimum, multiple in offers
    )


def bill_lines() -> tuple[BillLine, ...]:
    """What made items take; products over subassemblies over components."""
    return tuple(
        BillLine(parent, component, Decimal(quantity))
        for parent, (_, contents) in _BILLS.items()
        for component, quantity in (part.split(" ") for part in contents.split(", "))
    )


def items(product_names: Mapping[str, str]) -> tuple[Item, ...]:
    """Everything stocked: products (named by code), subassemblies, components."""
    made = [
        Item(code, product_names.get(code, name), "made", ASSEMBLY_DAYS)
        for code, (name, _) in _BILLS.items()
    ]
    bought = [
        Item(code, product_names.get(code, name), "bought", lead_time_days)
        for _, lead_time_days, _, offers in _SUPPLIERS.values()
        for code, name, _, _, _ in offers
    ]
    return (*made, *bought)


def material_costs() -> dict[str, Decimal]:
    """Bought material in one unit of every item, rolled up, at the smallest lot's price."""
    costs = {offer.item: offer.prices[0][1] for offer in supplier_items()}
    lines: dict[str, list[BillLine]] = {}
    for line in bill_lines():
        lines.setdefault(line.parent, []).append(line)

    def cost(item: str) -> Decimal:
        if item not in costs:
            costs[item] = sum(
                (line.quantity * cost(line.component) for line in lines[item]), Decimal(0)
            )
        return costs[item]

    return {item: cost(item) for item in (*lines, *costs)}
