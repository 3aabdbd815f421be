"""Who the company is: products, components, regions, teams, customers and suppliers, by name.

A maker of pumps, valves, filters and instruments for water and process plants, with a plant in
Hamburg and one in Columbus. Everything here is invented.
"""

from datetime import date
from decimal import Decimal

from takt.standalone.company.rows import (
    Account,
    BillLine,
    Item,
    PriceRule,
    Product,
    Region,
    Site,
    SourcingShare,
    Supplier,
    SupplierItem,
    Team,
)

NAME = "Kestrel Flow Systems"
CURRENCY = "EUR"
TIME_ZONE = "Europe/Berlin"
WORKING_WEEK = "mon-fri"
ASSEMBLY_DAYS = 5
LABOUR_SHARE = Decimal("0.16")
"""Labour and energy in a made product, as a part of its list price."""

# code, name, list price, units a week
_PRODUCTS = {
    "Pumps": (
        ("PMP-C25", "Centrifugal pump C25", 1180, 26),
        ("PMP-C40", "Centrifugal pump C40", 1640, 20),
        ("PMP-C65", "Centrifugal pump C65", 2480, 13),
        ("PMP-C100", "Centrifugal pump C100", 3950, 8),
        ("PMP-D20", "Dosing pump D20", 890, 24),
        ("PMP-S50", "Submersible pump S50", 2150, 10),
    ),
    "Valves": (
        ("VLV-B25", "Ball valve DN 25", 145, 150),
        ("VLV-B50", "Ball valve DN 50", 240, 95),
        ("VLV-C50", "Control valve DN 50", 1320, 22),
        ("VLV-C80", "Control valve DN 80", 1980, 13),
        ("VLV-K40", "Check valve DN 40", 175, 110),
        ("VLV-M65", "Motorised valve DN 65", 1560, 14),
    ),
    "Filters": (
        ("FLT-A10", "Bag filter A10", 310, 60),
        ("FLT-A30", "Bag filter A30", 560, 34),
        ("FLT-S20", "Self-cleaning filter S20", 2700, 7),
        ("FLT-C40", "Cartridge housing C40", 420, 40),
        ("FLT-R05", "Cartridge 5 micron", 28, 620),
        ("FLT-R20", "Cartridge 20 micron", 24, 540),
    ),
    "Instruments": (
        ("INS-F10", "Flow meter DN 10", 680, 32),
        ("INS-F25", "Flow meter DN 25", 1050, 20),
        ("INS-P10", "Pressure transmitter P10", 290, 75),
        ("INS-L20", "Level sensor L20", 410, 48),
        ("INS-Q15", "Turbidity meter Q15", 1250, 11),
        ("INS-X08", "Process controller X08", 1480, 13),
    ),
}

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

# supplier: name, lead time in working days, payment days, then item, name, price, minimum, multiple
_SUPPLIERS = {
    "MOTEX": (
        "Motex Antriebe GmbH",
        25,
        45,
        (
            ("MOT-11", "Motor 1.1 kW", "205", 10, 5),
            ("MOT-22", "Motor 2.2 kW", "296", 10, 5),
            ("MOT-55", "Motor 5.5 kW", "640", 4, 2),
        ),
    ),
    "THALE": (
        "Gusswerk Thale GmbH",
        35,
        60,
        (
            ("CAST-S", "Pump casing, small", "58", 50, 10),
            ("CAST-M", "Body, medium", "112", 40, 10),
            ("CAST-L", "Body, large", "265", 20, 5),
        ),
    ),
    "DICHTA": (
        "Dichta Sealing AB",
        10,
        30,
        (
            ("SEAL", "Mechanical seal", "31", 50, 25),
            ("GSK", "Gasket kit", "5.60", 200, 100),
        ),
    ),
    "NORDLAGER": ("Nordlager AB", 15, 30, (("BRG", "Ball bearing", "11.50", 100, 50),)),
    "TURNTECH": (
        "Turntech Precision Ltd",
        20,
        30,
        (
            ("SHAFT", "Shaft", "39", 40, 10),
            ("IMP", "Impeller", "47", 40, 10),
        ),
    ),
    "ELEKTRA": ("Elektra Boards s.r.o.", 30, 30, (("PCB", "Control board", "84", 50, 25),)),
    "SENSORIA": (
        "Sensoria Oy",
        25,
        45,
        (
            ("CELL", "Pressure cell", "61", 40, 20),
            ("COIL", "Flow coil", "118", 20, 10),
            ("INS-L20", "", "187", 20, 10),
        ),
    ),
    "ACTUMATIC": ("Actumatic SpA", 30, 60, (("ACT", "Electric actuator", "298", 10, 5),)),
    "FILTRANA": (
        "Filtrana Media BV",
        15,
        30,
        (
            ("MEDIA", "Filter media, square metre", "7.40", 250, 50),
            ("FLT-R05", "", "12.10", 500, 100),
            ("FLT-R20", "", "10.30", 500, 100),
        ),
    ),
    "STAHLFORM": (
        "Stahlform Gehaeuse GmbH",
        12,
        30,
        (
            ("ENC", "Enclosure", "34", 50, 10),
            ("HSG-S", "Filter housing, small", "74", 30, 10),
            ("HSG-L", "Filter housing, large", "186", 6, 2),
            ("FAST", "Fastener kit", "3.80", 250, 50),
        ),
    ),
    "VALBRENTA": (
        "Valbrenta Valvole SpA",
        22,
        60,
        (
            ("VLV-B25", "", "66", 100, 20),
            ("VLV-B50", "", "108", 60, 20),
            ("VLV-K40", "", "79", 100, 20),
        ),
    ),
}

