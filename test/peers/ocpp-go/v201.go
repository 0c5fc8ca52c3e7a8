package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	ocpp2 "github.com/lorenzodonini/ocpp-go/ocpp2.0.1"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/authorization"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/availability"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/meter"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/provisioning"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/remotecontrol"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/smartcharging"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/transactions"
	"github.com/lorenzodonini/ocpp-go/ocpp2.0.1/types"
	"github.com/lorenzodonini/ocpp-go/ws"
)

type station201 struct {
	life *life
	box  *Wallbox
	cs   ocpp2.ChargingStation
}

func newStation201(life *life, client ws.WsClient) station {
	endpoint := endpointOf(life, client, authorization.Profile, availability.Profile, meter.Profile, provisioning.Profile,
		remotecontrol.Profile, smartcharging.Profile, transactions.Profile)
	station := &station201{life: life, box: life.box, cs: ocpp2.NewChargingStation(life.identity, endpoint, client)}
	station.cs.SetAuthorizationHandler(station)
	station.cs.SetAvailabilityHandler(station)
	station.cs.SetProvisioningHandler(station)
	station.cs.SetRemoteControlHandler(station)
	station.cs.SetSmartChargingHandler(station)
	station.cs.SetTransactionsHandler(station)
	return station
}

func (station *station201) start(url string) error { return station.cs.Start(url) }
func (station *station201) stop()                  { station.cs.Stop() }

func (station *station201) boot(reason string) (bool, int, error) {
	answer, err := station.cs.BootNotification(provisioning.BootReason(reason), "Go 201", "Third Hand",
		func(request *provisioning.BootNotificationRequest) {
			request.ChargingStation.SerialNumber = station.life.identity
			request.ChargingStation.FirmwareVersion = "0.19"
		})
	if err != nil {
		return false, 1, err
	}
	return answer.Status == provisioning.RegistrationStatusAccepted, answer.Interval, nil
}

func (station *station201) tellStatus(status string) error {
	connector := availability.ConnectorStatusOccupied
	if status == "Available" || status == "Unavailable" {
		connector = availability.ConnectorStatus(status)
	}
	_, err := station.cs.StatusNotification(types.Now(), connector, 1, 1)
	return err
}

func meterValues201(at time.Time, values []Value, context types.ReadingContext) []types.MeterValue {
	if len(values) == 0 {
		return nil
	}
	sampled := make([]types.SampledValue, 0, len(values))
	for _, value := range values {
		sampled = append(sampled, types.SampledValue{
			Value: value.Value, Context: context, Measurand: types.Measurand(value.Measurand),
			Phase: types.Phase(value.Phase), UnitOfMeasure: &types.UnitOfMeasure{Unit: value.Unit},
		})
	}
	return []types.MeterValue{{Timestamp: *types.NewDateTime(at), SampledValue: sampled}}
}

func (station *station201) tellPost(post Post) error {
	tx := post.Tx
	station.box.Lock()
	if tx.ID == "" {
		tx.ID = fmt.Sprintf("go-%d", tx.Since.UnixNano())
	}
	station.box.Unlock()
	info := transactions.Transaction{TransactionID: tx.ID, RemoteStartID: tx.RemoteID}
	state := transactions.ChargingStateEVConnected
	if strings.HasPrefix(post.State, "Suspended") || post.State == "Charging" {
		state = transactions.ChargingState(post.State)
	}
	event, which, context := transactions.TransactionEventUpdated, "", types.ReadingContextSamplePeriodic
	switch post.Kind {
	case "begin":
		event, which, context = transactions.TransactionEventStarted, "TxStarted", types.ReadingContextTransactionBegin
		info.ChargingState = state
	case "sample":
		which = "TxUpdated"
	case "state":
		info.ChargingState = state
	case "end":
		event, which, context = transactions.TransactionEventEnded, "TxEnded", types.ReadingContextTransactionEnd
		info.StoppedReason, info.ChargingState = transactions.Reason(post.Reason), transactions.ChargingStateIdle
	}
	answer, err := station.cs.TransactionEvent(event, types.NewDateTime(post.At),
		transactions.TriggerReason(post.Trigger), post.Seq, info,
		func(request *transactions.TransactionEventRequest) {
			request.Offline = post.IsLate
			if which != "" {
				values := station.life.wanted("SampledDataCtrlr."+which+"Measurands", post.Values)
				request.MeterValue = meterValues201(post.At, values, context)
			}
			if post.Kind == "begin" {
				connector, cable := 1, int(station.box.maxA)
				request.Evse = &types.EVSE{ID: 1, ConnectorID: &connector}
				request.IDToken = &types.IdToken{IdToken: tx.Tag, Type: types.IdTokenTypeISO14443}
				request.CableMaxCurrent = &cable
			}
		})
	if err != nil {
		return err
	}
	station.box.Lock()
	defer station.box.Unlock()
	isRefused := answer.IDTokenInfo != nil && answer.IDTokenInfo.Status != types.AuthorizationStatusAccepted
	if isRefused && station.box.tx == tx {
		station.box.end("DeAuthorized", "Deauthorized")
	}
	return nil
}

