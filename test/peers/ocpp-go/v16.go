package main

import (
	"strconv"
	"time"

	"github.com/lorenzodonini/ocpp-go/ocpp"
	ocpp16 "github.com/lorenzodonini/ocpp-go/ocpp1.6"
	"github.com/lorenzodonini/ocpp-go/ocpp1.6/core"
	"github.com/lorenzodonini/ocpp-go/ocpp1.6/remotetrigger"
	"github.com/lorenzodonini/ocpp-go/ocpp1.6/smartcharging"
	"github.com/lorenzodonini/ocpp-go/ocpp1.6/types"
	"github.com/lorenzodonini/ocpp-go/ocppj"
	"github.com/lorenzodonini/ocpp-go/ws"
)

type station16 struct {
	life *life
	box  *Wallbox
	cp   ocpp16.ChargePoint
}

var purposes = map[string]string{
	"ChargePointMaxProfile": "station_max", "ChargingStationMaxProfile": "station_max",
	"TxDefaultProfile": "tx_default", "TxProfile": "tx",
}

// endpointOf tells the wallbox when the library is connected, and when it is not.
func endpointOf(life *life, client ws.WsClient, profiles ...*ocpp.Profile) *ocppj.Client {
	dispatcher := ocppj.NewDefaultClientDispatcher(ocppj.NewFIFOClientQueue(0))
	endpoint := ocppj.NewClient(life.identity, client, dispatcher, nil, profiles...)
	endpoint.SetOnDisconnectedHandler(func(error) { life.setConnected(false) })
	endpoint.SetOnReconnectedHandler(func() { life.setConnected(true) })
	return endpoint
}

func newStation16(life *life, client ws.WsClient) station {
	endpoint := endpointOf(life, client, core.Profile, remotetrigger.Profile, smartcharging.Profile)
	station := &station16{life: life, box: life.box, cp: ocpp16.NewChargePoint(life.identity, endpoint, client)}
	station.cp.SetCoreHandler(station)
	station.cp.SetRemoteTriggerHandler(station)
	station.cp.SetSmartChargingHandler(station)
	return station
}

func (station *station16) start(url string) error { return station.cp.Start(url) }
func (station *station16) stop()                  { station.cp.Stop() }

func (station *station16) boot(string) (bool, int, error) {
	answer, err := station.cp.BootNotification("Go 16", "Third Hand", func(request *core.BootNotificationRequest) {
		request.ChargePointSerialNumber = station.life.identity
		request.FirmwareVersion = "0.19"
	})
	if err != nil {
		return false, 1, err
	}
	return answer.Status == core.RegistrationStatusAccepted, answer.Interval, nil
}

func (station *station16) tellStatus(status string) error {
	_, err := station.cp.StatusNotification(1, core.NoError, core.ChargePointStatus(status))
	return err
}

func (station *station16) meterValue(at time.Time, values []Value, context types.ReadingContext) types.MeterValue {
	sampled := make([]types.SampledValue, 0, len(values))
	for _, value := range values {
		sampled = append(sampled, types.SampledValue{
			Value: strconv.FormatFloat(value.Value, 'f', -1, 64), Context: context,
			Measurand: types.Measurand(value.Measurand), Phase: types.Phase(value.Phase),
			Unit: types.UnitOfMeasure(value.Unit),
		})
	}
	return types.MeterValue{Timestamp: types.NewDateTime(at), SampledValue: sampled}
}

func (station *station16) tellPost(post Post) error {
	at := types.NewDateTime(post.At)
	switch post.Kind {
	case "begin":
		answer, err := station.cp.StartTransaction(1, post.Tx.Tag, post.Tx.MeterWh, at)
		if err != nil {
			return err
		}
		station.box.Lock()
		defer station.box.Unlock()
		post.Tx.ID = strconv.Itoa(answer.TransactionId)
		if answer.IdTagInfo.Status != types.AuthorizationStatusAccepted && station.box.tx == post.Tx {
			station.box.end("DeAuthorized", "Deauthorized")
		}
		return nil
	case "sample":
		values := station.life.wanted("MeterValuesSampledData", post.Values)
		return station.tellMeter(post.Tx, post.At, values, types.ReadingContextSamplePeriodic)
	case "end":
		reasons := map[string]string{"ImmediateReset": "HardReset"}
		reason := core.Reason(post.Reason)
		if other, isOther := reasons[post.Reason]; isOther {
			reason = core.Reason(other)
		}
		values := station.life.wanted("StopTxnSampledData", post.Values)
		_, err := station.cp.StopTransaction(int(post.Values[0].Value), at, id16(post.Tx),
			func(request *core.StopTransactionRequest) {
				request.Reason, request.IdTag = reason, post.Tx.Tag
				request.TransactionData = []types.MeterValue{
					station.meterValue(post.At, values, types.ReadingContextTransactionEnd),
				}
			})
		return err
	}
	return nil
}

