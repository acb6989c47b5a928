"""How the server's processes begin: what is made once for all of them, and what each worker does by itself.

The server loads the code and reads the board, then forks; what nobody writes to stays in memory once. Neither a thread
nor a connection may come through a fork: threads do not, and two processes on one connection read each other's rows.
"""

import gc
from importlib import import_module

from django.conf import settings
from django.template import engines
from django.urls import get_resolver

from postings import catalogue, databases, jinja, memory, shared, upkeep
from postings.importing.facts.gazetteer import gazetteer


def before_fork() -> None:
    """Loads what every worker needs."""
    memory.share_free()
    import_module(settings.ROOT_URLCONF)
    _ = get_resolver().reverse_dict, engines.all(), shared.release(), gazetteer()
    jinja.make_ready()
    catalogue.read_before_fork()
    close_connections()
    # What is there stays. Were it looked through for garbage, each worker would write to it, and have its own.
    gc.collect()
    gc.freeze()


def close_connections() -> None:
    databases.close_all()
    shared.forget()


def begin() -> None:
    """Starts what each worker has of its own; it may take as long as the board takes to read."""
    upkeep.begin()
    catalogue.begin()
