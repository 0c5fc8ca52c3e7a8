"""A Modbus server of another hand, for one transport: prints where it listens and what it holds, ends with its input.

Unit 1 answers, 2 is slow, 3 answers with exceptions, 4 says nothing, 5 sends what is damaged, 11 to 20 answer.
Unit 6 holds zeros and is written to; a line tells of each write. From register 1000 on it has a mind of its own:
1000 to 1009 can only be written, 1010 becomes one less than it was told, 1011 shows what 1000 was told, 1020 refuses,
1030 takes its time.
"""

import asyncio
import json
import logging
import os
import pty
import sys
import threading
import tty

from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer, ModbusUdpServer
from pymodbus.simulator import DataType, SimData, SimDevice

SLOW_S = 0.6
TYPES = ModbusClientMixin.DATATYPE
VALUES = [
    ("int16", TYPES.INT16, [0, -1, 32767, -32768]),
    ("uint16", TYPES.UINT16, [0, 1, 65535]),
    ("int32", TYPES.INT32, [0, -1, 2147483647, -2147483648, 70000]),
    ("uint32", TYPES.UINT32, [0, 4294967295, 65536]),
    ("int64", TYPES.INT64, [0, -1, 5000000000, -5000000000]),
    ("uint64", TYPES.UINT64, [0, 5000000000, 9007199254740991]),
    ("float32", TYPES.FLOAT32, [0.0, -0.5, 230.25, 1e9]),
    ("float64", TYPES.FLOAT64, [0.0, -0.1, 230.2, 1e15]),
    ("string", TYPES.STRING, ["SDM630", "Überschuss"]),
]


def swapped(words):
    return [((word & 0xFF) << 8) | (word >> 8) for word in words]


def build():
    """Every type in every order, one after the other; what stands where, as a profile names it."""
    registers, points = [], []
    for name, datatype, values in VALUES:
        for value in values:
            for word_order in ("big", "little") if name != "string" else ("big",):
                for byte_order in ("big", "little"):
                    words = ModbusClientMixin.convert_to_registers(value, datatype, word_order)
                    points.append(
                        {
                            "addr": len(registers),
                            "type": name,
                            "len": len(words),
                            "wordOrder": word_order,
                            "byteOrder": byte_order,
                            "value": value,
                        }
                    )
                    registers += words if byte_order == "big" else swapped(words)
    return registers, points


async def slow(*_):
    await asyncio.sleep(SLOW_S)


async def broken(_function, _start, address, *_):
    return ExcCodes.DEVICE_FAILURE if address < 100 else ExcCodes.DEVICE_BUSY


async def told(function, start, address, count, current, values):
    if function == 3:
        return ExcCodes.ILLEGAL_ADDRESS if 1000 - count < address < 1010 else None
    if values is None:
        return None
    print(json.dumps({"fc": function, "address": address, "values": [int(value) for value in values]}), flush=True)
    if address == 1000:
        current[1011 - start] = values[0]
    if address == 1010:
        values[0] -= 1
    if address == 1030:
        await asyncio.sleep(SLOW_S)
    return ExcCodes.ILLEGAL_VALUE if address == 1020 else None


def devices(registers):
    bits = [n % 3 == 0 for n in range(48)]

    def tables():
        return (
            [SimData(0, values=bits, datatype=DataType.BITS)],
            [SimData(0, values=[not bit for bit in bits], datatype=DataType.BITS)],
            [SimData(0, values=registers, datatype=DataType.REGISTERS)],
            [SimData(0, values=[65535 - word for word in registers], datatype=DataType.REGISTERS)],
        )

    zeros = (
        [SimData(0, values=[False] * 48, datatype=DataType.BITS)],
        [SimData(0, values=[False] * 48, datatype=DataType.BITS)],
        [SimData(0, values=[0] * 1100, datatype=DataType.REGISTERS)],
        [SimData(0, values=[0] * 1100, datatype=DataType.REGISTERS)],
    )
    actions = {2: slow, 3: broken}
    return [
        *(SimDevice(id=unit, simdata=tables(), action=actions.get(unit)) for unit in [1, 2, 3, 5, *range(11, 21)]),
        SimDevice(id=6, simdata=zeros, action=told),
    ]


def damaging(kind):
    """Unit 4 says nothing; answers of unit 5 have a wrong check sum, or a header that claims more than there is."""
    has_header = kind in ("tcp", "udp")
    unit_at = 6 if has_header else 0

    def trace(is_sending, data):
        if is_sending and len(data) > unit_at and data[unit_at] == 4:
            return b""
        if not is_sending or len(data) <= unit_at or data[unit_at] != 5:
            return data
        if has_header:
            return data[:4] + (len(data) + 90).to_bytes(2, "big") + data[6:]
        return data[:-2] + bytes([data[-2] ^ 0xFF, data[-1]])

    return trace


def cable():
    """Two ends of a serial line."""
    ends = [pty.openpty(), pty.openpty()]
    for _, end in ends:
        tty.setraw(end)

    def carry(source, target):
        while True:
            os.write(target, os.read(source, 1024))

    for source, target in ((ends[0][0], ends[1][0]), (ends[1][0], ends[0][0])):
        threading.Thread(target=carry, args=(source, target), daemon=True).start()
    return [os.ttyname(end) for _, end in ends]


async def main(kind, port):
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    registers, points = build()
    common = {"ignore_missing_devices": True, "trace_packet": damaging(kind)}
    where = {"port": port}
    if kind in ("rtu", "ascii"):
        near, far = cable()
        where = {"path": near}
        framer = FramerType.RTU if kind == "rtu" else FramerType.ASCII
        server = ModbusSerialServer(devices(registers), framer=framer, port=far, baudrate=115200, **common)
    elif kind == "udp":
        server = ModbusUdpServer(devices(registers), address=("127.0.0.1", port), **common)
    else:
        framer = FramerType.RTU if kind == "rtu_tcp" else FramerType.SOCKET
        server = ModbusTcpServer(devices(registers), framer=framer, address=("127.0.0.1", port), **common)
    await server.serve_forever(background=True)
    print(json.dumps({**where, "points": points}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