_PRICE_BREAKS = ((1, "1"), (4, "0.96"), (10, "0.92"))
"""Multiples of the minimum from which a unit costs this part of its price."""

_REGIONS = (
    Region("EMEA", "Europe, Middle East and Africa", None, 0.0),
    Region("DACH", "Germany, Austria, Switzerland", "EMEA", 0.34),
    Region("NORDICS", "Nordic countries", "EMEA", 0.19),
    Region("AMERICAS", "Americas", None, 0.0),
    Region("US-EAST", "United States, east", "AMERICAS", 0.28),
    Region("US-WEST", "United States, west", "AMERICAS", 0.19),
)

_TEAMS = (
    Team("SALES-EMEA", "Sales EMEA", None, "EMEA", ()),
    Team("DACH-1", "DACH north", "SALES-EMEA", "DACH", ("Anna Brandt", "Jonas Keller")),
    Team("DACH-2", "DACH south", "SALES-EMEA", "DACH", ("Miriam Huber", "Lukas Steiner")),
    Team(
        "NORDICS-1",
        "Nordics",
        "SALES-EMEA",
        "NORDICS",
        ("Ingrid Solberg", "Erik Lindqvist", "Aino Virtanen"),
    ),
    Team("SALES-US", "Sales US", None, "AMERICAS", ()),
    Team(
        "US-EAST-1",
        "US east",
        "SALES-US",
        "US-EAST",
        ("Denise Carter", "Marcus Webb", "Priya Raman"),
    ),
    Team("US-WEST-1", "US west", "SALES-US", "US-WEST", ("Hector Ruiz", "Sarah Lindholm")),
)

_SECTORS = ("water", "chemicals", "food", "pharma", "energy")
_PAYMENT_DAYS = (30, 30, 45, 30, 60, 14)

_ACCOUNTS = {
    "DACH": (
        "Alpwasser Verbund",
        "Bergmann Chemie",
        "Donautal Stadtwerke",
        "Elbmarsch Klaerwerke",
        "Feldkirch Molkerei",
        "Grunewald Pharma",
        "Harzquell Getraenke",
        "Innwerk Energie",
        "Jadebusen Raffinerie",
        "Kronberg Anlagenbau",
        "Lechfeld Papier",
        "Moselland Brauereien",
        "Neckar Biotech",
        "Oderbruch Agrar",
        "Pfalzwerke Dampf",
        "Rhonetal Aromen",
        "Saarstahl Kuehlung",
        "Tauber Lebensmittel",
    ),
    "NORDICS": (
        "Aurland Kraft",
        "Bohus Varv",
        "Dalalven Vatten",
        "Esbo Kemi",
        "Fjordlaks Processing",
        "Gotene Mejeri",
        "Halsingland Cellulosa",
        "Jutland Dairies",
        "Kymi Paper",
        "Lofoten Seafood",
        "Malaren Water",
        "Oresund Pharma",
    ),
    "US-EAST": (
        "Allegheny Water Authority",
        "Bayonne Terminals",
        "Chesapeake Foods",
        "Delaware Valley Pharma",
        "Erie Lakes Utilities",
        "Finger Lakes Dairy",
        "Great Bend Chemicals",
        "Hudson Bottling",
        "Ironbound Plating",
        "Juniata Paper",
        "Kanawha Energy",
        "Lehigh Biologics",
        "Monongahela Power",
        "Narragansett Desalination",
        "Ohio River Polymers",
        "Potomac Treatment",
    ),
    "US-WEST": (
        "Bitterroot Brewing",
        "Cascade Semiconductor",
        "Columbia Gorge Fruit",
        "Desert Springs Water",
        "El Dorado Refining",
        "Feather River Almonds",
        "Golden Basin Mining",
        "High Sierra Creamery",
        "Klamath Hydro",
        "Mojave Solar Thermal",
        "Napa Ridge Cellars",
        "Puget Biopharma",
        "San Joaquin Irrigation",
        "Tahoe Utility District",
    ),
}

