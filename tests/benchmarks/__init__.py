"""How quick the list page is, and what it costs, on boards of many postings: `python -m tests.benchmarks`.

1. `boards` keeps boards of a given size in `var/benchmarks/`; `multiply` fills one from real postings.
2. `asking` draws the requests: another filter each time, rare words and common ones.
3. `load` serves each board by one gunicorn worker on one core and asks it from another; `settings` and `urls` are the
   board's own with a bare page beside it, which everything is compared with.
4. `inside` measures what cannot be seen from outside: the catalogue's time and memory, the queries of a page.
5. `__main__` runs it all and prints one table, each line with the bar that it has to hold.
"""