func id16(tx *Transaction) int {
	id, err := strconv.Atoi(tx.ID)
	if err != nil {
		return -1
	}
	return id
}

func (station *station16) tellMeter(tx *Transaction, at time.Time, values []Value, context types.ReadingContext) error {
	_, err := station.cp.MeterValues(1, []types.MeterValue{station.meterValue(at, values, context)},
		func(request *core.MeterValuesRequest) {
			if tx != nil {
				id := id16(tx)
				request.TransactionId = &id
			}
		})
	return err
}

func (station *station16) authorize(tag string) bool {
	answer, err := station.cp.Authorize(tag)
	return err == nil && answer.IdTagInfo.Status == types.AuthorizationStatusAccepted
}

// What it is asked.

func (station *station16) OnGetConfiguration(request *core.GetConfigurationRequest) (*core.GetConfigurationConfirmation, error) {
	answer := core.NewGetConfigurationConfirmation(nil)
	names := request.Key
	if len(names) == 0 {
		for name := range station.life.keys {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if known, isKnown := station.life.keys[name]; isKnown {
			value := known.value
			key := core.ConfigurationKey{Key: name, Readonly: known.isReadonly, Value: &value}
			answer.ConfigurationKey = append(answer.ConfigurationKey, key)
		} else {
			answer.UnknownKey = append(answer.UnknownKey, name)
		}
	}
	return answer, nil
}

func (station *station16) OnChangeConfiguration(request *core.ChangeConfigurationRequest) (*core.ChangeConfigurationConfirmation, error) {
	status := core.ConfigurationStatus(station.life.set(request.Key, request.Value))
	return core.NewChangeConfigurationConfirmation(status), nil
}

func profile16(told *types.ChargingProfile) Profile {
	schedule := told.ChargingSchedule
	profile := Profile{
		ID: told.ChargingProfileId, Level: told.StackLevel, Purpose: purposes[string(told.ChargingProfilePurpose)],
		IsRelative: told.ChargingProfileKind == types.ChargingProfileKindRelative,
		Unit:       string(schedule.ChargingRateUnit), Start: time.Now(),
	}
	if schedule.StartSchedule != nil {
		profile.Start = schedule.StartSchedule.Time
	}
	if schedule.Duration != nil {
		profile.Duration = float64(*schedule.Duration)
	}
	for _, period := range schedule.ChargingSchedulePeriod {
		read := Period{Start: float64(period.StartPeriod), Limit: period.Limit}
		if period.NumberPhases != nil {
			read.Phases = *period.NumberPhases
		}
		profile.Periods = append(profile.Periods, read)
	}
	return profile
}

func (station *station16) OnSetChargingProfile(request *smartcharging.SetChargingProfileRequest) (*smartcharging.SetChargingProfileConfirmation, error) {
	station.box.Lock()
	defer station.box.Unlock()
	profile := profile16(request.ChargingProfile)
	fits := profile.Level <= 4 && (profile.Purpose == "tx_default" ||
		(profile.Purpose == "station_max" && request.ConnectorId == 0) ||
		(profile.Purpose == "tx" && request.ConnectorId == 1 && station.box.tx != nil))
	if !fits {
		return smartcharging.NewSetChargingProfileConfirmation(smartcharging.ChargingProfileStatusRejected), nil
	}
	station.box.place(profile, false)
	return smartcharging.NewSetChargingProfileConfirmation(smartcharging.ChargingProfileStatusAccepted), nil
}

func (station *station16) OnClearChargingProfile(request *smartcharging.ClearChargingProfileRequest) (*smartcharging.ClearChargingProfileConfirmation, error) {
	station.box.Lock()
	defer station.box.Unlock()
	isAny := station.box.clear(func(profile Profile) bool {
		return (request.Id == nil || *request.Id == profile.ID) &&
			(request.StackLevel == nil || *request.StackLevel == profile.Level) &&
			(request.ChargingProfilePurpose == "" || purposes[string(request.ChargingProfilePurpose)] == profile.Purpose)
	})
	if !isAny {
		return smartcharging.NewClearChargingProfileConfirmation(smartcharging.ClearChargingProfileStatusUnknown), nil
	}
	return smartcharging.NewClearChargingProfileConfirmation(smartcharging.ClearChargingProfileStatusAccepted), nil
}

func (station *station16) OnGetCompositeSchedule(request *smartcharging.GetCompositeScheduleRequest) (*smartcharging.GetCompositeScheduleConfirmation, error) {
	station.box.Lock()
	defer station.box.Unlock()
	amps, phases := station.box.limit()
	unit, limit := types.ChargingRateUnitAmperes, amps
	if request.ChargingRateUnit == types.ChargingRateUnitWatts {
		unit, limit = types.ChargingRateUnitWatts, amps*volts*float64(phases)
	}
	schedule := types.NewChargingSchedule(unit, types.NewChargingSchedulePeriod(0, limit))
	schedule.Duration = &request.Duration
	answer := smartcharging.NewGetCompositeScheduleConfirmation(smartcharging.GetCompositeScheduleStatusAccepted)
	answer.ConnectorId, answer.ScheduleStart, answer.ChargingSchedule = &request.ConnectorId, types.Now(), schedule
	return answer, nil
}

func (station *station16) OnRemoteStartTransaction(request *core.RemoteStartTransactionRequest) (*core.RemoteStartTransactionConfirmation, error) {
	station.box.Lock()
	defer station.box.Unlock()
	if station.box.tx != nil || !station.box.isOperative {
		return core.NewRemoteStartTransactionConfirmation(types.RemoteStartStopStatusRejected), nil
	}
	var profile *Profile
	if request.ChargingProfile != nil {
		read := profile16(request.ChargingProfile)
		profile = &read
	}
	station.box.allow(request.IdTag, "RemoteStart", nil, profile)
	return core.NewRemoteStartTransactionConfirmation(types.RemoteStartStopStatusAccepted), nil
}

func (station *station16) OnRemoteStopTransaction(request *core.RemoteStopTransactionRequest) (*core.RemoteStopTransactionConfirmation, error) {
	station.box.Lock()
	defer station.box.Unlock()
	if station.box.tx == nil || id16(station.box.tx) != request.TransactionId {
		return core.NewRemoteStopTransactionConfirmation(types.RemoteStartStopStatusRejected), nil
	}
	station.box.end("Remote", "RemoteStop")
	return core.NewRemoteStopTransactionConfirmation(types.RemoteStartStopStatusAccepted), nil
}

func (station *station16) OnReset(request *core.ResetRequest) (*core.ResetConfirmation, error) {
	// The answer goes first.
	time.AfterFunc(200*time.Millisecond, func() {
		station.life.restart("RemoteReset", string(request.Type)+"Reset")
	})
	return core.NewResetConfirmation(core.ResetStatusAccepted), nil
}

func (station *station16) OnUnlockConnector(*core.UnlockConnectorRequest) (*core.UnlockConnectorConfirmation, error) {
	return core.NewUnlockConnectorConfirmation(core.UnlockStatusUnlocked), nil
}

func (station *station16) OnChangeAvailability(request *core.ChangeAvailabilityRequest) (*core.ChangeAvailabilityConfirmation, error) {
	station.box.Lock()
	defer station.box.Unlock()
	station.box.isOperative = request.Type == core.AvailabilityTypeOperative
	station.box.tell()
	if station.box.tx != nil && !station.box.isOperative {
		return core.NewChangeAvailabilityConfirmation(core.AvailabilityStatusScheduled), nil
	}
	return core.NewChangeAvailabilityConfirmation(core.AvailabilityStatusAccepted), nil
}

func (station *station16) OnTriggerMessage(request *remotetrigger.TriggerMessageRequest) (*remotetrigger.TriggerMessageConfirmation, error) {
	station.box.Lock()
	status, tx, values := station.box.status(), station.box.tx, station.box.measured()
	station.box.Unlock()
	sends := map[remotetrigger.MessageTrigger]func(){
		"BootNotification":   func() { _, _, _ = station.boot("") },
		"Heartbeat":          func() { _, _ = station.cp.Heartbeat() },
		"StatusNotification": func() { _ = station.tellStatus(status) },
		"MeterValues": func() {
			picked := station.life.wanted("MeterValuesSampledData", values)
			_ = station.tellMeter(tx, time.Now(), picked, types.ReadingContextTrigger)
		},
	}
	send, isKnown := sends[request.RequestedMessage]
	if !isKnown {
		return remotetrigger.NewTriggerMessageConfirmation(remotetrigger.TriggerMessageStatusNotImplemented), nil
	}
	time.AfterFunc(50*time.Millisecond, send)
	return remotetrigger.NewTriggerMessageConfirmation(remotetrigger.TriggerMessageStatusAccepted), nil
}

func (station *station16) OnClearCache(*core.ClearCacheRequest) (*core.ClearCacheConfirmation, error) {
	return core.NewClearCacheConfirmation(core.ClearCacheStatusAccepted), nil
}

func (station *station16) OnDataTransfer(*core.DataTransferRequest) (*core.DataTransferConfirmation, error) {
	return core.NewDataTransferConfirmation(core.DataTransferStatusUnknownVendorId), nil
}
