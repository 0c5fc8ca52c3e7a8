package main

import (
	"strconv"
	"strings"
)

type setting struct {
	value      string
	isReadonly bool
}

const firstMeasurands = "Energy.Active.Import.Register,Power.Active.Import"

func settingsOf(version string, box *Wallbox) map[string]*setting {
	canSwitch := strconv.FormatBool(box.canSwitch)
	if version == "1.6" {
		return map[string]*setting{
			"NumberOfConnectors":                      {"1", true},
			"SupportedFeatureProfiles":                {"Core,SmartCharging,RemoteTrigger", true},
			"ChargingScheduleAllowedChargingRateUnit": {"Current,Power", true},
			"ChargingScheduleMaxPeriods":              {"10", true},
			"ChargeProfileMaxStackLevel":              {"4", true},
			"MaxChargingProfilesInstalled":            {"10", true},
			"ConnectorSwitch3to1PhaseSupported":       {canSwitch, true},
			"HeartbeatInterval":                       {"300", false},
			"MeterValueSampleInterval":                {"60", false},
			"MeterValuesSampledData":                  {firstMeasurands, false},
			"StopTxnSampledData":                      {"Energy.Active.Import.Register", false},
			"AuthorizeRemoteTxRequests":               {"false", false},
		}
	}
	return map[string]*setting{
		"EVSE.SupplyPhases":                    {strconv.Itoa(box.phases), true},
		"EVSE.ACPhaseSwitchingSupported":       {canSwitch, true},
		"OCPPCommCtrlr.HeartbeatInterval":      {"300", false},
		"SampledDataCtrlr.TxUpdatedInterval":   {"60", false},
		"SampledDataCtrlr.TxUpdatedMeasurands": {firstMeasurands, false},
		"SampledDataCtrlr.TxStartedMeasurands": {"Energy.Active.Import.Register", false},
		"SampledDataCtrlr.TxEndedMeasurands":   {"Energy.Active.Import.Register", false},
		"SmartChargingCtrlr.Available":         {"true", true},
		"SmartChargingCtrlr.Enabled":           {"true", false},
		"SmartChargingCtrlr.RateUnit":          {"A,W", true},
		"SmartChargingCtrlr.ProfileStackLevel": {"4", true},
		"SmartChargingCtrlr.Phases3to1":        {canSwitch, true},
		"TxCtrlr.TxStartPoint":                 {"PowerPathClosed", true},
		"TxCtrlr.TxStopPoint":                  {"EVConnected,Authorized", true},
	}
}

// set returns the status in the words of 1.6.
func (life *life) set(name, value string) string {
	known, isKnown := life.keys[name]
	switch {
	case !isKnown:
		return "NotSupported"
	case known.isReadonly:
		return "Rejected"
	}
	known.value = value
	if name == "MeterValueSampleInterval" || name == "SampledDataCtrlr.TxUpdatedInterval" {
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return "Rejected"
		}
		life.box.Lock()
		defer life.box.Unlock()
		life.box.sampleS = seconds
		life.box.sampleAt = life.box.sampleAt.AddDate(-1, 0, 0)
	}
	return "Accepted"
}

// wanted picks the values that a setting names.
func (life *life) wanted(name string, values []Value) []Value {
	var picked []Value
	for _, value := range values {
		for _, measurand := range strings.Split(life.keys[name].value, ",") {
			if value.Measurand == measurand {
				picked = append(picked, value)
			}
		}
	}
	return picked
}
