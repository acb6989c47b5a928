"""How quick the board is, and what it costs, at many postings: `python -m tests.benchmarks`.

1. `boards` keeps boards of a given size in `var/benchmarks/` and on a PostgreSQL server; `multiply` fills one from real
   postings.
2. `asking` draws the addresses: other filters, searches, postings and feeds each time, rare words and common ones.
3. `load` serves each board by one gunicorn worker on one core, and `wrk` asks it from another; `settings` and `urls`
   are the board's own with a bare page beside it, which everything is compared with.
4. `pages` says what is asked for and which share of the bare page each must reach; it measures the memory, too.
5. `importing` makes an archive of many files and imports it; `inside` and `feeding` measure what cannot be seen from
   outside: the catalogue's time and memory, the queries of a page, a whole feed.
6. `__main__` runs it all, and `table` prints each figure with the bar that it has to hold.
"""
