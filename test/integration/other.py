"""Reads a store as other programs do and prints what it found as JSON.

Usage: other.py CATALOG.db WAREHOUSE STORE
"""

import collections
import json
import sys

import duckdb
from pyiceberg.catalog.sql import SqlCatalog

database, warehouse, store = sys.argv[1:]
table = SqlCatalog("kiroku", uri=f"sqlite:///{database}", warehouse=warehouse).load_table(("kiroku", store))


def summary(rows):
    """rows: (event_uid, seq, actor_user_name, metadata_uid, raw_data)"""
    seq = [r[1] for r in rows]
    return {
        "rows": len(rows),
        "users": collections.Counter(r[2] for r in rows),
        "uids": len({r[0] for r in rows}),
        "seq": [min(seq), max(seq), len(set(seq))],
        "records": {r[3]: r[4] for r in rows if r[3] and r[3].split("-")[1] in "01234"},
    }


columns = ("event_uid", "seq", "actor_user_name", "metadata_uid", "raw_data")
arrow = table.scan(selected_fields=columns).to_arrow()
paths = [task.file.file_path for task in table.scan().plan_files()]
duck = duckdb.connect().execute(f"SELECT {', '.join(columns)} FROM read_parquet($paths)", {"paths": paths}).fetchall()

print(json.dumps({
    "pyiceberg": summary(list(zip(*(arrow[c].to_pylist() for c in columns)))),
    "duckdb": summary(duck),
}))
