"""Who the company is: products, components, regions, teams, customers and suppliers, by name.

A maker of pumps, valves, filters and instruments for water and process plants, with a plant in
Hamburg and one in Columbus. Everything here is invented.
"""

from datetime import date
from decimal import Decimal

from takt.standalone.company.materials import WORKING_WEEK, bill_lines, material_costs
from takt.standalone.company.rows import (
    Account,
    PriceRule,
    Product,
    Region,
    Site,
    SourcingShare,
    Team,
)

NAME = "Kestrel Flow Systems"
CURRENCY = "EUR"
TIME_ZONE = "Europe/Berlin"
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


def products() -> tuple[Product, ...]:
    """What is sold; the cost of a made product is its material and its labour."""
    material = material_costs()
    made = {line.parent for line in bill_lines()}
    return tuple(
        Product(
            code=code,
            name=name,
            family=family,
            list_price=Decimal(list_price),
            cost=(
                material[code] + (LABOUR_SHARE * list_price if code in made else Decimal(0))
            ).quantize(Decimal("0.01")),
            weekly_demand=weekly_demand,
        )
        for family, entries in _PRODUCTS.items()
        for code, name, list_price, weekly_demand in entries
    )


def sourcing(valid_from: date) -> tuple[SourcingShare, ...]:
    """Which plant serves a product in a region; the shares of each sum to 1."""
    return tuple(
        SourcingShare(code, region, site, Decimal(share), valid_from)
        for entries in _PRODUCTS.values()
        for code, _, _, _ in entries
        for region, shares in _SOURCING.items()
        for site, share in shares
    )
