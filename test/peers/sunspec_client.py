"""SunSpec as pysunspec2 understands it: its model tables, and what it reads from the devices of a server.

"tables" prints one line of JSON per model. "read PORT UNIT..." scans the units on 127.0.0.1 and prints one line per
device: its models with the path, the raw value and the scaled value of each point. "decode FILE ROUNDS" decodes the
registers of the models in FILE, without a link, once per line of its input, and prints points and times of each round.
"control PORT UNIT" writes the points of each line of its input, {"model": id, "points": {path: scaled value}}, and prints
the values of the model as it reads them afterwards, and the error of the write. A line without points only reads.
"""

import json
import math
import os
import sys
import time

from sunspec2 import device, mdef
from sunspec2.modbus import client


def group_table(group):
    return {
        "name": group["name"],
        "type": group.get("type", "group"),
        "count": group.get("count"),
        "points": [
            {
                "name": point["name"],
                "type": point["type"],
                "size": point["size"],
                "scaleFactor": point.get("sf"),
                "units": point.get("units"),
                "symbols": {str(symbol["value"]): symbol["name"] for symbol in point.get("symbols", [])},
                "isMandatory": point.get("mandatory") == "M",
                "isStatic": point.get("static") == "S",
                "isWritable": point.get("access") == "RW",
            }
            for point in group.get("points", [])
        ],
        "groups": [group_table(inner) for inner in group.get("groups", [])],
    }


def model_ids():
    folder = os.path.join(os.path.dirname(device.__file__), "models", "json")
    names = [name for name in os.listdir(folder) if name.startswith("model_")]
    return sorted(mdef.model_filename_to_id(name) for name in names)


def tables():
    for model_id in model_ids():
        definition = device.get_model_def(model_id, mapping=False)
        label = definition["group"].get("label")
        print(json.dumps({"id": model_id, "label": label, "group": group_table(definition["group"])}), flush=True)


def plain(value):
    """JSON has no infinity."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def values_of(group, prefix=""):
    for name, point in group.points.items():
        yield [prefix + name, plain(point.value), plain(point.cvalue)]
    for name, inner in group.groups.items():
        if isinstance(inner, list):
            for number, each in enumerate(inner, 1):
                yield from values_of(each, f"{prefix}{name}.{number}.")
        else:
            yield from values_of(inner, f"{prefix}{name}.")


def read(port, units):
    for unit in units:
        peer = client.SunSpecModbusClientDeviceTCP(slave_id=unit, ipaddr="127.0.0.1", ipport=port, timeout=10)
        peer.scan()
        models = [
            {
                "id": model.model_id,
                "address": model.model_addr,
                "length": model.model_len,
                "error": model.error_info,
                "points": list(values_of(model)),
            }
            for model in peer.model_list
        ]
        print(json.dumps({"unit": unit, "models": models}), flush=True)


def point_at(model, path):
    *groups, name = path.split(".")
    group = model
    for each in groups:
        group = group.groups[each]
    return group.points[name]


def control(port, unit):
    peer = client.SunSpecModbusClientDeviceTCP(slave_id=unit, ipaddr="127.0.0.1", ipport=port, timeout=10)
    peer.scan()
    peer.connect()
    for line in sys.stdin:
        order = json.loads(line)
        model = peer.models[order["model"]][0]
        error = None
        try:
            for path, value in order.get("points", {}).items():
                point_at(model, path).cvalue = value
            model.write()
        except Exception as failure:
            error = str(failure)
        model.read()
        print(json.dumps({"error": error, "points": list(values_of(model))}), flush=True)
    peer.close()


def decode(path, rounds):
    """Each round decodes every model as a poll does: raw values of all points, then the scaled ones."""
    with open(path, encoding="utf-8") as file:
        given = [(each["id"], each["length"], bytes.fromhex(each["data"])) for each in json.load(file)]
    models = [(device.Model(model_id=i, model_len=length, data=data), data) for i, length, data in given]
    count = sum(len(list(values_of(model))) for model, _ in models)
    for _ in sys.stdin:
        started, cpu = time.perf_counter(), time.process_time()
        for _ in range(rounds):
            for model, data in models:
                model.set_mb(data)
                model.get_dict(computed=True)
        seconds, cpu_us = time.perf_counter() - started, (time.process_time() - cpu) * 1e6
        print(json.dumps({"count": count * rounds, "seconds": seconds, "cpuUs": cpu_us}), flush=True)


if sys.argv[1] == "tables":
    tables()
elif sys.argv[1] == "read":
    read(int(sys.argv[2]), [int(unit) for unit in sys.argv[3:]])
elif sys.argv[1] == "control":
    control(int(sys.argv[2]), int(sys.argv[3]))
else:
    decode(sys.argv[2], int(sys.argv[3]))
