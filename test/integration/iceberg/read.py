"""Reads a table as other programs do and prints what it found as JSON.

Usage: read.py CATALOG.db WAREHOUSE STORE FROM_TIME   (FROM_TIME: ISO 8601, for a scan with a filter)
"""

import json
import sys

import duckdb
from pyiceberg.catalog.sql import SqlCatalog

database, warehouse, store, from_time = sys.argv[1:]
catalog = SqlCatalog("kiroku", uri=f"sqlite:///{database}", warehouse=warehouse)
table = catalog.load_table(("kiroku", store))
rows = table.scan().to_arrow()
later = table.scan(row_filter=f"time >= '{from_time}'")
paths = [task.file.file_path for task in table.scan().plan_files()]
duck = duckdb.connect().execute("SELECT count(*), sum(seq) FROM read_parquet($paths)", {"paths": paths}).fetchall()[0]

print(json.dumps({
    "tables": [".".join(t) for t in catalog.list_tables("kiroku")],
    "format": table.metadata.format_version,
    "partition": [str(f.transform) for f in table.spec().fields],
    "sort": [str(f.transform) for f in table.sort_order().fields],
    "snapshots": [s.summary.operation.value for s in table.snapshots()],
    "publish": [s.summary.additional_properties.get("kiroku.publish") for s in table.snapshots()],
    "files": len(paths),
    "rows": rows.num_rows,
    "seq": sorted(rows["seq"].to_pylist()),
    "first": {k: (v.isoformat() if hasattr(v, "isoformat") else v) for k, v in
              sorted(rows.to_pylist(), key=lambda r: r["seq"])[0].items() if v is not None},
    "later_files": len(list(later.plan_files())),
    "later_rows": later.to_arrow().num_rows,
    "duckdb_rows": duck[0],
    "duckdb_seq": int(duck[1]),
}))
