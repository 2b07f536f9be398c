"""Order to cash: create, confirm, reserve, ship, invoice, post; against hand-written SQL in the same run.

python benchmarks/order_to_cash.py [--backend postgresql|sqlite] [--chains 60] [--profile]
"""

from __future__ import annotations

import argparse
import random
import time

import common


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", default="postgresql")
    parser.add_argument("--chains", type=int, default=60)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--statements", action="store_true", help="print the statements of one chain")
    options = parser.parse_args()
    random.seed(7)
    start = time.perf_counter()
    database = common.install(common.fresh_url("colca_bench", options.backend))
    common.emit(what="install with demo data", seconds=time.perf_counter() - start)
    shop = common.Shop(database)
    floor = common.Floor.at_hand() if options.backend == "postgresql" else None
    for lines in (5, 50):
        for _ in range(10):
            common.chain_in_process(shop, shop.order(lines))
        with common.counted(database.engine) as seen:
            common.chain_in_process(shop, shop.order(lines))
        if options.statements and lines == 5:
            for n, text in enumerate(seen, 1):
                print(n, " ".join(text.split())[:230])
        orders = iter([shop.order(lines) for _ in range(options.chains)])
        times = options.chains if lines == 5 else options.chains // 2
        row = common.in_turns(lambda: common.chain_in_process(shop, next(orders)), floor, lines, times)  # noqa: B023  used at once
        common.emit(what="order to cash, in process", backend=options.backend, lines=lines, statements=len(seen), **row)
    if options.profile:
        from pyinstrument import Profiler

        profiler = Profiler(interval=0.0005)
        profiler.start()
        for _ in range(30):
            common.chain_in_process(shop, shop.order(5))
        profiler.stop()
        print(profiler.output_text(unicode=False, color=False, show_all=False)[:12000])


if __name__ == "__main__":
    main()
