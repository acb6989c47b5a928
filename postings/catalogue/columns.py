"""What a snapshot is made of: sets of numbers, and columns that have a value for each number."""

import datetime as dt
import threading
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from pyroaring import BitMap

NEVER = np.iinfo(np.int64).max  # microseconds, as an expiry
MISSING = np.iinfo(np.uint32).max
NOTHING = BitMap()
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


class Pay(NamedTuple):
    """The yearly pay of the postings that state one: parallel arrays, in order of their numbers."""

    numbers: np.ndarray  # uint32
    currencies: np.ndarray  # index into Snapshot.currencies, uint16
    tops: np.ndarray  # the upper end, the lower one where no upper is said, NaN where neither is; float64
    is_open: np.ndarray  # whether only the lower end is said, which reaches everything


PAY_TYPES = (np.uint32, np.uint16, np.float64, np.bool_)


class Days(NamedTuple):
    """On which days postings are listed, and the number that the first of each day has."""

    ordinals: np.ndarray  # proleptic Gregorian, rising, int64
    starts: np.ndarray

    @classmethod
    def of(cls, days: Sequence[int] | np.ndarray) -> "Days":
        """`days`: the ordinal of each number, none before an earlier one's."""
        ordinals = np.asarray(days, dtype=np.int64)
        starts = np.flatnonzero(np.diff(ordinals, prepend=-1))
        return cls(ordinals[starts], starts)

    def of_number(self, number: int) -> int:
        return int(self.ordinals[np.searchsorted(self.starts, number, side="right") - 1])

    def of_all(self, total: int) -> np.ndarray:
        """The ordinal of each number, of so many."""
        return np.repeat(self.ordinals, np.diff(self.starts, append=total))

    def first_since(self, ordinal: int, total: int) -> int:
        """The number of the first on this day or later; `total` where there is none."""
        place = np.searchsorted(self.ordinals, ordinal)
        return int(self.starts[place]) if place < len(self.starts) else total


class Numbers(NamedTuple):
    """The numbers by primary key: where keys are dense a table of them all, else the keys that there are in order."""

    first: int
    keys: np.ndarray | None
    numbers: np.ndarray  # in a table, MISSING where there is no such key

    @classmethod
    def of(cls, ids: np.ndarray) -> "Numbers":
        first = int(ids.min()) if len(ids) else 0
        span = int(ids.max(initial=0)) - first + 1
        if span > 2 * len(ids):
            order = np.argsort(ids, kind="stable").astype(np.uint32)
            return cls(first, ids[order], order)
        table = np.full(span, MISSING, dtype=np.uint32)
        table[ids.astype(np.int64) - first] = np.arange(len(ids), dtype=np.uint32)
        return cls(first, None, table)

    def of_ids(self, wanted: np.ndarray) -> np.ndarray:
        """In the order of `wanted`; those that are not there are passed over."""
        if not len(self.numbers):
            return self.numbers
        if self.keys is not None:
            places = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
            return self.numbers[places[self.keys[places] == wanted]]
        places = wanted - self.first
        found = self.numbers[places[(places >= 0) & (places < len(self.numbers))]]
        return found[found != MISSING]


class Kept:
    """What was made last, for the next request of any thread; of too many the oldest goes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Any, Any] = {}
        self._lock = threading.Lock()

    def get(self, key: Any) -> Any:
        return self._values.get(key)

    def put(self, key: Any, value: Any) -> Any:
        with self._lock:
            while len(self._values) >= self._most:
                del self._values[next(iter(self._values))]
            self._values[key] = value
        return value


class KeptSets:
    """Sets of numbers for the next request of any thread, in so much memory; beyond that what nobody asked for longest
    goes."""

    def __init__(self, most_bytes: int) -> None:
        self._room = most_bytes
        self._sets: dict[Any, BitMap] = {}
        self._lock = threading.Lock()

    def get(self, key: Any) -> BitMap | None:
        with self._lock:
            kept = self._sets.pop(key, None)
            if kept is not None:
                self._sets[key] = kept  # now the last to go
        return kept

    def put(self, key: Any, postings: BitMap) -> BitMap:
        with self._lock:
            if key not in self._sets:
                self._sets[key] = postings
                self._room -= _bytes_of(postings)
            while self._room < 0 and len(self._sets) > 1:
                self._room += _bytes_of(self._sets.pop(next(iter(self._sets))))
        return postings


_BYTES_BESIDE = 300  # for a set's objects and its key


def _bytes_of(postings: BitMap) -> int:
    """About, and not less: two bytes a number, or a bit for each up to the last."""
    return _BYTES_BESIDE + (min(2 * len(postings), postings.max() // 8) if postings else 0)


def bitmap(numbers: np.ndarray) -> BitMap:
    # pyroaring reads an array in one go, and everything else number by number.
    return BitMap(array("I", np.ascontiguousarray(numbers, dtype=np.uint32).tobytes()))


def as_array(numbers: BitMap) -> np.ndarray:
    return np.frombuffer(numbers.to_array(), dtype=np.uint32) if numbers else np.array([], dtype=np.uint32)


def packed(postings: BitMap) -> BitMap:
    """The same set in no more memory than it needs: one that grew is scattered, and has room to grow on."""
    postings.run_optimize()
    return BitMap.deserialize(postings.serialize())


def as_ids(ids: Sequence[int] | np.ndarray) -> np.ndarray:
    """Primary keys in half the memory for as long as they are small enough."""
    keys = np.asarray(ids, dtype=np.int64)
    return keys.astype(np.uint32) if keys.max(initial=0) < 2**32 else keys


def microseconds(moment: dt.datetime) -> int:
    return (moment - EPOCH) // MICROSECOND
