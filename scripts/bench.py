"""Run every benchmark of benchmarks/, each printing JSON lines, on one PostgreSQL started for it; ratios hold within a run only.

`COLCA_BENCH_URL` names a server that is already there. Arguments are passed on to each benchmark.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from server.testing.postgres import Server

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
#: Commits wait for the disk here, as they do in production.
SETTINGS = {"max_connections": "100", "shared_buffers": "256MB"}


def main() -> int:
    """Exit code: that of the first benchmark that failed, else 0."""
    server = None
    if "COLCA_BENCH_URL" not in os.environ:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = Server(Path(tempfile.mkdtemp(prefix="colca-bench-")), port=port, settings=SETTINGS)
        server.start()
        os.environ["COLCA_BENCH_URL"] = f"postgresql://postgres@127.0.0.1:{port}"
    failed = 0
    try:
        for file in sorted(BENCHMARKS.glob("*.py")):
            if "__main__" in file.read_text(encoding="utf-8"):
                print(f"# {file.name} {' '.join(sys.argv[1:])}".rstrip(), flush=True)
                failed = failed or subprocess.run([sys.executable, str(file), *sys.argv[1:]], check=False).returncode
    finally:
        if server is not None:
            server.leave()
    return failed


if __name__ == "__main__":
    sys.exit(main())
