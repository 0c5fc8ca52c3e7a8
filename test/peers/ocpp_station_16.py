"""OCPP 1.6 for the wallbox of another hand."""

import asyncio
from datetime import datetime, timezone

from ocpp.routing import after, on
from ocpp.v16 import ChargePoint, call, call_result

PURPOSES = {"ChargePointMaxProfile": "station_max", "TxDefaultProfile": "tx_default", "TxProfile": "tx"}


def iso(at):
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text):
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Station16(ChargePoint):
    subprotocol = "ocpp1.6"

    def __init__(self, identity, socket, box, restart):
        super().__init__(identity, socket)
        self.box, self.restart = box, restart
        self.keys = box.settings = box.settings or {
            "NumberOfConnectors": ["1", True],
            "SupportedFeatureProfiles": ["Core,SmartCharging,RemoteTrigger,LocalAuthListManagement", True],
            "ChargingScheduleAllowedChargingRateUnit": ["Current,Power", True],
            "ChargingScheduleMaxPeriods": ["10", True],
            "ChargeProfileMaxStackLevel": ["5", True],
            "MaxChargingProfilesInstalled": ["10", True],
            "ConnectorSwitch3to1PhaseSupported": [str(box.can_switch).lower(), True],
            "HeartbeatInterval": ["300", False],
            "MeterValueSampleInterval": [str(round(box.sample_s)), False],
            "MeterValuesSampledData": ["Energy.Active.Import.Register,Power.Active.Import", False],
            "MeterValuesSampledDataMaxLength": ["8", True],
            "StopTxnSampledData": ["Energy.Active.Import.Register", False],
            "WebSocketPingInterval": ["60", False],
            "AuthorizeRemoteTxRequests": ["false", False],
            "LocalAuthListEnabled": ["true", False],
        }

    async def boot(self, _reason):
        while True:
            answer = await self.call(
                call.BootNotification(
                    charge_point_model="Wall 16",
                    charge_point_vendor="Another Hand",
                    charge_point_serial_number=self.id,
                    firmware_version="3.1",
                )
            )
            if answer.status == "Accepted":
                return
            await asyncio.sleep(min(answer.interval, 1))

    async def tell_forever(self):
        told = None
        while True:
            self.box.changed.clear()
            if self.box.status() != told:
                told = self.box.status()
                await self.tell_status()
            while self.box.outbox:
                await self.tell(self.box.outbox[0])
                self.box.outbox.popleft()
            await self.box.changed.wait()

    async def tell_status(self):
        await self.call(
            call.StatusNotification(
                connector_id=1, error_code="NoError", status=self.box.status(), timestamp=iso(datetime.now().timestamp())
            )
        )

    def sampled(self, measured, context, wanted):
        return [
            {"value": str(value), "measurand": measurand, "unit": unit, "context": context, "phase": phase}
            for measurand, phase, unit, value in measured
            if measurand in wanted
        ]

    def meter_value(self, at, measured, context, key="MeterValuesSampledData"):
        wanted = self.keys[key][0].split(",")
        return {"timestamp": iso(at), "sampled_value": self.sampled(measured, context, wanted)}

    async def tell(self, post):
        tx, at = post["tx"], post["at"]
        if post["kind"] == "begin":
            answer = await self.call(
                call.StartTransaction(connector_id=1, id_tag=tx["tag"], meter_start=tx["meter"], timestamp=iso(at)),
                suppress=False,
            )
            tx["id"] = answer.transaction_id
            if answer.id_tag_info["status"] != "Accepted" and self.box.tx is tx:
                self.box.end("DeAuthorized", "Deauthorized")
        elif post["kind"] == "sample":
            value = self.meter_value(at, post["measured"], "Sample.Periodic")
            await self.call(call.MeterValues(connector_id=1, transaction_id=tx["id"], meter_value=[value]))
        elif post["kind"] == "end":
            reasons = {"ImmediateReset": "HardReset"}
            value = self.meter_value(at, post["measured"], "Transaction.End", "StopTxnSampledData")
            await self.call(
                call.StopTransaction(
                    transaction_id=tx["id"],
                    id_tag=tx["tag"],
                    meter_stop=post["measured"][0][3],
                    timestamp=iso(at),
                    reason=reasons.get(post["reason"], post["reason"]),
                    transaction_data=[value],
                )
            )

    async def authorize(self, tag):
        answer = await self.call(call.Authorize(id_tag=tag))
        return answer is not None and answer.id_tag_info["status"] == "Accepted"

    # What it is asked

    @on("GetConfiguration")
    def get_configuration(self, key=None):
        names = {name.lower(): name for name in self.keys}
        wanted = [names.get(each.lower(), each) for each in key] if key else list(self.keys)
        known = [
            {"key": name, "value": self.keys[name][0], "readonly": self.keys[name][1]}
            for name in wanted
            if name in self.keys
        ]
        unknown = [name for name in wanted if name not in self.keys]
        return call_result.GetConfiguration(configuration_key=known, unknown_key=unknown or None)

    @on("ChangeConfiguration")
    def change_configuration(self, key, value):
        if key not in self.keys:
            return call_result.ChangeConfiguration(status="NotSupported")
        if self.keys[key][1]:
            return call_result.ChangeConfiguration(status="Rejected")
        known = {measurand for measurand, *_ in self.box.measured()} | {"SoC"}
        if key == "MeterValuesSampledData" and not set(value.split(",")) <= known:
            return call_result.ChangeConfiguration(status="Rejected")
        self.keys[key][0] = value
        if key == "MeterValueSampleInterval":
            self.box.sample_s = float(value)
            self.box.sample_at = 0
        return call_result.ChangeConfiguration(status="Accepted")

    def read(self, profile):
        schedule = profile["charging_schedule"]
        return {
            "id": profile["charging_profile_id"],
            "level": profile["stack_level"],
            "purpose": PURPOSES[profile["charging_profile_purpose"]],
            "kind": profile["charging_profile_kind"].lower(),
            "unit": schedule["charging_rate_unit"],
            "start": seconds(schedule.get("start_schedule")),
            "set_at": datetime.now().timestamp(),
            "duration": schedule.get("duration"),
            "periods": [
                {"start": each["start_period"], "limit": each["limit"], "phases": each.get("number_phases")}
                for each in schedule["charging_schedule_period"]
            ],
        }

    @on("SetChargingProfile")
    def set_charging_profile(self, connector_id, cs_charging_profiles):
        profile = self.read(cs_charging_profiles)
        fits = {
            "station_max": connector_id == 0,
            "tx_default": connector_id in (0, 1),
            "tx": connector_id == 1 and self.box.tx is not None,
        }
        if not fits[profile["purpose"]] or profile["level"] > 5:
            return call_result.SetChargingProfile(status="Rejected")
        place = (profile["purpose"], profile["level"])
        self.box.profiles = {
            key: each for key, each in self.box.profiles.items() if (each["purpose"], each["level"]) != place
        }
        self.box.profiles[profile["id"]] = profile
        return call_result.SetChargingProfile(status="Accepted")

    @on("ClearChargingProfile")
    def clear_charging_profile(self, id=None, connector_id=None, charging_profile_purpose=None, stack_level=None):
        gone = [
            key
            for key, each in self.box.profiles.items()
            if id in (None, key)
            and charging_profile_purpose in (None, *(name for name in PURPOSES if PURPOSES[name] == each["purpose"]))
            and stack_level in (None, each["level"])
        ]
        for key in gone:
            del self.box.profiles[key]
        return call_result.ClearChargingProfile(status="Accepted" if gone else "Unknown")

    @on("GetCompositeSchedule")
    def get_composite_schedule(self, connector_id, duration, charging_rate_unit="A"):
        amps, phases = self.box.limit()
        limit = round(amps if charging_rate_unit == "A" else amps * 230 * phases, 1)
        now = iso(datetime.now().timestamp())
        return call_result.GetCompositeSchedule(
            status="Accepted",
            connector_id=connector_id,
            schedule_start=now,
            charging_schedule={
                "duration": duration,
                "start_schedule": now,
                "charging_rate_unit": charging_rate_unit,
                "charging_schedule_period": [{"start_period": 0, "limit": limit, "number_phases": phases}],
            },
        )

    @on("RemoteStartTransaction")
    def remote_start(self, id_tag, connector_id=1, charging_profile=None):
        is_free = self.box.tx is None and self.box.is_operative
        return call_result.RemoteStartTransaction(status="Accepted" if is_free else "Rejected")

    @after("RemoteStartTransaction")
    def started_remotely(self, id_tag, connector_id=1, charging_profile=None):
        if self.box.tx is None and self.box.is_operative:
            self.box.allow(id_tag, "RemoteStart", profile=charging_profile and self.read(charging_profile))

    @on("RemoteStopTransaction")
    def remote_stop(self, transaction_id):
        is_mine = self.box.tx is not None and self.box.tx["id"] == transaction_id
        return call_result.RemoteStopTransaction(status="Accepted" if is_mine else "Rejected")

    @after("RemoteStopTransaction")
    def stopped_remotely(self, transaction_id):
        if self.box.tx and self.box.tx["id"] == transaction_id:
            self.box.end("Remote", "RemoteStop")

    @on("Reset")
    def reset(self, type):
        return call_result.Reset(status="Accepted")

    @after("Reset")
    async def was_reset(self, type):
        await self.restart("RemoteReset", f"{type}Reset")

    @on("UnlockConnector")
    def unlock(self, connector_id):
        return call_result.UnlockConnector(status="Unlocked")

    @on("ChangeAvailability")
    def change_availability(self, connector_id, type):
        self.box.is_operative = type == "Operative"
        self.box.changed.set()
        waits = self.box.tx is not None and not self.box.is_operative
        return call_result.ChangeAvailability(status="Scheduled" if waits else "Accepted")

    @on("TriggerMessage")
    def trigger(self, requested_message, connector_id=None):
        known = ("BootNotification", "StatusNotification", "MeterValues", "Heartbeat")
        return call_result.TriggerMessage(status="Accepted" if requested_message in known else "NotImplemented")

    @after("TriggerMessage")
    async def triggered(self, requested_message, connector_id=None):
        if requested_message == "BootNotification":
            await self.boot("Triggered")
        elif requested_message == "StatusNotification":
            await self.tell_status()
        elif requested_message == "Heartbeat":
            await self.call(call.Heartbeat())
        elif requested_message == "MeterValues":
            value = self.meter_value(datetime.now().timestamp(), self.box.measured(), "Trigger")
            tx = self.box.tx["id"] if self.box.tx else None
            await self.call(call.MeterValues(connector_id=1, transaction_id=tx, meter_value=[value]))

    @on("SendLocalList")
    def send_local_list(self, list_version, update_type, local_authorization_list=None):
        self.box.local_list = list_version
        return call_result.SendLocalList(status="Accepted")

    @on("GetLocalListVersion")
    def local_list_version(self):
        return call_result.GetLocalListVersion(list_version=self.box.local_list)

    @on("ClearCache")
    def clear_cache(self):
        return call_result.ClearCache(status="Accepted")

    @on("DataTransfer")
    def data_transfer(self, vendor_id, message_id=None, data=None):
        return call_result.DataTransfer(status="UnknownVendorId")
