"""Images of SunSpec devices on a Modbus server of another hand (pymodbus, over TCP).

The file that is named holds lines of JSON, one per device: {"unit": 1, "address": 40000, "words": [...]}. Prints
{"port": ...} when it listens, and ends with its input.
"""

import asyncio
import json
import logging
import os
import sys

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


def devices(path):
    with open(path, encoding="utf-8") as lines:
        images = [json.loads(line) for line in lines]
    return [
        SimDevice(
            id=image["unit"],
            simdata=[SimData(image["address"], values=image["words"], datatype=DataType.REGISTERS)],
        )
        for image in images
    ]


async def main(path, port):
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    server = ModbusTcpServer(devices(path), address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    print(json.dumps({"port": port}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
