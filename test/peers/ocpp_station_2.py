"""OCPP 2.0.1 and 2.1 for the wallbox of another hand."""

import asyncio
import uuid
from datetime import datetime, timezone

from ocpp import v21, v201
from ocpp.routing import after, on

PURPOSES = {"ChargingStationMaxProfile": "station_max", "TxDefaultProfile": "tx_default", "TxProfile": "tx"}
CONNECTOR = {"Available": "Available", "Unavailable": "Unavailable"}
STATES = ("Charging", "SuspendedEV", "SuspendedEVSE")


def iso(at):
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now():
    return iso(datetime.now().timestamp())


def seconds(text):
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def place(name):
    component, variable = name.split(".")
    evse = {"evse": {"id": 1}} if component in ("EVSE", "Connector") else {}
    return {"component": {"name": component, **evse}, "variable": {"name": variable}}


def variables(box):
    """name: [value, is read only]"""
    return {
        "ChargingStation.AvailabilityState": ["Available", True],
        "EVSE.AvailabilityState": ["Available", True],
        "EVSE.SupplyPhases": [str(box.phases), True],
        "EVSE.ACPhaseSwitchingSupported": [str(box.can_switch).lower(), True],
        "Connector.ConnectorType": ["cType2", True],
        "OCPPCommCtrlr.HeartbeatInterval": ["300", False],
        "SampledDataCtrlr.TxUpdatedInterval": [str(round(box.sample_s)), False],
        "SampledDataCtrlr.TxUpdatedMeasurands": ["Energy.Active.Import.Register,Power.Active.Import", False],
        "SampledDataCtrlr.TxStartedMeasurands": ["Energy.Active.Import.Register", False],
        "SampledDataCtrlr.TxEndedMeasurands": ["Energy.Active.Import.Register", False],
        "SmartChargingCtrlr.Available": ["true", True],
        "SmartChargingCtrlr.Enabled": ["true", False],
        "SmartChargingCtrlr.RateUnit": ["A,W", True],
        "SmartChargingCtrlr.ProfileStackLevel": ["5", True],
        "SmartChargingCtrlr.Phases3to1": [str(box.can_switch).lower(), True],
        "SmartChargingCtrlr.LimitChangeSignificance": ["0", False],
        "TxCtrlr.TxStartPoint": ["PowerPathClosed", True],
        "TxCtrlr.TxStopPoint": ["EVConnected,Authorized", True],
    }


