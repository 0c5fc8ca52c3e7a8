"""A scan by pysunspec2, once per line of its input: sunspec_scan.py PORT UNIT prints the models found, and the time."""

import json
import sys
import time

from sunspec2.modbus import client

port, unit = int(sys.argv[1]), int(sys.argv[2])
for _ in sys.stdin:
    peer = client.SunSpecModbusClientDeviceTCP(slave_id=unit, ipaddr="127.0.0.1", ipport=port, timeout=10)
    started = time.perf_counter()
    # The headers of all models alone, which is what a scan is about.
    peer.scan(full_model_read=False)
    seconds = time.perf_counter() - started
    peer.close()
    print(json.dumps({"models": len(peer.model_list), "seconds": seconds}), flush=True)