func (station *station201) authorize(tag string) bool {
	answer, err := station.cs.Authorize(tag, types.IdTokenTypeISO14443)
	return err == nil && answer.IdTokenInfo.Status == types.AuthorizationStatusAccepted
}

// What it is asked.

func nameOf(component types.Component, variable types.Variable) string {
	return component.Name + "." + variable.Name
}

func (station *station201) OnGetVariables(request *provisioning.GetVariablesRequest) (*provisioning.GetVariablesResponse, error) {
	var results []provisioning.GetVariableResult
	for _, asked := range request.GetVariableData {
		result := provisioning.GetVariableResult{
			Component: asked.Component, Variable: asked.Variable, AttributeStatus: provisioning.GetVariableStatusUnknownVariable,
		}
		if known, isKnown := station.life.keys[nameOf(asked.Component, asked.Variable)]; isKnown {
			result.AttributeStatus, result.AttributeValue = provisioning.GetVariableStatusAccepted, known.value
		}
		results = append(results, result)
	}
	return provisioning.NewGetVariablesResponse(results), nil
}

func (station *station201) OnSetVariables(request *provisioning.SetVariablesRequest) (*provisioning.SetVariablesResponse, error) {
	var results []provisioning.SetVariableResult
	for _, asked := range request.SetVariableData {
		status := station.life.set(nameOf(asked.Component, asked.Variable), asked.AttributeValue)
		if status == "NotSupported" {
			status = "UnknownVariable"
		}
		results = append(results, provisioning.SetVariableResult{
			Component: asked.Component, Variable: asked.Variable, AttributeStatus: provisioning.SetVariableStatus(status),
		})
	}
	return provisioning.NewSetVariablesResponse(results), nil
}

func (station *station201) OnGetBaseReport(request *provisioning.GetBaseReportRequest) (*provisioning.GetBaseReportResponse, error) {
	var parts [][]provisioning.ReportData
	for name, known := range station.life.keys {
		component, variable, _ := strings.Cut(name, ".")
		attribute := provisioning.VariableAttribute{Value: known.value, Mutability: provisioning.MutabilityReadWrite}
		if known.isReadonly {
			attribute.Mutability = provisioning.MutabilityReadOnly
		}
		data := provisioning.ReportData{
			Component: types.Component{Name: component}, Variable: types.Variable{Name: variable},
			VariableAttribute: []provisioning.VariableAttribute{attribute},
		}
		if component == "EVSE" {
			data.Component.EVSE = &types.EVSE{ID: 1}
		}
		if len(parts) == 0 || len(parts[len(parts)-1]) == 5 {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], data)
	}
	time.AfterFunc(50*time.Millisecond, func() {
		for seqNo, part := range parts {
			_, _ = station.cs.NotifyReport(request.RequestID, types.Now(), seqNo,
				func(report *provisioning.NotifyReportRequest) {
					report.ReportData, report.Tbc = part, seqNo+1 < len(parts)
				})
		}
	})
	return provisioning.NewGetBaseReportResponse(types.GenericDeviceModelStatusAccepted), nil
}

func (station *station201) OnGetReport(*provisioning.GetReportRequest) (*provisioning.GetReportResponse, error) {
	return provisioning.NewGetReportResponse(types.GenericDeviceModelStatusNotSupported), nil
}

