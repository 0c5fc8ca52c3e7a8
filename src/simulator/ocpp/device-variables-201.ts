/** The variables of a simulated station by the name "Component.Variable": OCPP 2.0.1 part 2, appendix 3. */

import { nominalV } from './electric-car.ts';
import { meterMeasurands } from './meter-sampling.ts';
import type { EvseWiring } from './offered-current.ts';
import { maxPeriods, maxStackLevel } from './profile-acceptance.ts';
import {
  booleanSetting,
  integerSetting,
  listSetting,
  readonlySetting,
  type Setting,
  StationConfiguration,
  textSetting,
} from './station-configuration.ts';
import type { StationDeviations } from './station-deviations.ts';

/** @param index of the EVSE, from 0 */
const evseVariables = (wiring: EvseWiring, index: number): Setting[] =>
  [
    readonlySetting('EVSE.Available', true),
    readonlySetting('EVSE.AvailabilityState', 'Available'),
    readonlySetting('EVSE.SupplyPhases', wiring.phases),
    readonlySetting('EVSE.Power', Math.round(wiring.maxA * nominalV * wiring.phases)),
    readonlySetting('EVSE.ACPhaseSwitchingSupported', wiring.canSwitchPhases),
    readonlySetting('EVSE.AllowReset', true),
    readonlySetting('Connector.Available', true),
    readonlySetting('Connector.ConnectorType', 'cType2'),
  ].map((setting) => ({ ...setting, evse: index + 1 }));

const sampledMeasurands = 'Energy.Active.Import.Register,Power.Active.Import';

/** @param wirings of the EVSEs, in the order of their numbers */
export const createDeviceVariables201 = (
  wirings: readonly EvseWiring[],
  deviations: StationDeviations,
): StationConfiguration =>
  new StationConfiguration([
    readonlySetting('AlignedDataCtrlr.Available', true),
    booleanSetting('AlignedDataCtrlr.Enabled', true),
    integerSetting('AlignedDataCtrlr.Interval', 0),
    listSetting('AlignedDataCtrlr.Measurands', 'Energy.Active.Import.Register', meterMeasurands),
    integerSetting('AlignedDataCtrlr.TxEndedInterval', 0),
    listSetting('AlignedDataCtrlr.TxEndedMeasurands', '', meterMeasurands),
    booleanSetting('AuthCacheCtrlr.Enabled', false),
    booleanSetting('AuthCtrlr.AuthorizeRemoteStart', false),
    booleanSetting('AuthCtrlr.Enabled', true),
    booleanSetting('AuthCtrlr.LocalAuthorizeOffline', true),
    booleanSetting('AuthCtrlr.LocalPreAuthorize', false),
    booleanSetting('AuthCtrlr.OfflineTxForUnknownIdEnabled', true),
    readonlySetting('ChargingStation.Available', true),
    readonlySetting('ChargingStation.AvailabilityState', 'Available'),
    readonlySetting('ChargingStation.SupplyPhases', Math.max(...wirings.map(({ phases }) => phases))),
    textSetting('ClockCtrlr.TimeSource', 'Heartbeat'),
    textSetting('ClockCtrlr.TimeZone', 'Europe/Berlin'),
    readonlySetting('DeviceDataCtrlr.BytesPerMessage', 8192),
    readonlySetting('DeviceDataCtrlr.ItemsPerMessage', 20),
    booleanSetting('LocalAuthListCtrlr.Enabled', true),
    readonlySetting('LocalAuthListCtrlr.Entries', 0),
    readonlySetting('LocalAuthListCtrlr.ItemsPerMessage', 50),
    readonlySetting('MonitoringCtrlr.Enabled', false),
    readonlySetting('OCPPCommCtrlr.FileTransferProtocols', 'HTTPS'),
    integerSetting('OCPPCommCtrlr.HeartbeatInterval', 300),
    integerSetting('OCPPCommCtrlr.MessageAttemptInterval', 5),
    integerSetting('OCPPCommCtrlr.MessageAttempts', 3),
    readonlySetting('OCPPCommCtrlr.MessageTimeout', 30),
    textSetting('OCPPCommCtrlr.NetworkConfigurationPriority', '1'),
    integerSetting('OCPPCommCtrlr.NetworkProfileConnectionAttempts', 3),
    integerSetting('OCPPCommCtrlr.OfflineThreshold', 60),
    integerSetting('OCPPCommCtrlr.ResetRetries', 1),
    booleanSetting('OCPPCommCtrlr.UnlockOnEVSideDisconnect', true),
    integerSetting('OCPPCommCtrlr.WebSocketPingInterval', 0),
    readonlySetting('ReservationCtrlr.Available', false),
    readonlySetting('SampledDataCtrlr.Available', true),
    booleanSetting('SampledDataCtrlr.Enabled', true),
    integerSetting('SampledDataCtrlr.TxEndedInterval', 0),
    listSetting('SampledDataCtrlr.TxEndedMeasurands', 'Energy.Active.Import.Register', meterMeasurands),
    listSetting('SampledDataCtrlr.TxStartedMeasurands', 'Energy.Active.Import.Register', meterMeasurands),
    integerSetting('SampledDataCtrlr.TxUpdatedInterval', 60),
    listSetting('SampledDataCtrlr.TxUpdatedMeasurands', sampledMeasurands, meterMeasurands),
    { ...textSetting('SecurityCtrlr.BasicAuthPassword', ''), isSecret: true },
    textSetting('SecurityCtrlr.OrganizationName', 'emsflow'),
    readonlySetting('SecurityCtrlr.SecurityProfile', 1),
    readonlySetting('SmartChargingCtrlr.Available', true),
    booleanSetting('SmartChargingCtrlr.Enabled', true),
    readonlySetting('SmartChargingCtrlr.Entries', 0),
    integerSetting('SmartChargingCtrlr.LimitChangeSignificance', 5),
    readonlySetting('SmartChargingCtrlr.PeriodsPerSchedule', maxPeriods),
    readonlySetting(
      'SmartChargingCtrlr.Phases3to1',
      wirings.some(({ canSwitchPhases }) => canSwitchPhases),
    ),
    readonlySetting('SmartChargingCtrlr.ProfileStackLevel', maxStackLevel),
    readonlySetting('SmartChargingCtrlr.RateUnit', deviations.onlyW ? 'W' : 'A,W'),
    integerSetting('TxCtrlr.EVConnectionTimeOut', 60),
    booleanSetting('TxCtrlr.StopTxOnEVSideDisconnect', true),
    booleanSetting('TxCtrlr.StopTxOnInvalidId', true),
    readonlySetting('TxCtrlr.TxStartPoint', 'PowerPathClosed'),
    readonlySetting('TxCtrlr.TxStopPoint', 'EVConnected,Authorized'),
    ...wirings.flatMap(evseVariables),
  ]);