def station_of(base, call, call_result, protocol):
    """The same station, said with the messages of one version."""

    class Station2(base):
        subprotocol = protocol

        def __init__(self, identity, socket, box, restart):
            super().__init__(identity, socket)
            self.box, self.restart = box, restart
            box.settings = box.settings or variables(box)
            self.settings = box.settings

        async def boot(self, reason):
            while True:
                answer = await self.call(
                    call.BootNotification(
                        reason=reason,
                        charging_station={
                            "model": "Wall 2",
                            "vendor_name": "Another Hand",
                            "serial_number": self.id,
                            "firmware_version": "5.0",
                        },
                    )
                )
                if answer.status == "Accepted":
                    return
                await asyncio.sleep(min(answer.interval, 1))

        async def tell_forever(self):
            told = None
            while True:
                self.box.changed.clear()
                if self.connector_status() != told:
                    told = self.connector_status()
                    await self.tell_status()
                while self.box.outbox:
                    await self.tell(self.box.outbox[0])
                    self.box.outbox.popleft()
                await self.box.changed.wait()

        def connector_status(self):
            return CONNECTOR.get(self.box.status(), "Occupied")

        async def tell_status(self):
            await self.call(
                call.StatusNotification(
                    timestamp=now(), connector_status=self.connector_status(), evse_id=1, connector_id=1
                )
            )

        def meter_value(self, at, measured, context, which):
            wanted = self.settings[f"SampledDataCtrlr.{which}Measurands"][0].split(",")
            sampled = [
                {"value": value, "measurand": measurand, "phase": phase, "context": context, "unit_of_measure": {"unit": unit}}
                for measurand, phase, unit, value in measured
                if measurand in wanted
            ]
            return [{"timestamp": iso(at), "sampled_value": sampled}] if sampled else None

        async def tell(self, post):
            tx, kind = post["tx"], post["kind"]
            tx["id"] = tx["id"] or str(uuid.uuid4())
            info = {"transaction_id": tx["id"], "remote_start_id": tx["remote_id"]}
            if kind in ("begin", "state"):
                info["charging_state"] = post["state"] if post["state"] in STATES else "EVConnected"
            if kind == "end":
                info |= {"charging_state": "Idle", "stopped_reason": post["reason"]}
            contexts = {
                "begin": ("Transaction.Begin", "TxStarted"),
                "sample": ("Sample.Periodic", "TxUpdated"),
                "end": ("Transaction.End", "TxEnded"),
            }
            more = {}
            if kind == "begin":
                more = {
                    "evse": {"id": 1, "connector_id": 1},
                    "id_token": {"id_token": tx["tag"], "type": "ISO14443"},
                    "number_of_phases_used": self.box.live,
                    "cable_max_current": round(self.box.max_a),
                }
            if kind in contexts:
                more["meter_value"] = self.meter_value(post["at"], post["measured"], *contexts[kind])
            answer = await self.call(
                call.TransactionEvent(
                    event_type={"begin": "Started", "end": "Ended"}.get(kind, "Updated"),
                    timestamp=iso(post["at"]),
                    trigger_reason=post["trigger"],
                    seq_no=post["seq"],
                    transaction_info=info,
                    offline=post["late"],
                    **more,
                ),
                suppress=False,
            )
            told = getattr(answer, "id_token_info", None)
            if told and told["status"] != "Accepted" and self.box.tx is tx:
                self.box.end("DeAuthorized", "Deauthorized")

        async def authorize(self, tag):
            answer = await self.call(call.Authorize(id_token={"id_token": tag, "type": "ISO14443"}))
            return answer is not None and answer.id_token_info["status"] == "Accepted"

        # What it is asked

        def find(self, asked):
            return f"{asked['component']['name']}.{asked['variable']['name']}"

        @on("GetVariables")
        def get_variables(self, get_variable_data):
            results = []
            for asked in get_variable_data:
                known = self.settings.get(self.find(asked))
                results.append(
                    {
                        "attribute_status": "Accepted" if known else "UnknownVariable",
                        "attribute_value": known and known[0],
                        "component": asked["component"],
                        "variable": asked["variable"],
                    }
                )
            return call_result.GetVariables(get_variable_result=results)

        @on("SetVariables")
        def set_variables(self, set_variable_data):
            results = []
            for asked in set_variable_data:
                name = self.find(asked)
                known = self.settings.get(name)
                status = "UnknownVariable" if not known else "Rejected" if known[1] else "Accepted"
                if status == "Accepted":
                    known[0] = asked["attribute_value"]
                    if name == "SampledDataCtrlr.TxUpdatedInterval":
                        self.box.sample_s, self.box.sample_at = float(known[0]), 0
                results.append(
                    {"attribute_status": status, "component": asked["component"], "variable": asked["variable"]}
                )
            return call_result.SetVariables(set_variable_result=results)

        @on("GetBaseReport")
        def get_base_report(self, request_id, report_base):
            return call_result.GetBaseReport(status="Accepted")

        @after("GetBaseReport")
        async def report(self, request_id, report_base):
            names = list(self.settings)
            parts = [names[i : i + 6] for i in range(0, len(names), 6)]
            for seq_no, part in enumerate(parts):
                data = [
                    {
                        **place(name),
                        "variable_attribute": [
                            {
                                "value": self.settings[name][0],
                                "mutability": "ReadOnly" if self.settings[name][1] else "ReadWrite",
                            }
                        ],
                    }
                    for name in part
                ]
                await self.call(
                    call.NotifyReport(
                        request_id=request_id,
                        generated_at=now(),
                        seq_no=seq_no,
                        tbc=seq_no + 1 < len(parts),
                        report_data=data,
                    )
                )

        def read(self, profile):
            schedule = profile["charging_schedule"][0]
            return {
                "id": profile["id"],
                "level": profile["stack_level"],
                "purpose": PURPOSES[profile["charging_profile_purpose"]],
                "kind": profile["charging_profile_kind"].lower(),
                "unit": schedule["charging_rate_unit"],
                "start": seconds(schedule.get("start_schedule")),
                "set_at": datetime.now().timestamp(),
                "duration": schedule.get("duration"),
                "periods": [
                    {"start": each["start_period"], "limit": each.get("limit", 0), "phases": each.get("number_phases")}
                    for each in schedule["charging_schedule_period"]
                ],
            }

        @on("SetChargingProfile")
        def set_charging_profile(self, evse_id, charging_profile):
            profile = self.read(charging_profile)
            running = self.box.tx and self.box.tx["id"]
            fits = {
                "station_max": evse_id == 0 and profile["kind"] != "relative",
                "tx_default": True,
                "tx": evse_id == 1 and running and charging_profile.get("transaction_id") == running,
            }
            # K01.FR.06, .39: only the same id takes a place that is taken.
            is_taken = any(
                (each["purpose"], each["level"]) == (profile["purpose"], profile["level"]) and key != profile["id"]
                for key, each in self.box.profiles.items()
            )
            if not fits[profile["purpose"]] or is_taken or profile["level"] > 5:
                return call_result.SetChargingProfile(status="Rejected")
            self.box.profiles[profile["id"]] = profile
            return call_result.SetChargingProfile(status="Accepted")

        @on("ClearChargingProfile")
        def clear_charging_profile(self, charging_profile_id=None, charging_profile_criteria=None):
            criteria = charging_profile_criteria or {}
            purpose = PURPOSES.get(criteria.get("charging_profile_purpose"))
            gone = [
                key
                for key, each in self.box.profiles.items()
                if charging_profile_id in (None, key)
                and purpose in (None, each["purpose"])
                and criteria.get("stack_level") in (None, each["level"])
            ]
            for key in gone:
                del self.box.profiles[key]
            return call_result.ClearChargingProfile(status="Accepted" if gone else "Unknown")

        def written(self, profile):
            start = {} if profile["start"] is None else {"start_schedule": iso(profile["start"])}
            length = {} if profile["duration"] is None else {"duration": profile["duration"]}
            return {
                "id": profile["id"],
                "stack_level": profile["level"],
                "charging_profile_purpose": next(name for name, own in PURPOSES.items() if own == profile["purpose"]),
                "charging_profile_kind": profile["kind"].capitalize(),
                "charging_schedule": [
                    {
                        "id": profile["id"],
                        "charging_rate_unit": profile["unit"],
                        "charging_schedule_period": [
                            {
                                "start_period": each["start"],
                                "limit": each["limit"],
                                **({} if each["phases"] is None else {"number_phases": each["phases"]}),
                            }
                            for each in profile["periods"]
                        ],
                        **start,
                        **length,
                    }
                ],
                **({"transaction_id": self.box.tx["id"]} if profile["purpose"] == "tx" and self.box.tx else {}),
            }

        @on("GetChargingProfiles")
        def get_charging_profiles(self, request_id, charging_profile, evse_id=None):
            return call_result.GetChargingProfiles(status="Accepted" if self.box.profiles else "NoProfiles")

        @after("GetChargingProfiles")
        async def report_profiles(self, request_id, charging_profile, evse_id=None):
            """K09, one profile in each report."""
            held = list(self.box.profiles.values())
            for number, profile in enumerate(held):
                await self.call(
                    call.ReportChargingProfiles(
                        request_id=request_id,
                        charging_limit_source="CSO",
                        evse_id=0 if profile["purpose"] == "station_max" else 1,
                        charging_profile=[self.written(profile)],
                        tbc=number + 1 < len(held),
                    )
                )

        @on("GetCompositeSchedule")
        def get_composite_schedule(self, duration, evse_id, charging_rate_unit="A"):
            amps, phases = self.box.limit()
            limit = round(amps if charging_rate_unit == "A" else amps * 230 * phases, 1)
            return call_result.GetCompositeSchedule(
                status="Accepted",
                schedule={
                    "evse_id": evse_id,
                    "duration": duration,
                    "schedule_start": now(),
                    "charging_rate_unit": charging_rate_unit,
                    "charging_schedule_period": [{"start_period": 0, "limit": limit, "number_phases": phases}],
                },
            )

        @on("RequestStartTransaction")
        def request_start(self, remote_start_id, id_token, **_):
            is_free = self.box.tx is None and self.box.is_operative
            return call_result.RequestStartTransaction(status="Accepted" if is_free else "Rejected")

        @after("RequestStartTransaction")
        def started(self, remote_start_id, id_token, charging_profile=None, **_):
            if self.box.tx is None and self.box.is_operative:
                profile = charging_profile and self.read(charging_profile)
                self.box.allow(id_token["id_token"], "RemoteStart", remote_start_id, profile)

        @on("RequestStopTransaction")
        def request_stop(self, transaction_id):
            is_mine = self.box.tx is not None and self.box.tx["id"] == transaction_id
            return call_result.RequestStopTransaction(status="Accepted" if is_mine else "Rejected")

        @after("RequestStopTransaction")
        def stopped(self, transaction_id):
            if self.box.tx and self.box.tx["id"] == transaction_id:
                self.box.end("Remote", "RemoteStop")

        @on("GetTransactionStatus")
        def transaction_status(self, transaction_id=None):
            ongoing = None if transaction_id is None else bool(self.box.tx and self.box.tx["id"] == transaction_id)
            return call_result.GetTransactionStatus(
                messages_in_queue=len(self.box.outbox) > 0, ongoing_indicator=ongoing
            )

        @on("Reset")
        def reset(self, type, evse_id=None):
            return call_result.Reset(status="Accepted")

        @after("Reset")
        async def was_reset(self, type, evse_id=None):
            await self.restart("RemoteReset", "ImmediateReset")

        @on("UnlockConnector")
        def unlock(self, evse_id, connector_id):
            return call_result.UnlockConnector(
                status="OngoingAuthorizedTransaction" if self.box.tx else "Unlocked"
            )

        @on("ChangeAvailability")
        def change_availability(self, operational_status, evse=None):
            self.box.is_operative = operational_status == "Operative"
            self.box.changed.set()
            waits = self.box.tx is not None and not self.box.is_operative
            return call_result.ChangeAvailability(status="Scheduled" if waits else "Accepted")

        @on("TriggerMessage")
        def trigger(self, requested_message, evse=None, **_):
            known = ("BootNotification", "StatusNotification", "MeterValues", "Heartbeat")
            return call_result.TriggerMessage(status="Accepted" if requested_message in known else "NotImplemented")

        @after("TriggerMessage")
        async def triggered(self, requested_message, evse=None, **_):
            if requested_message == "BootNotification":
                await self.boot("Triggered")
            elif requested_message == "StatusNotification":
                await self.tell_status()
            elif requested_message == "Heartbeat":
                await self.call(call.Heartbeat())
            elif requested_message == "MeterValues":
                value = self.meter_value(datetime.now().timestamp(), self.box.measured(), "Trigger", "TxUpdated")
                await self.call(call.MeterValues(evse_id=1, meter_value=value))

        @on("SendLocalList")
        def send_local_list(self, version_number, update_type, local_authorization_list=None):
            self.box.local_list = version_number
            return call_result.SendLocalList(status="Accepted")

        @on("GetLocalListVersion")
        def local_list_version(self):
            return call_result.GetLocalListVersion(version_number=self.box.local_list)

        @on("ClearCache")
        def clear_cache(self):
            return call_result.ClearCache(status="Accepted")

        @on("DataTransfer")
        def data_transfer(self, vendor_id, message_id=None, data=None):
            return call_result.DataTransfer(status="UnknownVendorId")

    return Station2


Station201 = station_of(v201.ChargePoint, v201.call, v201.call_result, "ocpp2.0.1")


class Station21(station_of(v21.ChargePoint, v21.call, v21.call_result, "ocpp2.1")):
    @on("UpdateDynamicSchedule")
    def update_dynamic_schedule(self, charging_profile_id, schedule_update):
        """2.1 K28: a new limit for a profile that is there."""
        profile = self.box.profiles.get(charging_profile_id)
        if not profile or profile["kind"] != "dynamic":
            return v21.call_result.UpdateDynamicSchedule(status="Rejected")
        profile["periods"][0]["limit"] = schedule_update["limit"]
        return v21.call_result.UpdateDynamicSchedule(status="Accepted")