func (station *station201) OnSetNetworkProfile(*provisioning.SetNetworkProfileRequest) (*provisioning.SetNetworkProfileResponse, error) {
	return provisioning.NewSetNetworkProfileResponse(provisioning.SetNetworkProfileStatusRejected), nil
}

func (station *station201) OnReset(*provisioning.ResetRequest) (*provisioning.ResetResponse, error) {
	// The answer goes first.
	time.AfterFunc(200*time.Millisecond, func() { station.life.restart("RemoteReset", "ImmediateReset") })
	return provisioning.NewResetResponse(provisioning.ResetStatusAccepted), nil
}

func profile201(told *types.ChargingProfile) Profile {
	schedule := told.ChargingSchedule[0]
	profile := Profile{
		ID: told.ID, Level: told.StackLevel, Purpose: purposes[string(told.ChargingProfilePurpose)],
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

func (station *station201) OnSetChargingProfile(request *smartcharging.SetChargingProfileRequest) (*smartcharging.SetChargingProfileResponse, error) {
	station.box.Lock()
	defer station.box.Unlock()
	profile := profile201(request.ChargingProfile)
	isRunning := station.box.tx != nil && station.box.tx.ID != "" && station.box.tx.ID == request.ChargingProfile.TransactionID
	fits := profile.Level <= 4 && (profile.Purpose == "tx_default" ||
		(profile.Purpose == "station_max" && request.EvseID == 0 && !profile.IsRelative) ||
		(profile.Purpose == "tx" && request.EvseID == 1 && isRunning))
	if !fits || !station.box.place(profile, true) {
		return smartcharging.NewSetChargingProfileResponse(smartcharging.ChargingProfileStatusRejected), nil
	}
	return smartcharging.NewSetChargingProfileResponse(smartcharging.ChargingProfileStatusAccepted), nil
}

func (station *station201) OnClearChargingProfile(request *smartcharging.ClearChargingProfileRequest) (*smartcharging.ClearChargingProfileResponse, error) {
	station.box.Lock()
	defer station.box.Unlock()
	criteria := request.ChargingProfileCriteria
	isAny := station.box.clear(func(profile Profile) bool {
		if request.ChargingProfileID != nil {
			return *request.ChargingProfileID == profile.ID
		}
		return criteria == nil ||
			(criteria.StackLevel == nil || *criteria.StackLevel == profile.Level) &&
				(criteria.ChargingProfilePurpose == "" || purposes[string(criteria.ChargingProfilePurpose)] == profile.Purpose)
	})
	if !isAny {
		return smartcharging.NewClearChargingProfileResponse(smartcharging.ClearChargingProfileStatusUnknown), nil
	}
	return smartcharging.NewClearChargingProfileResponse(smartcharging.ClearChargingProfileStatusAccepted), nil
}

func (station *station201) OnGetChargingProfiles(*smartcharging.GetChargingProfilesRequest) (*smartcharging.GetChargingProfilesResponse, error) {
	return smartcharging.NewGetChargingProfilesResponse(smartcharging.GetChargingProfileStatusNoProfiles), nil
}

func (station *station201) OnGetCompositeSchedule(request *smartcharging.GetCompositeScheduleRequest) (*smartcharging.GetCompositeScheduleResponse, error) {
	station.box.Lock()
	defer station.box.Unlock()
	amps, phases := station.box.limit()
	unit, limit := types.ChargingRateUnitAmperes, amps
	if request.ChargingRateUnit == types.ChargingRateUnitWatts {
		unit, limit = types.ChargingRateUnitWatts, math.Round(amps*volts*float64(phases))
	}
	schedule := types.NewChargingSchedule(1, unit, types.NewChargingSchedulePeriod(0, limit))
	schedule.Duration = &request.Duration
	// The library has another form of this answer than the schemas.
	answer := smartcharging.NewGetCompositeScheduleResponse(smartcharging.GetCompositeScheduleStatusAccepted, request.EvseID)
	answer.Schedule = &smartcharging.CompositeSchedule{StartDateTime: types.Now(), ChargingSchedule: schedule}
	return answer, nil
}

func (station *station201) OnRequestStartTransaction(request *remotecontrol.RequestStartTransactionRequest) (*remotecontrol.RequestStartTransactionResponse, error) {
	station.box.Lock()
	defer station.box.Unlock()
	if station.box.tx != nil || !station.box.isOperative {
		return remotecontrol.NewRequestStartTransactionResponse(remotecontrol.RequestStartStopStatusRejected), nil
	}
	var profile *Profile
	if request.ChargingProfile != nil {
		read := profile201(request.ChargingProfile)
		profile = &read
	}
	station.box.allow(request.IDToken.IdToken, "RemoteStart", &request.RemoteStartID, profile)
	return remotecontrol.NewRequestStartTransactionResponse(remotecontrol.RequestStartStopStatusAccepted), nil
}

func (station *station201) OnRequestStopTransaction(request *remotecontrol.RequestStopTransactionRequest) (*remotecontrol.RequestStopTransactionResponse, error) {
	station.box.Lock()
	defer station.box.Unlock()
	if station.box.tx == nil || station.box.tx.ID != request.TransactionID {
		return remotecontrol.NewRequestStopTransactionResponse(remotecontrol.RequestStartStopStatusRejected), nil
	}
	station.box.end("Remote", "RemoteStop")
	return remotecontrol.NewRequestStopTransactionResponse(remotecontrol.RequestStartStopStatusAccepted), nil
}

func (station *station201) OnTriggerMessage(request *remotecontrol.TriggerMessageRequest) (*remotecontrol.TriggerMessageResponse, error) {
	station.box.Lock()
	status, values := station.box.status(), station.box.measured()
	station.box.Unlock()
	sends := map[remotecontrol.MessageTrigger]func(){
		"BootNotification":   func() { _, _, _ = station.boot("Triggered") },
		"Heartbeat":          func() { _, _ = station.cs.Heartbeat() },
		"StatusNotification": func() { _ = station.tellStatus(status) },
		"MeterValues": func() {
			picked := station.life.wanted("SampledDataCtrlr.TxUpdatedMeasurands", values)
			_, _ = station.cs.MeterValues(1, meterValues201(time.Now(), picked, types.ReadingContextTrigger))
		},
	}
	send, isKnown := sends[request.RequestedMessage]
	if !isKnown {
		return remotecontrol.NewTriggerMessageResponse(remotecontrol.TriggerMessageStatusNotImplemented), nil
	}
	time.AfterFunc(50*time.Millisecond, send)
	return remotecontrol.NewTriggerMessageResponse(remotecontrol.TriggerMessageStatusAccepted), nil
}

func (station *station201) OnUnlockConnector(*remotecontrol.UnlockConnectorRequest) (*remotecontrol.UnlockConnectorResponse, error) {
	return remotecontrol.NewUnlockConnectorResponse(remotecontrol.UnlockStatusUnlocked), nil
}

func (station *station201) OnChangeAvailability(request *availability.ChangeAvailabilityRequest) (*availability.ChangeAvailabilityResponse, error) {
	station.box.Lock()
	defer station.box.Unlock()
	station.box.isOperative = request.OperationalStatus == availability.OperationalStatusOperative
	station.box.tell()
	if station.box.tx != nil && !station.box.isOperative {
		return availability.NewChangeAvailabilityResponse(availability.ChangeAvailabilityStatusScheduled), nil
	}
	return availability.NewChangeAvailabilityResponse(availability.ChangeAvailabilityStatusAccepted), nil
}

func (station *station201) OnGetTransactionStatus(request *transactions.GetTransactionStatusRequest) (*transactions.GetTransactionStatusResponse, error) {
	station.box.Lock()
	defer station.box.Unlock()
	answer := transactions.NewGetTransactionStatusResponse(len(station.box.outbox) > 0)
	if request.TransactionID != "" {
		isOngoing := station.box.tx != nil && station.box.tx.ID == request.TransactionID
		answer.OngoingIndicator = &isOngoing
	}
	return answer, nil
}

func (station *station201) OnClearCache(*authorization.ClearCacheRequest) (*authorization.ClearCacheResponse, error) {
	return authorization.NewClearCacheResponse(authorization.ClearCacheStatusAccepted), nil
}
