"""A wallbox and its car, as physics and memory only: no protocol. Its state is what a test believes.

A follows the limit with a delay, the meter integrates, a full car takes nothing, phases change without current.
"""

import asyncio
import time
from collections import deque

VOLTS = 230
LEAST_A = 6
SETTLE_S = 0.3
SWITCH_S = 1.0


def amps_of(limit, unit, phases):
    return limit if unit == "A" else limit / (VOLTS * phases)


class Wallbox:
    """`changed` is set whenever there is something to tell; `outbox` holds what must not be lost."""

    def __init__(self, phases, max_a, can_switch, speed):
        self.phases, self.max_a, self.can_switch, self.speed = phases, max_a, can_switch, speed
        self.car = None
        self.current = 0.0
        self.offered = 0.0
        self.live = phases
        self.dead_s = 0.0
        self.meter_wh = 250_000.0
        self.permit = None
        self.tx = None
        self.ended_here = False
        self.is_operative = True
        self.profiles = {}
        self.settings = None
        self.local_list = 0
        self.outbox = deque()
        self.changed = asyncio.Event()
        self.sample_s = 60.0
        self.sample_at = 0.0

    # What people do

    def plug(self, phases=3, max_a=16, capacity_wh=50_000, soc=30, stops_at=100):
        self.car = {"phases": phases, "max_a": max_a, "capacity_wh": capacity_wh, "soc": soc, "stops_at": stops_at}
        self.begin("CablePluggedIn")
        self.changed.set()

    def unplug(self):
        self.end("EVDisconnected", "EVCommunicationLost")
        self.car, self.ended_here = None, False
        self.changed.set()

    def allow(self, tag, trigger, remote_id=None, profile=None):
        self.permit = {"tag": tag, "remote_id": remote_id, "profile": profile}
        self.begin(trigger)
        self.changed.set()

    # Transactions

    def begin(self, trigger):
        if not (self.car and self.permit and self.is_operative) or self.tx:
            return
        self.tx = {**self.permit, "id": None, "since": time.time(), "meter": round(self.meter_wh), "seq": 0}
        if self.tx["profile"]:
            self.profiles[self.tx["profile"]["id"]] = self.tx["profile"]
        self.permit, self.ended_here = None, False
        self.sample_at = time.monotonic() + self.sample_s
        self.post("begin", trigger)

    def end(self, reason, trigger):
        if not self.tx:
            return
        self.post("end", trigger, reason)
        self.tx, self.ended_here = None, self.car is not None
        self.profiles = {key: each for key, each in self.profiles.items() if each["purpose"] != "tx"}

    def post(self, kind, trigger, reason=None):
        self.outbox.append(
            {
                "kind": kind,
                "tx": self.tx,
                "trigger": trigger,
                "reason": reason,
                "at": time.time(),
                "seq": self.tx["seq"],
                "state": self.status(),
                "measured": self.measured(),
                "late": False,
            }
        )
        self.tx["seq"] += 1
        self.changed.set()

    # What it obeys

    def leave(self, number, purpose, level, amps):
        """A profile of somebody who is not there any more."""
        self.profiles[number] = {
            "id": number,
            "level": level,
            "purpose": purpose,
            "kind": "absolute",
            "unit": "A",
            "start": 0,
            "set_at": 0,
            "duration": None,
            "periods": [{"start": 0, "limit": amps, "phases": None}],
        }

    def holds(self, profile, now):
        """The period of a profile that holds now."""
        if profile["kind"] == "relative":
            start = self.tx["since"] if self.tx else now
        else:
            start = profile["start"] if profile["start"] is not None else profile["set_at"]
        elapsed = now - start
        if elapsed < 0 or (profile["duration"] is not None and elapsed >= profile["duration"]):
            return None
        fitting = [period for period in profile["periods"] if period["start"] <= elapsed]
        return fitting[-1] if fitting else None

    def strongest(self, purpose, now):
        """The highest of its purpose that says something: (A per phase, phases)."""
        stack = [each for each in self.profiles.values() if each["purpose"] == purpose]
        for profile in sorted(stack, key=lambda each: -each["level"]):
            period = self.holds(profile, now)
            if period:
                wanted = period["phases"] or self.phases
                used = 1 if self.can_switch and wanted == 1 else self.phases
                return amps_of(period["limit"], profile["unit"], used), used
        return None

    def limit(self):
        now = time.time()
        told = (self.strongest("tx", now) if self.tx else None) or self.strongest("tx_default", now)
        station = self.strongest("station_max", now)
        amps, phases = told or (self.max_a, self.phases)
        if station and station[0] < amps:
            amps = station[0]
        return min(amps, self.max_a), phases

    # Physics

    def step(self, seconds):
        before = self.status()
        amps, phases = self.limit()
        is_closed = self.tx is not None
        self.offered = amps if is_closed and amps >= LEAST_A else 0.0
        if is_closed and phases != self.live:
            self.offered = 0.0
            if self.current < 0.05:
                self.dead_s += seconds
            if self.dead_s >= SWITCH_S:
                self.live, self.dead_s = phases, 0.0
        is_hungry = self.car is not None and self.car["soc"] < self.car["stops_at"]
        target = min(self.offered, self.car["max_a"]) if is_hungry else 0.0
        if not is_closed or not is_hungry:
            self.current = 0.0
        else:
            self.current += (target - self.current) * min(1.0, seconds / SETTLE_S)
            if abs(target - self.current) < 0.1:
                self.current = target
        wh = sum(self.currents()) * VOLTS * seconds * self.speed / 3600
        self.meter_wh += wh
        if self.car:
            self.car["soc"] = min(self.car["stops_at"], self.car["soc"] + wh / self.car["capacity_wh"] * 100)
            if self.car["soc"] >= self.car["stops_at"]:
                self.current = 0.0
        if self.tx and time.monotonic() >= self.sample_at:
            self.sample_at = time.monotonic() + self.sample_s
            self.post("sample", "MeterValuePeriodic")
        if self.status() != before:
            if self.tx:
                self.post("state", "ChargingStateChanged")
            self.changed.set()

    def currents(self):
        used = min(self.live, self.car["phases"]) if self.car else 0
        return [self.current if phase < used else 0.0 for phase in range(3)]

    def status(self):
        """Charging states of 2.x, plus Available, Preparing, Finishing and Unavailable."""
        if not self.is_operative and not self.tx:
            return "Unavailable"
        if not self.car:
            return "Available"
        if not self.tx:
            return "Finishing" if self.ended_here else "Preparing"
        if self.offered == 0:
            return "SuspendedEVSE"
        return "Charging" if self.car["soc"] < self.car["stops_at"] else "SuspendedEV"

    def measured(self):
        """(measurand, phase, unit, value)"""
        currents = self.currents()
        values = [
            ("Energy.Active.Import.Register", None, "Wh", round(self.meter_wh)),
            ("Power.Active.Import", None, "W", round(sum(currents) * VOLTS, 1)),
            ("Current.Offered", None, "A", round(self.offered, 1)),
        ]
        for phase in range(self.phases):
            values.append(("Current.Import", f"L{phase + 1}", "A", round(currents[phase], 2)))
            values.append(("Voltage", f"L{phase + 1}-N", "V", VOLTS))
        if self.car:
            values.append(("SoC", None, "Percent", round(self.car["soc"])))
        return values

    def state(self):
        return {
            "status": self.status(),
            "currents": self.currents(),
            "offered": self.offered,
            "phases": self.live,
            "power": sum(self.currents()) * VOLTS,
            "meter": self.meter_wh,
            "soc": self.car["soc"] if self.car else None,
            "transaction": str(self.tx["id"]) if self.tx and self.tx["id"] is not None else None,
            "charging": self.tx is not None,
            "waiting": len(self.outbox),
            "profiles": len(self.profiles),
        }