_SITES = (
    Site("HAMBURG", "Hamburg plant", WORKING_WEEK),
    Site("COLUMBUS", "Columbus plant", WORKING_WEEK),
)

_SOURCING = {
    "DACH": (("HAMBURG", "1"),),
    "NORDICS": (("HAMBURG", "1"),),
    "US-EAST": (("COLUMBUS", "1"),),
    "US-WEST": (("COLUMBUS", "0.8"), ("HAMBURG", "0.2")),
}

_PRICE_RULES = (
    PriceRule("pumps-floor", "Pumps", Decimal("0.25"), Decimal("0.25")),
    PriceRule("valves-floor", "Valves", Decimal("0.30"), Decimal("0.20")),
    PriceRule("filters-floor", "Filters", Decimal("0.30"), Decimal("0.20")),
    PriceRule("instruments-floor", "Instruments", Decimal("0.25"), Decimal("0.25")),
)


def regions() -> tuple[Region, ...]:
    """Two areas and the four regions inside them, areas first."""
    return _REGIONS


def teams() -> tuple[Team, ...]:
    """Sales teams, parents first."""
    return _TEAMS


def sites() -> tuple[Site, ...]:
    """The two plants."""
    return _SITES


def price_rules() -> tuple[PriceRule, ...]:
    """A floor for each family."""
    return _PRICE_RULES


def accounts() -> tuple[Account, ...]:
    """The customers of each region."""
    named = [(region, name) for region, names in _ACCOUNTS.items() for name in names]
    return tuple(
        Account(
            external_id=f"ACC-{1001 + place}",
            name=name,
            sector=_SECTORS[place % len(_SECTORS)],
            region=region,
            payment_days=_PAYMENT_DAYS[place % len(_PAYMENT_DAYS)],
        )
        for place, (region, name) in enumerate(named)
    )


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


def products() -> tuple[Product, ...]:
    """What is sold; the cost of a made product is its material and its labour."""
    material = material_costs()
    return tuple(
        Product(
            code=code,
            name=name,
            family=family,
            list_price=Decimal(list_price),
            cost=(
                material[code] + (LABOUR_SHARE * list_price if code in _BILLS else Decimal(0))
            ).quantize(Decimal("0.01")),
            weekly_demand=weekly_demand,
        )
        for family, entries in _PRODUCTS.items()
        for code, name, list_price, weekly_demand in entries
    )


def items() -> tuple[Item, ...]:
    """Everything stocked: products, subassemblies, components."""
    names = {code: name for entries in _PRODUCTS.values() for code, name, _, _ in entries}
    made = [
        Item(code, names.get(code, name), "made", ASSEMBLY_DAYS)
        for code, (name, _) in _BILLS.items()
    ]
    bought = [
        Item(code, names.get(code, name), "bought", lead_time_days)
        for _, lead_time_days, _, offers in _SUPPLIERS.values()
        for code, name, _, _, _ in offers
    ]
    return (*made, *bought)


def material_costs() -> dict[str, Decimal]:
    """Bought material in one unit of every item, rolled up its bill at the lowest quantity's price."""
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


def sourcing(valid_from: date) -> tuple[SourcingShare, ...]:
    """Which plant serves a product in a region; the shares of each sum to 1."""
    return tuple(
        SourcingShare(code, region, site, Decimal(share), valid_from)
        for entries in _PRODUCTS.values()
        for code, _, _, _ in entries
        for region, shares in _SOURCING.items()
        for site, share in shares
    )
