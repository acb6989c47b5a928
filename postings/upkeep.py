"""What each worker looks after between requests: click-throughs that wait in the journal, keys of past days, and failed
logins that count no longer."""

import logging
import threading

from django.conf import settings
from django.db import connection

from postings import clicks, databases, lockout, memory, visitors
from postings.journal import Journal

log = logging.getLogger(__name__)

EVERY_SECONDS = 10.0


def begin() -> None:
    """Starts to look after this worker's things, at once and then every EVERY_SECONDS."""
    try:
        Journal(settings.CLICK_JOURNAL).reserve()
    except OSError:
        log.exception("No room for the journal: click-throughs are lost while the database cannot take them")
    threading.Thread(target=_go_on, name="upkeep", daemon=True).start()


def _go_on() -> None:
    pause = threading.Event()
    is_failing = False
    while True:
        try:
            with databases.unhurried():
                look_after()
        except Exception:
            # What is put by stays where it is until the next time, whatever it was: nobody would start this again.
            # Said once, not every ten seconds.
            if not is_failing:
                log.exception("Click-throughs could not be folded, or what is over not be forgotten; it goes on trying")
            is_failing = True
        else:
            is_failing = False
        finally:
            connection.close()
        # Pages take megabytes for a moment, and each worker would keep those of its busiest one.
        memory.give_back_free()
        pause.wait(EVERY_SECONDS)


def look_after() -> None:
    # First what needs the database alone, so that a journal that cannot be read lets no hash outlast its day.
    visitors.forget_before(visitors.today())
    visitors.prepare()
    visitors.overwrite_forgotten(visitors.today())
    lockout.forget_old()
    if folded := clicks.fold():
        log.info("Folded %s click-throughs from the journal", folded)
