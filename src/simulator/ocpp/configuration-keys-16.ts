/** The configuration keys of a simulated station: OCPP 1.6 §9. */

import { meterMeasurands } from './meter-sampling.ts';
import type { EvseWiring } from './offered-current.ts';
import { maxPeriods, maxStackLevel } from './profile-acceptance.ts';
import {
  booleanSetting,
  integerSetting,
  listSetting,
  readonlySetting,
  StationConfiguration,
  textSetting,
} from './station-configuration.ts';
import type { StationDeviations } from './station-deviations.ts';

/** Value of SupportedFeatureProfiles. */
const featureProfiles =
  'Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger,SecurityExtensions';

/** @param wirings of the connectors, in the order of their numbers */
export const createConfigurationKeys16 = (
  wirings: readonly EvseWiring[],
  deviations: StationDeviations,
): StationConfiguration =>
  new StationConfiguration([
    booleanSetting('AllowOfflineTxForUnknownId', true),
    { ...textSetting('AuthorizationKey', ''), isSecret: true },
    booleanSetting('AuthorizationCacheEnabled', false),
    booleanSetting('AuthorizeRemoteTxRequests', false),
    integerSetting('BlinkRepeat', 3),
    readonlySetting('ChargeProfileMaxStackLevel', maxStackLevel),
    readonlySetting('ChargingScheduleAllowedChargingRateUnit', deviations.rateUnits),
    readonlySetting('ChargingScheduleMaxPeriods', maxPeriods),
    integerSetting('ClockAlignedDataInterval', 0),
    integerSetting('ConnectionTimeOut', 60),
    textSetting('ConnectorPhaseRotation', '0.RST'),
    readonlySetting('ConnectorPhaseRotationMaxLength', 4),
    readonlySetting(
      'ConnectorSwitch3to1PhaseSupported',
      wirings.some(({ canSwitchPhases }) => canSwitchPhases),
    ),
    readonlySetting('GetConfigurationMaxKeys', 60),
    integerSetting('HeartbeatInterval', 300),
    integerSetting('LightIntensity', 80),
    booleanSetting('LocalAuthListEnabled', true),
    readonlySetting('LocalAuthListMaxLength', 100),
    booleanSetting('LocalAuthorizeOffline', true),
    booleanSetting('LocalPreAuthorize', false),
    readonlySetting('MaxChargingProfilesInstalled', 30),
    integerSetting('MaxEnergyOnInvalidId', 0),
    listSetting('MeterValuesAlignedData', 'Energy.Active.Import.Register', meterMeasurands),
    readonlySetting('MeterValuesAlignedDataMaxLength', meterMeasurands.length),
    listSetting('MeterValuesSampledData', 'Energy.Active.Import.Register,Power.Active.Import', meterMeasurands),
    readonlySetting('MeterValuesSampledDataMaxLength', meterMeasurands.length),
    integerSetting('MeterValueSampleInterval', 60),
    integerSetting('MinimumStatusDuration', 0),
    readonlySetting('NumberOfConnectors', wirings.length),
    readonlySetting('ReserveConnectorZeroSupported', false),
    integerSetting('ResetRetries', 1),
    readonlySetting('SecurityProfile', 0),
    readonlySetting('SendLocalListMaxLength', 50),
    booleanSetting('StopTransactionOnEVSideDisconnect', true),
    booleanSetting('StopTransactionOnInvalidId', true),
    listSetting('StopTxnAlignedData', '', meterMeasurands),
    listSetting('StopTxnSampledData', 'Energy.Active.Import.Register', meterMeasurands),
    readonlySetting('SupportedFeatureProfiles', featureProfiles),
    readonlySetting('SupportedFeatureProfilesMaxLength', 8),
    integerSetting('TransactionMessageAttempts', 3),
    integerSetting('TransactionMessageRetryInterval', 5),
    booleanSetting('UnlockConnectorOnEVSideDisconnect', true),
    integerSetting('WebSocketPingInterval', 0),
  ]);
