"""The board: how a posting goes through the house, from file to click.

1. `importing.sources` yields files out of folders, archives and standard input.
2. `importing.reading` reads a file: `importing.layout` its title, company, tags, body and apply address,
3. `importing.facts` the facts in that text, one module a fact,
4. and `rendering` turns the body into safe HTML, once.
5. `importing.store` creates or updates the posting, or leaves it alone; `importing.run` drives 1 to 5.
6. `models` says which postings are live. Each write to them is noted by `changes`, in its transaction: `search` keeps
   the index of their `words`, `catalogue` the sets of live postings that every worker has in memory, and
   `structured_data` says which of them search engines are told of, and what.
7. `filters` says what a seeker may ask for, `finding` answers it from these sets, `views` shows it (`rows` with what
   is scanned for, `suggesting` while somebody types, `jinja` what its templates know, `parts` what they repeat),
   `feeds` hands it to other programs and `exporting` to files. `shown` and `rows` read postings for pages, by
   `statements` that are made once; `page_cache` keeps what was rendered, which nodes hand each other by `shared`.
   `landing` gives single values a page, `heads` says what each page is called and which are indexed, `twins` tells
   alike postings apart.
8. `/apply/<slug>` sends the applicant on: `applying` says where to, `clicks` counts it by what `visitors` tells apart,
   and a `journal` takes what the database cannot take in time; `upkeep` folds that in later.
9. `life` closes what ran out and does what an operator decides; `reports` takes what visitors find wrong.
10. `admin` is where an operator mends what came out, and sees the clicks. `pinning` keeps what was decided from
    imports, `mending` changes many at once, `edits` is what all of that has in common; every change stands in the
    `history`, which `history_differences` puts in words and `reverting` leads back. `uploads` runs imports from there,
    `resources` and `downloads` let lists out as files, and `roles` says who may do what. `lockout`, `sessions` and
    `second_factor` see to who gets in.
11. `statistics` adds them up and `charts` draws them, for operators in the `admin` and for an employer behind a secret
    link; `figures` is what both pages share, `spreadsheets` how rows leave as CSV.
12. `duplicates` suggests which postings may be the same job, merges what an operator chose, and takes it apart again.
13. `workers` begins all this in the server's processes, once for what they share and in each for the rest; `databases`
    says how long a database may take, `memory` what becomes of memory that is free again, `request_log` writes a line
    of each request as `logs` has it.
14. `backups` puts the whole board into a file and takes it out again, both while it runs.
15. `sitemaps` tells search engines which addresses there are, `views.machines` other programs what they ask for.
"""
